"""``paadje status``: what is running, and what ended in a way it should not."""

import argparse
from collections.abc import Iterator, Sequence

from launcher import lesson
from launcher.cli.lesson_text import state_lines
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.render import Output, show
from launcher.i18n import Translator
from launcher.lesson.types import Context, LessonSnapshot, to_dict


def parser(t: Translator) -> Parser:
    return verb_parser(t, "status")


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    lessons = lesson.status(context)
    data = {"lessons": to_dict(lessons)}
    return show(Output(data=data, lines=_lines(lessons, t)), as_json=options.json)


def _lines(lessons: Sequence[LessonSnapshot], t: Translator) -> Iterator[str]:
    if not lessons:
        yield t("cli.status.none")
    for place, each in enumerate(lessons):
        if place:
            yield ""
        yield from state_lines(each, t)
