"""How patient a transfer is, how fast it may be, and over how many connections."""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from launcher.units import MIB

RATE_WINDOW_S = 5.0
MARK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on. ``attempts`` counts only those in a row that brought nothing new."""

    attempts: int = 5
    stall_s: float = 30.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0

    def wait_s(self, failures: int) -> float:
        """Before the next attempt, after so many that failed in a row."""
        longest = self.first_wait_s * 2.0 ** (failures - 1)
        # Jitter: a class of laptops that lost the same server must not return as one.
        return min(longest, self.longest_wait_s) * random.uniform(0.5, 1.0)  # noqa: S311


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """One connection begins. More help where a server or a network gives each of them little:
    when, after ``probe_s``, there is less than ``enough_bytes_per_s`` and there are more than
    ``least_bytes`` to go, and the server gives pieces.

    After a kill each connection fetches at most ``chunk_bytes`` again. ``limit_bytes_per_s`` leaves
    room for the rest of the school; then one connection is enough.
    """

    connections: int = 4
    chunk_bytes: int = 16 * MIB
    least_bytes: int = 64 * MIB
    probe_s: float = 1.0
    enough_bytes_per_s: float = 60.0 * MIB
    limit_bytes_per_s: float | None = None


PATIENCE = Patience()
PACE = Pace()


class Limiter:
    """How long to wait after so many bytes, to stay at a speed."""

    def __init__(self, bytes_per_s: float | None, clock: Callable[[], float] = time.monotonic):
        self._bytes_per_s = bytes_per_s
        self._clock = clock
        self._free_at = 0.0

    def wait_s(self, count: int) -> float:
        if not self._bytes_per_s:
            return 0.0
        now = self._clock()
        self._free_at = max(self._free_at, now) + count / self._bytes_per_s
        return self._free_at - now


class Rate:
    """Bytes per second over the last few seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._total = 0
        self._started = clock()
        self._marks: deque[tuple[float, int]] = deque([(self._started, 0)])

    def add(self, count: int) -> None:
        self._total += count
        now = self._clock()
        # Ten marks a second are enough; more would grow with the speed of the network.
        if now - self._marks[-1][0] >= MARK_EVERY_S:
            self._marks.append((now, self._total))
            while now - self._marks[0][0] > RATE_WINDOW_S:
                self._marks.popleft()

    def age_s(self) -> float:
        return self._clock() - self._started

    def bytes_per_s(self) -> float | None:
        since, before = self._marks[0]
        passed = self._clock() - since
        return (self._total - before) / passed if passed > 0 and self._total else None
