"""Talk to the host of a running lesson, over loopback."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import requests

from launcher.errors import PaadjeError, UsageError
from launcher.events import Event, Notice, ServiceChanged
from launcher.services.state import LessonRecord

_CONNECT_S = 2.0
_ANSWER_S = 15.0
_STATE_S = 5.0
"""A host answers this at once, also while a class keeps the processors busy."""
_SILENCE_S = 30.0
"""The host sends a sign of life every 10 seconds while events are followed."""


class ControlClient:
    """The control API of one host. All calls raise ``services.host_unreachable``."""

    def __init__(self, record: LessonRecord) -> None:
        self._base_url = f"http://127.0.0.1:{record.control_port}"
        self._token = record.control_token

    def state(self) -> dict[str, Any]:
        """``lesson, state, created_at, services {id: state}, reason, joined, memory_low, notices``.

        ``reason`` is None or ``{code, params, detail}``: `lesson.types.Why`. ``notices`` are the
        `Notice` that still hold, each ``{code, params}``.
        """
        with self._answer("GET", "/state", silence_s=_STATE_S) as response:
            value = _object(response)
        if "state" not in value:
            raise _not_a_host()
        return value

    def stop(self) -> None:
        """Ask the host to end the lesson. It has begun when this returns, not ended."""
        with self._answer("POST", "/stop"):
            pass

    def sharing(self, wanted: Mapping[str, object] | None = None) -> dict[str, Any]:
        """How the lesson is shared; with ``wanted``, after that was done (``host.projector``).

        Raises the error of the host, with its code, when it does not want to.
        """
        method = "GET" if wanted is None else "POST"
        with self._answer(method, "/sharing", body=wanted, refusals=(422,)) as response:
            value = _object(response)
        if response.status_code == 422:
            raise UsageError(str(value.get("code")), **dict(value.get("params") or {}))
        return value

    def events(self) -> Iterator[Event]:
        """Follow the lesson until it ends: first how every service is now, then each change.

        The lesson as a whole is told as the service ``lesson``.
        """
        with self._answer("GET", "/events", stream=True, silence_s=_SILENCE_S) as response:
            response.encoding = "utf-8"
            try:
                for line in response.iter_lines(decode_unicode=True):
                    event = _parse(line)
                    if event is not None:
                        yield event
            except requests.RequestException as error:
                raise _unreachable(error) from error

    @contextlib.contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        *,
        stream: bool = False,
        silence_s: float = _ANSWER_S,
        body: Mapping[str, object] | None = None,
        refusals: tuple[int, ...] = (),
    ) -> Iterator[requests.Response]:
        with requests.Session() as session:
            session.trust_env = False  # No proxy and no .netrc for loopback.
            try:
                response = session.request(
                    method,
                    self._base_url + path,
                    headers={"Authorization": f"Bearer {self._token}"},
                    json=body,
                    timeout=(_CONNECT_S, silence_s),
                    stream=stream,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                raise _unreachable(error) from error
            with response:
                if response.status_code not in (200, 202, *refusals):
                    raise PaadjeError(
                        "services.host_unreachable",
                        detail=f"{path}: HTTP {response.status_code}",
                    )
                yield response


def _object(response: requests.Response) -> dict[str, Any]:
    try:
        value = response.json()
    except ValueError as error:
        raise _unreachable(error) from error
    if not isinstance(value, dict):
        raise _not_a_host()
    return value


def _not_a_host() -> PaadjeError:
    return PaadjeError("services.host_unreachable", detail="not a lesson host")


def _unreachable(error: Exception) -> PaadjeError:
    return PaadjeError("services.host_unreachable", detail=type(error).__name__)


def _parse(line: str) -> Event | None:
    if not line.startswith("data:"):
        return None
    try:
        data = json.loads(line.removeprefix("data:"))
        if data["event"] == "ServiceChanged":
            return ServiceChanged(service=str(data["service"]), state=str(data["state"]))
        if data["event"] == "Notice":
            return Notice(code=str(data["code"]), params=dict(data.get("params", {})))
    except (ValueError, KeyError, TypeError):
        pass
    return None
