"""What a front makes of a host that is on its way, hangs, or whose port another program has."""

import dataclasses
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from launcher import lesson as use_cases
from launcher.files import write_private_json
from launcher.lesson import running
from launcher.lesson.types import Context
from launcher.services.spec import spec_to_dict
from launcher.services.state import LessonRecord, record_of_process, write_record
from tests.services.lessons import Running, fake, running_lesson


@pytest.fixture
def lesson(home: Path) -> Iterator[Running]:
    services = (fake("engine", "engine", home / "logs" / "les-1"),)
    with running_lesson(home, services) as found:
        found.wait_for_state("ready")
        yield found


@pytest.fixture
def context(home: Path) -> Context:
    return use_cases.open_context(os.environ)


def state(context: Context) -> str:
    (found,) = use_cases.status(context)
    return found.state


def test_a_host_on_its_way_is_not_taken_for_one_that_died(
    lesson: Running, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = context.paths.lessons / "les-2"
    folder.mkdir()
    now = datetime.now(UTC).isoformat()
    spec = dataclasses.replace(lesson.spec, id="les-2", folder=str(folder), created_at=now)
    write_private_json(folder / "spec.json", spec_to_dict(spec))
    found = running.snapshot(context, "les-2")
    assert found is not None
    assert found.state == "preparing"
    monkeypatch.setattr(running, "HOST_APPEARS_WITHIN_S", 0.0)
    found = running.snapshot(context, "les-2")
    assert found is not None
    assert found.state == "ended_uncleanly"


@pytest.mark.skipif(sys.platform == "win32", reason="a program is halted with a POSIX signal")
def test_a_host_that_hangs_is_told_and_can_be_ended(
    lesson: Running, context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.services.control._STATE_S", 0.5)
    monkeypatch.setattr("launcher.services.control._ANSWER_S", 0.5)
    os.kill(lesson.host_pid, signal.SIGSTOP)
    assert state(context) == "unreachable"
    (receipt,) = use_cases.stop(context, None, report=lambda event: None)
    assert receipt.data_erased
    assert use_cases.status(context) == ()
    with pytest.raises(ProcessLookupError):
        os.kill(lesson.host_pid, 0)


def test_another_program_on_its_port_is_not_taken_for_it(lesson: Running, context: Context) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"hello": "I am a printer"}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Other) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        before = lesson.record
        write_record(dataclasses.replace(before, control_port=server.server_address[1]))
        assert state(context) == "unreachable"
        write_record(before)
        assert state(context) == "ready"
        server.shutdown()
        thread.join()


def test_a_pid_that_was_given_out_again_is_not_taken_for_it(
    lesson: Running, context: Context
) -> None:
    mine = record_of_process(os.getpid())
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        stale = LessonRecord(
            **{
                **dataclasses.asdict(lesson.record),
                "pid": os.getpid(),
                "control_port": nobody.getsockname()[1],
            }
        )
        before = lesson.record
        write_record(stale)
        assert mine["pid"] == os.getpid()
        assert state(context) == "ended_uncleanly"
        write_record(before)
