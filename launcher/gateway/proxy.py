"""From a joined student to an app on loopback and back, as a stream.

The app learns who asks from the headers of ``launcher.sharing.contract`` and from nothing else: no
address, no browser name, no cookie reaches it.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any
from urllib.parse import quote, unquote_to_bytes, urlsplit

import httpx
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from launcher.gateway.config import AppRoute
from launcher.gateway.limits import Rate
from launcher.gateway.pages import LANGUAGE_COOKIE
from launcher.gateway.refusals import AnswerBroken, Refusal
from launcher.gateway.sessions import Student
from launcher.gateway.tunnel import open_tunnel, wants_websocket
from launcher.sharing.contract import (
    APP_PREFIX,
    GATEWAY_KEY_HEADER,
    LANGUAGE_HEADER,
    NICKNAME_HEADER,
    STUDENT_HEADER,
)

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
ANSWER_TIMEOUT_S = 60.0
"""Until an answer begins. How long it then streams is up to the app."""

OPEN_REQUESTS_PER_STUDENT = 16
RETRY_S = 3

HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection",
     "te", "trailer", "transfer-encoding", "upgrade")
)  # fmt: skip
NOT_TO_THE_APP = HOP_BY_HOP | frozenset(
    ("host", "cookie", "authorization", "origin", "referer", "user-agent", "accept-encoding",
     "expect", "forwarded", "via", "x-real-ip")
)  # fmt: skip
NOT_FROM_THE_APP = HOP_BY_HOP | frozenset(
    ("set-cookie", "server", "date", "alt-svc", "strict-transport-security", "clear-site-data",
     "service-worker-allowed", "location", "refresh", "via")
)  # fmt: skip

log = logging.getLogger(__name__)


class Proxy:
    """Forwards to the apps of one lesson. Close it with :meth:`close`."""

    def __init__(
        self, apps: list[AppRoute], *, own_cookies: str = "", per_student: Rate | None = None
    ) -> None:
        self.take(apps)
        self._own_cookies = own_cookies
        self._per_student = per_student or Rate(burst=120, per_s=20)
        self._open: Counter[str] = Counter()
        self._leaving: dict[str, set[asyncio.Event]] = {}
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(connect=5, read=None, write=30, pool=10),
            limits=httpx.Limits(max_connections=400, max_keepalive_connections=40),
            follow_redirects=False,
            trust_env=False,
        )
        del self._client.headers["user-agent"]

    def take(self, apps: list[AppRoute]) -> None:
        """From now on, these."""
        self._apps = {app.id: app for app in apps if app.own_port is None}
        self._rooted = {app.own_port: app for app in apps if app.own_port is not None}

    async def close(self) -> None:
        await self._client.aclose()

    def app(self, app_id: str) -> AppRoute | None:
        """The app that is served under ``/a/<app_id>/``."""
        return self._apps.get(app_id)

    def rooted(self, port: int) -> AppRoute | None:
        """The app that has this port for itself."""
        return self._rooted.get(port)

    def serves(self, student: Student) -> bool:
        """Whether something of an app is on its way to this student now."""
        return student.id in self._open

    def end_streams_of(self, student: Student) -> None:
        """Break off everything that this student still receives."""
        for leaving in self._leaving.get(student.id, ()):
            leaving.set()

    async def forward(
        self, request: Request, app: AppRoute, student: Student, lang: str
    ) -> Response:
        """The app's answer. Raises `Refusal` when there is none, or when this goes too fast."""
        wait_s = self._per_student.wait_s(student.id)
        if wait_s or self._open[student.id] >= OPEN_REQUESTS_PER_STUDENT:
            raise Refusal("too_fast", retry_after_s=wait_s or 2)
        self._open[student.id] += 1
        try:
            if wants_websocket(request):
                headers = self._headers_for_app(request, app, student, lang)
                path = _path_for_app(request, app)
                return await open_tunnel(self, request, app, student, path, headers)
            answer = await self._send(request, app, student, lang)
        except BaseException:
            self.done(student)
            raise
        return _Relay(self, answer, student, self._headers_from_app(answer, app))

    async def _send(
        self, request: Request, app: AppRoute, student: Student, lang: str
    ) -> httpx.Response:
        try:
            # Only uploads stream in: an app never sees half of a small request.
            body = request.stream() if is_upload(request.headers) else await request.body()
            outgoing = self._client.build_request(
                request.method,
                httpx.URL(app.upstream).copy_with(raw_path=_path_for_app(request, app)),
                headers=self._headers_for_app(request, app, student, lang),
                content=body or None,
            )
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                return await self._client.send(outgoing, stream=True)
        except TimeoutError as error:
            raise Refusal("app_silent", retry_after_s=RETRY_S) from error
        except httpx.TransportError as error:
            log.warning("app %s did not answer: %s", app.id, type(error).__name__)
            raise Refusal("app_restarting", retry_after_s=RETRY_S) from error
        except ClientDisconnect as error:
            raise Refusal("bad_request") from error

    def done(self, student: Student) -> None:
        """One open request of this student less."""
        self._open[student.id] -= 1
        if not self._open[student.id]:
            del self._open[student.id]

    @contextlib.contextmanager
    def stream_of(self, student: Student) -> Iterator[asyncio.Event]:
        """For as long as something goes to this student; the event says that it has to end."""
        leaving = asyncio.Event()
        mine = self._leaving.setdefault(student.id, set())
        mine.add(leaving)
        try:
            yield leaving
        finally:
            self.done(student)
            mine.discard(leaving)
            if not mine:
                self._leaving.pop(student.id, None)

    def _headers_for_app(
        self, request: Request, app: AppRoute, student: Student, lang: str
    ) -> list[tuple[str, str]]:
        named_by_connection = _listed(request.headers.getlist("connection"))
        kept = [
            (name, value)
            for name, value in request.headers.items()
            if name not in NOT_TO_THE_APP
            and name not in named_by_connection
            # Some servers read an underscore as a dash.
            and not name.replace("_", "-").startswith(
                ("x-paadje-", "x-forwarded-", "sec-websocket")
            )
        ]
        if app.own_port is not None:
            kept += self._own_world(request, app)
        return [
            *kept,
            ("accept-encoding", "identity"),
            (GATEWAY_KEY_HEADER, app.key),
            (STUDENT_HEADER, student.id),
            (NICKNAME_HEADER, quote(student.nickname, safe="")),
            (LANGUAGE_HEADER, lang),
        ]

    def _own_world(self, request: Request, app: AppRoute) -> list[tuple[str, str]]:
        """What an app of others needs beside that: its own cookies, and to be at home."""
        pairs = (
            pair.strip()
            for header in request.headers.getlist("cookie")
            for pair in header.split(";")
        )
        theirs = [pair for pair in pairs if pair and not self._is_ours(pair)]
        added = [("cookie", "; ".join(theirs))] if theirs else []
        return [*added, ("origin", app.upstream)] if "origin" in request.headers else added

    def _headers_from_app(self, answer: httpx.Response, app: AppRoute) -> list[tuple[bytes, bytes]]:
        named_by_connection = _listed(answer.headers.get_list("connection"))
        kept = [
            (name.lower(), value)
            for name, value in answer.headers.multi_items()
            if name.lower() not in NOT_FROM_THE_APP
            and name.lower() not in named_by_connection
            and not name.lower().startswith(("access-control-", "x-paadje-"))
        ]
        if "location" in answer.headers:
            kept.append(("location", _location_for_student(answer.headers["location"], app)))
        if app.own_port is not None:
            kept += [
                ("set-cookie", value)
                for value in answer.headers.get_list("set-cookie")
                if not self._is_ours(value.strip()) and "domain=" not in value.lower()
            ]
        return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in kept]

    def _is_ours(self, cookie: str) -> bool:
        """All ports of a host share their cookies: ours are neither shown nor taken over."""
        return cookie.partition("=")[0].strip().startswith((self._own_cookies, LANGUAGE_COOKIE))


