"""Run the two sides of an app in one process until the host, or a signal, ends it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping

import uvicorn
from starlette.types import ASGIApp

from launcher import lifeline
from launcher.errors import PaadjeError


class _Server(uvicorn.Server):
    """Signals belong to the program, which holds two servers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def stop_event(receive: Callable[[lifeline.Message], None] | None = None) -> asyncio.Event:
    """Set when the host is gone or SIGTERM or SIGINT arrives. Needs a running event loop.

    ``receive`` gets the host's messages, in the loop: ``{"slots": 2}`` when the engine has fewer.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def ask() -> None:
        with contextlib.suppress(RuntimeError):  # The loop may have ended already.
            loop.call_soon_threadsafe(stop.set)

    def pass_on(message: lifeline.Message) -> None:
        if receive is not None:
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(receive, message)

    lifeline.follow(on_end=ask, on_message=pass_on)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ask())
    return stop


async def serve(sides: Mapping[int, ASGIApp], stop: asyncio.Event) -> None:
    """Serve each app of ``sides`` on its port on 127.0.0.1 until ``stop`` is set.

    Raises `PaadjeError` ``classroom.port_taken`` before anything is served.
    """
    sockets = [_bind(port) for port in sides]
    servers = [
        _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                http="h11",
                ws="none",
                lifespan="off",
                proxy_headers=False,
                timeout_graceful_shutdown=2,
                h11_max_incomplete_event_size=16 * 1024,
            )
        )
        for app in sides.values()
    ]
    running = [
        asyncio.create_task(server.serve(sockets=[own]))
        for server, own in zip(servers, sockets, strict=True)
    ]
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([*running, waiting], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*running)
    waiting.cancel()


def _bind(port: int) -> socket.socket:
    # asyncio turns Nagle's algorithm off only where the protocol is named.
    own = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        own.bind(("127.0.0.1", port))
    except OSError as error:
        own.close()
        raise PaadjeError("classroom.port_taken", port=port, detail=str(error)) from error
    return own
