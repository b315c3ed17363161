"""``paadje logs [LESSON]``: the log files of a lesson, for IT."""

import argparse
from collections.abc import Iterator, Mapping

from launcher import lesson
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.render import Output, show
from launcher.i18n import Translator
from launcher.lesson.types import Context


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "logs")
    result.places.add_argument("lesson", metavar="LESSON", nargs="?", help=t("cli.argument.lesson"))
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    logs = lesson.read_logs(context, options.lesson)
    return show(Output(data={"logs": logs}, lines=_lines(logs)), as_json=options.json)


def _lines(logs: Mapping[str, list[str]]) -> Iterator[str]:
    for name, lines in logs.items():
        yield f"== {name}"
        yield from lines
