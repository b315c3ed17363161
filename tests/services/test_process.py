"""Real child programs: started, asked to leave, ended with all that they started."""

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from launcher.errors import PaadjeError
from launcher.services import process
from launcher.services.detach import spawn_detached
from launcher.services.ports import free_port
from tests.services.lessons import FAKE_SERVICE, all_gone

ECHO = """
import json, os, sys
from launcher import lifeline
import threading
done = threading.Event()
print(json.dumps({"keep": os.environ["KEEP"], "stdin": sys.stdin.isatty()}), flush=True)
print("to stderr", file=sys.stderr, flush=True)
lifeline.follow(on_message=lambda m: print("got", m, flush=True), on_end=done.set)
done.wait()
print("bye", flush=True)
"""


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def log_has(child: process.Child, text: str) -> bool:
    return process.wait_for(lambda: text in child.log_tail(), 20)


def test_output_messages_and_the_end_of_the_lifeline(tmp_path: Path) -> None:
    child = process.spawn(python(ECHO), {"KEEP": "this"}, tmp_path / "logs" / "echo.log")
    try:
        assert log_has(child, '"keep": "this"')
        assert log_has(child, "to stderr")
        child.send({"event": "hello"})
        assert log_has(child, "got {'event': 'hello'}")
        assert child.popen.stdin is not None
        child.popen.stdin.close()
        assert child.popen.wait(20) == 0
        assert log_has(child, "bye")
        child.send({"event": "too late"})
    finally:
        process.end_family(child)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a POSIX thing")
def test_the_log_is_private(tmp_path: Path) -> None:
    child = process.spawn(python("print('x')"), {}, tmp_path / "a.log")
    process.stop(child, 5)
    assert child.log_file.stat().st_mode & 0o777 == 0o600


def test_the_log_of_a_second_run_is_told_apart(tmp_path: Path) -> None:
    for word in ("first", "second"):
        child = process.spawn(python(f"print({word!r})"), {}, tmp_path / "a.log")
        child.popen.wait(20)
        process.end_family(child)
        assert child.log_tail() == word
    assert child.log_file.read_text().split() == ["first", "second"]


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(PaadjeError) as caught:
        process.spawn([str(tmp_path / "none")], {}, tmp_path / "a.log")
    assert caught.value.code == "services.cannot_start"
    assert caught.value.params == {"program": "none"}


def test_a_log_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(PaadjeError) as caught:
        process.spawn(python("pass"), {}, tmp_path / "file" / "a.log")
    assert caught.value.code == "services.log_unwritable"


def test_a_polite_stop_needs_no_force(tmp_path: Path) -> None:
    child = process.spawn([sys.executable, FAKE_SERVICE, str(free_port())], {}, tmp_path / "a.log")
    assert log_has(child, "fake service")
    process.stop(child, 20)
    assert child.exit_code() in (0, -15)


def test_a_stubborn_program_is_ended_with_its_children(tmp_path: Path) -> None:
    argv = [sys.executable, FAKE_SERVICE, str(free_port()), "stubborn"]
    child = process.spawn(argv, {}, tmp_path / "a.log")
    root = psutil.Process(child.pid)
    assert process.wait_for(lambda: len(root.children()) == 1, 20)
    family = [root, *root.children()]
    process.stop(child, 0.2)
    assert all_gone(family)


@pytest.mark.skipif(sys.platform == "win32", reason="sessions are a POSIX thing")
def test_what_a_crashed_program_left_behind_is_ended(tmp_path: Path) -> None:
    argv = [sys.executable, FAKE_SERVICE, str(free_port()), "stubborn"]
    child = process.spawn(argv, {}, tmp_path / "a.log")
    root = psutil.Process(child.pid)
    assert process.wait_for(lambda: len(root.children()) == 1, 20)
    (left,) = root.children()
    child.popen.kill()
    child.popen.wait(20)
    assert left.is_running()
    process.end_family(child)
    assert all_gone([left])


@pytest.mark.skipif(sys.platform != "linux", reason="the parent-death signal is Linux's")
def test_a_child_without_a_lifeline_ends_with_its_parent(tmp_path: Path) -> None:
    sleeper = python("import time; time.sleep(600)")
    parent = f"""
import time
from pathlib import Path
from launcher.services import process
child = process.spawn({sleeper!r}, {{}}, Path({str(tmp_path / "a.log")!r}))
print(child.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen(python(parent), stdout=subprocess.PIPE, text=True) as process_:
        assert process_.stdout is not None
        child = psutil.Process(int(process_.stdout.readline()))
        assert child.is_running()
        process_.kill()
    assert process.wait_for(lambda: all_gone([child]), 20)


def test_a_detached_program_outlives_the_one_that_started_it(tmp_path: Path) -> None:
    sleeper = python("import sys, time; print('on', flush=True); time.sleep(600)")
    front = f"""
from pathlib import Path
from launcher.services.detach import spawn_detached
print(spawn_detached({sleeper!r}, {{}}, Path({str(tmp_path / "a.log")!r})), flush=True)
"""
    done = subprocess.run(python(front), stdout=subprocess.PIPE, text=True, check=True)
    program = psutil.Process(int(done.stdout))
    try:
        assert process.wait_for(lambda: (tmp_path / "a.log").read_text() == "on\n", 20)
        assert program.is_running()
        if sys.platform != "win32":
            import os

            assert os.getsid(program.pid) == program.pid
    finally:
        program.kill()
        psutil.wait_procs([program], timeout=20)


def test_a_detached_program_that_ended_is_no_zombie(tmp_path: Path) -> None:
    pid = spawn_detached(python("pass"), {}, tmp_path / "a.log")
    assert process.wait_for(lambda: not psutil.pid_exists(pid), 20)