class _Relay(StreamingResponse):
    """An app's answer on its way; however that ends, the app's side is closed."""

    def __init__(
        self,
        proxy: Proxy,
        answer: httpx.Response,
        student: Student,
        headers: list[tuple[bytes, bytes]],
    ) -> None:
        super().__init__(_chunks(answer), answer.status_code)
        self.raw_headers = headers
        self._answer = answer
        self._proxy = proxy
        self._student = student

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._proxy.stream_of(self._student) as leaving:
                if not await until(leaving, super().__call__(scope, receive, send)):
                    raise AnswerBroken
        finally:
            await self._answer.aclose()


async def until(event: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do the work, unless the event comes first. Whether the work was done."""
    doing, waiting = asyncio.ensure_future(work), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait((doing, waiting), return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            return False
        doing.result()
        return True
    finally:
        waiting.cancel()
        if not doing.done():
            doing.cancel()
            await asyncio.wait((doing,))


async def _chunks(answer: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in answer.aiter_raw():
            yield chunk
    except httpx.TransportError as error:
        log.warning("an answer broke off: %s", type(error).__name__)
        raise AnswerBroken from error


def is_upload(headers: Headers) -> bool:
    return headers.get("content-type", "").lower().startswith("multipart/form-data")


def _path_for_app(request: Request, app: AppRoute) -> bytes:
    """What follows the app's home, with its query. Raises `Refusal` for a path that climbs."""
    raw: bytes = request.scope["raw_path"]
    path = raw[len(_home(app)) :]
    plain = unquote_to_bytes(path)
    climbs = any(part in (b".", b"..") for part in plain.replace(b"\\", b"/").split(b"/"))
    if not path.startswith(b"/") or climbs or any(char < 32 or char == 127 for char in plain):
        raise Refusal("bad_request")
    query: bytes = request.scope["query_string"]
    return path + b"?" + query if query else path


def _location_for_student(location: str, app: AppRoute) -> str:
    """Apps live below a prefix they do not know, and may not send a student elsewhere."""
    home = _home(app)
    parts = urlsplit(location.replace("\\", "/"))
    tail = (f"?{parts.query}" if parts.query else "") + (
        f"#{parts.fragment}" if parts.fragment else ""
    )
    if parts.scheme or parts.netloc:
        ours = f"{parts.scheme}://{parts.netloc}" == app.upstream
        return f"{home}{parts.path or '/'}{tail}" if ours else f"{home}/"
    if parts.path.startswith("/"):
        return f"{home}{parts.path}{tail}"
    return f"{parts.path}{tail}"


def _home(app: AppRoute) -> str:
    return f"{APP_PREFIX}{app.id}" if app.own_port is None else ""


def _listed(values: list[str]) -> frozenset[str]:
    return frozenset(name.strip().lower() for value in values for name in value.split(","))
