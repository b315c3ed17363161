"""Ctrl-C as a request to stop neatly."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from launcher.events import Cancel


@contextmanager
def cancel_on_interrupt() -> Iterator[Cancel]:
    """The first Ctrl-C (or SIGTERM) asks to stop; a second one interrupts at once."""
    cancel = Cancel()

    def ask(number: int, frame: FrameType | None) -> None:
        if cancel.requested:
            raise KeyboardInterrupt
        cancel.request()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield cancel
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
