"""``paadje share``: show again how the class gets in."""

import argparse

from launcher import lesson
from launcher.cli.lesson_text import share_lines
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.render import Output, show
from launcher.i18n import Translator
from launcher.lesson.types import Context, to_dict


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "share")
    result.places.add_argument("lesson", metavar="LESSON", nargs="?", help=t("cli.argument.lesson"))
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    running = lesson.running_lesson(context, options.lesson)
    output = Output(data=to_dict(running.share), lines=share_lines(running, t))
    return show(output, as_json=options.json)
