"""Slow and silent connections: the real server in this process, with shorter limits."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router

from launcher.gateway import server as gateway_server
from launcher.gateway.server import make_server, open_sockets
from tests.gateway.harness import WAIT_S, wait_until

Start = Callable[..., int]


async def answer(request: Request) -> Response:
    if "early" in request.query_params:
        return PlainTextResponse("no", 413)
    return PlainTextResponse(str(len(await request.body())))


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    running: list[tuple[gateway_server.GatewayServer, threading.Thread]] = []

    def run(**limits: float) -> int:
        for name, value in limits.items():
            monkeypatch.setattr(gateway_server, name.upper(), value)
        server = make_server(Router([Route("/", answer, methods=["GET", "POST"])]))
        sockets = open_sockets([("127.0.0.1", 0)])
        port = int(sockets[0].getsockname()[1])
        thread = threading.Thread(target=server.run, kwargs={"sockets": sockets})
        thread.start()
        running.append((server, thread))
        wait_until(lambda: server.started, "the server")
        return port

    yield run
    for server, thread in running:
        server.should_exit = True
        thread.join()


def connect(port: int, first: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=WAIT_S)
    connection.sendall(first)
    return connection


def ended(connection: socket.socket) -> bool:
    """Read to the end of what the other side sends: True when it closed."""
    with contextlib.suppress(ConnectionResetError):
        while connection.recv(65536):
            pass
    return True


def refuses(connection: socket.socket, piece: bytes) -> bool:
    """Keep sending until the other side has closed."""

    def broken() -> bool:
        try:
            connection.sendall(piece)
        except ConnectionError:
            return True
        return False

    wait_until(broken, "the end of the connection")
    return True


HEAD = b"POST / HTTP/1.1\r\nhost: x\r\n"


@pytest.mark.parametrize(
    "first", [b"", b"GET / HT", HEAD, HEAD + b"content-length: 10\r\n\r\n12345"]
)
def test_who_does_not_finish_asking_is_cut_off(start: Start, first: bytes) -> None:
    port = start(headers_timeout_s=0.3, request_timeout_s=0.3)
    with connect(port, first) as connection:
        assert ended(connection)


def test_a_trickle_does_not_help(start: Start) -> None:
    port = start(headers_timeout_s=0.3)
    with connect(port, b"GET / HTTP/1.1\r\nhost: x\r\n") as connection:
        assert refuses(connection, b"a: b\r\n")


def test_a_second_request_on_a_connection_has_its_own_deadline(start: Start) -> None:
    port = start(headers_timeout_s=0.3)
    with connect(port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\n") as connection:
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        connection.sendall(b"GET / HT")
        assert ended(connection)


def test_an_honest_request_may_take_its_time_to_be_answered(start: Start) -> None:
    port = start(headers_timeout_s=0.3, request_timeout_s=5)
    with connect(port, HEAD + b"content-length: 10\r\n\r\n") as connection:
        for _ in range(5):
            time.sleep(0.12)
            connection.sendall(b"12")
        assert b"10" in connection.recv(65536)


def test_a_refusal_can_be_read_though_the_body_still_comes(start: Start) -> None:
    port = start(max_thrown_away_bytes=8 * 2**20)
    with httpx.Client(trust_env=False) as client:
        refused = client.post(f"http://127.0.0.1:{port}/?early", content=b"x" * 2**22)
        assert (refused.status_code, refused.text) == (413, "no")
    head = b"POST /?early HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999\r\n\r\n"
    with connect(port, head) as endless:
        assert refuses(endless, b"x" * 65536)


def test_silent_connections_make_room_for_honest_ones(start: Start) -> None:
    port = start(max_connections=20, max_connections_per_address=20)
    silent = [connect(port, b"GET / HT") for _ in range(40)]
    with httpx.Client(trust_env=False) as client:
        for _ in range(10):
            answered = client.get(f"http://127.0.0.1:{port}/", headers={"connection": "close"})
            assert answered.status_code == 200
    assert all(ended(connection) for connection in silent[:20])
    for connection in silent:
        connection.close()
