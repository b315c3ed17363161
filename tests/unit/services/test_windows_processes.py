"""How programs are started and asked to leave on Windows, against stand-ins for its calls."""

import io
import os
import signal
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest

from launcher import jobs
from launcher.services import detach, logfiles, process, windows


class FakePopen:
    """Records how it was called; refuses creation flags in ``refused``."""

    started: list[dict[str, Any]]
    refused: int

    def __init__(self, argv: list[str], **options: Any) -> None:
        FakePopen.started.append({"argv": argv, **options})
        if options["creationflags"] & FakePopen.refused:
            raise PermissionError(5, "Access is denied")
        self.pid = 4242
        self._handle = 99
        self.stdin = io.BytesIO()
        self.signals: list[object] = []

    def poll(self) -> int | None:
        return None

    def wait(self, timeout: float | None = None) -> int:
        return 0

    def send_signal(self, number: object) -> None:
        self.signals.append(number)

    def kill(self) -> None:
        self.signals.append("kill")


@pytest.fixture
def on_windows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[int, int]]:
    """This machine behaves as Windows for our code; the processes that joined the job."""
    FakePopen.started = []
    FakePopen.refused = 0
    joined: list[tuple[int, int]] = []

    def open_append_handle(kernel32: object, path: Path) -> int:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(
        sys.modules,
        "msvcrt",
        types.SimpleNamespace(open_osfhandle=lambda handle, flags: handle),  # type: ignore[arg-type]
    )
    monkeypatch.setattr(signal, "CTRL_BREAK_EVENT", "ctrl-break", raising=False)
    monkeypatch.setattr(windows, "kernel32_library", lambda: None)
    monkeypatch.setattr(windows, "own_job", lambda: 71)
    monkeypatch.setattr(
        jobs, "assign_to_job", lambda library, job, handle: joined.append((job, handle))
    )
    monkeypatch.setattr(windows, "open_append_handle", open_append_handle)
    monkeypatch.setattr(subprocess, "Popen", FakePopen)
    return joined


def test_a_child_joins_our_job_and_has_its_own_group(
    on_windows: list[tuple[int, int]], tmp_path: Path
) -> None:
    process.spawn(["app.exe"], {"A": "1"}, tmp_path / "a.log")
    (how,) = FakePopen.started
    assert how["creationflags"] == 0x200
    assert how["preexec_fn"] is None
    assert not how["start_new_session"]
    assert how["env"]["A"] == "1"
    assert on_windows == [(71, 99)]


def test_a_job_that_cannot_be_had_leaves_the_lifeline(
    on_windows: list[tuple[int, int]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise OSError

    monkeypatch.setattr(windows, "own_job", refuse)
    child = process.spawn(["app.exe"], {}, tmp_path / "a.log")
    assert child.pid == 4242


def test_the_polite_request_is_ctrl_break_and_the_end_of_the_lifeline(
    on_windows: list[tuple[int, int]], tmp_path: Path
) -> None:
    child = process.spawn(["app.exe"], {}, tmp_path / "a.log")
    process._ask_to_leave(child)
    fake: Any = child.popen
    assert fake.signals == ["ctrl-break"]
    assert fake.stdin.closed


def test_a_detached_program_gets_a_hidden_console_of_its_own(
    on_windows: list[tuple[int, int]], tmp_path: Path
) -> None:
    assert detach.spawn_detached(["host.exe"], {}, tmp_path / "a.log") == 4242
    (how,) = FakePopen.started
    assert how["creationflags"] == 0x08000000 | 0x200 | 0x01000000
    assert how["cwd"] == tmp_path
    assert on_windows == []


def test_a_job_that_lets_nobody_leave_is_no_reason_to_fail(
    on_windows: list[tuple[int, int]], tmp_path: Path
) -> None:
    FakePopen.refused = windows.CREATE_BREAKAWAY_FROM_JOB
    assert detach.spawn_detached(["host.exe"], {}, tmp_path / "a.log") == 4242
    assert [how["creationflags"] for how in FakePopen.started] == [
        0x08000000 | 0x200 | 0x01000000,
        0x08000000 | 0x200,
    ]


def test_a_log_is_opened_through_the_append_handle(
    on_windows: list[tuple[int, int]], tmp_path: Path
) -> None:
    descriptor = logfiles.open_log(tmp_path / "logs" / "a.log")
    os.write(descriptor, b"x")
    os.close(descriptor)
    assert (tmp_path / "logs" / "a.log").read_text() == "x"
