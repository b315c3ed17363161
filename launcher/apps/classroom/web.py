"""What every page and JSON route of the built-in apps shares: headers, limits, errors, identity."""

import asyncio
import hashlib
import hmac
import json
import logging
import secrets
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import unquote

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ValidationError
from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from launcher.errors import PaadjeError, UsageError
from launcher.i18n import LANGUAGES, describe_error, translator
from launcher.sharing.contract import (
    GATEWAY_KEY_HEADER,
    LANGUAGE_HEADER,
    NICKNAME_HEADER,
    STUDENT_HEADER,
)
from launcher.units import KIB

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
MAX_BODY_BYTES = 64 * KIB

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}

Body = TypeVar("Body", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """Who the gateway says this is."""

    id: str
    nickname: str
    lang: str


class Boundary:
    """The edge of the program: safe headers on every response, and no error text in the log.

    An error's own text may repeat what a student wrote, so only its kind is logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_safely(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                ours = [(k.encode(), v.encode()) for k, v in SECURITY_HEADERS.items()]
                names = {name for name, _ in ours}
                kept = [h for h in message.get("headers", []) if h[0].lower() not in names]
                message = {**message, "headers": kept + ours}
            await send(message)

        try:
            await self.app(scope, receive, send_safely)
        except ClientDisconnect:
            pass
        except Exception as error:  # noqa: BLE001 - the boundary
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error(
                "unexpected %s at %s:%s",
                type(error).__name__,
                Path(place.filename).name,
                place.lineno,
            )
            if not started:
                bug = JSONResponse({"error": {"code": "classroom.bug"}}, status_code=500)
                await bug(scope, receive, send_safely)


class GatewayOnly:
    """403 for every request that does not carry this lesson's gateway key; /health is open."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self.app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not (
            scope["path"] == "/health" and scope["method"] == "GET"
        ):
            given = Headers(scope=scope).getlist(GATEWAY_KEY_HEADER)
            if len(given) != 1 or not hmac.compare_digest(given[0].encode("latin-1"), self._key):
                await Response(status_code=403)(scope, receive, send)
                return
        await self.app(scope, receive, send)


class TeacherKey:
    """What opens the teacher's side: a token, exchanged once for a cookie.

    The cookie is derived from the token, so that it is still good after a restart of the app. It
    is HttpOnly and SameSite=Strict, and it does not reveal the token.
    """

    def __init__(self, *, token: str, port: int) -> None:
        self._token = token.encode()
        self._cookie = hmac.new(self._token, b"teacher session", hashlib.sha256).hexdigest()
        self._cookie_name = f"paadje_teacher_{port}"
        self.hosts = frozenset({f"127.0.0.1:{port}", f"localhost:{port}"})

    def fits(self, request: Request) -> bool:
        given = request.cookies.get(self._cookie_name, "")
        return hmac.compare_digest(given.encode(), self._cookie.encode())

    def let_in(self, token: str) -> Response:
        """The answer to a posted token: the cookie, or 403 without a reason."""
        if not hmac.compare_digest(token.encode(), self._token):
            return Response(status_code=403)
        response = Response(status_code=204)
        response.set_cookie(self._cookie_name, self._cookie, httponly=True, samesite="strict")
        return response


class TeacherOnly:
    """Guards the teacher's side: exact Host, Origin on every change, and the key's cookie."""

    open_paths = frozenset({"/open", "/session", "/health"})

    def __init__(self, app: ASGIApp, key: TeacherKey) -> None:
        self.app = app
        self._key = key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(scope) if scope["type"] == "http" else None
        await (refusal or self.app)(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path = Headers(scope=scope), scope["path"]
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0].lower() not in self._key.hosts:
            return Response(status_code=400)
        if scope["method"] not in ("GET", "HEAD") and origins != [f"http://{hosts[0].lower()}"]:
            return Response(status_code=403)
        if path in self.open_paths or path.startswith("/static/") or self._key.fits(Request(scope)):
            return None
        if path == "/":
            return Response(status_code=303, headers={"location": "/open"})
        return Response(status_code=403)


def student_of(request: Request) -> Student:
    """The student behind a request; raises `UsageError` when the gateway named nobody."""
    student_id = request.headers.get(STUDENT_HEADER, "")
    if not student_id or len(student_id) > 64:
        raise UsageError("classroom.not_joined")
    nickname = unquote(request.headers.get(NICKNAME_HEADER, ""))[:60]
    return Student(id=student_id, nickname=nickname, lang=language_of(request))


def language_of(request: Request, default: str = "nl") -> str:
    lang = request.headers.get(LANGUAGE_HEADER, default)
    return lang if lang in LANGUAGES else default


