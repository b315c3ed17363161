"""WebSockets and apps of others, which live at the root of a port of their own."""

import base64
import contextlib
import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.gateway.harness import (
    TOKEN,
    WAIT_S,
    RunningGateway,
    UpstreamApp,
    free_port,
    gateway_config,
    running_app,
    status_of,
    wait_until,
)
from tests.gateway.websocket import MinimalWebSocketProtocol

App = tuple[UpstreamApp, int]


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    with running_app(ws=MinimalWebSocketProtocol) as running:
        yield running


@pytest.fixture(scope="module")
def both(app: App, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGateway]:
    """The same app twice: below a path, and on a port of its own."""
    folder = tmp_path_factory.mktemp("both")
    config = gateway_config(folder, app[1])
    own = free_port()
    config["apps"].append({**config["apps"][0], "id": "other", "own_port": own})
    config["bind"].append(["127.0.0.1", own])
    config["hosts"].append(f"127.0.0.1:{own}")
    gateway = RunningGateway(folder, config)
    gateway.start()
    gateway.wait_ready()
    yield gateway
    gateway.close()


def cookies_of(client: httpx.Client) -> str:
    return "; ".join(f"{name}={value}" for name, value in client.cookies.items())


class Socket:
    """Just enough of a WebSocket client to see every byte."""

    def __init__(self, host: str, path: str, *lines: str) -> None:
        address, _, port = host.rpartition(":")
        self.connection = socket.create_connection((address, int(port)), timeout=WAIT_S)
        key = base64.b64encode(os.urandom(16)).decode()
        head = [
            f"GET {path} HTTP/1.1",
            f"host: {host}",
            "connection: Upgrade",
            "upgrade: websocket",
            "sec-websocket-version: 13",
            f"sec-websocket-key: {key}",
            "sec-websocket-extensions: permessage-deflate",
            *lines,
        ]
        self.connection.sendall("\r\n".join([*head, "", ""]).encode())
        self.stream = self.connection.makefile("rb")
        self.status_line = self.stream.readline()
        self.headers = {}
        while line := self.stream.readline().strip():
            name, _, value = line.decode().partition(":")
            self.headers[name.lower()] = value.strip()

    @property
    def status(self) -> int:
        return status_of(self.status_line)

    def receive(self) -> bytes | None:
        """The next message; None at the end."""
        with contextlib.suppress(ConnectionError):
            first = self.stream.read(2)
            if len(first) == 2 and first[0] & 15 != 8:
                length = first[1]
                if length == 126:
                    length = int.from_bytes(self.stream.read(2), "big")
                elif length == 127:
                    length = int.from_bytes(self.stream.read(8), "big")
                return self.stream.read(length)
        return None

    def send(self, text: bytes) -> None:
        mask = os.urandom(4)
        body = bytes(byte ^ mask[place % 4] for place, byte in enumerate(text))
        size = len(text)
        length = bytes([128 | size]) if size < 126 else bytes([254]) + size.to_bytes(2, "big")
        self.connection.sendall(b"\x81" + length + mask + body)

    def close(self) -> None:
        self.stream.close()
        self.connection.close()


def test_a_websocket_goes_both_ways(both: RunningGateway, app: App) -> None:
    student = both.student()
    app[0].left.clear()
    line = f"cookie: {cookies_of(student)}"
    ws = Socket(both.host, "/a/demo/socket", f"origin: {both.url}", line)
    assert ws.status == 101
    assert "sec-websocket-extensions" not in ws.headers
    seen: dict[str, Any] = json.loads(ws.receive() or b"")
    assert len(seen["x-paadje-student"]) == 22
    assert "cookie" not in seen
    for text in (b"hello", b"a" * 5000):
        ws.send(text)
        assert ws.receive() == text.upper()
    ws.close()
    wait_until(app[0].left.is_set, "the app to notice that the student left")


def test_a_websocket_needs_our_own_origin_and_a_session(both: RunningGateway) -> None:
    cookie = f"cookie: {cookies_of(both.student())}"
    origin = f"origin: {both.url}"
    port = both.host.rpartition(":")[2]
    for lines, status in (
        ((cookie,), 403),
        ((cookie, "sec-fetch-site: same-origin"), 403),
        ((cookie, "origin: null"), 403),
        ((cookie, "origin: http://evil.example"), 403),
        ((cookie, f"origin: https://127.0.0.1:{port}"), 403),
        ((cookie, origin, origin), 403),
        ((origin,), 401),
    ):
        ws = Socket(both.host, "/a/demo/socket", *lines)
        assert ws.status == status, lines
        ws.close()


def test_an_app_that_does_not_switch_makes_no_tunnel(both: RunningGateway) -> None:
    cookie = f"cookie: {cookies_of(both.student())}"
    for path in ("/a/demo/", "/a/demo/nowhere"):
        ws = Socket(both.host, path, f"origin: {both.url}", cookie)
        assert ws.status in (404, 502)
        ws.close()


