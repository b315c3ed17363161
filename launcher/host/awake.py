"""Keep the laptop awake while a lesson runs: a sleeping laptop teaches nobody."""

import contextlib
import logging
from typing import Any

log = logging.getLogger("launcher.host")


class Awake:
    """``active`` says whether the system promised it; the screen may still go dark."""

    def __init__(self) -> None:
        self._mode: Any = None
        self.active = False

    def begin(self) -> None:
        """Ask the system. When it cannot, the lesson goes on and the teacher is told."""
        from wakepy import keep

        try:
            self._mode = keep.running(on_fail="pass")
            self._mode.__enter__()
            self.active = bool(self._mode.active)
        except Exception as error:  # noqa: BLE001 - the boundary to the services of a desktop
            log.warning("the system cannot be kept awake: %s", type(error).__name__)
            self._mode = None

    def end(self) -> None:
        if self._mode is not None:
            with contextlib.suppress(Exception):
                self._mode.__exit__(None, None, None)
        self._mode = None
        self.active = False
