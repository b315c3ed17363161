"""How often somebody may ask or guess. Times are in seconds of a monotonic clock."""

import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable

Clock = Callable[[], float]

GUESS_WINDOW_S = 60.0
WRONG_CODES_EACH = 5
WRONG_CODES_IN_ALL = 30

_REMEMBERED_KEYS = 4096


class Rate:
    """A token bucket for each key: ``burst`` at once, ``per_s`` lasting."""

    def __init__(self, *, burst: int, per_s: float, clock: Clock = time.monotonic) -> None:
        self._burst = burst
        self._per_s = per_s
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait_s(self, key: str) -> int:
        """Take one. 0 when that was allowed, else the whole seconds to wait before trying again."""
        now = self._clock()
        level, then = self._buckets.pop(key, (float(self._burst), now))
        level = min(level + (now - then) * self._per_s, float(self._burst))
        allowed = level >= 1
        self._buckets[key] = (level - 1 if allowed else level, now)
        while len(self._buckets) > _REMEMBERED_KEYS:
            self._buckets.popitem(last=False)
        return 0 if allowed else max(1, math.ceil((1 - level) / self._per_s))


class CodeGuard:
    """Counts wrong typed codes: too many from one visitor, or from everyone, and typing pauses.

    The QR code keeps working: its token cannot be guessed.
    """

    def __init__(self, *, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._wrong: deque[tuple[float, str]] = deque()
        self._paused_until = -math.inf

    @property
    def paused(self) -> bool:
        return self._clock() < self._paused_until

    def wait_s(self, visitor: str) -> int:
        """0 when this visitor may type a code now, else the whole seconds to wait."""
        now = self._clock()
        self._forget(now)
        until = self._paused_until
        mine = [when for when, who in self._wrong if who == visitor]
        if len(mine) >= WRONG_CODES_EACH:
            until = max(until, mine[-WRONG_CODES_EACH] + GUESS_WINDOW_S)
        return math.ceil(until - now) if until > now else 0

    def wrong(self, visitor: str) -> None:
        """Count a wrong code."""
        now = self._clock()
        self._forget(now)
        self._wrong.append((now, visitor))
        if len(self._wrong) >= WRONG_CODES_IN_ALL:
            self._paused_until = now + GUESS_WINDOW_S

    def _forget(self, now: float) -> None:
        while self._wrong and self._wrong[0][0] <= now - GUESS_WINDOW_S:
            self._wrong.popleft()
