"""Whatever breaks while thirty students wait: no text is lost, and what is shown is true."""

import contextlib
import dataclasses
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from launcher import lesson as use_cases
from launcher.engines.protocol import Command, EngineSettings
from launcher.engines.registry import get_engine
from launcher.engines.xllamacpp import XllamacppEngine
from launcher.errors import ExitCode
from launcher.events import Cancel, ignore
from launcher.files import write_private_json
from launcher.lesson import specification
from launcher.lesson.types import ShareWishes, to_dict
from launcher.services.control import ControlClient
from launcher.services.process import wait_for
from launcher.services.state import STATE_FILE, LessonRecord, read_record
from tests.conftest import require
from tests.e2e.conftest import Paadje, paadje, ready  # noqa: F401 - fixtures
from tests.services.class_of import Person, hand_in, student, teacher
from tests.services.lessons import all_gone
from tests.services.test_host_faults import removed, small_disk

pytestmark = [
    pytest.mark.engine,
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(sys.platform == "win32", reason="these signals are a POSIX thing"),
]

START = ("start", "feedback-companion", "--yes", "--share", "local", "--detach", "--json")
CLASS = 40
"""So many that thirty still wait when the last fault comes."""
WAITING = 30
PATIENCE_S = 120.0
ALL_READ_WITHIN_S = 900.0
TRUE_WITHIN_S = 2.0
SLACK_S = 6.0
"""Only where other programs keep all processors busy."""


class Lesson:
    """A lesson with forty students who have handed in a text that is read for one criterion."""

    def __init__(self, program: Paadje, started: dict[str, Any]) -> None:
        self.paadje = program
        self.lesson = started["lesson"]
        self.teacher = teacher(started["apps"][0]["teacher_url"])
        activity = self.teacher.get("/api/activity")
        one = {**activity, "criteria": activity["criteria"][:1]}
        self.teacher.http.put("/api/activity", json=one).raise_for_status()
        self.students = [student(started["share"]["join_url"]) for _ in range(CLASS)]
        for number, each in enumerate(self.students):
            hand_in(each, number)
        record = read_record(program.lessons_dir / self.lesson / STATE_FILE)
        assert record is not None
        self.record = record
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

    def ended(self, program: psutil.Process) -> None:
        # On a computer that gives nobody a turn, the host waits three minutes before it is sure.
        assert wait_for(lambda: not program.is_running(), 2 * PATIENCE_S, interval_s=0.02)

    def check_thirty_wait(self) -> None:
        assert wait_for(lambda: len(self.texts()) == CLASS, PATIENCE_S)
        assert sum(each["state"] in ("queued", "working") for each in self.texts()) >= WAITING

    def check_nothing_is_lost(self) -> None:
        assert wait_for(lambda: len(self.texts()) == CLASS, PATIENCE_S)
        assert {each["state"] for each in self.texts()} <= {"queued", "working", "review"}
        for each in self.students:
            assert seen(each) in ("queued", "working", "review")

    def goes_on(self) -> None:
        """At least one more text is read."""
        before = self.read()
        assert wait_for(lambda: self.read() > before, PATIENCE_S, interval_s=0.3)

    def everybody_gets_an_answer(self) -> None:
        assert wait_for(lambda: self.read() == CLASS, ALL_READ_WITHIN_S, interval_s=0.5), (
            self.texts()
        )
        assert {seen(each) for each in self.students} == {"review"}

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


def check_in_time(figures: dict[str, float], capsys: pytest.CaptureFixture[str]) -> None:
    """The figures are printed; where nothing else keeps the computer busy two seconds count."""
    busy = os.getloadavg()[0] > 2.5 * (os.cpu_count() or 1)
    with capsys.disabled():
        sys.stderr.write(f"\nshown after, in seconds{' (busy)' if busy else ''}: {figures}\n")
    assert max(figures.values()) < TRUE_WITHIN_S + (SLACK_S if busy else 0)


@pytest.fixture
def lesson(ready: Paadje) -> Iterator[Lesson]:  # noqa: F811
    full = Lesson(ready, ready(*START).data)
    yield full
    full.close()


