"""When to start a crashed program again, and when to give up. Pure: the clock is handed in."""

import time
from collections import deque
from collections.abc import Callable


class RestartPolicy:
    """Back-off that doubles with every crash, and a limit on crashes within a window.

    The delay starts at ``first_delay_s`` again once a program has run for ``window_s``.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.monotonic,
        first_delay_s: float = 0.5,
        max_delay_s: float = 30.0,
        crash_limit: int = 5,
        window_s: float = 60.0,
    ) -> None:
        self._clock = clock
        self._first_delay_s = first_delay_s
        self._max_delay_s = max_delay_s
        self._crash_limit = crash_limit
        self._window_s = window_s
        self._delay_s = first_delay_s
        self._crashes: deque[float] = deque()
        self._started_at: float | None = None

    def started(self) -> None:
        """The program was started."""
        self._started_at = self._clock()

    def crashed(self) -> float | None:
        """The program ended by itself: seconds to wait before a new start, None in a crash loop."""
        now = self._clock()
        if self._started_at is not None and now - self._started_at >= self._window_s:
            self._delay_s = self._first_delay_s
        self._crashes.append(now)
        while now - self._crashes[0] > self._window_s:
            self._crashes.popleft()
        if len(self._crashes) >= self._crash_limit:
            return None
        delay_s = self._delay_s
        self._delay_s = min(self._delay_s * 2, self._max_delay_s)
        return delay_s
