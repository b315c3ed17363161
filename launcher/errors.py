"""The one tree of errors that Paadje raises on purpose.

PaadjeError          something known went wrong            exit code 1
├── UsageError       the command or request was not usable exit code 2
└── Cancelled        the user stopped it                   exit code 130

Anything else that reaches the error boundary is a bug (exit code 3).

An error carries a code and values, never a sentence. The sentences live in the catalogs under
``<domain>.error.<name>.message`` and ``.advice`` for the code ``<domain>.<name>``.
"""

import errno
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every Paadje program."""

    OK = 0
    KNOWN_ERROR = 1
    USAGE = 2
    BUG = 3
    INTERRUPTED = 130


class PaadjeError(Exception):
    """A known failure: ``code`` is ``<domain>.<name>``, ``params`` fill its sentences.

    ``detail`` is for IT: technical, untranslated, and never holds student text, tokens or codes.
    """

    exit_code = ExitCode.KNOWN_ERROR

    def __init__(self, code: str, /, *, detail: str = "", **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.detail = detail
        self.params = params

    def __str__(self) -> str:
        values = ", ".join(f"{name}={value!r}" for name, value in self.params.items())
        return f"{self.code}({values})" + (f": {self.detail}" if self.detail else "")


class UsageError(PaadjeError):
    """The command line, a file or a request that we were given cannot be used as it is."""

    exit_code = ExitCode.USAGE


class Cancelled(PaadjeError):  # noqa: N818 - what happened, not a failure
    """The user asked to stop, and we stopped; partial files are kept."""

    exit_code = ExitCode.INTERRUPTED

    def __init__(self) -> None:
        super().__init__("core.cancelled")


_DISK_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_NOT_ALLOWED = (errno.EACCES, errno.EPERM, errno.EROFS)
_WINDOWS_DISK_FULL = (39, 112)  # ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL


def known_failure(error: BaseException) -> PaadjeError | None:
    """What a full disk or a closed folder is called, wherever it came up; None for a bug.

    ``core.disk_full``, or ``core.not_allowed`` with the ``place`` where we may not read or write.
    """
    if not isinstance(error, OSError):
        return None
    place = str(error.filename or "?")
    detail = f"{type(error).__name__}: {error.strerror or error}"
    if error.errno in _DISK_FULL or getattr(error, "winerror", None) in _WINDOWS_DISK_FULL:
        return PaadjeError("core.disk_full", detail=detail)
    if error.errno in _NOT_ALLOWED:
        return PaadjeError("core.not_allowed", place=place, detail=detail)
    return None
