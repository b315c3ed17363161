"""Fetch one file over several connections, piece by piece, in order, into one part."""

import queue
import time
from collections.abc import Callable
from typing import Protocol

from launcher.downloads.pace import Pace, Patience
from launcher.downloads.part import PartFile
from launcher.downloads.spans import Span, gaps_in
from launcher.downloads.stream import QUEUED_BLOCKS, ByteStream, Data, Item, Opened, Pump, Retry
from launcher.errors import PaadjeError
from launcher.events import Cancel

LOOK_S = 0.1
WINDOW_CHUNKS = 4
"""No connection works further ahead of the first gap than so many chunks for each connection."""


class PieceOpener(Protocol):
    """One connection: gives the bytes from a place up to but not including another."""

    def open(self, start_byte: int, end_byte: int) -> ByteStream: ...
    def close(self) -> None: ...


class _Lane:
    """One connection and the piece it is busy with."""

    def __init__(self, opener: PieceOpener) -> None:
        self.opener = opener
        self.pump: Pump | None = None
        self.place = 0
        self.end = 0
        self.failures = 0
        self.ready_at = 0.0
        self.heard_at = 0.0

    def start(self, piece: Span, inbox: "queue.Queue[tuple[Pump, Item]]") -> None:
        self.place, self.end = piece
        self.heard_at = time.monotonic()
        end = self.end
        self.pump = Pump(lambda start: self.opener.open(start, end), self.place, inbox=inbox)

    def let_go(self) -> None:
        if self.pump is not None:
            self.pump.abandon()
            self.pump = None


class LaneFetch:
    """Fills every gap of ``part``, over as many connections as ``pace`` says.

    A connection that fails too often is given up while others work: a server may allow only a few.
    The part keeps every byte, in all cases.
    """

    def __init__(
        self,
        part: PartFile,
        new_lane: Callable[[], PieceOpener],
        *,
        total_bytes: int,
        pace: Pace,
        patience: Patience,
        cancel: Cancel,
        arrived: Callable[[int], None],
    ) -> None:
        self._part = part
        self._total = total_bytes
        self._pace = pace
        self._patience = patience
        self._cancel = cancel
        self._arrived = arrived
        self._inbox: queue.Queue[tuple[Pump, Item]] = queue.Queue(QUEUED_BLOCKS)
        self._lanes = [_Lane(new_lane()) for _ in range(pace.connections)]
        self._failure: PaadjeError | None = None

    def run(self) -> None:
        """Raises what the last connection failed with, Cancelled, OSError."""
        try:
            self._fill()
        finally:
            for lane in self._lanes:
                lane.let_go()
                lane.opener.close()
            self._part.save_spans()

    def _fill(self) -> None:
        self._part.save_spans()
        while self._part.done_bytes < self._total:
            self._hand_out()
            self._look_for_stalls()
            try:
                pump, item = self._inbox.get(timeout=LOOK_S)
            except queue.Empty:
                self._cancel.check()
                continue
            self._cancel.check()
            lane = next((lane for lane in self._lanes if lane.pump is pump), None)
            if lane is None:
                continue  # What an abandoned connection still had.
            lane.heard_at = time.monotonic()
            if isinstance(item, BaseException):
                self._failed(lane, item)
            elif isinstance(item, Data):
                self._take(lane, item)
            else:
                self._begin(lane, item)
        self._part.follow(self._cancel)

    def _hand_out(self) -> None:
        """A piece for every connection that has none, the first ones first."""
        now = time.monotonic()
        idle = [lane for lane in self._lanes if lane.pump is None and lane.ready_at <= now]
        if not idle:
            return
        chunk = self._pace.chunk_bytes
        busy = [(lane.place, lane.end) for lane in self._lanes if lane.pump is not None]
        furthest = self._part.front_bytes + WINDOW_CHUNKS * self._pace.connections * chunk
        pieces = gaps_in(sorted([*self._part.spans, *busy]), self._total, chunk)
        for lane, piece in zip(idle, pieces, strict=False):
            if piece[0] < furthest:
                lane.start(piece, self._inbox)

    def _begin(self, lane: _Lane, opened: Opened) -> None:
        if opened.start_byte != lane.place:
            self._failed(lane, PaadjeError("models.range_refused", host="?"))

    def _take(self, lane: _Lane, data: Data) -> None:
        # More than was asked for belongs to another connection, if to any.
        data = data[: lane.end - lane.place]
        if data:
            self._part.write_at(lane.place, data)
            lane.place += len(data)
            lane.failures = 0
            self._arrived(len(data))
        if lane.place == lane.end:
            # The thread ends by itself, with the connection free for the next piece.
            lane.pump = None
            self._part.follow(self._cancel)
            self._part.save_spans()
        elif not data:
            detail = f"{lane.end - lane.place} bytes of a piece missing"
            cut_off = PaadjeError("models.cut_off", file=self._part.target.name, detail=detail)
            self._failed(lane, Retry(cut_off))

    def _look_for_stalls(self) -> None:
        now = time.monotonic()
        for lane in [lane for lane in self._lanes if lane.pump is not None]:
            if now - lane.heard_at > self._patience.stall_s:
                stalled = PaadjeError("models.stalled", file=self._part.target.name)
                self._failed(lane, Retry(stalled))

    def _failed(self, lane: _Lane, failure: BaseException) -> None:
        lane.let_go()
        self._part.save_spans()
        if not isinstance(failure, Retry | PaadjeError):
            raise failure
        lane.failures += 1
        if isinstance(failure, Retry):
            self._failure = failure.error
            if lane.failures < (failure.attempts or self._patience.attempts):
                wait_s = failure.after_s
                if wait_s is None:
                    wait_s = self._patience.wait_s(lane.failures)
                lane.ready_at = time.monotonic() + wait_s
                return
        else:
            self._failure = failure
        self._lanes.remove(lane)
        lane.opener.close()
        if not self._lanes:
            raise self._failure
