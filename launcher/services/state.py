"""What a lesson leaves in its folder, so that a later ``paadje`` can find it.

``spec.json``    what the host was told to run; holds keys
``state.json``   `LessonRecord`: where the running host is; holds the control token
``status.json``  how the lesson was doing last; no secrets
``gateway.json`` what the gateway was told; holds codes and keys
``gateway-status.json``  what the gateway told last: who is in; no secrets
``ended.json``   written when the lesson was ended properly; no secrets, no student data
``data/``        the apps' encrypted files

A record without a living process and without ``ended.json`` is a lesson that ended uncleanly.
"""

import contextlib
import dataclasses
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from launcher.files import read_json_object, write_private_json
from launcher.services.process import wait_for

SPEC_FILE = "spec.json"
STATE_FILE = "state.json"
STATUS_FILE = "status.json"
ENDED_FILE = "ended.json"
GATEWAY_FILE = "gateway.json"
GATEWAY_STATUS_FILE = "gateway-status.json"

_SAME_START_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRecord:
    """Where the host of a running lesson is.

    ``create_time`` is psutil's, in seconds since 1970. ``start_ticks`` (Linux) counts from the
    boot, so that a change of the clock does not make a living host look like another program.
    """

    lesson: str
    pid: int
    create_time: float
    control_port: int
    control_token: str
    created_at: str
    folder: str
    start_ticks: int | None = None


def record_of_process(pid: int) -> dict[str, Any]:
    """The three fields of a record that identify a process. Raises `psutil.Error`."""
    return {
        "pid": pid,
        "create_time": psutil.Process(pid).create_time(),
        "start_ticks": _start_ticks(pid),
    }


def write_record(record: LessonRecord) -> None:
    write_private_json(Path(record.folder) / STATE_FILE, dataclasses.asdict(record))


def read_record(path: Path) -> LessonRecord | None:
    """The record in a ``state.json``, or None when it is missing, damaged or of another version."""
    data = read_json_object(path)
    if data is None:
        return None
    values: dict[str, Any] = {}
    for field in dataclasses.fields(LessonRecord):
        value = data.get(field.name)
        if not isinstance(value, _FIELD_TYPES[field.name]) or isinstance(value, bool):
            return None
        values[field.name] = value
    # The folder is where the file was found: it may have been moved since it was written.
    return LessonRecord(**values | {"folder": str(path.parent)})


def is_alive(record: LessonRecord) -> bool:
    """Whether the very process of the record still runs; a pid given out again is not it."""
    try:
        process = psutil.Process(record.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if record.start_ticks is not None:
            return _start_ticks(record.pid) == record.start_ticks
        return abs(process.create_time() - record.create_time) < _SAME_START_S
    except psutil.Error:
        return False  # Our own processes can be read.


def wait_until_ended(record: LessonRecord, timeout_s: float) -> bool:
    """Wait for the process of the record to end; whether it did."""
    return wait_for(lambda: not is_alive(record), timeout_s)


def end_host(record: LessonRecord) -> None:
    """End the host of the record and all its programs without asking; for one that hangs.

    Nothing happens to another program that was given its pid.
    """
    if not is_alive(record):
        return
    with contextlib.suppress(psutil.Error):
        host = psutil.Process(record.pid)
        family = [host, *host.children(recursive=True)]
        for process in family:
            with contextlib.suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(family, timeout=5)


def read_status(folder: Path) -> dict[str, Any] | None:
    """How the lesson in this folder was doing last, as `ControlClient.state` gives it."""
    return read_json_object(folder / STATUS_FILE)


def read_ended(folder: Path) -> dict[str, Any] | None:
    """How the lesson in this folder ended; None while it runs and after an unclean end."""
    return read_json_object(folder / ENDED_FILE)


def erase_lesson_files(folder: Path) -> bool:
    """Remove everything but ``ended.json`` from a lesson's folder; whether that worked.

    The key of the data lived in the memory of the host only, so what cannot be removed cannot be
    read either. The record goes last: without it nobody finds the lesson.
    """
    try:
        entries = [entry for entry in folder.iterdir() if entry.name != ENDED_FILE]
    except OSError:
        return not folder.exists()
    for entry in sorted(entries, key=lambda entry: entry.name == STATE_FILE):
        with contextlib.suppress(OSError):
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink(missing_ok=True)
    return not any(entry.exists() for entry in entries)


def _start_ticks(pid: int) -> int | None:
    """Field 22 of ``/proc/<pid>/stat`` (proc(5)); None on other systems."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The program's name stands in brackets and may hold spaces and brackets itself.
    return int(stat.rpartition(")")[2].split()[19])


_FIELD_TYPES: dict[str, Any] = {
    "lesson": str,
    "pid": int,
    "create_time": int | float,
    "control_port": int,
    "control_token": str,
    "created_at": str,
    "folder": str,
    "start_ticks": int | None,
}
