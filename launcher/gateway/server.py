"""uvicorn with the limits it lacks: slow and silent connections end, and there is a cap on them."""

import asyncio
import contextlib
import re
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from launcher.errors import PaadjeError
from launcher.units import KIB, MIB

MAX_HEADER_BYTES = 16 * KIB
HEADERS_TIMEOUT_S = 10.0
REQUEST_TIMEOUT_S = 30.0
WRITE_TIMEOUT_S = 60.0
"""How long a client may leave an answer unread."""

MAX_THROWN_AWAY_BYTES = 32 * MIB
"""How much we read of a body after we refused it, so that the refusal can be read."""

MAX_CONNECTIONS = 800
MAX_CONNECTIONS_PER_ADDRESS = 400
STREAMS_END_AFTER_S = 0.5
HANDSHAKE_TIMEOUT_S = 10.0
BACKLOG = 1024
MAX_UNREAD_BYTES = 256 * KIB

_FOLD = re.compile(rb"\n[ \t]")

Place = tuple[str, int]
"""An address and a port."""


class GatewayProtocol(H11Protocol):
    """One connection. It must say what it wants in time, and read what it asked for."""

    _deadline: asyncio.TimerHandle | None = None
    _write_deadline: asyncio.TimerHandle | None = None
    _waiting_for: str | None = None
    _thrown_away = 0
    waiting_since: float | None = None
    """Since when the client owes us something; None while we owe the client an answer."""
    has_asked = False
    """Whether a whole request ever came."""
    _last_bytes = b""
    _tunnel: asyncio.StreamReader | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Every request of this connection finds it in its scope.
        self.app_state = {"connection": self}
        self._watch()
        self._keep_to_cap()

    def data_received(self, data: bytes) -> None:
        if self._tunnel is not None:
            self._tunnel.feed_data(data)
            return
        if self._waiting_for == "body" and self.cycle.response_complete:
            # Closing at once would reset the connection, and the answer would be lost.
            self._thrown_away += len(data)
            if self._thrown_away > MAX_THROWN_AWAY_BYTES:
                self.transport.abort()
                return
        if self._waiting_for == "headers" and self._folds(data):
            self.send_400_response("Invalid HTTP request received.")
            return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self.has_asked = True
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._deadline, self._write_deadline):
            if timer is not None:
                timer.cancel()
        if self._tunnel is not None:
            self._tunnel.feed_eof()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        if self._tunnel is not None:
            self._tunnel.feed_eof()
        super().eof_received()

    def open_tunnel(self, answer: bytes) -> asyncio.StreamReader:
        """Answer with these bytes, and from now on hand over what comes instead of parsing it."""
        reader = asyncio.StreamReader(limit=MAX_UNREAD_BYTES)
        reader.set_transport(self.transport)
        self.cycle.disconnected = True  # What uvicorn could still send would be no HTTP any more.
        self._tunnel = reader
        self.transport.write(answer)
        rest, _ = self.conn.trailing_data
        if rest:
            reader.feed_data(rest)
        self.flow.resume_reading()
        return reader

    async def drain(self) -> None:
        """Wait until the client has read enough of what was written."""
        await self.flow.drain()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_deadline = self.loop.call_later(WRITE_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_deadline is not None:
            self._write_deadline.cancel()

    def _folds(self, data: bytes) -> bool:
        """Whether a header goes on on the next line: obsolete, and read in different ways."""
        seen = self._last_bytes + data
        head, end, _ = seen.partition(b"\r\n\r\n")
        self._last_bytes = b"" if end else seen[-3:]
        return _FOLD.search(head) is not None

    def _watch(self) -> None:
        state = self.conn.their_state
        waiting_for = {h11.IDLE: "headers", h11.SEND_BODY: "body"}.get(state)
        if waiting_for == self._waiting_for:
            return
        self._waiting_for = waiting_for
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        self.waiting_since = None
        if waiting_for is not None:
            self.waiting_since = time.monotonic()
            limit_s = HEADERS_TIMEOUT_S if waiting_for == "headers" else REQUEST_TIMEOUT_S
            self._deadline = self.loop.call_later(limit_s, self.transport.abort)

    def _keep_to_cap(self) -> None:
        """Over a cap, one connection makes room: best one that never asked anything, and then the
        one that has kept us waiting longest. So a silent crowd cannot keep an honest student out.
        """
        everyone = [one for one in self.connections if isinstance(one, GatewayProtocol)]
        peer = self.client[0] if self.client else None
        neighbours = [one for one in everyone if one.client and one.client[0] == peer]
        if len(neighbours) > MAX_CONNECTIONS_PER_ADDRESS:
            crowd = neighbours
        elif len(everyone) > MAX_CONNECTIONS:
            crowd = everyone
        else:
            return
        waiting = [one for one in crowd if one is not self and one.waiting_since is not None]
        loser = min(
            waiting, key=lambda one: (one.has_asked, one.waiting_since or 0.0), default=self
        )
        self.connections.discard(loser)
        loser.transport.abort()


class GatewayServer(uvicorn.Server):
    """Leaves signals to the program, and ends open streams soon after it is told to stop.

    Where it listens can change while it runs. With ``tls`` everything is HTTPS.
    """

    def __init__(self, config: uvicorn.Config, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(config)
        self._tls = tls
        self._listening: dict[Place, asyncio.Server] = {}

    @property
    def places(self) -> tuple[Place, ...]:
        return tuple(self._listening)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        self.started = False
        for listener in sockets or ():
            await self.listen(listener)
        self.started = True

    async def listen(self, listener: socket.socket) -> None:
        """Accept connections on a bound socket as well."""
        place = listener.getsockname()[:2]
        server = await asyncio.get_running_loop().create_server(
            self._new_connection,
            sock=listener,
            ssl=self._tls,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT_S if self._tls else None,
            backlog=BACKLOG,
        )
        self.servers.append(server)
        self._listening[place] = server

    def leave(self, place: Place) -> None:
        """Stop listening there, and end the connections that came in there."""
        server = self._listening.pop(place, None)
        if server is None:
            return
        server.close()
        self.servers.remove(server)
        for connection in list(self.server_state.connections):
            if isinstance(connection, GatewayProtocol) and connection.server == place:
                connection.transport.abort()

    def _new_connection(self) -> GatewayProtocol:
        return GatewayProtocol(config=self.config, server_state=self.server_state, app_state={})

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_later(STREAMS_END_AFTER_S, self._end_streams)
        await super().shutdown(sockets)

    def _end_streams(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def make_server(app: Any, tls: ssl.SSLContext | None = None) -> GatewayServer:
    """A server for the ASGI ``app``; give its ``serve`` the sockets of :func:`open_sockets`."""
    return GatewayServer(
        uvicorn.Config(
            app,
            http=GatewayProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
            timeout_graceful_shutdown=1,
        ),
        tls,
    )


def make_health_server(answers: Callable[[], bool]) -> GatewayServer:
    """Plain HTTP for the lesson host: one page that says whether the gateway is up."""

    async def health(scope: Any, receive: Any, send: Any) -> None:
        status = 200 if answers() and scope["path"] == "/health" else 404
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b"ok" if status == 200 else b""})

    return make_server(health)


def open_sockets(bind: list[tuple[str, int]]) -> list[socket.socket]:
    """Listen on exactly these addresses. Raises `PaadjeError` ``gateway.port_taken``."""
    opened: list[socket.socket] = []
    try:
        for address, port in bind:
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            # asyncio turns Nagle's algorithm off only where the protocol is named; with it, every
            # answer of two writes waits 40 ms for a delayed acknowledgement.
            listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
            opened.append(listener)
            if sys.platform == "win32":
                # There, SO_REUSEADDR would let another program take over our port.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.setblocking(False)
    except OSError as error:
        for listener in opened:
            listener.close()
        raise PaadjeError("gateway.port_taken", port=port, detail=str(error)) from error
    return opened


def allow_many_connections() -> None:
    """macOS gives a program 256 open files: less than one class with its streams."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    if soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
