"""Log files of child programs: private, bounded, and read from the end."""

import os
import re
import shutil
import sys
from pathlib import Path

from launcher.logs import printable
from launcher.units import MIB

ROTATE_BYTES = 2 * MIB
"""A log that is larger when its program starts becomes ``<name>.1``."""

ABSURD_BYTES = 16 * MIB
"""A log that grows larger while its program runs is cut to its last `KEPT_BYTES`."""

KEPT_BYTES = 1 * MIB
_DATED = re.compile(r"^\d{8}-\d{6}-[0-9a-f]+$")


def open_log(path: Path) -> int:
    """A descriptor that appends to ``path``; only this user can read the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if sys.platform == "win32":
        import msvcrt

        from launcher.services import windows

        handle = windows.open_append_handle(windows.kernel32_library(), path)
        return msvcrt.open_osfhandle(handle, os.O_APPEND)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    os.fchmod(descriptor, 0o600)
    return descriptor


def rotate(path: Path, *, limit_bytes: int = ROTATE_BYTES) -> None:
    """Set a large log aside before its program starts; one older file is kept."""
    try:
        if path.stat().st_size > limit_bytes:
            os.replace(path, path.with_name(path.name + ".1"))
    except OSError:
        pass  # No file yet, or still open elsewhere on Windows: the log goes on in the same file.


def trim(path: Path, *, limit_bytes: int = ABSURD_BYTES, kept_bytes: int = KEPT_BYTES) -> None:
    """Cut a log that a running program has made absurdly large to its last whole lines.

    The program appends, so it goes on at the new end. Lines written at this very moment may be
    lost: a full disk would lose more.
    """
    try:
        if path.stat().st_size <= limit_bytes:
            return
        with path.open("r+b") as file:
            file.seek(-kept_bytes, os.SEEK_END)
            kept = file.read().partition(b"\n")[2]
            file.seek(0)
            file.write(kept)
            file.truncate()
    except OSError:
        pass  # The next look at it tries again.


def prune(logs: Path, *, keep: int = 20) -> None:
    """Remove the logs of all but the newest lessons; their folders sort by date."""
    try:
        folders = sorted(
            each for each in logs.iterdir() if each.is_dir() and _DATED.match(each.name)
        )
    except OSError:
        return
    for folder in folders[:-keep] if keep else folders:
        shutil.rmtree(folder, ignore_errors=True)


def size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def tail(path: Path, *, lines: int = 20, offset: int = 0, max_bytes: int = 32 * 1024) -> str:
    """The last lines of a log after ``offset``, safe to show; empty when there is no log."""
    try:
        with path.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            start = offset if offset <= end else 0
            file.seek(max(start, end - max_bytes))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(printable(line) for line in text.splitlines()[-lines:])
