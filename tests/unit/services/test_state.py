"""State files: found again, never mistaken for another program's."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from launcher.services import state
from launcher.services.state import LessonRecord


def a_record(folder: Path, pid: int | None = None, **changes: object) -> LessonRecord:
    values = {
        "lesson": folder.name,
        "control_port": 4000,
        "control_token": "secret",
        "created_at": "2026-01-01T09:00:00+00:00",
        "folder": str(folder),
        **state.record_of_process(pid or os.getpid()),
        **changes,
    }
    return LessonRecord(**values)  # type: ignore[arg-type]


def test_a_record_is_read_as_it_was_written(tmp_path: Path) -> None:
    record = a_record(tmp_path)
    state.write_record(record)
    assert state.read_record(tmp_path / "state.json") == record


@pytest.mark.skipif(sys.platform == "win32", reason="modes are a POSIX thing")
def test_a_record_is_private(tmp_path: Path) -> None:
    state.write_record(a_record(tmp_path))
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "not json", '{"lesson": "a", "pid": "7"}', '{"lesson": 3, "pid": true}'],
)
def test_a_damaged_record_is_no_record(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    assert state.read_record(tmp_path / "state.json") is None


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(LessonRecord)])
def test_a_field_of_another_kind_is_no_record(tmp_path: Path, name: str) -> None:
    state.write_record(a_record(tmp_path))
    data = json.loads((tmp_path / "state.json").read_text())
    (tmp_path / "state.json").write_text(json.dumps(data | {name: {"a": 1}}))
    assert state.read_record(tmp_path / "state.json") is None


def test_a_damaged_or_missing_file_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")
    assert state.read_record(tmp_path / "state.json") is None
    assert state.read_record(tmp_path / "none" / "state.json") is None


def test_this_process_is_alive(tmp_path: Path) -> None:
    assert state.is_alive(a_record(tmp_path))


def test_a_clock_change_does_not_make_it_dead(tmp_path: Path) -> None:
    record = a_record(tmp_path)
    if record.start_ticks is None:
        pytest.skip("only Linux computes the time of creation from the clock")
    assert state.is_alive(dataclasses.replace(record, create_time=record.create_time - 3600))


def test_a_pid_that_was_given_out_again_is_dead(tmp_path: Path) -> None:
    record = a_record(tmp_path)
    other = dataclasses.replace(record, create_time=record.create_time - 60, start_ticks=None)
    assert not state.is_alive(other)
    if record.start_ticks is not None:
        assert not state.is_alive(dataclasses.replace(record, start_ticks=record.start_ticks - 1))


def test_without_start_ticks_the_time_of_creation_decides(tmp_path: Path) -> None:
    record = a_record(tmp_path, create_time=psutil.Process().create_time(), start_ticks=None)
    assert state.is_alive(record)


def test_a_process_that_ended_is_dead_even_before_it_is_waited_for(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        record = a_record(tmp_path, process.pid)
        assert state.is_alive(record)
        process.kill()
        assert state.wait_until_ended(record, 10)  # A zombie: nobody has waited for it yet.
    assert not state.is_alive(record)


def test_end_host_leaves_the_next_owner_of_the_pid_alone(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        record = a_record(tmp_path, process.pid)
        other = dataclasses.replace(record, create_time=1.0, start_ticks=None)
        state.end_host(other)
        assert process.poll() is None
        state.end_host(record)
        assert not state.is_alive(record)


def test_erasing_keeps_only_how_it_ended(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept.txt").write_text("x")
    folder = tmp_path / "lesson"
    (folder / "data" / "app").mkdir(parents=True)
    for name in ("spec.json", "state.json", "gateway.json", "ended.json", "data/app/a.db"):
        (folder / name).write_text("{}")
    if sys.platform != "win32":
        (folder / "link").symlink_to(outside)
    assert state.erase_lesson_files(folder)
    assert [entry.name for entry in folder.iterdir()] == ["ended.json"]
    assert (outside / "kept.txt").exists()
