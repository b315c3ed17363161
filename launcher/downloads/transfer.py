"""Bring one file to this disk: go on where it stopped, try again, and believe only the sha256."""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from launcher.downloads.disk import check_room, write_failed
from launcher.downloads.failures import CONNECT_ATTEMPTS
from launcher.downloads.hashing import sha256_of
from launcher.downloads.http import HttpLane, Request, Resolve, http_opener
from launcher.downloads.lanes import LaneFetch, PieceOpener
from launcher.downloads.locks import exclusive, lock_file_of
from launcher.downloads.pace import PACE, PATIENCE, Limiter, Pace, Patience, Rate
from launcher.downloads.part import BAD_SUFFIX, PartFile, PartNote, hash_mismatch
from launcher.downloads.stream import BLOCK_BYTES, QUEUED_BLOCKS, Data, Opened, Opener, Pump, Retry
from launcher.errors import PaadjeError
from launcher.events import Cancel, Notice, Progress, Report, Throttle, ignore

LOOK_S = 0.1
"""How often the request to stop is looked at while nothing comes in."""


class _Widen(Exception):  # noqa: N818 - says what to do
    """This connection works but gives little: go on over several."""


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
    pace: Pace = PACE,
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
    new_lane = None
    if size_bytes is not None:
        new_lane = partial(HttpLane, resolve, size_bytes=size_bytes, read_timeout_s=read_timeout_s)
    return receive(
        http_opener(resolve, size_bytes=size_bytes, read_timeout_s=read_timeout_s),
        target=target,
        size_bytes=size_bytes,
        sha256=sha256,
        report=report,
        cancel=cancel,
        step=step,
        patience=patience,
        pace=pace,
        new_lane=new_lane,
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
    pace: Pace = PACE,
    new_lane: Callable[[], PieceOpener] | None = None,
) -> Path:
    """As :func:`fetch`, from any source of bytes that can be opened at a place.

    ``new_lane`` makes one connection of several, where the source can have more than one.
    """
    cancel = cancel or Cancel()
    part = PartFile(target, PartNote(size_bytes=size_bytes, sha256=sha256))
    with exclusive(lock_file_of(target), busy_name=target.name):
        try:
            if _is_there(target, size_bytes, sha256, cancel):
                return target
            transfer = _Transfer(open_at, new_lane, part, report, cancel, step, patience, pace)
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
        new_lane: Callable[[], PieceOpener] | None,
        part: PartFile,
        report: Report,
        cancel: Cancel,
        step: str,
        patience: Patience,
        pace: Pace,
    ) -> None:
        self._open_at = open_at
        self._new_lane = new_lane if pace.connections > 1 and not pace.limit_bytes_per_s else None
        self._part = part
        self._report = report
        self._cancel = cancel
        self._step = step
        self._patience = patience
        self._total = part.note.size_bytes
        self._complete = False
        self._pace = pace
        self._limiter = Limiter(pace.limit_bytes_per_s)
        self._gives_pieces = False
        self._rate = Rate()
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
            self._make_room(part.note.size_bytes)
        if not part.open(cancel=self._cancel, report=self._report, step="models.recheck"):
            self._notice("models.part_of_other_file")
        self._complete = self._total is not None and part.done_bytes == self._total
        if part.done_bytes:
            self._notice("models.resumed")
        return part.done_bytes > 0

    def _make_room(self, size_bytes: int) -> None:
        """Room for the rest; a file that was set aside because it was wrong must not be in the
        way of the right one."""
        part = self._part
        have = part.path.stat().st_size if part.path.is_file() else 0
        try:
            check_room(part.target.parent, size_bytes, have)
        except PaadjeError:
            bad = part.target.with_name(part.target.name + BAD_SUFFIX)
            if not bad.is_file():
                raise
            bad.unlink()
            self._notice("models.bad_removed")
            check_room(part.target.parent, size_bytes, have)

    def _receive_all(self) -> None:
        """Attempt after attempt until all bytes are here."""
        if self._part.in_spans:
            self._go_wide() if self._new_lane else self._part.join()
        failures = 0
        best = self._part.done_bytes
        while not self._complete:
            try:
                self._attempt()
            except _Widen:
                if not self._complete:
                    self._go_wide()
            except Retry as retry:
                if self._part.done_bytes > best:
                    best, failures = self._part.done_bytes, 0
                failures += 1
                if failures >= (retry.attempts or self._patience.attempts):
                    raise retry.error from None
                self._wait(failures, retry)

    def _go_wide(self) -> None:
        """Over several connections; back to one when the server gives no pieces after all."""
        assert self._new_lane is not None
        assert self._total is not None
        self._notice("models.several_connections")
        self._rate = Rate()
        try:
            LaneFetch(
                self._part,
                self._new_lane,
                total_bytes=self._total,
                pace=self._pace,
                patience=self._patience,
                cancel=self._cancel,
                arrived=self._arrived,
            ).run()
            self._complete = True
        except PaadjeError as error:
            if error.code != "models.range_refused":
                raise
            self._new_lane = None
            self._part.join()

    def _arrived(self, count: int) -> None:
        self._rate.add(count)
        if self._throttle.ready():
            self._tell_progress()

    def _wait(self, failures: int, retry: Retry) -> None:
        self._notice("models.retrying")
        wait_s = self._patience.wait_s(failures) if retry.after_s is None else retry.after_s
        self._cancel.wait(wait_s)
        self._cancel.check()

    def _attempt(self) -> None:
        """One connection. Raises Retry when it ended too soon."""
        self._cancel.check()
        self._rate = Rate()
        pump = Pump(self._open_at, self._part.done_bytes, queued_blocks=self._queued_blocks())
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
                    if not pump.waits_for_us and self._is_slow():
                        for data in pump.rest():
                            self._take(data)
                        raise _Widen
                else:
                    self._end()
        finally:
            pump.abandon()

    def _queued_blocks(self) -> int:
        """Few when the speed is limited: what is read ahead is read at full speed."""
        limit = self._pace.limit_bytes_per_s
        return min(QUEUED_BLOCKS, max(int(limit // BLOCK_BYTES), 1)) if limit else QUEUED_BLOCKS

    def _is_slow(self) -> bool:
        """Whether several connections would be worth it."""
        if self._new_lane is None or not self._gives_pieces or self._total is None:
            return False
        if self._rate.age_s() < self._pace.probe_s:
            return False
        if self._total - self._part.done_bytes < max(self._pace.least_bytes, 1):
            return False
        return (self._rate.bytes_per_s() or 0.0) < self._pace.enough_bytes_per_s

    def _begin(self, opened: Opened) -> None:
        self._gives_pieces = opened.gives_pieces
        if self._total is None:
            self._total = opened.total_bytes
        if opened.start_byte != self._part.done_bytes:
            self._notice("models.from_zero")
            self._part.restart()

    def _take(self, data: Data) -> None:
        expected = self._part.note.size_bytes
        if expected is not None:
            # More than the file has: the sha256 tells whether the bytes up to there are right.
            data = data[: expected - self._part.done_bytes]
        self._part.append(data)
        self._complete = self._part.done_bytes == expected
        self._arrived(len(data))
        if wait_s := self._limiter.wait_s(len(data)):
            self._cancel.wait(wait_s)

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


__all__ = ["PACE", "PATIENCE", "Pace", "Patience", "Request", "Resolve", "fetch", "receive"]
