"""The sha256 of a file on disk, in blocks, so that it can be shown and stopped."""

import hashlib
from pathlib import Path
from typing import Protocol

from launcher.events import Cancel, Progress, Report, Throttle, ignore
from launcher.units import MIB

BLOCK_BYTES = 4 * MIB


class Hash(Protocol):
    """What is used of a hashlib object."""

    def update(self, data: bytes | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


def hash_file(
    path: Path,
    *,
    cancel: Cancel,
    report: Report = ignore,
    step: str = "models.check",
    up_to_bytes: int | None = None,
) -> Hash:
    """The running sha256 of the first ``up_to_bytes`` of ``path`` (all of it by default)."""
    total = path.stat().st_size if up_to_bytes is None else up_to_bytes
    digest = hashlib.sha256()
    throttle = Throttle()
    buffer = memoryview(bytearray(BLOCK_BYTES))
    done = 0
    with path.open("rb", buffering=0) as file:
        while done < total:
            cancel.check()
            count = file.readinto(buffer[: min(BLOCK_BYTES, total - done)])
            if not count:
                break
            digest.update(buffer[:count])
            done += count
            if throttle.ready():
                report(Progress(step=step, done_bytes=done, total_bytes=total))
    report(Progress(step=step, done_bytes=done, total_bytes=total))
    return digest


def sha256_of(
    path: Path, *, cancel: Cancel, report: Report = ignore, step: str = "models.check"
) -> str:
    """The sha256 of the whole file, in hexadecimal."""
    return hash_file(path, cancel=cancel, report=report, step=step).hexdigest()
