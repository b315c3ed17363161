"""The sha256 of a file on disk, in blocks, so that it can be shown and stopped."""

import hashlib
import queue
import threading
from pathlib import Path
from typing import Protocol

from launcher.events import Cancel, Progress, Report, Throttle, ignore
from launcher.units import MIB

BLOCK_BYTES = 4 * MIB


class Hash(Protocol):
    """What is used of a hashlib object."""

    def update(self, data: bytes | memoryview, /) -> None: ...
    def hexdigest(self) -> str: ...


class BackgroundHash:
    """A running sha256 in a thread of its own: hashing takes as long as fetching and writing do.

    Few blocks wait, so that memory stays bounded. Close it, else its thread stays.
    """

    WAITING_BLOCKS = 8

    def __init__(self, digest: Hash | None = None) -> None:
        self._digest = digest or hashlib.sha256()
        self._blocks: queue.Queue[bytes | memoryview | None] = queue.Queue(self.WAITING_BLOCKS)
        self._thread: threading.Thread | None = None

    def update(self, data: bytes | memoryview) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="sha256", daemon=True)
            self._thread.start()
        self._blocks.put(data)

    def hexdigest(self) -> str:
        """Of all that was given so far."""
        self._blocks.join()
        return self._digest.hexdigest()

    def close(self) -> None:
        if self._thread is not None:
            self._blocks.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while True:
            data = self._blocks.get()
            if data is not None:
                self._digest.update(data)
            self._blocks.task_done()
            if data is None:
                return


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


def sha256_of(path: Path, *, cancel: Cancel, report: Report = ignore) -> str:
    """The sha256 of the whole file, in hexadecimal."""
    return hash_file(path, cancel=cancel, report=report).hexdigest()
