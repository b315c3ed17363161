"""Slow and silent connections: the real server in this process, with shorter limits."""

import asyncio
import contextlib
import socket
import threading
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


release = threading.Event()


async def answer(request: Request) -> Response:
    while "held" in request.query_params and not release.is_set():
        await asyncio.sleep(0.01)
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


def answered_in_full(connection: socket.socket) -> bool:
    """Read one answer of :func:`answer` with an empty body, and leave the connection open."""
    received = b""
    while not received.endswith(b"\r\n\r\n0"):
        piece = connection.recv(65536)
        if not piece:
            return False
        received += piece
    return received.startswith(b"HTTP/1.1 200")


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
        assert answered_in_full(connection)
        connection.sendall(b"GET / HT")
        assert ended(connection)


def test_who_waits_for_an_answer_is_not_cut_off(start: Start) -> None:
    port = start(headers_timeout_s=0.3, request_timeout_s=0.3)
    release.clear()
    with connect(port, b"GET /?held HTTP/1.1\r\nhost: x\r\n\r\n") as honest:
        with connect(port, b"GET / HT") as silent:
            assert ended(silent)  # So the limit has passed for both.
        release.set()
        assert answered_in_full(honest)


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
    ask = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"
    with contextlib.ExitStack() as stack:
        idle = stack.enter_context(connect(port, ask))
        assert answered_in_full(idle)
        silent = [stack.enter_context(connect(port, b"GET / HT")) for _ in range(40)]
        client = stack.enter_context(httpx.Client(trust_env=False))
        for _ in range(10):
            answered = client.get(f"http://127.0.0.1:{port}/", headers={"connection": "close"})
            assert answered.status_code == 200
        assert all(ended(connection) for connection in silent[:20])
        idle.sendall(ask)
        assert answered_in_full(idle)


def test_answers_are_not_held_back() -> None:
    """Only a socket that names its protocol gets TCP_NODELAY from asyncio."""
    (listener,) = open_sockets([("127.0.0.1", 0)])
    with listener:
        assert listener.proto == socket.IPPROTO_TCP
