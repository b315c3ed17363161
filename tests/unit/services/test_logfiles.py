"""Log files: private, bounded, safe to show."""

import os
import sys
from pathlib import Path

import pytest

from launcher.services import logfiles


def append(path: Path, text: str) -> None:
    log = logfiles.open_log(path)
    try:
        os.write(log, text.encode())
    finally:
        os.close(log)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a POSIX thing")
def test_a_log_is_private_also_when_it_was_not(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "a.log"
    append(log, "x")
    assert log.stat().st_mode & 0o777 == 0o600
    log.chmod(0o644)
    append(log, "y")
    assert log.stat().st_mode & 0o777 == 0o600
    assert log.read_text() == "xy"


def test_a_large_log_is_set_aside_at_the_start(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    append(log, "old" * 10)
    logfiles.rotate(log, limit_bytes=100)
    assert log.exists()
    logfiles.rotate(log, limit_bytes=20)
    assert not log.exists()
    assert (tmp_path / "a.log.1").read_text() == "old" * 10
    logfiles.rotate(log, limit_bytes=20)  # No log: nothing to do.


def test_a_running_program_goes_on_after_its_log_was_trimmed(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    descriptor = logfiles.open_log(log)
    try:
        for number in range(1000):
            os.write(descriptor, f"line {number}\n".encode())
        logfiles.trim(log, limit_bytes=100_000, kept_bytes=100)
        assert log.stat().st_size > 5000
        logfiles.trim(log, limit_bytes=5000, kept_bytes=100)
        os.write(descriptor, b"the next\n")
    finally:
        os.close(descriptor)
    lines = log.read_text().splitlines()
    assert 5 < len(lines) < 15
    assert lines[0].startswith("line 9")
    assert lines[-2:] == ["line 999", "the next"]


def test_the_tail_is_this_runs_and_printable(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    append(log, "an older run\n")
    offset = logfiles.size(log)
    append(log, "one\n\x1b[2Jtwo\n\xff\n")
    with log.open("ab") as file:
        file.write(b"\xff\xfe three")
    text = logfiles.tail(log, offset=offset)
    assert "older" not in text
    assert "\x1b" not in text
    assert text.splitlines()[1] == "\\x1b[2Jtwo"
    assert logfiles.tail(log, lines=1, offset=offset) == "\ufffd\ufffd three"
    assert logfiles.tail(tmp_path / "none.log") == ""


def test_only_the_logs_of_the_newest_lessons_are_kept(tmp_path: Path) -> None:
    for day in range(1, 7):
        (tmp_path / f"2026010{day}-120000-ab12").mkdir()
        (tmp_path / f"2026010{day}-120000-ab12" / "host.log").write_text("x")
    (tmp_path / "reports").mkdir()
    logfiles.prune(tmp_path, keep=2)
    left = sorted(each.name for each in tmp_path.iterdir())
    assert left == ["20260105-120000-ab12", "20260106-120000-ab12", "reports"]
    logfiles.prune(tmp_path / "none")
