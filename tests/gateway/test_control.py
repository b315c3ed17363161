"""What the teacher can do during a lesson: the gateway is told on its standard input."""

import json
import time

import httpx
import pytest

from tests.gateway.conftest import StartGateway
from tests.gateway.harness import CODE, PAGE, TOKEN, RunningGateway, UpstreamApp, wait_until
from tests.gateway.test_join import error_of, identity

OTHER_TOKEN = TOKEN[::-1]


def join(client: httpx.Client, token: str = TOKEN) -> httpx.Response:
    return client.post("/join", json={"token": token})


def nickname_of(gateway: RunningGateway, client: httpx.Client) -> str:
    student = dict(client.get("/a/demo/").json()["headers"])
    from urllib.parse import unquote

    return unquote(student["x-paadje-nickname"])


def test_a_new_code_keeps_everyone_and_ends_the_old_ones(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    student = gateway.student()
    before = identity(student)
    gateway.change(token=OTHER_TOKEN, code="ZYXW9876")
    assert identity(student) == before
    old = [
        gateway.visitor().post("/join", json=given) for given in ({"token": TOKEN}, {"code": CODE})
    ]
    wrong = gateway.visitor().post("/join", json={"token": "x" * 22})
    assert {error_of(answer) for answer in (*old, wrong)} == {(403, "gateway.wrong_code")}
    assert len({answer.text for answer in (*old, wrong)}) == 1
    assert join(gateway.visitor(), OTHER_TOKEN).status_code == 200


def test_a_locked_lesson_takes_nobody_new(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    student = gateway.student()
    gateway.change(locked=True)
    assert error_of(join(gateway.visitor())) == (403, "gateway.locked")
    assert join(student).status_code == 200
    gateway.change(locked=False)
    assert join(gateway.visitor()).status_code == 200


def test_more_seats_can_be_given(start_gateway: StartGateway) -> None:
    gateway = start_gateway(seats=1)
    gateway.student()
    assert error_of(join(gateway.visitor())) == (403, "gateway.full")
    gateway.change(seats=2)
    assert join(gateway.visitor()).status_code == 200


def is_out(student: httpx.Client) -> bool:
    try:
        return student.get("/a/demo/").status_code == 401
    except httpx.RemoteProtocolError:
        return False  # The kick broke off this very answer.


@pytest.mark.parametrize("restart", [False, True])
def test_who_is_kicked_is_out_and_stays_out(start_gateway: StartGateway, restart: bool) -> None:
    gateway = start_gateway()
    kicked, other = gateway.student(), gateway.student()
    cookies = dict(kicked.cookies)
    gateway.tell(do="kick", nickname=nickname_of(gateway, kicked))
    wait_until(lambda: is_out(kicked), "the kick")
    if restart:
        # What a crash must keep is what was written; the student is out before that.
        sessions = gateway.folder / "sessions.json"
        wait_until(lambda: bool(json.loads(sessions.read_text())["kicked"]), "the kick is written")
        gateway.kill()
        gateway.start()
        gateway.wait_ready()
    kicked.cookies.update(cookies)
    assert error_of(join(kicked)) == (403, "gateway.kicked")
    assert "Je docent heeft je uit de les gehaald." in kicked.get("/", headers=PAGE).text
    assert other.get("/a/demo/").status_code == 200
    wait_until(lambda: gateway.status().get("joined") == 1, "the number of students")


def test_a_kick_ends_a_stream_within_two_seconds(
    start_gateway: StartGateway, upstream: tuple[UpstreamApp, int]
) -> None:
    gateway = start_gateway()
    kicked, other = gateway.student(), gateway.student()
    name = nickname_of(gateway, kicked)
    with (
        other.stream("GET", "/a/demo/events") as goes_on,
        kicked.stream("GET", "/a/demo/events") as ends,
    ):
        began = time.monotonic()
        gateway.tell(do="kick", nickname=name)
        with pytest.raises(httpx.RemoteProtocolError):
            list(ends.iter_lines())
        assert time.monotonic() - began < 2
        # The app may not have noticed yet that nobody reads the other stream: one chunk for each.
        upstream[0].next_chunk.release(2)
        assert next(goes_on.iter_lines()) == "data: 1"
    assert "bug" not in gateway.log()
    assert name not in gateway.log()


def test_each_can_wait_for_the_teacher(start_gateway: StartGateway) -> None:
    gateway = start_gateway(approve_each=True)
    first, second = gateway.visitor(), gateway.visitor()
    assert join(first).json()["next"] == "/wait"
    assert join(second).json()["next"] == "/wait"
    assert first.get("/a/demo/").status_code == 401
    assert first.get("/a/demo/", headers=PAGE).headers["location"] == "/"
    assert first.get("/", headers=PAGE).headers["location"] == "/wait"
    assert "Wacht even op je docent" in first.get("/wait", headers=PAGE).text
    wait_until(lambda: len(gateway.status().get("waiting", ())) == 2, "the names of who waits")
    assert gateway.status()["joined"] == 0
    gateway.tell(do="admit", nickname=gateway.status()["waiting"][0])
    wait_until(lambda: first.get("/a/demo/").status_code == 200, "being let in")
    assert second.get("/a/demo/").status_code == 401
    gateway.tell(do="admit")
    wait_until(lambda: second.get("/a/demo/").status_code == 200, "being let in")
    assert first.get("/wait").headers["location"] == "/"


def test_the_probe_lets_nobody_in_and_our_own_device_proves_nothing(
    start_gateway: StartGateway,
) -> None:
    gateway = start_gateway(probe=OTHER_TOKEN)
    visitor = gateway.visitor()
    assert join(visitor, OTHER_TOKEN).json() == {"ok": True, "next": "/works"}
    assert "Het werkt" in visitor.get("/works", headers=PAGE).text
    assert visitor.get("/a/demo/").status_code == 401
    gateway.change(seats=39)
    assert gateway.status()["probe_seen"] is False
    assert gateway.status()["heard_from_outside"] is False


def test_a_student_with_the_identifiers_of_another_gets_nothing(gateway: RunningGateway) -> None:
    """Who somebody is follows from the cookie only; whatever else is sent is not looked at."""
    one, other = gateway.student(), gateway.student()
    (theirs, nickname) = identity(other)
    mine = identity(one)
    for headers in (
        {"x-paadje-student": theirs, "x-paadje-nickname": nickname},
        {"X_Paadje_Student": theirs},
        {"connection": "x-paadje-student", "x-paadje-student": theirs},
    ):
        seen = dict(one.get("/a/demo/", headers=headers).json()["headers"])
        assert (seen["x-paadje-student"], seen["x-paadje-nickname"]) == mine


def test_nonsense_from_the_host_changes_nothing(start_gateway: StartGateway) -> None:
    gateway = start_gateway()
    student = gateway.student()
    for message in ({}, {"do": 1}, {"do": "kick"}, {"do": "kick", "nickname": ["x"]}, {"do": "x"}):
        gateway.tell(**message)
    gateway.file.write_text("{")
    gateway.tell(do="reload")
    gateway.change(locked=True)
    assert student.get("/a/demo/").status_code == 200
    assert "bug" not in gateway.log()
