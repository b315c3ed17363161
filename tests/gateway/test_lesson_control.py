"""The control of sharing and the projector page: loopback only, and nobody else's page gets in."""

import json
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from starlette.routing import BaseRoute, Mount, Route

from launcher.errors import UsageError
from launcher.gateway.app import Gateway
from launcher.gateway.config import GatewayConfig
from launcher.host.projector import SharingPages
from launcher.sharing.qr import svg_qr
from tests.gateway.harness import TOKEN, UpstreamApp, raw, status_of, wait_until
from tests.gateway.lesson import RunningLesson


@pytest.fixture(scope="module")
def lesson(
    upstream: tuple[UpstreamApp, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningLesson]:
    with RunningLesson(tmp_path_factory.mktemp("lesson"), upstream[1]) as running:
        yield running


def student_of(lesson: RunningLesson, token: str = TOKEN) -> httpx.Client:
    url = f"http://127.0.0.1:{lesson.spec.share.port}"
    client = lesson.visitor(url)
    assert client.post("/join", json={"token": token}).status_code == 200
    return client


def projector(lesson: RunningLesson) -> httpx.Client:
    """A browser that was opened by Paadje."""
    url = lesson.client.sharing()["projector_url"]
    base, _, token = url.partition("/projector/open#")
    client = lesson.visitor(base)
    assert client.post("/projector/session", json={"token": token}).status_code == 204
    return client


def test_what_the_fronts_see(lesson: RunningLesson) -> None:
    view = lesson.client.sharing()
    assert view["join_url"].endswith(f"/j#{TOKEN}")
    assert view["projector_url"].startswith(f"http://127.0.0.1:{lesson.control_port}/projector/")
    assert view["internet"]["method"] in ("bytes", "connections")
    wait_until(lambda: lesson.client.sharing()["internet"]["looks"] > 0, "the first look")
    assert lesson.client.sharing()["internet"]["clean"] is True


def test_changes_reach_the_gateway_and_the_files(lesson: RunningLesson) -> None:
    before = lesson.share()
    student = student_of(lesson)
    view = lesson.client.sharing({"do": "new-code"})
    assert view["code"] != before["code"]
    assert lesson.share()["token"] != before["token"]

    def rotated() -> bool:
        config = json.loads((lesson.folder / "gateway.json").read_text())
        return bool(lesson.gateway_status()["version"] == config["version"])

    wait_until(rotated, "the new code")
    assert student.get("/a/demo/").status_code == 200
    refused = httpx.post(
        f"{view['url']}/join",
        json={"token": before["token"]},
        headers={"origin": view["url"]},
        trust_env=False,
    )
    assert refused.status_code == 403
    fresh = student_of(lesson, lesson.share()["token"])
    names = lesson.client.sharing()["students"]
    wait_until(lambda: len(lesson.client.sharing()["students"]) >= 2, "both students")
    names = lesson.client.sharing()["students"]
    lesson.client.sharing({"do": "kick", "nickname": names[-1].upper()})
    wait_until(
        lambda: 401 in (student.get("/a/demo/").status_code, fresh.get("/a/demo/").status_code),
        "the kick",
    )
    lesson.client.sharing({"do": "lock"})
    assert lesson.share()["locked"] is True
    lesson.client.sharing({"do": "unlock"})
    # Put back what the other tests use.
    assert lesson.client.sharing({"do": "seats", "seats": 41})["seats"] == 41


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"do": "x"},
        {"do": "kick", "nickname": "Niemand"},
        {"do": "kick"},
        {"do": "seats", "seats": 0},
        {"do": "seats", "seats": True},
        {"do": "seats", "seats": "5"},
        {"do": "end", "at": 1},
        {"do": "end", "at": 2**39},
        {"do": "end", "minutes": 0},
        {"do": "end", "minutes": 480},
        {"do": "move", "address": "203.0.113.9"},
        {"do": "answer", "question": "x", "answer": "yes"},
        {"do": "hotspot", "name": 1},
        {"do": "hotspot", "name": "Klas", "password": "kort"},
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    lesson: RunningLesson, wanted: dict[str, object]
) -> None:
    with pytest.raises(UsageError) as caught:
        lesson.client.sharing(wanted)
    assert caught.value.code.startswith("host.")


