"""What long functions report while they work, and how they are told to stop.

A long function takes ``report: Report`` and ``cancel: Cancel``. The TUI, the command line and the
tests are three receivers of the same events. Sentences for ``step`` and ``Notice.code`` live in the
catalogs: ``<domain>.step.<name>`` and ``<domain>.notice.<name>``.
"""

import dataclasses
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from launcher.errors import Cancelled


@dataclass(frozen=True, slots=True, kw_only=True)
class StepStarted:
    """A step begins; ``step`` is ``<domain>.<name>``."""

    step: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a step is; ``total_bytes`` and ``bytes_per_s`` are None while unknown."""

    step: str
    done_bytes: int
    total_bytes: int | None = None
    bytes_per_s: float | None = None

    @property
    def seconds_left(self) -> float | None:
        if self.total_bytes is None or not self.bytes_per_s:
            return None
        return max(self.total_bytes - self.done_bytes, 0) / self.bytes_per_s


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceChanged:
    """A service of a lesson has another state (``services.states.ServiceState``)."""

    service: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something worth telling that stops nothing; ``code`` is ``<domain>.<name>``."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepFinished:
    step: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """The function is about to raise the error with this code."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    detail: str = ""


Event = StepStarted | Progress | ServiceChanged | Notice | StepFinished | Failed
Report = Callable[[Event], None]


def ignore(event: Event) -> None:
    """A receiver that wants nothing."""


def event_to_dict(event: Event) -> dict[str, Any]:
    """A JSON-able form: the fields, and ``event`` with the class name."""
    return {"event": type(event).__name__, **dataclasses.asdict(event)}


class Cancel:
    """A request to stop, set from any thread. Asked for is not yet done: `Cancelled` is."""

    def __init__(self) -> None:
        self._requested = threading.Event()

    def request(self) -> None:
        self._requested.set()

    @property
    def requested(self) -> bool:
        return self._requested.is_set()

    def check(self) -> None:
        """Raise :class:`Cancelled` when stopping was asked for."""
        if self._requested.is_set():
            raise Cancelled()

    def wait(self, timeout_s: float) -> bool:
        """Wait at most ``timeout_s``; True as soon as stopping was asked for."""
        return self._requested.wait(timeout_s)


class Throttle:
    """Pass on at most ``per_second`` events; the caller sends the last one past it."""

    def __init__(self, *, per_second: float = 10.0, clock: Callable[[], float] = time.monotonic):
        self._interval_s = 1.0 / per_second
        self._clock = clock
        self._next_at = 0.0

    def ready(self) -> bool:
        now = self._clock()
        if now < self._next_at:
            return False
        self._next_at = now + self._interval_s
        return True
