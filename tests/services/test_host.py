"""The lesson host as a real program, beside a real engine or stand-ins."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

from launcher.errors import PaadjeError
from launcher.events import Event, ServiceChanged
from launcher.i18n import LANGUAGES, describe_error, translator
from launcher.services import state
from launcher.services.process import wait_for
from tests.services.lessons import (
    PATIENCE_S,
    all_gone,
    fake,
    listens,
    real_engine,
    running_lesson,
    wait,
)

KILL = getattr(signal, "SIGKILL", signal.SIGTERM)


@pytest.fixture
def logs(home: Path) -> Path:
    return home / "logs" / "les-1"


def three_fakes(logs: Path) -> tuple:  # type: ignore[type-arg]
    return (fake("engine", "engine", logs), fake("app", "app", logs), fake("gw", "gateway", logs))


def texts(code: str, params: dict[str, object]) -> list[str]:
    """The sentences of a reason in every language; a missing one fails the test."""
    found = []
    for lang in LANGUAGES:
        assert translator(lang).has(f"host.reason.{code}")
        error = describe_error(PaadjeError(code, **params), lang)
        assert code not in error.message
        found += [error.message, translator(lang)(f"host.reason.{code}", **params)]
    return found


@pytest.mark.engine
def test_a_lesson_with_the_real_engine(home: Path, logs: Path, starter_model: Path) -> None:
    """Ready in order; a killed engine comes back; a stop leaves nothing."""
    services = (
        real_engine(starter_model, logs),
        fake("app", "app", logs),
        fake("gw", "gateway", logs),
    )
    with running_lesson(home, services) as lesson:
        found = lesson.wait_for_state("ready")
        assert found["services"] == {"engine": "ready", "app": "ready", "gw": "ready"}
        assert found["reason"] is None
        before = lesson.children()
        assert set(before) == {"engine", "app", "gw"}
        assert (
            before["engine"].create_time()
            <= before["app"].create_time()
            <= before["gw"].create_time()
        )

        events: list[Event] = []
        client = lesson.client
        follower = threading.Thread(target=lambda: events.extend(client.events()))
        follower.start()
        os.kill(before["engine"].pid, KILL)
        wait(lambda: client.state()["state"] == "degraded", "not degraded", lesson)
        assert client.state()["services"]["app"] == "ready"
        lesson.wait_for_state("ready")
        after = lesson.children()
        assert after["engine"].pid != before["engine"].pid
        assert after["app"] == before["app"]
        assert after["gw"] == before["gw"]
        assert requests.get(services[0].health_url, timeout=10).status_code == 200

        ports, record = lesson.ports(), lesson.record
        assert all(listens(port) for port in ports)
        client.stop()
        assert state.wait_until_ended(record, PATIENCE_S)
        follower.join(PATIENCE_S)
        assert all_gone(list(after.values()))
        assert not any(listens(port) for port in ports)

        told = [(e.service, e.state) for e in events if isinstance(e, ServiceChanged)]
        for change in (("engine", "restarting"), ("lesson", "degraded"), ("lesson", "stopping")):
            assert change in told
        assert told[-1] == ("lesson", "stopped")
        stopped = [name for name, how in told if how == "stopped"]
        assert stopped == ["app", "gw", "engine", "lesson"]


def test_a_stop_keeps_no_keys_and_no_data(home: Path, logs: Path) -> None:
    with running_lesson(home, three_fakes(logs)) as lesson:
        lesson.wait_for_state("ready")
        record = lesson.record
        token = record.control_token
        lesson.client.stop()
        assert state.wait_until_ended(record, PATIENCE_S)
        assert [entry.name for entry in lesson.folder.iterdir()] == ["ended.json"]
        ended = state.read_ended(lesson.folder)
        assert ended is not None
        assert (ended["state"], ended["before"], ended["lesson"]) == ("stopped", "ready", "les-1")
        assert ended["ended_at"] > "2026"
        assert token not in (lesson.folder / "ended.json").read_text()
        assert token not in lesson.log_file.read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are a POSIX thing")
def test_a_closing_terminal_is_ignored_and_sigterm_is_a_stop(home: Path, logs: Path) -> None:
    with running_lesson(home, three_fakes(logs)) as lesson:
        lesson.wait_for_state("ready")
        record, children = lesson.record, list(lesson.children().values())
        os.kill(lesson.host_pid, signal.SIGHUP)
        os.kill(lesson.host_pid, signal.SIGTERM)
        assert state.wait_until_ended(record, PATIENCE_S)
        ended = state.read_ended(lesson.folder)
        assert ended is not None  # SIGHUP came first and would have ended it without this.
        assert ended["state"] == "stopped"
        assert all_gone(children)


@pytest.mark.engine
def test_no_child_survives_a_killed_host(home: Path, logs: Path, starter_model: Path) -> None:
    services = (
        real_engine(starter_model, logs),
        fake("app", "app", logs),
        fake("gw", "gateway", logs),
    )
    with running_lesson(home, services) as lesson:
        lesson.wait_for_state("ready")
        record, ports = lesson.record, lesson.ports()
        children = list(lesson.children().values())
        assert len(children) == 3
        os.kill(lesson.host_pid, KILL)
        assert wait_for(lambda: all_gone(children), PATIENCE_S)
        # The system closes the files of a killed program one by one.
        assert wait_for(lambda: not any(listens(port) for port in ports), PATIENCE_S)
        # The next start can tell what ran, and that it did not end as it should.
        assert not state.is_alive(record)
        assert state.read_ended(lesson.folder) is None
        status = state.read_status(lesson.folder)
        assert status is not None
        assert status["state"] == "ready"
        assert set(status["services"]) == {"engine", "app", "gw"}
        assert record.control_token not in (lesson.folder / "status.json").read_text()


def test_a_killed_host_while_the_engine_loads(home: Path, logs: Path) -> None:
    services = (fake("engine", "engine", logs, "deaf"), fake("app", "app", logs))
    with running_lesson(home, services) as lesson:
        lesson.wait_for_state("starting")
        wait(lambda: "engine" in lesson.children(), "no engine", lesson)
        children = list(lesson.children().values())
        os.kill(lesson.host_pid, KILL)
        assert wait_for(lambda: all_gone(children), PATIENCE_S)


def test_a_stop_while_the_engine_loads(home: Path, logs: Path) -> None:
    services = (fake("engine", "engine", logs, "deaf"), fake("app", "app", logs))
    with running_lesson(home, services) as lesson:
        lesson.wait_for_state("starting")
        wait(lambda: "engine" in lesson.children(), "no engine", lesson)
        record, children = lesson.record, list(lesson.children().values())
        lesson.client.stop()
        assert state.wait_until_ended(record, PATIENCE_S)
        assert all_gone(children)
        assert (state.read_ended(lesson.folder) or {})["before"] == "starting"


def test_a_program_that_crashes_at_once_fails_the_lesson_with_its_last_words(
    home: Path, logs: Path
) -> None:
    services = (fake("engine", "engine", logs), fake("app", "app", logs, "crash"))
    with running_lesson(home, services) as lesson:
        found = lesson.wait_for_state("failed")
        reason = found["reason"]
        assert reason["code"] == "host.crash_loop"
        assert reason["params"] == {"service": "app"}
        assert "the telling line" in reason["detail"]
        assert "exit code 3" in reason["detail"]
        assert not {"\x1b", "\n"} & set(reason["detail"])
        assert "Traceback" not in reason["detail"]
        assert all("app" in text for text in texts(reason["code"], reason["params"]))
        # It never began, so nothing of it keeps memory.
        wait(lambda: not lesson.children(), "children are left", lesson)
        assert found["services"]["app"] == "failed"
        log = (logs / "app.log").read_text()
        assert log.count("fake service on") == 5
        record = lesson.record
        lesson.client.stop()
        assert state.wait_until_ended(record, PATIENCE_S)


def test_a_crash_loop_later_leaves_the_others_running(home: Path, logs: Path) -> None:
    services = (fake("engine", "engine", logs), fake("app", "app", logs, "crash-later"))
    with running_lesson(home, services) as lesson:
        found = lesson.wait_for_state("failed")
        assert found["reason"]["code"] == "host.crash_loop"
        assert lesson.client.state()["services"] == {"engine": "ready", "app": "failed"}
        assert "engine" in lesson.children()
        record, children = lesson.record, list(lesson.children().values())
        lesson.client.stop()
        assert state.wait_until_ended(record, PATIENCE_S)
        assert all_gone(children)
        assert (state.read_ended(lesson.folder) or {})["reason"]["code"] == "host.crash_loop"


@pytest.mark.engine
def test_an_unreadable_model_is_told_in_plain_words(home: Path, logs: Path) -> None:
    model = home / "model.gguf"
    home.mkdir(parents=True, exist_ok=True)
    model.write_bytes(b"no model")
    with running_lesson(home, (real_engine(model, logs), fake("app", "app", logs))) as lesson:
        reason = lesson.wait_for_state("failed")["reason"]
        assert reason["code"] == "engines.model_unreadable"
        assert "invalid magic" in reason["detail"]
        texts(reason["code"], reason["params"])
        # It would fail in the same way again, so there was one attempt.
        assert (logs / "engine.log").read_text().count("loading model '") == 1


def test_a_program_that_is_never_ready(home: Path, logs: Path) -> None:
    services = (fake("engine", "engine", logs, "deaf", ready_timeout_s=1.0),)
    with running_lesson(home, services) as lesson:
        reason = lesson.wait_for_state("failed")["reason"]
        assert reason["code"] == "host.not_ready"
        assert reason["params"] == {"service": "engine", "seconds": 1}
        texts(reason["code"], reason["params"])
        wait(lambda: not lesson.children(), "the engine is left", lesson)


def test_a_program_that_is_not_there(home: Path, logs: Path) -> None:
    services = (fake("engine", "engine", logs, argv=(str(home / "none"),)),)
    with running_lesson(home, services) as lesson:
        reason = lesson.wait_for_state("failed")["reason"]
        assert reason["code"] == "host.cannot_start"
        texts(reason["code"], reason["params"])


def test_a_stubborn_program_is_ended_with_its_children(home: Path, logs: Path) -> None:
    stubborn = fake("app", "app", logs, "stubborn", stop_grace_s=0.2)
    with running_lesson(home, (fake("engine", "engine", logs), stubborn)) as lesson:
        lesson.wait_for_state("ready")
        app = lesson.children()["app"]
        family = [app, *app.children()]
        assert len(family) == 2
        record = lesson.record
        lesson.client.stop()
        assert state.wait_until_ended(record, PATIENCE_S)
        assert all_gone(family)


def test_the_data_key_is_the_lessons_own_and_stays_in_memory(home: Path, logs: Path) -> None:
    with running_lesson(home, three_fakes(logs)) as lesson:
        lesson.wait_for_state("ready")
        url = lesson.spec.services[1].health_url
        assert requests.get(url, timeout=10).text == "64"  # 32 bytes in hexadecimal.
        first = requests.get(url.replace("health", "key"), timeout=10).text
        key = lesson.children()["app"].environ()["FAKE_KEY"]
        os.kill(lesson.children()["app"].pid, KILL)
        wait(lambda: lesson.client.state()["state"] == "degraded", "not degraded", lesson)
        lesson.wait_for_state("ready")
        assert requests.get(url.replace("health", "key"), timeout=10).text == first
        for file in [*lesson.folder.rglob("*"), *logs.rglob("*"), lesson.log_file]:
            if file.is_file():
                assert key not in file.read_text(errors="replace")


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a POSIX thing")
def test_all_files_are_private(home: Path, logs: Path) -> None:
    with running_lesson(home, three_fakes(logs)) as lesson:
        lesson.wait_for_state("ready")
        names = ("spec.json", "state.json", "status.json")
        files = [lesson.folder / name for name in names] + [*logs.glob("*.log"), lesson.log_file]
        assert len(files) == 7
        for file in files:
            assert file.stat().st_mode & 0o777 == 0o600, file


def test_a_taken_control_port_is_replaced(home: Path, logs: Path) -> None:
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        stack.enter_context(pytest.MonkeyPatch.context()).setattr(
            "tests.services.lessons.free_port", lambda: taken
        )
        engine = fake("engine", "engine", logs)
        with running_lesson(home, (engine,)) as lesson:
            lesson.wait_for_record()
            assert lesson.record.control_port != taken
            assert lesson.client.state()["lesson"] == "les-1"


def test_a_specification_that_cannot_be_used(home: Path, logs: Path) -> None:
    home.mkdir(parents=True)
    (home / "spec.json").write_text('{"id": "x", "control_token": "geheim"}')
    done = subprocess.run(
        [sys.executable, "-m", "launcher.host", str(home / "spec.json")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "specification" in done.stderr
    assert "geheim" not in done.stderr


def test_an_engine_that_is_given_up_while_an_app_starts(home: Path, logs: Path) -> None:
    services = (
        fake("engine", "engine", logs, "crash-later"),
        fake("app", "app", logs, "deaf", ready_timeout_s=600.0),
    )
    with running_lesson(home, services) as lesson:
        found = lesson.wait_for_state("failed")
        assert found["reason"]["params"] == {"service": "engine"}
        wait(lambda: not lesson.children(), "children are left", lesson)
