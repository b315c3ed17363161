"""The screens. Nothing here computes: it shows what the use cases return."""

import sys
from collections.abc import Mapping

from launcher.errors import UsageError


def run(environ: Mapping[str, str]) -> int:
    """Show the TUI until the user leaves; returns the exit code.

    Raises `UsageError` without a terminal, `PaadjeError` when the settings are not usable, and
    whatever went wrong unexpectedly inside, after the terminal is in order again.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError("tui.no_terminal")
    from launcher.tui.app import PaadjeApp

    app = PaadjeApp(environ)
    app.run()
    if app.failure is not None:
        raise app.failure
    return app.return_code or 0
