"""The entry point and the one error boundary.

Without arguments: the TUI. With arguments: the command line. Everything heavier than this page is
imported when it is needed, so that ``paadje --version`` answers at once.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from launcher import __version__
from launcher.errors import Cancelled, ExitCode, PaadjeError, known_failure


def main(arguments: Sequence[str]) -> int:
    """Run Paadje with these arguments and return the exit code; nothing is ever raised."""
    _open_closed_streams()
    code = _run(arguments)
    try:
        sys.stdout.flush()
    except OSError:
        # Nobody reads, or its disk is full. Point it elsewhere, or Python complains when it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return code or ExitCode.KNOWN_ERROR
    return code


def _run(arguments: Sequence[str]) -> int:
    try:
        _let_interrupts_through()
        if list(arguments) == ["--version"]:
            sys.stdout.write(f"paadje {__version__}\n")
            return ExitCode.OK
        if list(arguments[:1]) == ["--selftest"]:
            from launcher.selftest import run as run_selftest

            return run_selftest(arguments[1:], os.environ)
        if _wants_screens(arguments):
            from launcher.cli.boundary import asked_language
            from launcher.tui import run as run_tui

            language = {"PAADJE_LANGUAGE": asked_language(arguments, os.environ)}
            return run_tui({**os.environ, **language} if arguments else os.environ)
        from launcher.cli import run as run_cli

        return run_cli(arguments, os.environ)
    except PaadjeError as error:
        from launcher.cli.boundary import show_error

        return show_error(error, arguments, os.environ)
    except KeyboardInterrupt:
        from launcher.cli.boundary import show_error

        return show_error(Cancelled(), arguments, os.environ)
    except BrokenPipeError:
        return ExitCode.KNOWN_ERROR
    except Exception as error:  # noqa: BLE001 - the boundary
        from launcher.cli.boundary import show_bug, show_error

        known = known_failure(error)
        if known is not None:
            return show_error(known, arguments, os.environ)
        return show_bug(error, arguments, os.environ)


def _let_interrupts_through() -> None:
    """``./paadje`` holds Ctrl-C back until here: before this, Python would answer it itself."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _open_closed_streams() -> None:
    """A program that was started without standard streams (``>&-``) has None for them."""
    nothing = Path(os.devnull)
    sys.stdin = sys.stdin or nothing.open(encoding="utf-8")
    sys.stdout = sys.stdout or nothing.open("w", encoding="utf-8")
    sys.stderr = sys.stderr or nothing.open("w", encoding="utf-8")


def _wants_screens(arguments: Sequence[str]) -> bool:
    """No arguments, or nothing but a language."""
    match list(arguments):
        case [] | ["--lang", _]:
            return True
        case [only]:
            return only.startswith("--lang=")
    return False


def run() -> None:
    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
