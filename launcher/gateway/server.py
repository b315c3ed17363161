"""uvicorn with the limits it lacks: slow and silent connections end, and there is a cap on them."""

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import Iterator
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

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()
        self._keep_to_cap()

    def data_received(self, data: bytes) -> None:
        if self._waiting_for == "body" and self.cycle.response_complete:
            # Closing at once would reset the connection, and the answer would be lost.
            self._thrown_away += len(data)
            if self._thrown_away > MAX_THROWN_AWAY_BYTES:
                self.transport.abort()
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
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._write_deadline = self.loop.call_later(WRITE_TIMEOUT_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_deadline is not None:
            self._write_deadline.cancel()

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
    """Leaves signals to the program, and ends open streams soon after it is told to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_later(STREAMS_END_AFTER_S, self._end_streams)
        await super().shutdown(sockets)

    def _end_streams(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()


def make_server(app: Any) -> GatewayServer:
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
        )
    )


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
