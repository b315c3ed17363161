"""The verbs, each in a file of its own that is imported when it is used."""

import importlib
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from launcher import __version__
from launcher.cli.boundary import asked_language
from launcher.cli.parser import Parser, overview, write
from launcher.errors import ExitCode, UsageError
from launcher.i18n import translator

VERBS = (
    "doctor",
    "catalog",
    "plan",
    "install",
    "start",
    "status",
    "share",
    "stop",
    "logs",
    "models",
    "bench",
    "recipe",
    "uninstall",
)


def run_app(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run ``paadje <arguments>``. Options of all verbs may stand before the verb too."""
    t = translator(asked_language(arguments, environ))
    verb, rest = _split(arguments)
    if verb is None:
        if "--version" in rest:
            write(f"paadje {__version__}\n")
            return ExitCode.OK
        if "--help" in rest or "-h" in rest:
            write(overview(t, VERBS))
            return ExitCode.OK
        Parser(t, prog="paadje", description="").error(" ".join(rest))
    if verb not in VERBS:
        nearest = get_close_matches(verb, VERBS, n=1)
        if nearest:
            raise UsageError("cli.unknown_command_near", command=verb, nearest=nearest[0])
        raise UsageError("cli.unknown_command", command=verb)
    module = importlib.import_module(f"launcher.cli.verb_{verb}")
    parser = module.parser(t)
    if parser.wants_help(rest):
        write(parser.format_help())
        return ExitCode.OK
    options = parser.parse_args(rest)
    from launcher.lesson import open_context

    return int(module.run(options, open_context(environ, lang=options.lang), t))


def _split(arguments: Sequence[str]) -> tuple[str | None, list[str]]:
    """The verb, and everything else in its order."""
    rest = list(arguments)
    value_follows = False
    for place, argument in enumerate(rest):
        if value_follows:
            value_follows = False
        elif argument == "--lang":
            value_follows = True
        elif not argument.startswith("-"):
            return argument, rest[:place] + rest[place + 1 :]
    return None, rest
