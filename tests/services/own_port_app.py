"""PROGRAM: an app as others make them. It lives at the root of a port, and knows no Paadje."""

import asyncio
import sys
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

PAGE = """<!doctype html><title>Elders</title><link rel="stylesheet" href="/style.css">
<h1>Elders gemaakt</h1><p id="cookie"></p><p id="stream">loopt</p>
<script src="/app.js"></script>"""
SCRIPT = """
const say = (id, text) => { document.getElementById(id).textContent = text; };
const ticks = new EventSource("/ticks");
ticks.onerror = () => { ticks.close(); say("stream", "over"); };
fetch("/me").then((answer) => answer.json()).then((me) => say("cookie", me.cookie));
"""


async def page(_: Request) -> Response:
    answer = HTMLResponse(PAGE, headers={"content-security-policy": "default-src 'self'"})
    answer.set_cookie("theirs", "1", httponly=True)
    return answer


async def style(_: Request) -> Response:
    return Response("h1 { color: rgb(1, 2, 3) }", media_type="text/css")


async def script(_: Request) -> Response:
    return Response(SCRIPT, media_type="text/javascript")


async def me(request: Request) -> Response:
    return JSONResponse(dict(request.headers) | {"cookie": request.headers.get("cookie", "")})


async def upload(request: Request) -> Response:
    return JSONResponse({"size": sum([len(chunk) async for chunk in request.stream()])})


async def ticks(_: Request) -> Response:
    async def chunks() -> AsyncIterator[str]:
        while True:
            yield "data: tick\n\n"
            await asyncio.sleep(0.2)

    return StreamingResponse(chunks(), media_type="text/event-stream")


if __name__ == "__main__":
    routes = [
        Route("/", page),
        Route("/health", lambda _: Response("ok")),
        Route("/style.css", style),
        Route("/app.js", script),
        Route("/me", me),
        Route("/ticks", ticks),
        Route("/upload", upload, methods=["POST"]),
    ]
    uvicorn.run(
        Starlette(routes=routes), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
