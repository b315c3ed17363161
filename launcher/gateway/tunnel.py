"""WebSockets: after a checked handshake, bytes go both ways until one side has had enough.

The app's side of the handshake is checked as strictly as a browser would: only a switch that really
happened turns the connection into a tunnel, or a client could smuggle requests to the app.
"""

import asyncio
import base64
import hashlib
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import h11
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from launcher.gateway.config import AppRoute
from launcher.gateway.refusals import Refusal
from launcher.gateway.server import MAX_HEADER_BYTES, GatewayProtocol
from launcher.gateway.sessions import Student
from launcher.units import KIB

if TYPE_CHECKING:
    from launcher.gateway.proxy import Proxy

HANDSHAKE_S = 10.0
PIECE_BYTES = 64 * KIB
_ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""RFC 6455, section 1.3."""

log = logging.getLogger(__name__)


def wants_websocket(request: Request) -> bool:
    """Whether this is the beginning of a WebSocket; `Refusal` when it is half of one."""
    if request.headers.get("upgrade", "").lower() != "websocket":
        return False
    connection = request.headers.get("connection", "").lower().split(",")
    if "upgrade" not in (token.strip() for token in connection):
        return False
    if request.method != "GET" or request.headers.get("sec-websocket-version") != "13":
        raise Refusal("bad_request")
    try:
        key = base64.b64decode(request.headers.get("sec-websocket-key", ""), validate=True)
    except ValueError:
        key = b""
    if len(key) != 16:
        raise Refusal("bad_request")
    return True


async def open_tunnel(
    proxy: "Proxy",
    request: Request,
    app: AppRoute,
    student: Student,
    path: bytes,
    headers: list[tuple[str, str]],
) -> Response:
    """Shake hands with the app. Raises `Refusal` when it does not want to."""
    upstream = urlsplit(app.upstream)
    key = request.headers["sec-websocket-key"]
    protocols = request.headers.getlist("sec-websocket-protocol")
    conn = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)
    # No extensions are offered: then a frame means the same to both sides whatever we are.
    hello = h11.Request(
        method="GET",
        target=path,
        headers=[
            ("host", upstream.netloc),
            *[(name, value) for name, value in headers if name != "origin"],
            ("origin", app.upstream),
            ("connection", "Upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", key),
            *[("sec-websocket-protocol", value) for value in protocols],
        ],
    )
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(HANDSHAKE_S):
            reader, writer = await asyncio.open_connection(upstream.hostname, upstream.port)
            writer.write((conn.send(hello) or b"") + (conn.send(h11.EndOfMessage()) or b""))
            answer = await _read_head(conn, reader)
    except (OSError, TimeoutError, h11.RemoteProtocolError) as error:
        if writer is not None:
            writer.close()
        log.warning("app %s did not shake hands: %s", app.id, type(error).__name__)
        raise Refusal("app_restarting", retry_after_s=3) from error
    named = {name.lower(): value for name, value in answer.headers}
    if (
        answer.status_code != 101
        or named.get(b"upgrade", b"").lower() != b"websocket"
        or named.get(b"sec-websocket-accept") != _accept(key)
        or b"sec-websocket-extensions" in named
    ):
        writer.close()
        raise Refusal("unknown_page")
    chosen = named.get(b"sec-websocket-protocol")
    return _Tunnel(proxy, student, reader, writer, conn.trailing_data[0], key, chosen)


class _Tunnel(Response):
    def __init__(
        self,
        proxy: "Proxy",
        student: Student,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        first: bytes,
        key: str,
        protocol: bytes | None,
    ) -> None:
        super().__init__(status_code=101)
        self._proxy = proxy
        self._student = student
        self._reader = reader
        self._writer = writer
        self._first = first
        self._key = key
        self._protocol = protocol

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection: GatewayProtocol = scope["state"]["connection"]
        answer = [
            b"HTTP/1.1 101 Switching Protocols",
            b"connection: Upgrade",
            b"upgrade: websocket",
            b"sec-websocket-accept: " + _accept(self._key),
        ]
        if self._protocol is not None:
            answer.append(b"sec-websocket-protocol: " + self._protocol)
        from_client = connection.open_tunnel(b"\r\n".join([*answer, b"", b""]) + self._first)
        with self._proxy.stream_of(self._student) as leaving:
            ways = [
                asyncio.create_task(self._to_app(from_client)),
                asyncio.create_task(self._to_client(connection)),
                asyncio.create_task(leaving.wait()),
            ]
            try:
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                self._writer.close()
                connection.transport.close()

    async def _to_app(self, from_client: asyncio.StreamReader) -> None:
        while piece := await from_client.read(PIECE_BYTES):
            self._writer.write(piece)
            await self._writer.drain()

    async def _to_client(self, connection: GatewayProtocol) -> None:
        while piece := await self._reader.read(PIECE_BYTES):
            connection.transport.write(piece)
            await connection.drain()


async def _read_head(
    conn: h11.Connection, reader: asyncio.StreamReader
) -> h11.InformationalResponse | h11.Response:
    while True:
        event = conn.next_event()
        if event is h11.NEED_DATA:
            conn.receive_data(await reader.read(PIECE_BYTES))
        elif isinstance(event, h11.Response) or (
            isinstance(event, h11.InformationalResponse) and event.status_code == 101
        ):
            return event
        elif not isinstance(event, h11.InformationalResponse):
            raise h11.RemoteProtocolError("no answer")


def _accept(key: str) -> bytes:
    digest = hashlib.sha1(key.encode() + _ACCEPT_GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest)
