"""What a request must be before anything looks at it."""

import json
import socket

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from launcher.gateway.app import Gateway
from launcher.gateway.config import GatewayConfig
from launcher.gateway.guard import Guard
from launcher.gateway.limits import GUESS_WINDOW_S, CodeGuard, Rate
from launcher.gateway.pages import Pages
from launcher.gateway.refusals import STATUS, Refusal
from launcher.i18n import LANGUAGES, describe_error
from tests.gateway.harness import PAGE, TOKEN, RunningGateway, raw, status_of


def get(gateway: RunningGateway, *lines: str, target: str = "/") -> int:
    text = "\r\n".join([f"GET {target} HTTP/1.1", *lines, "connection: close", "", ""])
    return status_of(raw(gateway.host, text.encode("latin-1")))


def test_the_own_host_is_answered(gateway: RunningGateway) -> None:
    port = gateway.host.rpartition(":")[2]
    for host in (gateway.host, f"localhost:{port}", f"LOCALHOST:{port}"):
        assert get(gateway, f"host: {host}") == 200


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("host:",),
        ("host: evil.example",),
        ("host: 127.0.0.1",),
        ("host: 127.0.0.1:1",),
        ("host: 127.0.0.1.:{port}",),
        ("host: 127.0.0.1:{port}:{port}",),
        ("host: 127.0.0.1:{port}, evil.example",),
        ("host: evil@127.0.0.1:{port}",),
        ("host: 127.0.0.1:{port}", "host: 127.0.0.1:{port}"),
        ("host: 127.0.0.1:{port}", "host: evil.example"),
        ("x-forwarded-host: 127.0.0.1:{port}",),
    ],
)
def test_any_other_host_is_refused(gateway: RunningGateway, lines: tuple[str, ...]) -> None:
    port = gateway.host.rpartition(":")[2]
    assert get(gateway, *(line.format(port=port) for line in lines)) == 400


def test_an_absolute_target_must_agree_with_the_host(gateway: RunningGateway) -> None:
    host = f"host: {gateway.host}"
    assert get(gateway, host, target=f"http://{gateway.host}/j?x=1") == 200
    for target in (
        "http://evil.example/",
        f"https://{gateway.host}/",
        f"http://x@{gateway.host}/",
        f"http://{gateway.host}",
        "health",
        "*",
    ):
        assert get(gateway, host, target=target) == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://{host}"}, 200),
        ({"origin": "HTTP://{host}"}, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "https://{host}"}, 403),
        ({"origin": "http://127.0.0.1"}, 403),
        ({"origin": "http://localhost:{port}"}, 403),
        ({"origin": "http://{host}.evil.example"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "http://evil.example", "sec-fetch-site": "same-origin"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"referer": "http://{host}/"}, 403),
    ],
)
def test_only_our_own_pages_may_send(
    gateway: RunningGateway, headers: dict[str, str], status: int
) -> None:
    port = gateway.host.rpartition(":")[2]
    filled = {name: text.format(host=gateway.host, port=port) for name, text in headers.items()}
    visitor = gateway.visitor()
    del visitor.headers["origin"]
    assert visitor.post("/join", json={"token": TOKEN}, headers=filled).status_code == status


def test_the_origin_is_checked_for_every_method_that_can_change_things(
    gateway: RunningGateway,
) -> None:
    student = gateway.student()
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = student.request(method, "/a/demo/", headers={"origin": "http://evil.example"})
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]


def test_there_is_no_cors_grant_and_no_upgrade(gateway: RunningGateway) -> None:
    student = gateway.student()
    preflight = student.options("/a/demo/", headers={"access-control-request-method": "PUT"})
    assert preflight.status_code == 405
    upgrade = {"connection": "upgrade", "upgrade": "h2c"}
    assert student.get("/a/demo/", headers=upgrade).status_code == 200
    for answer in (preflight, student.get("/")):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "lines",
    [
        ("content-length: 5", "transfer-encoding: chunked"),
        ("content-length: 5", "content-length: 6"),
        ("content-length: -5",),
        ("content-length: 5x",),
        ("transfer-encoding: chunked", "transfer-encoding: chunked"),
    ],
)
def test_a_body_has_one_length(gateway: RunningGateway, lines: tuple[str, ...]) -> None:
    head = ["POST /join HTTP/1.1", f"host: {gateway.host}", f"origin: {gateway.url}", *lines]
    answer = raw(gateway.host, "\r\n".join([*head, "", "0\r\n\r\n"]).encode())
    assert status_of(answer) == 400
    assert b"connection: close" in answer.lower()


