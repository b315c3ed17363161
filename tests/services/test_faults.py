"""Whatever breaks while thirty students wait: no text is lost, and what is shown is true."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from launcher.services.control import ControlClient
from launcher.services.process import wait_for
from launcher.services.state import list_records
from tests.e2e.conftest import Paadje, paadje, ready  # noqa: F401 - fixtures
from tests.services.class_of import Person, hand_in, student, teacher
from tests.services.lessons import all_gone

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(sys.platform == "win32", reason="these signals are a POSIX thing"),
]

START = ("start", "feedback-companion", "--yes", "--share", "local", "--detach", "--json")
CLASS = 30
PATIENCE_S = 90.0
TRUE_WITHIN_S = 2.0
SLACK_S = 6.0
"""On a computer that runs other tests at the same time. The figure is printed."""


class Lesson:
    """A lesson with thirty students who have handed in."""

    def __init__(self, program: Paadje, started: dict[str, Any]) -> None:
        self.paadje = program
        self.lesson = started["lesson"]
        self.students = [student(started["share"]["join_url"]) for _ in range(CLASS)]
        for number, each in enumerate(self.students):
            hand_in(each, number)
        self.teacher = teacher(started["apps"][0]["teacher_url"])
        self.record = list_records(program.lessons_dir)[0]
        self.control = ControlClient(self.record)

    def program(self, name: str) -> psutil.Process:
        found = [each for each in self.paadje.processes() if name in " ".join(each.cmdline())]
        assert len(found) == 1, found
        return found[0]

    def texts(self) -> list[dict[str, Any]]:
        with contextlib.suppress(httpx.HTTPError):
            return list(self.teacher.get("/api/status")["texts"])
        return []

    def read(self) -> int:
        return sum(each["state"] == "review" for each in self.texts())

    def told(self, state: str, after: float) -> float:
        """Seconds until the lesson says so."""
        assert wait_for(
            lambda: self.control.state()["state"] == state, PATIENCE_S, interval_s=0.02
        ), self.control.state()
        return time.monotonic() - after

    def check_nothing_is_lost(self) -> None:
        assert wait_for(lambda: len(self.texts()) == CLASS, PATIENCE_S)
        assert {each["state"] for each in self.texts()} <= {"queued", "working", "review"}
        for each in self.students:
            assert seen(each) in ("queued", "working", "review")

    def goes_on(self) -> None:
        """At least one more text is read."""
        before = self.read()
        assert wait_for(lambda: self.read() > before, PATIENCE_S, interval_s=0.3)

    def close(self) -> None:
        for each in (*self.students, self.teacher):
            each.http.close()


def seen(person: Person) -> str:
    """What a student sees; a browser tries again too when the way in is not there."""
    found: dict[str, str] = {}

    def there() -> bool:
        with contextlib.suppress(httpx.HTTPError):
            found["state"] = person.get("api/me")["state"]
        return bool(found)

    assert wait_for(there, PATIENCE_S)
    return found["state"]


@pytest.fixture
def lesson(ready: Paadje) -> Iterator[Lesson]:  # noqa: F811
    full = Lesson(ready, ready(*START).data)
    yield full
    full.close()


def test_a_part_that_is_killed_or_hangs(lesson: Lesson, capsys: pytest.CaptureFixture[str]) -> None:
    figures = {}
    lesson.goes_on()
    faults = (
        ("xllamacpp_server", signal.SIGKILL),
        ("apps.feedback_companion", signal.SIGKILL),
        ("launcher.gateway", signal.SIGKILL),
        ("xllamacpp_server", signal.SIGSTOP),
    )
    for name, number in faults:
        program = lesson.program(name)
        begin = time.monotonic()
        program.send_signal(number)
        figures[f"{name} {number.name}"] = lesson.told("degraded", begin)
        lesson.told("ready", begin)
        assert not program.is_running()
        lesson.check_nothing_is_lost()
    lesson.goes_on()
    with capsys.disabled():
        sys.stderr.write(f"\nshown after, in seconds: {figures}\n")
    assert max(figures.values()) < TRUE_WITHIN_S + SLACK_S


def test_an_engine_that_dies_at_every_start(lesson: Lesson) -> None:
    model = next((lesson.paadje.home / "data" / "models").glob("*.gguf"))
    model.unlink()  # It is a hard link; the bytes of the others stay as they are.
    model.write_bytes(b"GGUF and then nothing")
    lesson.program("xllamacpp_server").kill()
    lesson.told("failed", time.monotonic())
    state = lesson.control.state()
    assert state["reason"]["code"] == "engines.model_unreadable"
    assert state["services"]["engine"] == "failed"
    assert state["services"]["gateway"] == "ready"
    lesson.check_nothing_is_lost()
    shown = lesson.paadje("status", "--lang", "nl").out
    assert "Traceback" not in shown
    status = lesson.paadje("status", "--json").data["lessons"][0]
    assert status["why"]["code"] == "engines.model_unreadable"


def test_sigterm_under_load_leaves_nothing(lesson: Lesson) -> None:
    ours = lesson.paadje.processes()
    ports, since = ports_of(ours), time.time()
    used = sum(memory_of(each) for each in ours)
    free_before = psutil.virtual_memory().available
    host = lesson.program("launcher.host")
    stream_ended = threading.Event()

    def follow() -> None:
        with (
            contextlib.suppress(httpx.HTTPError),
            lesson.students[0].http.stream("GET", "api/events") as stream,
        ):
            for _ in stream.iter_lines():
                pass
        stream_ended.set()

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    host.terminate()
    assert wait_for(lambda: all_gone(ours), PATIENCE_S)
    assert stream_ended.wait(10)
    assert not lesson.paadje.processes()
    assert wait_for(lambda: not still_ours(ports, since), 10)
    folder = lesson.paadje.lessons_dir / lesson.lesson
    assert [each.name for each in folder.iterdir()] == ["ended.json"]
    assert lesson.paadje("status", "--json").data == {"lessons": []}
    # Others use this computer too, so this is a bound and not an equality.
    assert psutil.virtual_memory().available > free_before - used
    temporary = Path(os.environ.get("TMPDIR", "/tmp"))
    assert not [each for each in temporary.iterdir() if each.name.startswith("paadje-lesson")]


def test_a_host_that_is_killed_takes_everything_along(lesson: Lesson) -> None:
    ours = lesson.paadje.processes()
    ports, since = ports_of(ours), time.time()
    lesson.program("launcher.host").kill()
    assert wait_for(lambda: all_gone(ours), PATIENCE_S)
    assert not lesson.paadje.processes()
    assert wait_for(lambda: not still_ours(ports, since), 10)
    assert lesson.paadje("status", "--json").data["lessons"][0]["state"] == "ended_uncleanly"


def test_only_the_gateway_may_be_reached_from_elsewhere_and_locally_nothing_is(
    lesson: Lesson,
) -> None:
    for each in lesson.paadje.processes():
        for connection in each.net_connections("inet"):
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip == "127.0.0.1", (each.cmdline(), connection)


def test_two_starts_at_once(ready: Paadje) -> None:  # noqa: F811
    done: list[Any] = []
    arguments = (*START, "--endpoint")
    starts = [threading.Thread(target=lambda: done.append(ready(*arguments))) for _ in range(2)]
    for each in starts:
        each.start()
    for each in starts:
        each.join()
    first, second = (each.data for each in done)
    assert first["lesson"] != second["lesson"]
    assert first["share"]["port"] != second["share"]["port"]
    urls = {each["endpoint"]["url"] for each in (first, second)}
    assert len(urls) == 2
    assert all(url.startswith("http://127.0.0.1:") and url.endswith("/v1") for url in urls)
    assert first["endpoint"]["key"] != second["endpoint"]["key"]
    states = [each["state"] for each in ready("status", "--json").data["lessons"]]
    assert states == ["ready", "ready"]
    stopped = ready("stop", "--all", "--json").data["stopped"]
    assert len(stopped) == 2
    assert not ready.processes()


def ports_of(processes: list[psutil.Process]) -> list[int]:
    return [
        connection.laddr.port
        for each in processes
        for connection in each.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]


def still_ours(ports: list[int], since: float) -> list[int]:
    """Ports on which a program listens that was there before; others may be given ours anew."""
    found = []
    for connection in psutil.net_connections("inet"):
        if connection.status != psutil.CONN_LISTEN or connection.laddr.port not in ports:
            continue
        with contextlib.suppress(psutil.Error):
            if connection.pid is None or psutil.Process(connection.pid).create_time() < since:
                found.append(connection.laddr.port)
    return found


def memory_of(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0
