"""The screens. Nothing here computes: it shows what the use cases return."""

from collections.abc import Mapping


def run(environ: Mapping[str, str]) -> int:
    """Show the TUI until the user leaves; returns the exit code."""
    raise NotImplementedError
