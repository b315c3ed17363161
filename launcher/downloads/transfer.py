"""Bring one file to this disk: go on where it stopped, try again, and believe only the sha256."""

import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from launcher.downloads.disk import check_room, write_failed
from launcher.downloads.hashing import sha256_of
from launcher.downloads.http import CONNECT_ATTEMPTS, Request, Resolve, http_opener
from launcher.downloads.locks import exclusive, lock_file_of
from launcher.downloads.part import PartFile, PartNote, hash_mismatch
from launcher.downloads.stream import Opened, Opener, Pump, Retry
from launcher.errors import PaadjeError
from launcher.events import Cancel, Notice, Progress, Report, Throttle, ignore

LOOK_S = 0.1
"""How often the request to stop is looked at while nothing comes in."""
RATE_WINDOW_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on. ``attempts`` counts only those in a row that brought nothing new."""

    attempts: int = 5
    stall_s: float = 30.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0


PATIENCE = Patience()


def fetch(
    source: str | Resolve,
    *,
    target: Path,
    size_bytes: int | None = None,
    sha256: str | None = None,
    headers: Mapping[str, str] | None = None,
    report: Report = ignore,
    cancel: Cancel | None = None,
    step: str = "models.fetch",
    patience: Patience = PATIENCE,
) -> Path:
    """Fetch ``source`` to ``target``: an address, or a function that finds it for each attempt.

    Raises PaadjeError with a code for each cause, Cancelled within half a second. In both cases
    ``target.part`` stays, and the next call goes on from its last byte. Only ``sha256`` decides
    whether the bytes are right; wrong ones are set aside as ``target.bad``.
    """
    if isinstance(source, str):
        request = Request(url=source, headers=headers or {})

        def resolve() -> Request:
            return request
    else:
        resolve = source
    # The stall is noticed here; the socket's own limit only ends a reader that was left behind.
    read_timeout_s = 2 * patience.stall_s
    return receive(
        http_opener(resolve, size_bytes=size_bytes, read_timeout_s=read_timeout_s),
        target=target,
        size_bytes=size_bytes,
        sha256=sha256,
        report=report,
        cancel=cancel,
        step=step,
        patience=patience,
    )


def receive(
    open_at: Opener,
    *,
    target: Path,
    size_bytes: int | None,
    sha256: str | None,
    report: Report = ignore,
    cancel: Cancel | None = None,
    step: str = "models.fetch",
    patience: Patience = PATIENCE,
) -> Path:
    """As :func:`fetch`, from any source of bytes that can be opened at a place."""
    cancel = cancel or Cancel()
    part = PartFile(target, PartNote(size_bytes=size_bytes, sha256=sha256))
    with exclusive(lock_file_of(target), busy_name=target.name):
        try:
            if _is_there(target, size_bytes, sha256, cancel):
                return target
            transfer = _Transfer(open_at, part, report, cancel, step, patience)
            return transfer.run()
        except OSError as error:
            missing = None if size_bytes is None else size_bytes - part.done_bytes
            raise write_failed(error, target, missing_bytes=missing) from error
        finally:
            part.close()


def _is_there(target: Path, size_bytes: int | None, sha256: str | None, cancel: Cancel) -> bool:
    """Another process may just have brought the same file."""
    if sha256 is None or not target.is_file() or target.stat().st_size != size_bytes:
        return False
    return sha256_of(target, cancel=cancel) == sha256


class _Transfer:
    """One file, as many attempts as it takes. The lock on the target is held."""

    def __init__(
        self,
        open_at: Opener,
        part: PartFile,
        report: Report,
        cancel: Cancel,
        step: str,
        patience: Patience,
    ) -> None:
        self._open_at = open_at
        self._part = part
        self._report = report
        self._cancel = cancel
        self._step = step
        self._patience = patience
        self._total = part.note.size_bytes
        self._complete = False
        self._rate = _Rate()
        self._throttle = Throttle()

    def run(self) -> Path:
        resumed = self._prepare()
        self._receive_all()
        found = self._part.sha256()
        if self._wrong(found) and resumed:
            # The first bytes came from an earlier run, perhaps from another source.
            self._part.set_aside()
            self._notice("models.resumed_wrong")
            self._prepare()
            self._receive_all()
            found = self._part.sha256()
        if self._wrong(found):
            self._part.set_aside()
            raise hash_mismatch(
                self._part.target.name, expected=str(self._part.note.sha256), found=found
            )
        self._tell_progress()
        return self._part.finish()

    def _wrong(self, found: str) -> bool:
        return self._part.note.sha256 not in (None, found)

    def _prepare(self) -> bool:
        """Open the part, with room for the rest; True when it holds bytes from an earlier run."""
        part = self._part
        if part.note.size_bytes is not None:
            have = part.path.stat().st_size if part.path.is_file() else 0
            check_room(part.target.parent, part.note.size_bytes, have)
        if not part.open(cancel=self._cancel, report=self._report, step="models.recheck"):
            self._notice("models.part_of_other_file")
        self._complete = self._total is not None and part.done_bytes == self._total
        if part.done_bytes:
            self._notice("models.resumed")
        return part.done_bytes > 0

    def _receive_all(self) -> None:
        """Attempt after attempt until all bytes are here."""
        failures = 0
        best = self._part.done_bytes
        while not self._complete:
            try:
                self._attempt()
            except Retry as retry:
                if self._part.done_bytes > best:
                    best, failures = self._part.done_bytes, 0
                failures += 1
                if failures >= (retry.attempts or self._patience.attempts):
                    raise retry.error from None
                self._wait(failures, retry)

    def _wait(self, failures: int, retry: Retry) -> None:
        wait_s = retry.after_s
        if wait_s is None:
            longest = self._patience.first_wait_s * 2 ** (failures - 1)
            # Jitter: a class of laptops that lost the same server must not return as one.
            wait_s = min(longest, self._patience.longest_wait_s) * random.uniform(0.5, 1.0)  # noqa: S311
        self._notice("models.retrying")
        self._cancel.wait(wait_s)
        self._cancel.check()

    def _attempt(self) -> None:
        """One connection. Raises Retry when it ended too soon."""
        self._cancel.check()
        self._rate = _Rate()
        pump = Pump(self._open_at, self._part.done_bytes)
        try:
            last = time.monotonic()
            while not self._complete:
                item = pump.next(LOOK_S)
                self._cancel.check()
                if item is None:
                    if time.monotonic() - last > self._patience.stall_s:
                        stalled = PaadjeError("models.stalled", file=self._part.target.name)
                        raise Retry(stalled, attempts=CONNECT_ATTEMPTS)
                    continue
                last = time.monotonic()
                if isinstance(item, Opened):
                    self._begin(item)
                elif item:
                    self._take(item)
                else:
                    self._end()
        finally:
            pump.abandon()

    def _begin(self, opened: Opened) -> None:
        if self._total is None:
            self._total = opened.total_bytes
        if opened.start_byte != self._part.done_bytes:
            self._notice("models.from_zero")
            self._part.restart()

    def _take(self, data: bytes) -> None:
        expected = self._part.note.size_bytes
        if expected is not None:
            # More than the file has: the sha256 tells whether the bytes up to there are right.
            data = data[: expected - self._part.done_bytes]
        self._part.append(data)
        self._rate.add(len(data))
        self._complete = self._part.done_bytes == expected
        if self._throttle.ready():
            self._tell_progress()

    def _end(self) -> None:
        """The source says that this was all."""
        done, total = self._part.done_bytes, self._total
        if total is not None and done < total:
            detail = f"{done} of {total} bytes"
            raise Retry(PaadjeError("models.cut_off", file=self._part.target.name, detail=detail))
        self._complete = True

    def _tell_progress(self) -> None:
        self._report(
            Progress(
                step=self._step,
                done_bytes=self._part.done_bytes,
                total_bytes=self._total,
                bytes_per_s=self._rate.bytes_per_s(),
            )
        )

    def _notice(self, code: str) -> None:
        self._report(Notice(code=code, params={"file": self._part.target.name}))


class _Rate:
    """Bytes per second over the last few seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._total = 0
        self._marks: deque[tuple[float, int]] = deque([(clock(), 0)])

    def add(self, count: int) -> None:
        self._total += count
        now = self._clock()
        # Ten marks a second are enough; more would grow with the speed of the network.
        if now - self._marks[-1][0] >= LOOK_S:
            self._marks.append((now, self._total))
            while now - self._marks[0][0] > RATE_WINDOW_S:
                self._marks.popleft()

    def bytes_per_s(self) -> float | None:
        since, before = self._marks[0]
        passed = self._clock() - since
        return (self._total - before) / passed if passed > 0 and self._total else None


__all__ = ["PATIENCE", "Patience", "Request", "Resolve", "fetch", "receive"]
