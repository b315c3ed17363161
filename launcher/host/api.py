"""The control API of a lesson host: loopback only, for the fronts of this user.

Every request needs the control token. The Host header must name loopback, so that a page in a
browser cannot get here through a name of its own that points to 127.0.0.1.
"""

import asyncio
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from launcher.events import Event, event_to_dict

_SIGN_OF_LIFE_S = 10.0
_WAITING_EVENTS = 256


class EventHub:
    """Hands every event to all who follow; one who does not read loses events, not our memory."""

    def __init__(self) -> None:
        self._followers: set[asyncio.Queue[Event | None]] = set()
        self._closed = False

    def publish(self, event: Event) -> None:
        for queue in self._followers:
            if not queue.full():
                queue.put_nowait(event)

    def close(self) -> None:
        """End the streams of all who follow, after the events they still have to get."""
        self._closed = True
        for queue in self._followers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(None)

    def follow(self) -> AsyncIterator[Event | None]:
        """The events from this moment on; None when nothing happened for a while."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue(_WAITING_EVENTS)
        self._followers.add(queue)
        return self._read(queue)

    async def _read(self, queue: asyncio.Queue[Event | None]) -> AsyncIterator[Event | None]:
        try:
            while not self._closed or not queue.empty():
                try:
                    event = await asyncio.wait_for(queue.get(), _SIGN_OF_LIFE_S)
                except TimeoutError:
                    yield None
                    continue
                if event is None:
                    return
                yield event
        finally:
            self._followers.discard(queue)


class ControlAccess:
    """Lets a request through when its Host header names loopback and it carries the token."""

    def __init__(self, app: ASGIApp, *, port: int, token: str) -> None:
        self._app = app
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        given = headers.get("authorization", "").encode("latin-1", "replace")
        refusal: Response | None = None
        if headers.getlist("host") not in ([self._hosts[0]], [self._hosts[1]]):
            refusal = PlainTextResponse("bad host", 400)
        elif not hmac.compare_digest(given, self._expected):
            refusal = PlainTextResponse("unauthorized", 401)
        await (refusal or self._app)(scope, receive, send)


def control_app(
    *,
    port: int,
    token: str,
    snapshot: Callable[[], dict[str, Any]],
    current: Callable[[], list[Event]],
    hub: EventHub,
    request_stop: Callable[[], None],
) -> ASGIApp:
    """``current()`` are the events that tell how everything is now."""

    async def state(_: Request) -> Response:
        return JSONResponse(snapshot())

    async def events(_: Request) -> Response:
        return StreamingResponse(_lines(current, hub), media_type="text/event-stream")

    async def stop(_: Request) -> Response:
        request_stop()
        return JSONResponse({"state": "stopping"}, 202)

    routes = [
        Route("/state", state, methods=["GET"]),
        Route("/events", events, methods=["GET"]),
        Route("/stop", stop, methods=["POST"]),
    ]
    return ControlAccess(Starlette(routes=routes), port=port, token=token)


async def _lines(current: Callable[[], list[Event]], hub: EventHub) -> AsyncIterator[str]:
    following = hub.follow()
    for event in current():
        yield _line(event)
    async for change in following:
        yield _line(change) if change is not None else ": still here\n\n"


def _line(event: Event) -> str:
    return f"data: {json.dumps(event_to_dict(event))}\n\n"