async def read_body(request: Request, model: type[Body]) -> Body:
    """The JSON body; raises `UsageError` ``classroom.too_large`` or ``classroom.bad_request``."""
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise UsageError("classroom.bad_request", detail="content-type")
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > MAX_BODY_BYTES:
            raise UsageError("classroom.too_large")
    try:
        return model.model_validate_json(bytes(raw))
    except ValidationError as error:
        # The message of pydantic repeats the input, so only the place is told.
        where = ".".join(str(part) for part in error.errors()[0]["loc"])[:80]
        raise UsageError("classroom.bad_request", detail=where) from None


async def read_file(request: Request, max_bytes: int) -> tuple[str, bytes]:
    """(name, contents) of the one file in a multipart form; it stays in memory.

    Raises `UsageError` ``classroom.too_large`` or ``classroom.bad_request``.
    """
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith("multipart/form-data"):
        raise UsageError("classroom.bad_request", detail="content-type")
    raw = bytearray(f"content-type: {kind}\r\n\r\n".encode("latin-1", "replace"))
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > max_bytes + MAX_BODY_BYTES:
            raise UsageError("classroom.too_large")
    # In memory and not in a temporary file, where another program could read it.
    form = await asyncio.to_thread(BytesParser(policy=HTTP).parsebytes, bytes(raw))
    parts = form.iter_parts() if form.is_multipart() else ()
    files = [part for part in parts if part.get_filename()]
    data = files[0].get_payload(decode=True) if len(files) == 1 else None
    if not isinstance(data, bytes):
        raise UsageError("classroom.bad_request", detail=f"{len(files)} files")
    return str(files[0].get_filename())[:200], data


def download(data: bytes, name: str) -> Response:
    """A file to keep; ``name`` is ours and plain ASCII."""
    return Response(
        data,
        media_type="application/octet-stream",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


STATUS_OF = {
    "classroom.too_large": 413,
    "classroom.not_joined": 403,
    "classroom.not_found": 404,
}


def error_handler(
    statuses: dict[str, int], default_lang: str
) -> Callable[[Request, Exception], Awaitable[Response]]:
    """Turns a `PaadjeError` into ``{"error": {code, message, advice}}`` for this reader."""

    async def handle(request: Request, error: Exception) -> Response:
        assert isinstance(error, PaadjeError)
        text = describe_error(error, language_of(request, default_lang))
        body = {"code": error.code, "message": text.message, "advice": text.advice}
        status = {**STATUS_OF, **statuses}.get(error.code, 400)
        headers = {"connection": "close"} if status == 413 else None
        return JSONResponse({"error": body}, status_code=status, headers=headers)

    return handle


class Changes:
    """Wakes everyone who looks at something live. ``closed`` tells them that the lesson is over."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Event] = set()
        self.closed = False

    def notify(self) -> None:
        for waiter in self._waiters:
            waiter.set()

    def close(self) -> None:
        self.closed = True
        self.notify()

    def stream(
        self, read: Callable[[], dict[str, Any]], *, ping_s: float = 15.0
    ) -> StreamingResponse:
        """Server-sent events: what ``read`` gives, now and each time it differs."""
        return StreamingResponse(
            self._events(read, ping_s),
            media_type="text/event-stream",
            headers={"x-accel-buffering": "no"},
        )

    async def _events(
        self, read: Callable[[], dict[str, Any]], ping_s: float
    ) -> AsyncIterator[str]:
        changed = asyncio.Event()
        self._waiters.add(changed)
        last = ""
        try:
            while not self.closed:
                changed.clear()
                now = json.dumps(read(), ensure_ascii=False)
                if now != last:
                    last = now
                    yield f"data: {now}\n\n"
                try:
                    await asyncio.wait_for(changed.wait(), ping_s)
                except TimeoutError:
                    yield ": still here\n\n"
            # Only the end of the lesson closes us: after a crash nobody says goodbye.
            yield "event: over\ndata: {}\n\n"
        finally:
            self._waiters.discard(changed)


class Pages:
    """Renders the templates of one app, with the shared ones behind them."""

    def __init__(self, folder: Path) -> None:
        self._environment = Environment(
            loader=ChoiceLoader([FileSystemLoader(folder), FileSystemLoader(HERE / "templates")]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(self, template: str, lang: str, **values: object) -> HTMLResponse:
        html = self._environment.get_template(template).render(
            t=translator(lang), lang=lang, **values
        )
        return HTMLResponse(html)


def new_id() -> str:
    """A random identifier of 96 bit."""
    return secrets.token_urlsafe(12)


__all__ = [
    "Boundary",
    "Changes",
    "GatewayOnly",
    "Pages",
    "Student",
    "TeacherKey",
    "TeacherOnly",
    "download",
    "error_handler",
    "language_of",
    "new_id",
    "read_body",
    "read_file",
    "student_of",
]