CONTROL_ROUTES = ("/state", "/sharing", "/events", "/projector/open", "/projector/state")


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("host:",),
        ("host: evil.example",),
        ("host: evil.example:{port}",),
        ("host: 127.0.0.1",),
        ("host: 127.0.0.1:{port}", "host: 127.0.0.1:{port}"),
        ("host: 127.0.0.1:{port}", "host: evil.example"),
        ("host: 127.0.0.1.evil.example:{port}",),
        ("x-forwarded-host: 127.0.0.1:{port}",),
    ],
)
def test_a_name_of_somebody_else_does_not_reach_loopback(
    lesson: RunningLesson, lines: tuple[str, ...]
) -> None:
    """DNS rebinding: the page of another site, whose name now points to 127.0.0.1."""
    port = lesson.control_port
    token = lesson.spec.control_token
    for path in CONTROL_ROUTES:
        head = [f"GET {path} HTTP/1.1", *(line.format(port=port) for line in lines)]
        head += [f"authorization: Bearer {token}", "connection: close", "", ""]
        answer = raw(f"127.0.0.1:{port}", "\r\n".join(head).encode())
        assert status_of(answer) == 400, path
        assert TOKEN.encode() not in answer


@pytest.mark.parametrize(
    "head",
    [
        "POST {path} HTTP/1.1\r\nhost: {host}\r\n"
        "content-length: 5\r\ntransfer-encoding: chunked\r\n"
        "\r\n0\r\n\r\n",
        "POST {path} HTTP/1.1\r\nhost: {host}\r\n"
        "content-length: 5\r\ncontent-length: 6\r\n\r\nabcde",
        "POST {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: -1\r\n\r\n",
        "GET {path} HTTP/1.1\r\nhost: {host}\r\n"
        "x-a: b\r\n folded: yes\r\nconnection: close\r\n\r\n",
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nx-a: {long}\r\nconnection: close\r\n\r\n",
        "GET http://evil.example{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n",
        "GET {path} HTTP/1.1\r\nhost : {host}\r\nconnection: close\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
    ids=["cl+te", "two-lengths", "negative", "obs-fold", "100kb", "absolute", "space", "tls"],
)
@pytest.mark.parametrize("door", ["gateway", "control"])
def test_odd_framing_gets_nothing_and_breaks_nothing(
    lesson: RunningLesson, head: str, door: str
) -> None:
    port = lesson.spec.share.port if door == "gateway" else lesson.control_port
    path = "/a/demo/" if door == "gateway" else "/state"
    host = f"127.0.0.1:{port}"
    request = head.format(path=path, host=host, long="a" * 100_000)
    answer = raw(host, request.encode("latin-1"))
    status = status_of(answer) if answer else 0
    assert status in (0, 400, 401, 403, 404, 431), answer[:100]
    if door == "gateway":
        assert status in (0, 400, 431)
    assert lesson.client.state()["state"] == "ready"
    assert httpx.get(f"http://127.0.0.1:{lesson.spec.share.port}/", trust_env=False).is_success


def test_the_control_needs_its_token(lesson: RunningLesson) -> None:
    base = f"http://127.0.0.1:{lesson.control_port}"
    for headers in ({}, {"authorization": "Bearer x"}):
        for path in ("/state", "/sharing"):
            answer = httpx.get(base + path, headers=headers, trust_env=False)
            assert answer.status_code == 401
            assert not [name for name in answer.headers if name.startswith("access-control")]
    assert httpx.post(f"{base}/sharing", json={"do": "lock"}, trust_env=False).status_code == 401


def test_the_projector_needs_its_token_and_its_own_origin(lesson: RunningLesson) -> None:
    inside = projector(lesson)
    base = str(inside.base_url).rstrip("/")
    assert inside.get("/projector/state").status_code == 200
    outside = lesson.visitor(base)
    for path in ("/projector/state", "/projector/join.svg", "/projector/wifi.svg"):
        assert outside.get(path).status_code == 401
    assert outside.post("/projector/do", json={"do": "lock"}).status_code == 401
    assert outside.post("/projector/session", json={"token": "x"}).status_code == 403
    assert outside.post("/projector/session", content=b"[" * 5000).status_code == 403
    for origin in ("null", "http://evil.example", "", f"http://localhost:{lesson.control_port}"):
        answer = inside.post("/projector/do", json={"do": "lock"}, headers={"origin": origin})
        assert answer.status_code == 403
    assert inside.get("/projector/state", headers={"host": "localhost"}).status_code == 400


def test_the_picture_of_the_code_is_whole_xml(lesson: RunningLesson) -> None:
    """Chromium forgives what other browsers do not show."""
    picture = projector(lesson).get("/projector/join.svg").text
    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"  # noqa: S314
    assert picture == svg_qr(lesson.client.sharing()["join_url"], title="QR")


def test_the_projector_can_do_little(lesson: RunningLesson) -> None:
    inside = projector(lesson)
    for wanted in ({"do": "kick", "nickname": "x"}, {"do": "seats", "seats": 1}, {"do": "end"}):
        assert inside.post("/projector/do", json=wanted).status_code == 403
    assert inside.post("/projector/do", json={"do": "lock"}).status_code == 200
    assert inside.get("/projector/state").json()["locked"] is True
    assert inside.post("/projector/do", json={"do": "unlock"}).status_code == 200
    page = inside.get("/projector")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert "http" not in page.text.replace("http-equiv", "")


def test_both_apis_are_described_on_loopback_and_nothing_is_left_out(
    lesson: RunningLesson,
) -> None:
    base = f"http://127.0.0.1:{lesson.control_port}"
    assert httpx.get(f"{base}/sharing/openapi.json", trust_env=False).status_code == 401
    headers = {"authorization": f"Bearer {lesson.spec.control_token}"}
    described = httpx.get(f"{base}/sharing/openapi.json", headers=headers, trust_env=False).json()

    config = GatewayConfig.model_validate(lesson.config)
    pages = SharingPages(None, lang="nl", port=1)  # type: ignore[arg-type]
    student = paths_of(Gateway(config).router.routes)
    teacher = paths_of([*pages.fronts.routes, *pages.browser.routes])
    assert set(described["student"]["paths"]) == student
    assert set(described["teacher"]["paths"]) == teacher | {"/state", "/events", "/stop"}
    student_side = student_of(lesson, lesson.share()["token"])
    assert student_side.get("/sharing/openapi.json").status_code == 404


def paths_of(routes: Iterable[BaseRoute]) -> set[str]:
    found = set()
    for route in routes:
        if isinstance(route, Mount):
            found.add(f"{route.path}/{{file}}")
        elif isinstance(route, Route):
            found.add(route.path.replace(":path", ""))
    return found


def test_no_teacher_route_is_on_the_gateway(lesson: RunningLesson) -> None:
    student = student_of(lesson, lesson.share()["token"])
    for path in ("/projector", "/projector/state", "/sharing", "/state", "/events", "/stop"):
        for method in ("GET", "POST"):
            assert student.request(method, path).status_code == 404, path


def test_the_lesson_stops_at_its_time(upstream: tuple[UpstreamApp, int], tmp_path: Path) -> None:
    with RunningLesson(tmp_path, upstream[1], ends_at=time.time() + 12) as lesson:
        notices = [
            event
            for event in lesson.client.events()
            if type(event).__name__ == "Notice"  # Until the stream ends with the lesson.
        ]
        assert lesson.process is not None
        assert lesson.process.wait(timeout=30) == 0
    codes = [getattr(notice, "code", "") for notice in notices]
    assert codes[-1] == "host.time_is_up"
    ended = json.loads((tmp_path / "ended.json").read_text())
    assert ended["state"] == "stopped"
    assert sorted(file.name for file in tmp_path.glob("*.json")) == ["ended.json"]


def test_the_test_of_reach_begins_again(lesson: RunningLesson) -> None:
    first = lesson.client.sharing({"do": "test"})
    assert first["reach"]["state"] == "waiting"
    assert first["probe_url"] != first["join_url"]
    second = lesson.client.sharing({"do": "test"})
    assert second["probe_url"] != first["probe_url"]
