"""Student A asks for what is B's, on every route that students have, through the gateway.

The routes come from the app itself: one that is not known here fails, so that whoever adds it
decides what another student gets there.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route

from launcher.apps.feedback_companion.student import MOST_IN_TEN_MINUTES, student_app
from launcher.sharing.contract import STUDENT_HEADER
from tests.gateway.harness import TOKEN, RunningGateway, gateway_config
from tests.web.support import DUTCH_TEXT, GATEWAY_KEY, App, FakeEngine, hand_in, wait_until

WORD_OF_B = "vleermuizenhotel"
TEXT_OF_B = DUTCH_TEXT + f" Dit staat alleen in de tekst van B: {WORD_OF_B}."
OWN = {"text": DUTCH_TEXT, "lang": "nl"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request of A. ``names_b``: it names something of B, so it has to get 404; the others can
    name nobody, and their answer may hold nothing of B."""

    body: dict[str, Any] | None = None
    files: dict[str, Any] | None = None
    names_b: bool = False
    path: dict[str, str] = field(default_factory=dict)


def asks(comment_of_b: str) -> dict[tuple[str, str], list[Ask]]:
    """What A asks on each (method, route)."""
    reaction = {"comment_id": comment_of_b, "decision": "do"}
    return {
        ("GET", "/health"): [Ask()],
        ("GET", "/"): [Ask()],
        ("GET", "/api/me"): [Ask()],
        ("GET", "/api/events"): [Ask()],
        ("POST", "/api/check"): [Ask(body=OWN)],
        ("POST", "/api/private"): [Ask(body=OWN)],
        ("POST", "/api/mask"): [Ask(body=OWN)],
        ("POST", "/api/upload"): [Ask(files={"file": ("a.txt", b"Van A.", "text/plain")})],
        ("POST", "/api/submit"): [Ask(body={**OWN, "consent": True})],
        ("POST", "/api/react"): [Ask(body=reaction, names_b=True)],
        ("POST", "/api/own-work"): [Ask(body={"version_2": DUTCH_TEXT})],
        ("GET", "/api/export.{kind:str}"): [Ask(path={"kind": "docx"}), Ask(path={"kind": "md"})],
        ("GET", "/api/portfolio"): [Ask()],
        ("GET", "/about"): [Ask()],
        ("POST", "/api/notice"): [Ask(body={"notice": "x", "with_ai": True, "consent": True})],
        ("POST", "/api/withdraw"): [Ask(body={})],
    }


def routes_of_students() -> set[tuple[str, str]]:
    found = set()
    for route in student_app(_NoDesk()).routes:  # type: ignore[arg-type]
        if isinstance(route, Route):
            found |= {(method, route.path) for method in route.methods or () if method != "HEAD"}
        else:
            assert isinstance(route, Mount), route
            assert route.path.startswith("/static"), "files are for everyone"
    return found


class _NoDesk:
    """The routes need no desk until somebody asks."""

    class config:  # noqa: N801
        gateway_key = "x"
        lang = "nl"


def test_every_route_of_students_is_known_here() -> None:
    assert routes_of_students() <= set(asks("x"))


@pytest.fixture(scope="module")
def companion(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[App, RunningGateway]]:
    folder = tmp_path_factory.mktemp("companion")
    engine = FakeEngine().start()
    app = App(folder=folder, engine_url=engine.url).start()
    config = gateway_config(folder, app.port)
    config["apps"][0] |= {"id": "fc", "key": GATEWAY_KEY}
    gateway = RunningGateway(folder, config)
    gateway.start()
    try:
        gateway.wait_ready()
        yield app, gateway
    finally:
        gateway.close()
        app.stop()
        engine.stop()


