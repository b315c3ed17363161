"""Log files: one for each program, rotated, readable by this user only.

Never logged: student text, model output, tokens, join codes, IP addresses, user agents.
"""

import logging
import logging.handlers
import os
from pathlib import Path

MAX_BYTES = 1_000_000
KEPT_FILES = 3


def set_up_logging(file: Path | None, *, level: int = logging.INFO) -> None:
    """Send the log of this process to ``file``, or to standard error when it is None."""
    handler: logging.Handler
    if file is None:
        handler = logging.StreamHandler()
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        handler = _PrivateRotatingHandler(
            file, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8", delay=True
        )
    handler.setFormatter(_OneLineFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


class _PrivateRotatingHandler(logging.handlers.RotatingFileHandler):
    def _open(self):  # type: ignore[no-untyped-def]
        os.close(os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
        return super()._open()


class _OneLineFormatter(logging.Formatter):
    """One record, one line, and no control characters from outside."""

    def format(self, record: logging.LogRecord) -> str:
        return printable(super().format(record))


def printable(text: str) -> str:
    """``text`` with everything that could steer a terminal or forge a line made visible."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text
    )
