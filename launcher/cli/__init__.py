"""The command line: one verb in each file, one renderer, and the same use cases as the TUI."""

from collections.abc import Mapping, Sequence


def run(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one command; returns the exit code. Raises `PaadjeError`."""
    from launcher.cli.app import run_app

    return run_app(arguments, environ)
