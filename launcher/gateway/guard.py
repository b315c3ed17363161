"""What every request passes first: who it is for, where it comes from, how large it is.

Origin: every request other than GET and HEAD must carry this lesson's own Origin. All browsers that
know SameSite cookies send it; a missing one is accepted only when the browser itself says
``Sec-Fetch-Site: same-origin``. There is no CORS grant anywhere.
"""

import logging
import traceback
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from launcher.gateway.limits import Rate
from launcher.gateway.pages import Pages
from launcher.gateway.proxy import is_upload
from launcher.gateway.refusals import AnswerBroken, Refusal
from launcher.gateway.server import MAX_HEADER_BYTES
from launcher.sharing.contract import APP_PREFIX
from launcher.units import KIB, MIB

MAX_BODY_BYTES = 64 * KIB
MAX_UPLOAD_BYTES = 10 * MIB
MAX_UPLOAD_FRAMING_BYTES = 64 * KIB
"""What a form may add around an upload of exactly the largest size."""

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# With "no-referrer" browsers send "Origin: null" for our own forms, and the Origin check would
# refuse them. "same-origin" tells other sites just as little.
ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",
    b"x-frame-options": b"DENY",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
}
UNLESS_SET = {
    b"content-security-policy": CONTENT_SECURITY_POLICY.encode(),
    b"cache-control": b"no-store",
}

log = logging.getLogger(__name__)


class Guard:
    """ASGI middleware around the whole gateway, and its error boundary."""

    def __init__(
        self, app: ASGIApp, *, hosts: list[str], pages: Pages, per_address: Rate | None = None
    ) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._pages = pages
        # A whole school may sit behind one address: this only stops a flood.
        self._per_address = per_address or Rate(burst=1500, per_s=300)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"unexpected ASGI scope {scope['type']}")
        started = False

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": _secured(message.get("headers", ()))}
            await send(message)

        try:
            self._check(scope)
            scope["app"] = self  # Asks the routes for exceptions rather than for plain answers.
            limited = _limit_body(receive, _body_limit(scope))
            await self._app(scope, limited, guarded_send)
            return
        except Refusal as refused:
            refusal = refused
        except HTTPException as error:
            refusal = Refusal("wrong_method" if error.status_code == 405 else "unknown_page")
        except AnswerBroken:
            return
        except Exception as error:  # noqa: BLE001 - the boundary of this program
            # The message of an error may quote what a student sent; where it happened does not.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("bug: %s\n%s", type(error).__name__, where)
            refusal = Refusal("bug")
        if started:
            return  # uvicorn closes the connection of an answer that is not complete.
        answer = self._pages.refuse(scope, refusal)
        if not _may_keep_alive(refusal):
            answer.headers["connection"] = "close"
        await answer(scope, receive, guarded_send)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > MAX_HEADER_BYTES:
            raise Refusal("headers_too_large")
        hosts = headers.getlist("host")
        host = hosts[0].lower() if len(hosts) == 1 else ""
        if host not in self._hosts:
            raise Refusal("bad_request")
        if "content-length" in headers and "transfer-encoding" in headers:
            raise Refusal("bad_request")
        if int(headers.get("content-length", "0")) > _body_limit(scope):
            raise Refusal("too_large")
        _make_relative(scope, host)
        client = scope.get("client")
        wait_s = self._per_address.wait_s(client[0] if client else "")
        if wait_s:
            raise Refusal("too_fast", retry_after_s=wait_s)
        if scope["method"] not in ("GET", "HEAD"):
            _check_origin(headers, host)


def _make_relative(scope: Scope, host: str) -> None:
    """Refuse a target for somebody else, and make an absolute one for us a plain path."""
    target: bytes = scope["raw_path"]
    if target.startswith(b"/"):
        return
    parts = urlsplit(target.decode("latin-1"))
    if parts.scheme.lower() != "http" or parts.netloc.lower() != host or not parts.path:
        raise Refusal("bad_request")
    scope["raw_path"] = parts.path.encode("latin-1")
    scope["path"] = urlsplit(scope["path"]).path


def _check_origin(headers: Headers, host: str) -> None:
    origins = headers.getlist("origin")
    if origins:
        if len(origins) != 1 or origins[0].lower() != f"http://{host}":
            raise Refusal("foreign_origin")
    elif headers.get("sec-fetch-site") != "same-origin":
        raise Refusal("foreign_origin")


def _body_limit(scope: Scope) -> int:
    if is_upload(Headers(scope=scope)) and scope["path"].startswith(APP_PREFIX):
        return MAX_UPLOAD_BYTES + MAX_UPLOAD_FRAMING_BYTES
    return MAX_BODY_BYTES


def _limit_body(receive: Receive, limit: int) -> Receive:
    """Count what really arrives, chunked or not."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        if message["type"] == "http.request":
            received += len(message.get("body", b""))
            if received > limit:
                raise Refusal("too_large")
        return message

    return counted


def _secured(headers: object) -> list[tuple[bytes, bytes]]:
    kept = [
        (name, value)
        for name, value in headers  # type: ignore[attr-defined]
        if name.lower() not in ALWAYS
    ]
    present = {name.lower() for name, _ in kept}
    kept += ALWAYS.items()
    kept += [(name, value) for name, value in UNLESS_SET.items() if name not in present]
    return kept


def _may_keep_alive(refusal: Refusal) -> bool:
    """After these, what follows on the connection cannot be trusted to be a new request."""
    return refusal.status not in (400, 431)
