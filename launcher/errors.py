"""The one tree of errors that Paadje raises on purpose.

PaadjeError          something known went wrong            exit code 1
├── UsageError       the command or request was not usable exit code 2
└── Cancelled        the user stopped it                   exit code 130

Anything else that reaches the error boundary is a bug (exit code 3).

An error carries a code and values, never a sentence. The sentences live in the catalogs under
``<domain>.error.<name>.message`` and ``.advice`` for the code ``<domain>.<name>``.
"""

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
