"""The entry point and the one error boundary.

Without arguments: the TUI. With arguments: the command line. Everything heavier than this page is
imported when it is needed, so that ``paadje --version`` answers at once.
"""

import os
import sys
from collections.abc import Sequence

from launcher import __version__
from launcher.errors import ExitCode, PaadjeError


def main(arguments: Sequence[str]) -> int:
    """Run Paadje with these arguments and return the exit code; nothing is ever raised."""
    if list(arguments) == ["--version"]:
        sys.stdout.write(f"paadje {__version__}\n")
        return ExitCode.OK
    try:
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
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output left. Point it elsewhere, or Python complains when it closes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.KNOWN_ERROR
    except Exception as error:  # noqa: BLE001 - the boundary
        from launcher.cli.boundary import show_bug

        return show_bug(error, arguments, os.environ)


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
