"""The words of the command line, in the user's language."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from launcher import __version__
from launcher.errors import UsageError
from launcher.i18n import LANGUAGES, Translator


class Parser(argparse.ArgumentParser):
    """Raises `UsageError` instead of leaving, and has its headings in the user's language."""

    def __init__(self, t: Translator, *, prog: str, description: str, usage: str | None = None):
        super().__init__(
            prog=prog, description=description, usage=usage, add_help=False, allow_abbrev=False
        )
        self.t = t
        self.places = self.add_argument_group(t("cli.heading.arguments"))
        self.options = self.add_argument_group(t("cli.heading.options"))
        self.options.add_argument("-h", "--help", action="store_true", help=t("cli.option.help"))
        self.options.add_argument("--lang", choices=LANGUAGES, help=t("cli.option.lang"))

    def error(self, message: str) -> NoReturn:
        """The slips that are made most have a sentence of their own."""
        said, _, what = message.partition(": ")
        if what == "expected one argument":
            option = said.removeprefix("argument ")
            raise UsageError("cli.needs_value", command=self.prog, option=option, detail=message)
        if said == "the following arguments are required":
            raise UsageError("cli.missing", command=self.prog, what=what, detail=message)
        if said == "unrecognized arguments":
            raise UsageError("cli.too_much", command=self.prog, what=what, detail=message)
        raise UsageError("cli.usage", command=self.prog, detail=message)

    def _check_value(self, action: argparse.Action, value: object) -> None:
        if action.choices is not None and value not in action.choices:
            choices = ", ".join(str(choice) for choice in action.choices)
            raise UsageError("cli.not_a_choice", typed=value, choices=choices)

    def format_usage(self) -> str:
        formatter = self._get_formatter()
        formatter.add_usage(
            self.usage, self._actions, self._mutually_exclusive_groups, self.t("cli.usage_prefix")
        )
        return formatter.format_help()

    def format_help(self) -> str:
        formatter = argparse.HelpFormatter(self.prog, width=90, max_help_position=28)
        for group in (self.places, self.options):
            formatter.start_section(group.title)
            formatter.add_arguments(group._group_actions)
            formatter.end_section()
        return f"{self.format_usage()}\n{self.description}\n\n{formatter.format_help()}"

    def wants_help(self, arguments: Sequence[str]) -> bool:
        """Help is given even when the rest of the command line is not right."""
        return any(argument in ("-h", "--help") for argument in arguments)


def verb_parser(t: Translator, verb: str) -> Parser:
    """A parser for one verb: ``cli.<verb>.help`` describes it; every verb takes ``--json``."""
    parser = Parser(t, prog=f"paadje {verb}", description=t(f"cli.{verb}.help"))
    parser.options.add_argument("--json", action="store_true", help=t("cli.option.json"))
    return parser


def overview(t: Translator, verbs: Sequence[str]) -> str:
    """What ``paadje --help`` prints."""
    width = max(len(verb) for verb in verbs)
    lines = [f"  {verb:<{width}}  {t(f'cli.{verb}.help')}" for verb in verbs]
    with_verb = f"paadje {t('cli.overview.verb')}"
    return "\n".join(
        (
            t("cli.overview.title", version=__version__),
            "",
            f"  {'paadje':<{len(with_verb)}}  {t('cli.overview.tui')}",
            f"  {with_verb}  {t('cli.overview.command')}",
            "",
            t("cli.heading.commands"),
            *lines,
            "",
            t("cli.overview.more"),
            "",
        )
    )


def write(text: str) -> None:
    sys.stdout.write(text)
