"""The real gateway as its own process, in front of a small real app."""

import contextlib
import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

TOKEN = "Tok-en_with22chars-xyz"
CODE = "BCDF2345"
KEY = "the-key-of-this-gateway-only"
PAGE = {"accept": "text/html"}
WAIT_S = 20.0


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def free_port(address: str = "127.0.0.1") -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


class UpstreamApp:
    """Shows what reached it, and streams only as fast as a test allows."""

    def __init__(self) -> None:
        self.next_chunk = threading.Semaphore(0)
        self.uploaded = 0
        self.left = threading.Event()
        routes = [
            Route("/", self.echo, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            Route("/echo/{rest:path}", self.echo, methods=["GET", "POST", "PUT", "DELETE"]),
            Route("/events", self.events),
            Route("/headers", self.headers),
            Route("/away", self.away),
            Route("/upload", self.upload, methods=["POST"]),
            Route("/breaks", self.breaks),
            Route("/cookies", self.cookies),
            Route("/who", self.who),
            Route("/ticks", self.ticks),
            WebSocketRoute("/socket", self.socket),
        ]
        self.asgi = Starlette(routes=routes)

    async def echo(self, request: Request) -> Response:
        return JSONResponse(
            {
                "method": request.method,
                "path": request.url.path,
                "raw_path": request.scope["raw_path"].decode(),
                "query": request.url.query,
                "headers": [[name.decode(), value.decode()] for name, value in request.headers.raw],
                "body": (await request.body()).decode("latin-1"),
            }
        )

    async def events(self, request: Request) -> Response:
        async def chunks() -> Any:
            import asyncio

            try:
                number = 0
                while True:
                    if self.next_chunk.acquire(blocking=False):
                        number += 1
                        yield f"data: {number}\n\n"
                    await asyncio.sleep(0.01)
            finally:
                self.left.set()

        return StreamingResponse(chunks(), media_type="text/event-stream")

    async def headers(self, request: Request) -> Response:
        answer = Response("x", headers={"access-control-allow-origin": "*", "x-own": "kept"})
        answer.set_cookie("theirs", "1")
        if "own" in request.query_params:
            answer.headers["content-security-policy"] = "default-src 'self'"
            answer.headers["referrer-policy"] = "no-referrer"
            answer.headers["cache-control"] = "max-age=60"
        return answer

    async def away(self, request: Request) -> Response:
        return Response(status_code=302, headers={"location": request.query_params["to"]})

    async def upload(self, request: Request) -> Response:
        size = 0
        async for chunk in request.stream():
            size += len(chunk)
        self.uploaded = size
        return JSONResponse({"size": size})

    async def who(self, request: Request) -> Response:
        return JSONResponse({"student": request.headers["x-paadje-student"]})

    async def ticks(self, request: Request) -> Response:
        async def chunks() -> Any:
            import asyncio

            while True:
                yield "data: tick\n\n"
                await asyncio.sleep(0.25)

        return StreamingResponse(chunks(), media_type="text/event-stream")

    async def cookies(self, request: Request) -> Response:
        answer = JSONResponse(dict(request.headers))
        answer.set_cookie("theirs", "1")
        answer.set_cookie(request.query_params.get("steal", "x"), "stolen")
        return answer

    async def socket(self, socket: WebSocket) -> None:
        await socket.accept(subprotocol="chat" if socket.scope["subprotocols"] else None)
        await socket.send_json(dict(socket.headers.items()))
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                await socket.send_text((await socket.receive_text()).upper())
        self.left.set()

    async def breaks(self, request: Request) -> Response:
        async def chunks() -> Any:
            yield b"half of "
            raise RuntimeError("broken on purpose")

        return StreamingResponse(chunks(), media_type="text/plain")


@contextlib.contextmanager
def running_app(port: int = 0, ws: Any = "none") -> Iterator[tuple[UpstreamApp, int]]:
    """The app on loopback, and its port."""
    app = UpstreamApp()
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    config = uvicorn.Config(
        app.asgi, log_config=None, lifespan="off", ws=ws, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_until(lambda: server.started, "the app")
        yield app, int(listener.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join()
        listener.close()


class RunningGateway:
    """One gateway process; ``config`` is what it was given."""

    def __init__(self, folder: Path, config: dict[str, Any], prefix: tuple[str, ...] = ()) -> None:
        self.folder = folder
        self.config = config
        self.prefix = prefix
        self.file = folder / "gateway.json"
        self.host = config["hosts"][0]
        self.url = f"http://{self.host}"
        self.app_url = f"{self.url}/a/{config['apps'][0]['id']}"
        self.process: subprocess.Popen[bytes] | None = None
        self.clients: list[httpx.Client] = []

    def start(self) -> None:
        self.file.write_text(json.dumps(self.config))
        self.process = subprocess.Popen(
            [*self.prefix, sys.executable, "-m", "launcher.gateway", self.file],
            stdin=subprocess.PIPE,
        )

    def wait_ready(self) -> None:
        assert self.process is not None
        process = self.process

        def ready() -> bool:
            assert process.poll() is None, "the gateway ended"
            with contextlib.suppress(httpx.TransportError):
                return httpx.get(f"{self.url}/health", trust_env=False).status_code == 200
            return False

        wait_until(ready, "the gateway")

    def kill(self) -> None:
        """As ``kill -9``; nothing happens when it has ended."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        assert self.process.stdin is not None
        self.process.stdin.close()

    def close(self) -> None:
        """Leave nothing behind."""
        for client in self.clients:
            client.close()
        if self.process is not None:
            self.kill()

    def end(self) -> int:
        """Close its lifeline and wait until it has left."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(timeout=WAIT_S)

    def visitor(self, **headers: str) -> httpx.Client:
        """A browser-like client that has not joined."""
        client = httpx.Client(
            base_url=self.url, headers={"origin": self.url, **headers}, trust_env=False, timeout=20
        )
        self.clients.append(client)
        return client

    def student(self, **headers: str) -> httpx.Client:
        """One that has joined with the token."""
        client = self.visitor(**headers)
        answer = client.post("/join", json={"token": TOKEN})
        assert answer.status_code == 200, answer.text
        return client

    def tell(self, **message: Any) -> None:
        """A message as the lesson host sends it."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def change(self, **values: Any) -> None:
        """Another configuration while it runs; returns when it is in force."""
        version = self.config.get("version", 0) + 1
        self.config = {**self.config, **values, "version": version}
        self.file.write_text(json.dumps(self.config))
        self.tell(do="reload")
        wait_until(lambda: self.status().get("version") == version, "the change")

    def log(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("gateway.log*"))

    def status(self) -> dict[str, Any]:
        file = self.folder / "status.json"
        return json.loads(file.read_text()) if file.exists() else {}


def gateway_config(folder: Path, app_port: int, **changes: Any) -> dict[str, Any]:
    port = free_port()
    return {
        "bind": [["127.0.0.1", port]],
        "hosts": [f"127.0.0.1:{port}", f"localhost:{port}"],
        "token": TOKEN,
        "code": CODE,
        "seats": 40,
        "expires_at": time.time() + 3600,
        "lang": "nl",
        "apps": [
            {
                "id": "demo",
                "icon": "💬",
                "title": {"nl": "Proef", "en": "Demo"},
                "upstream": f"http://127.0.0.1:{app_port}",
                "key": KEY,
            }
        ],
        "status_file": str(folder / "status.json"),
        "log_file": str(folder / "gateway.log"),
        **changes,
    }


def raw(host: str, request: bytes) -> bytes:
    """Send exactly these bytes, and read until the other side closes."""
    address, _, port = host.rpartition(":")
    with socket.create_connection((address, int(port)), timeout=WAIT_S) as connection:
        connection.sendall(request)
        answer = b""
        with contextlib.suppress(ConnectionResetError):
            while chunk := connection.recv(65536):
                answer += chunk
        return answer


def status_of(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    assert found, answer[:200]
    return int(found.group(1))