class Student:
    """One that has joined over the gateway; ``client`` asks below the app."""

    def __init__(self, gateway: RunningGateway) -> None:
        self.client = gateway.visitor()
        assert self.client.post("/join", json={"token": TOKEN}).status_code == 200
        self.client.base_url = httpx.URL(f"{gateway.url}/a/fc")

    def view(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/api/me").json()
        return found

    def stream(self, **headers: str) -> str:
        """The first event."""
        with self.client.stream("GET", "/api/events", headers=headers) as answer:
            assert answer.status_code == 200
            for line in answer.iter_lines():
                if line.startswith("data:"):
                    return line
        raise AssertionError("the stream told nothing")


def give_feedback(app: App, *students: Student) -> None:
    """Until all of them have theirs."""
    with app.teacher() as teacher:
        texts = wait_until(lambda: in_review(teacher, len(students)))
        body = {"texts": texts, "approve_drafts": True}
        assert teacher.post("/api/release", json=body).is_success
    for student in students:
        wait_until(lambda student=student: student.view()["state"] == "released")


def in_review(teacher: httpx.Client, count: int) -> dict[str, int]:
    rows = teacher.get("/api/status").json()["texts"]
    ready = {row["id"]: row["revision"] for row in rows if row["state"] == "review"}
    return ready if len(ready) >= count else {}


@pytest.mark.parametrize("a_has_feedback", [False, True])
def test_a_gets_nothing_of_b(companion: tuple[App, RunningGateway], a_has_feedback: bool) -> None:
    app, gateway = companion
    a, b = Student(gateway), Student(gateway)
    assert hand_in(b.client, text=TEXT_OF_B).status_code == 201
    everyone = [b]
    if a_has_feedback:
        assert hand_in(a.client).status_code == 201
        everyone.append(a)
    give_feedback(app, *everyone)
    view = b.view()
    comment = view["feedback"]["comments"][0]["id"]
    sessions = json.loads((gateway.folder / "sessions.json").read_text())
    student_ids = [one["id"] for one in sessions["students"].values()]
    of_b = {comment, WORD_OF_B}
    spoofs: list[dict[str, str]] = [
        {STUDENT_HEADER: each, STUDENT_HEADER.replace("-", "_"): each} for each in student_ids
    ]
    asked = 0
    known = routes_of_students()
    for (method, route), all_asks in asks(comment).items():
        for ask in all_asks if (method, route) in known else ():
            path = route.replace(":str", "").format(**ask.path)
            for headers in ({}, *spoofs):
                if route == "/api/events":
                    told = a.stream(**headers)
                else:
                    answer = a.client.request(
                        method,
                        path,
                        params={"student": student_ids[-1], "id": comment},
                        headers=headers,
                        json=ask.body,
                        files=ask.files,
                    )
                    told = answer.text
                    if ask.names_b and a_has_feedback:
                        assert answer.status_code == 404, (route, told)
                    assert answer.status_code < 500, (route, told)
                asked += 1
                assert not [one for one in of_b if one in told], route
    assert asked >= len(known) * 3
    # And what B has is as it was, though A has withdrawn everything.
    assert b.view() == view


def test_who_hands_in_all_the_time_has_to_wait(companion: tuple[App, RunningGateway]) -> None:
    _, gateway = companion
    greedy, other = Student(gateway), Student(gateway)
    statuses = []
    for _ in range(MOST_IN_TEN_MINUTES["/api/submit"] + 1):
        answer = hand_in(greedy.client)
        statuses.append(answer.status_code)
        greedy.client.post("/api/withdraw", json={})
    assert statuses[-1] == 429
    assert set(statuses[:-1]) == {201}
    assert 500 < int(answer.headers["retry-after"]) <= 600
    assert answer.json()["error"]["code"] == "classroom.too_often"
    assert hand_in(other.client).status_code == 201


def test_a_student_who_is_not_in_gets_nothing_at_all(
    companion: tuple[App, RunningGateway],
) -> None:
    _, gateway = companion
    nobody = gateway.visitor()
    nobody.base_url = httpx.URL(f"{gateway.url}/a/fc")
    for method, route in routes_of_students():
        path = route.replace(":str", "").format(kind="docx")
        assert nobody.request(method, path, json={}).status_code in (401, 404), route
