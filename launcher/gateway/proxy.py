"""From a joined student to an app on loopback and back, as a stream.

The app learns who asks from the headers of ``launcher.sharing.contract`` and from nothing else: no
address, no browser name, no cookie reaches it.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator
from urllib.parse import quote, unquote_to_bytes, urlsplit

import httpx
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from launcher.gateway.config import AppRoute
from launcher.gateway.limits import Rate
from launcher.gateway.refusals import AnswerBroken, Refusal
from launcher.gateway.sessions import Student
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

    def __init__(self, apps: list[AppRoute], *, per_student: Rate | None = None) -> None:
        self._apps = {app.id: app for app in apps}
        self._per_student = per_student or Rate(burst=120, per_s=20)
        self._open: Counter[str] = Counter()
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(connect=5, read=None, write=30, pool=10),
            limits=httpx.Limits(max_connections=400, max_keepalive_connections=40),
            follow_redirects=False,
            trust_env=False,
        )
        del self._client.headers["user-agent"]

    async def close(self) -> None:
        await self._client.aclose()

    def knows(self, app_id: str) -> bool:
        return app_id in self._apps

    async def forward(self, request: Request, app_id: str, student: Student, lang: str) -> Response:
        """The app's answer. Raises `Refusal` when there is none, or when this goes too fast."""
        wait_s = self._per_student.wait_s(student.id)
        if wait_s or self._open[student.id] >= OPEN_REQUESTS_PER_STUDENT:
            raise Refusal("too_fast", retry_after_s=wait_s or 2)
        app = self._apps[app_id]
        self._open[student.id] += 1
        try:
            answer = await self._send(request, app, student, lang)
        except BaseException:
            self.done(student)
            raise
        return _Relay(self, answer, app, student)

    async def _send(
        self, request: Request, app: AppRoute, student: Student, lang: str
    ) -> httpx.Response:
        try:
            # Only uploads stream in: an app never sees half of a small request.
            body = request.stream() if is_upload(request.headers) else await request.body()
            outgoing = self._client.build_request(
                request.method,
                httpx.URL(app.upstream).copy_with(raw_path=_path_for_app(request, app)),
                headers=_headers_for_app(request, app, student, lang),
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


class _Relay(StreamingResponse):
    """An app's answer on its way; however that ends, the app's side is closed."""

    def __init__(
        self, proxy: Proxy, answer: httpx.Response, app: AppRoute, student: Student
    ) -> None:
        super().__init__(
            _chunks(answer), answer.status_code, headers=_headers_from_app(answer, app)
        )
        self._answer = answer
        self._proxy = proxy
        self._student = student

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._proxy.done(self._student)
            await self._answer.aclose()


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
    """What follows ``/a/<id>``, with its query. Raises `Refusal` for a path that climbs."""
    raw: bytes = request.scope["raw_path"]
    path = raw[len(f"{APP_PREFIX}{app.id}") :]
    plain = unquote_to_bytes(path)
    climbs = any(part in (b".", b"..") for part in plain.replace(b"\\", b"/").split(b"/"))
    if not path.startswith(b"/") or climbs or any(char < 32 or char == 127 for char in plain):
        raise Refusal("bad_request")
    query: bytes = request.scope["query_string"]
    return path + b"?" + query if query else path


def _headers_for_app(
    request: Request, app: AppRoute, student: Student, lang: str
) -> list[tuple[str, str]]:
    named_by_connection = _listed(request.headers.getlist("connection"))
    kept = [
        (name, value)
        for name, value in request.headers.items()
        if name not in NOT_TO_THE_APP
        and name not in named_by_connection
        # Some servers read an underscore as a dash.
        and not name.replace("_", "-").startswith(("x-paadje-", "x-forwarded-"))
    ]
    return [
        *kept,
        ("accept-encoding", "identity"),
        (GATEWAY_KEY_HEADER, app.key),
        (STUDENT_HEADER, student.id),
        (NICKNAME_HEADER, quote(student.nickname, safe="")),
        (LANGUAGE_HEADER, lang),
    ]


def _headers_from_app(answer: httpx.Response, app: AppRoute) -> dict[str, str]:
    named_by_connection = _listed(answer.headers.get_list("connection"))
    kept = {
        name: value
        for name, value in answer.headers.items()
        if name not in NOT_FROM_THE_APP
        and name not in named_by_connection
        and not name.startswith(("access-control-", "x-paadje-"))
    }
    if "location" in answer.headers:
        kept["location"] = _location_for_student(answer.headers["location"], app)
    return kept


def _location_for_student(location: str, app: AppRoute) -> str:
    """Apps live below a prefix they do not know, and may not send a student elsewhere."""
    home = f"{APP_PREFIX}{app.id}"
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


def _listed(values: list[str]) -> frozenset[str]:
    return frozenset(name.strip().lower() for value in values for name in value.split(","))
