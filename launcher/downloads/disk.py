"""Room on the disk: refuse before the first byte, and end cleanly when it fills up anyway."""

import errno
import math
import os
import shutil
from pathlib import Path

from launcher.errors import PaadjeError
from launcher.files import nearest_existing
from launcher.units import GIB

SAFETY_FACTOR = 1.05
"""File systems need a little more than the bytes of a file."""
MARGIN_BYTES = 2 * GIB
"""What stays free for the system, so that it does not stall while a lesson runs."""

_WINDOWS_DISK_FULL = (39, 112)  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL


def room_needed(fetch_bytes: int, already_bytes: int = 0) -> int:
    """Free bytes asked for: the file x 1.05 + 2 GiB, less what is on the disk already."""
    return max(int(fetch_bytes * SAFETY_FACTOR) - already_bytes, 0) + MARGIN_BYTES


def free_bytes(folder: Path) -> int | None:
    """Free bytes for this user where ``folder`` is or will be; None when it cannot be known."""
    try:
        return shutil.disk_usage(nearest_existing(folder.absolute())).free
    except OSError:
        return None


def check_room(folder: Path, fetch_bytes: int, already_bytes: int = 0) -> None:
    """Raise ``models.no_disk_space`` when ``fetch_bytes`` do not fit in ``folder``.

    ``already_bytes`` are those of ``fetch_bytes`` that are on this disk already.
    """
    if already_bytes >= fetch_bytes:
        return
    free = free_bytes(folder)
    needed = room_needed(fetch_bytes, already_bytes)
    if free is not None and free < needed:
        raise no_room(folder, needed=needed, free=free)


def no_room(folder: Path, *, needed: int, free: int) -> PaadjeError:
    """``models.no_disk_space``: needed rounded up and free rounded down to whole GB (2^30)."""
    return PaadjeError(
        "models.no_disk_space",
        needed=math.ceil(needed / GIB),
        free=free // GIB,
        folder=str(folder),
        detail=f"{needed} bytes needed, {free} bytes free",
    )


def is_disk_full(error: OSError) -> bool:
    """True when a write failed because the disk or the user's quota is full."""
    if getattr(error, "winerror", None) in _WINDOWS_DISK_FULL:
        return True
    return error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", -1), errno.EFBIG)


def write_failed(error: OSError, target: Path, *, missing_bytes: int | None) -> PaadjeError:
    """The error for a write to ``target`` that did not succeed; what was written is kept."""
    folder = target.parent
    if error.errno == errno.EFBIG:
        return PaadjeError("models.file_too_big", folder=str(folder), detail=_reason(error))
    if is_disk_full(error):
        free = free_bytes(folder) or 0
        return no_room(folder, needed=room_needed(missing_bytes or 0), free=free)
    return PaadjeError("models.cannot_write", folder=str(folder), detail=_reason(error))


def read_failed(error: OSError, path: Path) -> PaadjeError:
    """``models.unreadable``: the file is there, and reading it did not succeed."""
    return PaadjeError("models.unreadable", file=path.name, detail=_reason(error))


def _reason(error: OSError) -> str:
    return f"{type(error).__name__}: {error.strerror or os.strerror(error.errno or 0)}"
