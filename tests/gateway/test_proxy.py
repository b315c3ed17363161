"""Between a student and an app."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest

from tests.gateway.harness import (
    KEY,
    PAGE,
    RunningGateway,
    UpstreamApp,
    free_port,
    gateway_config,
    raw,
    running_app,
    status_of,
    wait_until,
)

MIB = 1024 * 1024
Upstream = tuple[UpstreamApp, int]


@pytest.fixture(scope="module")
def student(gateway: RunningGateway) -> httpx.Client:
    return gateway.student()


def seen_headers(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    pairs = answer.json()["headers"]
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names))
    return dict(pairs)


def test_the_app_learns_who_asks(student: httpx.Client) -> None:
    headers = seen_headers(student.get("/a/demo/"))
    assert headers["x-paadje-key"] == KEY
    assert re.fullmatch(r"[A-Za-z0-9_-]{22}", headers["x-paadje-student"])
    nickname = headers["x-paadje-nickname"]
    assert nickname.isascii()
    assert len(unquote(nickname).split(" ")) == 2
    assert headers["x-paadje-lang"] == "nl"


def test_what_the_app_must_not_see_is_removed(gateway: RunningGateway) -> None:
    student = gateway.student()
    cookie = next(iter(student.cookies.values()))
    honest = seen_headers(student.get("/a/demo/"))
    forged = {
        "X-Paadje-Student": "A" * 22,
        "x-paadje-key": "forged",
        "X_Paadje_Key": "forged",
        "x-paadje-admin": "forged",
        "x-forwarded-for": "10.9.9.9",
        "forwarded": "for=10.9.9.9",
        "x-real-ip": "10.9.9.9",
        "authorization": "Bearer forged",
        "proxy-authorization": "forged",
        "user-agent": "Telltale/1.0",
        "referer": f"{gateway.url}/j",
        "te": "trailers",
        "connection": "keep-alive, x-hop",
        "x-hop": "forged",
        "x-own": "kept",
        "content-type": "text/plain",
    }
    answer = student.post("/a/demo/", content=b"text", headers=forged)
    headers = seen_headers(answer)
    assert headers["x-paadje-student"] == honest["x-paadje-student"]
    assert headers["x-own"] == "kept"
    assert headers["content-type"] == "text/plain"
    assert headers["content-length"] == "4"
    assert answer.json()["body"] == "text"
    for secret in (cookie, "forged", "10.9.9.9", "Telltale", gateway.host):
        assert secret not in answer.text
    allowed = {
        "host", "accept", "accept-encoding", "connection", "content-length", "content-type",
        "x-own", "x-paadje-key", "x-paadje-lang", "x-paadje-nickname", "x-paadje-student",
    }  # fmt: skip
    assert set(headers) == allowed


def test_two_cookies_with_one_name_reach_nobody(gateway: RunningGateway) -> None:
    student = gateway.student()
    (name,) = (cookie for cookie in student.cookies if not cookie.endswith("visitor"))
    head = f"GET /a/demo/ HTTP/1.1\r\nhost: {gateway.host}\r\nconnection: close\r\n"
    for pair in (f"{name}=x; {name}=y", f"{name}=", f"{name}={'x' * 5000}"):
        assert status_of(raw(gateway.host, f"{head}cookie: {pair}\r\n\r\n".encode())) == 401


def test_what_the_app_may_not_say_is_removed(student: httpx.Client) -> None:
    headers = student.get("/a/demo/headers").headers
    assert headers["x-own"] == "kept"
    for name in ("set-cookie", "access-control-allow-origin", "server"):
        assert name not in headers


def test_an_app_may_set_its_own_policy_but_not_drop_the_basics(student: httpx.Client) -> None:
    headers = student.get("/a/demo/headers?own=1").headers
    assert headers["content-security-policy"] == "default-src 'self'"
    assert headers["cache-control"] == "max-age=60"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-frame-options"] == "DENY"


def test_methods_paths_and_queries_arrive_as_they_were(student: httpx.Client) -> None:
    for method in ("GET", "POST", "PUT", "DELETE"):
        answer = student.request(method, "/a/demo/echo/a%2Fb/%C3%A9?x=%20y&x=2").json()
        assert answer["method"] == method
        assert answer["raw_path"] == "/echo/a%2Fb/%C3%A9"
        assert answer["query"] == "x=%20y&x=2"
    bare = student.get("/a/demo")
    assert (bare.status_code, bare.headers["location"]) == (308, "/a/demo/")
    assert student.head("/a/demo/").status_code in (200, 405)
    assert student.get("/a/unknown/").status_code == 404


@pytest.mark.parametrize(
    "tail",
    ["/../x", "/echo/%2e%2e/x", "/echo/..%2fx", "/echo/..%5cx", "/./", "/echo/%00", "/%0d%0a"],
)
def test_paths_that_climb_are_refused(gateway: RunningGateway, tail: str) -> None:
    student = gateway.student()
    cookies = "; ".join(f"{name}={value}" for name, value in student.cookies.items())
    head = f"GET /a/demo{tail} HTTP/1.1\r\nhost: {gateway.host}\r\ncookie: {cookies}\r\n"
    assert status_of(raw(gateway.host, f"{head}connection: close\r\n\r\n".encode())) == 400


@pytest.mark.parametrize(
    ("to", "leads_to"),
    [
        ("done", "done"),
        ("./?x=1#y", "./?x=1#y"),
        ("/done?x=1", "/a/demo/done?x=1"),
        ("{upstream}/done", "/a/demo/done"),
        ("https://evil.example/x", "/a/demo/"),
        ("//evil.example/x", "/a/demo/"),
        ("\\\\evil.example/x", "/a/demo/"),
    ],
)
def test_an_app_cannot_send_a_student_elsewhere(
    student: httpx.Client, upstream: Upstream, to: str, leads_to: str
) -> None:
    to = to.format(upstream=f"http://127.0.0.1:{upstream[1]}")
    answer = student.get("/a/demo/away", params={"to": to})
    assert (answer.status_code, answer.headers["location"]) == (302, leads_to)


def test_events_arrive_while_the_answer_goes_on(student: httpx.Client, upstream: Upstream) -> None:
    app, _ = upstream
    app.left.clear()
    with student.stream("GET", "/a/demo/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        lines = answer.iter_lines()
        for number in (1, 2, 3):
            app.next_chunk.release()
            assert next(lines) == f"data: {number}"
            assert next(lines) == ""
    wait_until(app.left.is_set, "the app to notice that the student left")


def test_an_answer_that_breaks_off_is_not_passed_as_whole(student: httpx.Client) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        student.get("/a/demo/breaks")


def in_pieces(size: int, piece: int = 16_000) -> Iterator[bytes]:
    for start in range(0, size, piece):
        yield b"x" * min(piece, size - start)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_a_limit(student: httpx.Client, chunked: bool) -> None:
    def send(size: int) -> int:
        body = in_pieces(size) if chunked else b"x" * size
        return student.post("/a/demo/", content=body).status_code

    assert send(64 * 1024) == 200
    assert send(64 * 1024 + 1) == 413
    assert send(3 * MIB) == 413


@pytest.mark.parametrize("chunked", [False, True])
def test_an_upload_has_its_own_limit(
    student: httpx.Client, upstream: Upstream, chunked: bool
) -> None:
    multipart = {"content-type": "multipart/form-data; boundary=x"}

    def send(path: str, size: int) -> int:
        body = in_pieces(size, 256_000) if chunked else b"x" * size
        return student.post(path, content=body, headers=multipart).status_code

    assert send("/a/demo/upload", 10 * MIB) == 200
    assert upstream[0].uploaded == 10 * MIB
    assert send("/a/demo/upload", 11 * MIB) == 413
    assert send("/join", 100_000) == 413


def test_one_student_cannot_take_all_connections(gateway: RunningGateway) -> None:
    greedy, honest = gateway.student(), gateway.student()
    streams = [greedy.stream("GET", "/a/demo/events") for _ in range(16)]
    opened = [stream.__enter__() for stream in streams]
    assert {answer.status_code for answer in opened} == {200}
    refused = greedy.get("/a/demo/")
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) >= 1
    assert honest.get("/a/demo/").status_code == 200
    for stream in streams:
        stream.__exit__(None, None, None)
    wait_until(lambda: greedy.get("/a/demo/").status_code == 200, "the connections to be counted")


def test_one_student_cannot_ask_without_end(gateway: RunningGateway) -> None:
    greedy, honest = gateway.student(), gateway.student()
    assert any(greedy.get("/a/demo/").status_code == 429 for _ in range(2000))
    assert honest.get("/a/demo/").status_code == 200


def test_while_an_app_restarts_the_page_waits_and_tries_again(tmp_path: Path) -> None:
    port = free_port()
    gateway = RunningGateway(tmp_path, gateway_config(tmp_path, port))
    gateway.start()
    try:
        gateway.wait_ready()
        student = gateway.student()
        page = student.get("/a/demo/x", headers=PAGE)
        assert page.status_code == 502
        assert "Even wachten" in page.text
        assert 'http-equiv="refresh" content="3"' in page.text
        assert page.headers["retry-after"] == "3"
        sent = student.post("/a/demo/x", headers=PAGE, content=b"text")
        assert sent.status_code == 502
        assert "http-equiv" not in sent.text
        script = student.get("/a/demo/x")
        assert script.json()["error"]["code"] == "gateway.app_restarting"
        with running_app(port):
            assert student.get("/a/demo/").status_code == 200
        assert student.get("/a/demo/").status_code == 502
    finally:
        gateway.close()
