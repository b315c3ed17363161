"""What happens around a lesson: memory runs short, the computer slept, the clock was set."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import psutil

from launcher.hardware.cgroup import read_limits
from launcher.hardware.machine import memory
from launcher.units import GIB, MIB

Finding = Literal["memory_low", "memory_critical", "memory_fine", "woke"]

LOOK_EVERY_S = 1.0

_LOW_PART, _LOW_BYTES = 0.05, GIB
_CRITICAL_PART, _CRITICAL_BYTES = 0.025, 512 * MIB
_SMALL_COMPUTER_PART = 0.15
"""Of a computer with little memory a whole GiB is much: there this part of it is low."""
_CRITICAL_FOR_S = 4.0
_WAIT_AFTER_HELP_S = 60.0
_JUMP_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNow:
    """In bytes, of the computer or of the group that limits us, whichever has less left."""

    total_bytes: int
    available_bytes: int


def read_memory() -> MemoryNow:
    limits = read_limits()
    total, available = memory(limits)
    total_bytes = min(total.value or 0, limits.memory_bytes or total.value or 0)
    seen = available.value
    if seen is None:
        seen = int(psutil.virtual_memory().available)
    return MemoryNow(total_bytes=total_bytes, available_bytes=seen)


class Watch:
    """Turns readings into findings, each told once until it changes. Pure: clocks are handed in.

    ``wall`` and ``steady`` part when the computer sleeps (Linux, macOS) or the clock is set.
    """

    def __init__(
        self,
        *,
        read: Callable[[], MemoryNow] = read_memory,
        steady: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._read, self._steady, self._wall = read, steady, wall
        self._last = (steady(), wall())
        self._low = False
        self._critical_since: float | None = None
        self._helped_at: float | None = None
        self.now = MemoryNow(total_bytes=0, available_bytes=0)

    def look(self) -> list[Finding]:
        """What is new since the last look; ``memory_critical`` asks for help, once a minute."""
        found: list[Finding] = []
        steady, wall = self._steady(), self._wall()
        passed, shown = steady - self._last[0], wall - self._last[1]
        self._last = (steady, wall)
        if abs(shown - passed) > _JUMP_S or passed > _JUMP_S + LOOK_EVERY_S:
            found.append("woke")
            self._critical_since = None
        self.now = self._read()
        low = self._below(_LOW_PART, _LOW_BYTES)
        if low != self._low:
            self._low = low
            found.append("memory_low" if low else "memory_fine")
        if not self._below(_CRITICAL_PART, _CRITICAL_BYTES):
            self._critical_since = None
        elif self._critical_since is None:
            self._critical_since = steady
        elif steady - self._critical_since >= _CRITICAL_FOR_S:
            helped = self._helped_at
            if helped is None or steady - helped >= _WAIT_AFTER_HELP_S:
                self._helped_at = steady
                found.append("memory_critical")
        return found

    def _below(self, part: float, least_bytes: int) -> bool:
        total = self.now.total_bytes
        small = total * _SMALL_COMPUTER_PART * (least_bytes / _LOW_BYTES)
        return self.now.available_bytes < max(total * part, min(least_bytes, small))