def test_a_part_that_is_killed_or_halted(
    lesson: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {}
    faults = (
        ("xllamacpp_server", signal.SIGKILL),
        ("apps.feedback_companion", signal.SIGKILL),
        ("launcher.gateway", signal.SIGKILL),
        ("xllamacpp_server", signal.SIGSTOP),
    )
    for name, number in faults:
        program = lesson.program(name)
        lesson.check_thirty_wait()
        begin = time.monotonic()
        program.send_signal(number)
        figures[f"{name} {number.name}"] = lesson.told("degraded", begin)
        lesson.told("ready", begin)
        assert not program.is_running()
        lesson.check_nothing_is_lost()
    lesson.everybody_gets_an_answer()
    check_in_time(figures, capsys)


class ChangedEngine(XllamacppEngine):
    """The default engine, started in another way."""

    def __init__(self, argv: Callable[[tuple[str, ...]], tuple[str, ...]]) -> None:
        self._argv = argv

    def command(self, settings: EngineSettings) -> Command:
        command = super().command(settings)
        return dataclasses.replace(command, argv=self._argv(command.argv))


@contextlib.contextmanager
def lesson_with(
    program: Paadje, engine: ChangedEngine, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Lesson]:
    monkeypatch.setattr(
        specification, "get_engine", lambda id_: engine if id_ == engine.id else get_engine(id_)
    )
    context = use_cases.open_context(program.environment())
    plan = use_cases.make_plan(context, "feedback-companion")
    started = use_cases.start(
        context, [plan], ShareWishes(mode="local"), report=ignore, cancel=Cancel()
    )
    full = Lesson(program, to_dict(started))
    try:
        yield full
    finally:
        full.close()
        program("stop", "--all")


def test_an_engine_that_hangs_or_answers_nonsense(
    ready: Paadje,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    mood = tmp_path / "mood"
    sick = str(Path(__file__).with_name("sick_engine.py"))
    figures = {}
    engine = ChangedEngine(lambda argv: (argv[0], sick, str(mood)))
    with lesson_with(ready, engine, monkeypatch) as lesson:
        for what in ("hang", "garbage"):
            lesson.check_thirty_wait()
            ill = lesson.program("sick_engine")
            begin = time.monotonic()
            mood.write_text(what)
            figures[what] = lesson.told("degraded", begin)
            lesson.ended(ill)
            mood.write_text("")
            lesson.told("ready", begin)
            lesson.check_nothing_is_lost()
        # It lives, and what it says cannot be used: the teacher gets those texts without comments.
        before = lesson.read()
        mood.write_text("nonsense")
        assert wait_for(lambda: lesson.read() > before + 2, PATIENCE_S, interval_s=0.3)
        mood.write_text("")
        lesson.everybody_gets_an_answer()
        assert "grade" not in json.dumps(lesson.texts())
    check_in_time(figures, capsys)


def test_an_engine_that_dies_at_every_start(lesson: Lesson) -> None:
    model = next((lesson.paadje.home / "data" / "models").glob("*.gguf"))
    model.unlink()  # It is a hard link; the bytes of the others stay as they are.
    model.write_bytes(b"GGUF and then nothing")
    lesson.check_thirty_wait()
    lesson.program("xllamacpp_server").kill()
    lesson.told("failed", time.monotonic())
    state = lesson.control.state()
    assert state["reason"]["code"] == "engines.model_unreadable"
    assert state["services"]["engine"] == "failed"
    assert state["services"]["gateway"] == "ready"
    # Nobody is told that it is done, and nobody's text is gone.
    lesson.check_nothing_is_lost()
    assert lesson.read() < CLASS
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
    lesson.check_thirty_wait()
    host.terminate()
    assert wait_for(lambda: all_gone(ours), PATIENCE_S)
    assert stream_ended.wait(10)
    check_nothing_is_left(lesson, ports, since)
    # Others use this computer too, so this is a bound and not an equality.
    assert psutil.virtual_memory().available > free_before - used


def check_nothing_is_left(lesson: Lesson, ports: list[int], since: float) -> None:
    """No process, no port, no file but how it ended, nothing temporary and no lock."""
    assert not lesson.paadje.processes()
    assert wait_for(lambda: not still_ours(ports, since), 10)
    folder = lesson.paadje.lessons_dir / lesson.lesson
    assert [each.name for each in folder.iterdir()] == ["ended.json"]
    assert lesson.paadje("status", "--json").data == {"lessons": []}
    temporary = Path(os.environ.get("TMPDIR", "/tmp"))
    assert not [each for each in temporary.iterdir() if each.name.startswith("paadje-lesson")]
    # A lock would keep the next one waiting.
    assert lesson.paadje("stop", "--all", "--json").data["stopped"] == []


def test_logging_off_ends_everything_at_once_and_tidily(lesson: Lesson) -> None:
    """The system asks every program of the user to leave, in no order."""
    ours = sorted(lesson.paadje.processes(), key=lambda each: -each.pid)
    ports, since = ports_of(ours), time.time()
    lesson.check_thirty_wait()
    for number in (signal.SIGHUP, signal.SIGTERM):
        for each in ours:
            with contextlib.suppress(psutil.Error):
                each.send_signal(number)
    assert wait_for(lambda: all_gone(ours), PATIENCE_S)
    check_nothing_is_left(lesson, ports, since)


def test_a_host_that_is_killed_takes_everything_along(
    lesson: Lesson, capsys: pytest.CaptureFixture[str]
) -> None:
    ours = lesson.paadje.processes()
    ports, since = ports_of(ours), time.time()
    lesson.check_thirty_wait()
    begin = time.monotonic()
    lesson.program("launcher.host").kill()
    context = use_cases.open_context(lesson.paadje.environment())

    def state() -> list[str]:
        return [each.state for each in use_cases.status(context)]

    assert wait_for(lambda: state() == ["ended_uncleanly"], PATIENCE_S, interval_s=0.02)
    figures = {"host SIGKILL": time.monotonic() - begin}
    assert wait_for(lambda: all_gone(ours), PATIENCE_S)
    assert not lesson.paadje.processes()
    assert wait_for(lambda: not still_ours(ports, since), 10)

    # Another program gets its pid: it is not taken for the host, and not ended.
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        record = dataclasses.replace(lesson.record, pid=other.pid)
        write_record_as_it_is(record)
        assert state() == ["ended_uncleanly"]
        shown = lesson.paadje("status", "--json").data["lessons"][0]
        assert shown["state"] == "ended_uncleanly"
        assert lesson.paadje("stop", "--all", "--json").data["stopped"][0]["data_erased"]
        assert other.poll() is None
    finally:
        other.communicate(b"\n")
    assert state() == []
    check_in_time(figures, capsys)


def write_record_as_it_is(record: LessonRecord) -> None:
    write_private_json(Path(record.folder) / "state.json", dataclasses.asdict(record))


def test_a_second_host_for_the_same_lesson_leaves_it_alone(lesson: Lesson) -> None:
    folder = lesson.paadje.lessons_dir / lesson.lesson
    before = lesson.paadje.processes()
    lesson.check_thirty_wait()
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "launcher.host", str(folder / "spec.json")],
        env=lesson.paadje.environment(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == ExitCode.KNOWN_ERROR
    assert b"another host" in done.stderr
    assert {each.pid for each in lesson.paadje.processes()} == {each.pid for each in before}
    assert lesson.control.state()["state"] == "ready"
    lesson.goes_on()
    lesson.check_nothing_is_lost()


def test_a_full_disk_for_logs(ready: Paadje) -> None:  # noqa: F811
    logs = ready.home / "logs"
    with small_disk(logs, "2m"):
        full = Lesson(ready, ready(*START).data)
        try:
            fill(logs / "other-programs.txt")
            full.check_thirty_wait()
            begin = time.monotonic()
            for name in ("xllamacpp_server", "apps.feedback_companion"):
                full.program(name).kill()
                full.told("degraded", begin)
                full.told("ready", begin)
            assert os.statvfs(logs).f_bavail == 0
            full.everybody_gets_an_answer()
            assert ready("stop", "--json").data["stopped"][0]["data_erased"]
        finally:
            full.close()
            ready("stop", "--all")


def fill(file: Path) -> None:
    with contextlib.suppress(OSError), file.open("ab", buffering=0) as opened:
        while opened.write(b"x" * 4096):
            pass


def test_an_engine_that_is_ended_for_want_of_memory(
    ready: Paadje,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A group of the kernel's bounds the memory, and another program in it takes it all."""
    root = Path("/sys/fs/cgroup")
    first = (root / "memory").is_dir()
    group = (root / "memory" if first else root) / f"paadje-faults-{os.getpid()}"
    limit = group / ("memory.limit_in_bytes" if first else "memory.max")
    try:
        group.mkdir()
        limit.write_text(str(900 * 2**20))
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        require(False, "no group with a limit can be made here")
    inside = f'echo $$ > {group}/cgroup.procs && exec "$@"'
    greedy = "taken = []\nwhile True: taken.append(b'x' * 2**20)"
    engine = ChangedEngine(lambda argv: ("sh", "-c", inside, "sh", *argv))
    hog: subprocess.Popen[bytes] | None = None
    try:
        with lesson_with(ready, engine, monkeypatch) as lesson:
            lesson.check_thirty_wait()
            before = lesson.program("xllamacpp_server")
            # The kernel ends this one first.
            Path(f"/proc/{before.pid}/oom_score_adj").write_text("1000")
            hog = subprocess.Popen(["sh", "-c", inside, "sh", sys.executable, "-c", greedy])
            lesson.ended(before)
            lesson.told("degraded", time.monotonic())
            hog.kill()
            hog.wait()
            lesson.told("ready", time.monotonic())
            lesson.everybody_gets_an_answer()
    finally:
        if hog is not None:
            hog.kill()
            hog.wait()
        assert wait_for(lambda: removed(group), PATIENCE_S)


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
    found = []
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):  # A short look at the system, done by now.
            found += [
                connection.laddr.port
                for connection in each.net_connections("inet")
                if connection.status == psutil.CONN_LISTEN
            ]
    return found


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