@pytest.mark.parametrize(
    "lines",
    [
        ("sec-websocket-version: 8", "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA=="),
        ("sec-websocket-version: 13",),
        ("sec-websocket-version: 13", "sec-websocket-key: short"),
    ],
)
def test_half_a_handshake_is_refused(both: RunningGateway, lines: tuple[str, ...]) -> None:
    student = both.student()
    headers = dict(line.split(": ") for line in lines)
    answer = student.get(
        "/a/demo/socket", headers={"connection": "upgrade", "upgrade": "websocket", **headers}
    )
    assert answer.status_code == 400


def test_a_kick_ends_a_websocket(both: RunningGateway) -> None:
    from tests.gateway.test_control import nickname_of

    student = both.student()
    name = nickname_of(both, student)
    cookie = f"cookie: {cookies_of(student)}"
    ws = Socket(both.host, "/a/demo/socket", f"origin: {both.url}", cookie)
    assert ws.receive()
    both.tell(do="kick", nickname=name)
    assert ws.receive() is None
    ws.close()


def own_host(gateway: RunningGateway) -> str:
    return str(gateway.config["hosts"][-1])


def test_an_app_at_the_root_of_its_own_port(both: RunningGateway, app: App) -> None:
    student = both.student()
    host = own_host(both)
    base = f"http://{host}"
    assert f'href="{base}/"' in student.get("/", headers={"accept": "text/html"}).text
    seen = student.get(f"{base}/echo/x?y=1", headers={"origin": base}).json()
    assert (seen["raw_path"], seen["query"]) == ("/echo/x", "y=1")
    headers = dict(seen["headers"])
    assert headers["origin"] == f"http://127.0.0.1:{app[1]}"
    assert "content-security-policy" not in student.get(f"{base}/headers").headers
    away = student.get(f"{base}/away", params={"to": "https://evil.example/x"})
    assert away.headers["location"] == "/"
    ws = Socket(host, "/socket", f"origin: {base}", f"cookie: {cookies_of(student)}")
    assert ws.status == 101
    ws.close()


def test_an_app_of_others_gets_its_own_cookies_and_never_ours(both: RunningGateway) -> None:
    student = both.student()
    base = f"http://{own_host(both)}"
    ours = next(name for name in student.cookies if name.startswith("paadje_"))
    answer = student.get(f"{base}/cookies", params={"steal": ours})
    assert TOKEN not in answer.text
    assert ours not in answer.text
    assert all(ours not in value for value in answer.headers.get_list("set-cookie"))
    assert "theirs=1" in student.get(f"{base}/cookies").json()["cookie"]


def test_who_has_not_joined_is_led_back_from_the_port_of_an_app(both: RunningGateway) -> None:
    visitor = both.visitor()
    base = f"http://{own_host(both)}"
    page = visitor.get(f"{base}/", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["location"]) == (303, f"{both.url}/")
    assert visitor.get(f"{base}/").status_code == 401
    for path in ("/join", "/static/base.css", "/a/demo/", "/health"):
        assert visitor.get(f"{base}{path}").status_code == 401


def test_our_own_pages_are_whole_on_the_port_of_an_app(tmp_path: Path) -> None:
    """While the app restarts, the page there has its style and looks again by itself."""
    config = gateway_config(tmp_path, free_port())
    own = free_port()
    config["apps"][0]["own_port"] = own
    config["bind"].append(["127.0.0.1", own])
    config["hosts"].append(f"127.0.0.1:{own}")
    gateway = RunningGateway(tmp_path, config)
    gateway.start()
    try:
        gateway.wait_ready()
        student = gateway.student()
        base = f"http://127.0.0.1:{own}"
        page = student.get(f"{base}/x", headers={"accept": "text/html"})
        assert page.status_code == 502
        assert 'data-again="3"' in page.text
        linked = re.findall(r'(?:href|src)="(/[^"]+\.(?:css|js|svg))"', page.text)
        assert len(linked) == 3
        assert {student.get(base + path).status_code for path in linked} == {200}
        assert "default-src 'none'" in page.headers["content-security-policy"]
        # There, the app would get what a choice of language sends.
        assert "/language" not in page.text
        start = gateway.visitor().get("/", headers={"accept": "text/html"})
        assert f"form-action 'self' {base};" in start.headers["content-security-policy"]
        assert "/language" in start.text
    finally:
        gateway.close()


def test_the_ports_do_not_answer_for_each_other(both: RunningGateway) -> None:
    student = both.student()
    for at, named in ((both.host, own_host(both)), (own_host(both), both.host)):
        assert student.get(f"http://{at}/", headers={"host": named}).status_code == 400
    crossed = student.post(f"http://{own_host(both)}/", headers={"origin": both.url})
    assert crossed.status_code == 403
