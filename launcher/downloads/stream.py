"""Where bytes come from: the shape that every source has, and the thread that reads one.

Reading blocks, and a look-up of a name cannot be interrupted at all. So one thread reads, and the
one that writes looks at its clock and at the request to stop ten times a second.
"""

import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from launcher.errors import PaadjeError
from launcher.units import MIB

QUEUED_BLOCKS = 8
BLOCK_BYTES = 1 * MIB
"""At most 8 MiB is between the reader and the writer."""
_ABANDONED_LOOK_S = 0.2

Data = bytes | memoryview
"""Some bytes; empty at the end."""


class Retry(Exception):  # noqa: N818 - says what to do
    """This attempt failed, another may succeed; ``error`` is what to raise when none does.

    ``after_s`` is what the server asked for; ``attempts`` is less for what rarely gets better.
    """

    def __init__(
        self, error: PaadjeError, *, after_s: float | None = None, attempts: int | None = None
    ) -> None:
        super().__init__(error)
        self.error = error
        self.after_s = after_s
        self.attempts = attempts


class ByteStream(Protocol):
    """An open source. ``start_byte`` is where it really begins, ``total_bytes`` the whole file."""

    start_byte: int
    total_bytes: int | None

    @property
    def gives_pieces(self) -> bool:
        """Whether more connections could bring other pieces at the same time."""

    def read(self) -> Data:
        """The next bytes, empty at the end. Raises Retry or PaadjeError."""

    def interrupt(self) -> None:
        """Make a ``read`` in another thread return soon."""

    def close(self) -> None: ...


Opener = Callable[[int], ByteStream]
"""Opens the source at this byte. Raises Retry or PaadjeError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    start_byte: int
    total_bytes: int | None
    gives_pieces: bool = False


Item = Opened | Data | BaseException


class Buffers:
    """Blocks of memory that are used again, so that none is made for each block of a file.

    A block is free when nobody has a view of it any more. There are as many as are under way.
    """

    def __init__(self) -> None:
        self._blocks: deque[bytearray] = deque()

    def take(self) -> memoryview:
        """A free block of ``BLOCK_BYTES``; what was in it is still there."""
        for _ in range(len(self._blocks)):
            block = self._blocks[0]
            self._blocks.rotate(-1)
            try:
                block.pop()  # Python refuses while anybody looks at it.
            except BufferError:
                continue
            block.append(0)
            return memoryview(block)[:BLOCK_BYTES]
        self._blocks.append(bytearray(BLOCK_BYTES + 1))
        return memoryview(self._blocks[-1])[:BLOCK_BYTES]


class Pump:
    """Reads one stream in a thread of its own until it ends or is abandoned.

    ``inbox`` is where several pumps put what they read, each with itself beside it.
    """

    def __init__(
        self,
        open_at: Opener,
        start_byte: int,
        *,
        queued_blocks: int = QUEUED_BLOCKS,
        inbox: "queue.Queue[tuple[Pump, Item]] | None" = None,
    ) -> None:
        self._open_at = open_at
        self._start_byte = start_byte
        self._queue = inbox or queue.Queue(queued_blocks)
        self._abandoned = threading.Event()
        self._stream: ByteStream | None = None
        threading.Thread(target=self._run, name="download", daemon=True).start()

    def next(self, timeout_s: float) -> Opened | Data | None:
        """What comes next; empty bytes at the end, None when nothing came. Raises what failed."""
        try:
            _, item = self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if isinstance(item, BaseException):
            raise item
        return item

    @property
    def waits_for_us(self) -> bool:
        """Whether more comes in than is taken: then the network is not what is slow."""
        return self._queue.full()

    def rest(self) -> list[Data]:
        """Abandon, and give what was read already."""
        self.abandon()
        found: list[Data] = []
        while not self._queue.empty():
            _, item = self._queue.get()
            if isinstance(item, Data):
                found.append(item)
        return found

    def abandon(self) -> None:
        """Want nothing more; the thread ends by itself."""
        self._abandoned.set()
        if self._stream is not None:
            self._stream.interrupt()

    def _run(self) -> None:
        try:
            stream = self._stream = self._open_at(self._start_byte)
            try:
                self._put(
                    Opened(
                        start_byte=stream.start_byte,
                        total_bytes=stream.total_bytes,
                        gives_pieces=stream.gives_pieces,
                    )
                )
                while not self._abandoned.is_set():
                    data = stream.read()
                    self._put(data)
                    if not data:
                        break
            finally:
                stream.close()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that asked
            self._put(error)

    def _put(self, item: Item) -> None:
        while not self._abandoned.is_set():
            try:
                self._queue.put((self, item), timeout=_ABANDONED_LOOK_S)
            except queue.Full:
                continue
            return