def test_a_folded_header_is_refused_however_it_arrives(gateway: RunningGateway) -> None:
    head = f"GET / HTTP/1.1\r\nhost: {gateway.host}\r\nx-a: b\r\n".encode()
    rest = b"\tfolded\r\nconnection: close\r\n\r\n"
    assert status_of(raw(gateway.host, head + rest)) == 400
    address, _, port = gateway.host.rpartition(":")
    with socket.create_connection((address, int(port)), timeout=20) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in (head[:-1], head[-1:], rest):
            connection.sendall(piece)
        assert connection.recv(100).startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize("length", [17_000, 200_000])
def test_headers_have_a_limit(gateway: RunningGateway, length: int) -> None:
    assert get(gateway, f"host: {gateway.host}", "x-long: " + "a" * length) in (400, 431)
    assert get(gateway, f"host: {gateway.host}", "x-long: " + "a" * 8_000) == 200


def test_security_headers_are_on_everything(gateway: RunningGateway) -> None:
    student = gateway.student()
    for path in ("/", "/j", "/static/base.css", "/nowhere", "/a/demo/", "/a/demo/headers"):
        headers = student.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


def test_our_pages_hold_nothing_inline_and_nothing_from_elsewhere(gateway: RunningGateway) -> None:
    for path in ("/", "/j", "/nowhere"):
        page = gateway.visitor(**PAGE).get(path).text
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick" not in page
        assert "://" not in page
        assert page.count("<script") == page.count("<script src=")


def test_health_is_for_this_computer_only(gateway: RunningGateway) -> None:
    assert gateway.visitor().get("/health").text == "ok"


def test_a_host_cannot_take_another_gateway_for_its_own(gateway: RunningGateway) -> None:
    config = GatewayConfig.model_validate({**gateway.config, "health_key": "of this lesson"})
    client = TestClient(Gateway(config).asgi, base_url=gateway.url, client=("127.0.0.1", 1))
    for headers, status in (
        ({}, 404),
        ({"x-paadje-key": "of another"}, 404),
        ({"x-paadje-key": "of this lesson"}, 200),
    ):
        assert client.get("/health", headers=headers).status_code == status


def test_unknown_pages_and_methods_are_friendly(gateway: RunningGateway) -> None:
    visitor = gateway.visitor()
    for path in ("/nowhere", "/static/../config.py", "/static/nowhere.css", "/docs", "/qr"):
        answer = visitor.get(path)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "gateway.unknown_page")
    assert visitor.get("/join").json()["error"]["code"] == "gateway.wrong_method"
    assert "Deze pagina bestaat niet." in visitor.get("/nowhere", headers=PAGE).text
    assert visitor.put("/join").status_code == 405


async def test_a_flood_from_one_address_has_to_wait() -> None:
    guard = Guard(
        PlainTextResponse("in"),
        hosts=["x:80"],
        pages=Pages("nl"),
        per_address=Rate(burst=2, per_s=0.1),
    )
    answers = []
    for address in ("10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2"):
        transport = httpx.ASGITransport(guard, client=(address, 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://x") as client:
            answers.append(await client.get("/"))
    assert [answer.status_code for answer in answers] == [200, 200, 429, 200]
    assert 1 <= int(answers[2].headers["retry-after"]) <= 10


def test_every_refusal_has_its_two_sentences() -> None:
    for name in STATUS:
        for lang in LANGUAGES:
            text = describe_error(Refusal(name), lang)
            assert text.message
            assert text.advice
            assert "gateway." not in text.message


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_rate_allows_a_burst_and_then_so_many_a_second() -> None:
    clock = Clock()
    rate = Rate(burst=3, per_s=0.5, clock=clock)
    assert [rate.wait_s("a") for _ in range(4)] == [0, 0, 0, 2]
    assert rate.wait_s("b") == 0
    clock.now += 2
    assert [rate.wait_s("a"), rate.wait_s("a")] == [0, 2]
    clock.now += 1000
    assert [rate.wait_s("a") for _ in range(4)] == [0, 0, 0, 2]


def test_wrong_codes_are_forgotten_after_a_minute() -> None:
    clock = Clock()
    guard = CodeGuard(clock=clock)
    for _ in range(5):
        guard.wrong("a")
        clock.now += 1
    assert guard.wait_s("a") == 55
    assert guard.wait_s("b") == 0
    clock.now += 55
    assert guard.wait_s("a") == 0
    for number in range(30):
        guard.wrong(str(number))
    assert guard.paused
    assert guard.wait_s("new") == GUESS_WINDOW_S
    clock.now += GUESS_WINDOW_S
    assert not guard.paused
    assert guard.wait_s("new") == 0


def test_answers_to_scripts_are_json_in_their_language(gateway: RunningGateway) -> None:
    answer = gateway.visitor(**{"accept-language": "en"}).get("/nowhere")
    assert json.loads(answer.text)["error"]["message"] == "This page does not exist."
