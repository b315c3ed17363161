"""What every request passes first: who it is for, where it comes from, how large it is.

Origin: every request other than GET and HEAD must carry this lesson's own Origin. All browsers that
know SameSite cookies send it; a missing one is accepted only when the browser itself says
``Sec-Fetch-Site: same-origin``. There is no CORS grant anywhere.
"""

import logging
import traceback
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
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

_DEFAULT_PORT = {"http": 80, "https": 443}

log = logging.getLogger(__name__)


class Guard:
    """ASGI middleware around the whole gateway, and its error boundary."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: list[str],
        pages: Pages,
        scheme: str = "http",
        free_ports: frozenset[int] = frozenset(),
        per_address: Rate | None = None,
    ) -> None:
        """``free_ports`` belong to apps of others, which have their own content policy."""
        self._app = app
        self.heard_from_outside = False
        self._pages = pages
        self._scheme = scheme
        self.answer_for(hosts, free_ports)
        # A whole school may sit behind one address: this only stops a flood.
        self._per_address = per_address or Rate(burst=1500, per_s=300)

    def answer_for(self, hosts: list[str], free_ports: frozenset[int]) -> None:
        """From now on, for these Host headers and no others."""
        self._hosts = frozenset(host.lower() for host in hosts)
        self._free_ports = free_ports
        self._unless_set = _for_our_own_pages(self._hosts, free_ports, self._scheme)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"unexpected ASGI scope {scope['type']}")
        started = False
        unless = {} if self._is_free(scope) else self._unless_set

        async def guarded_send(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                message = {**message, "headers": _secured(message.get("headers", ()), unless)}
            await send(message)

        try:
            self._listen_for_outsiders(scope)
            self._check(scope)
            scope["app"] = self  # Asks the routes for exceptions rather than for plain answers.
            limited = _limit_body(receive, self._body_limit(scope))
            await self._app(scope, limited, guarded_send)
            return
        except Refusal as refused:
            refusal = refused
        except HTTPException as error:
            refusal = Refusal("wrong_method" if error.status_code == 405 else "unknown_page")
        except (AnswerBroken, ClientDisconnect):
            return
        except Exception as error:  # noqa: BLE001 - the boundary of this program
            # The message of an error may quote what a student sent; where it happened does not.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("bug: %s\n%s", type(error).__name__, where)
            refusal = Refusal("bug")
        if started:
            return  # uvicorn closes the connection of an answer that is not complete.
        unless = self._unless_set  # Our own page, also on the port of an app of others.
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
        full = host if ":" in host else f"{host}:{_DEFAULT_PORT[self._scheme]}"
        server = scope.get("server")
        other_port = server and server[1] and full.rpartition(":")[2] != str(server[1])
        if full not in self._hosts or other_port:
            raise Refusal("bad_request")
        if "content-length" in headers and "transfer-encoding" in headers:
            raise Refusal("bad_request")
        if int(headers.get("content-length", "0")) > self._body_limit(scope):
            raise Refusal("too_large")
        _make_relative(scope, host, self._scheme)
        client = scope.get("client")
        wait_s = self._per_address.wait_s(client[0] if client else "")
        if wait_s:
            raise Refusal("too_fast", retry_after_s=wait_s)
        if scope["method"] not in ("GET", "HEAD"):
            _check_origin(headers, f"{self._scheme}://{host}")
        elif "upgrade" in headers:
            # Browsers ask nobody before they open a WebSocket to another site.
            _check_origin(headers, f"{self._scheme}://{host}", fetch=False)

    def _is_free(self, scope: Scope) -> bool:
        server = scope.get("server")
        return server is not None and server[1] in self._free_ports

    def _body_limit(self, scope: Scope) -> int:
        for_app = self._is_free(scope) or scope["path"].startswith(APP_PREFIX)
        if for_app and is_upload(Headers(scope=scope)):
            return MAX_UPLOAD_BYTES + MAX_UPLOAD_FRAMING_BYTES
        return MAX_BODY_BYTES

    def _listen_for_outsiders(self, scope: Scope) -> None:
        client, server = scope.get("client"), scope.get("server")
        if client and server and client[0] not in (server[0], "127.0.0.1", "::1"):
            self.heard_from_outside = True


def _for_our_own_pages(
    hosts: frozenset[str], free_ports: frozenset[int], scheme: str
) -> Mapping[bytes, bytes]:
    """Also for apps that say nothing themselves."""
    ports = {str(port) for port in free_ports}
    apps = sorted(host for host in hosts if host.rpartition(":")[2] in ports)
    if not apps:
        return UNLESS_SET
    # Browsers also judge where a form leads in the end: the typed code may lead to such an app.
    also = " ".join(f"{scheme}://{host}" for host in apps)
    policy = CONTENT_SECURITY_POLICY.replace("form-action 'self'", f"form-action 'self' {also}")
    return {**UNLESS_SET, b"content-security-policy": policy.encode()}


def _make_relative(scope: Scope, host: str, scheme: str) -> None:
    """Refuse a target for somebody else, and make an absolute one for us a plain path."""
    target: bytes = scope["raw_path"]
    if target.startswith(b"/"):
        return
    parts = urlsplit(target.decode("latin-1"))
    if parts.scheme.lower() != scheme or parts.netloc.lower() != host or not parts.path:
        raise Refusal("bad_request")
    scope["raw_path"] = parts.path.encode("latin-1")
    scope["path"] = urlsplit(scope["path"]).path


def _check_origin(headers: Headers, own: str, *, fetch: bool = True) -> None:
    origins = headers.getlist("origin")
    if origins:
        if len(origins) != 1 or origins[0].lower() != own:
            raise Refusal("foreign_origin")
    elif not fetch or headers.get("sec-fetch-site") != "same-origin":
        raise Refusal("foreign_origin")


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


def _secured(headers: object, unless_set: Mapping[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    kept = [
        (name, value)
        for name, value in headers  # type: ignore[attr-defined]
        if name.lower() not in ALWAYS
    ]
    present = {name.lower() for name, _ in kept}
    kept += ALWAYS.items()
    kept += [(name, value) for name, value in unless_set.items() if name not in present]
    return kept


def _may_keep_alive(refusal: Refusal) -> bool:
    """After these, what follows on the connection cannot be trusted to be a new request."""
    return refusal.status not in (400, 431)
