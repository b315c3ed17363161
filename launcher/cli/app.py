"""The verbs, put together."""

from collections.abc import Mapping, Sequence

from launcher.errors import UsageError


def run_app(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    raise UsageError("cli.unknown_command", command=arguments[0])
