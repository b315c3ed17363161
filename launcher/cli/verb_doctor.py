"""``paadje doctor``: this computer, with one line of advice for each thing found."""

import argparse
from collections.abc import Iterator

from launcher import lesson
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.render import Output, show
from launcher.i18n import Translator
from launcher.lesson.doctor import Diagnosis
from launcher.lesson.types import Context, to_dict

MARKS = {"ok": "✓", "warning": "!", "problem": "✗", "unknown": "?"}


def parser(t: Translator) -> Parser:
    return verb_parser(t, "doctor")


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    diagnosis = lesson.diagnose(context)
    return show(Output(data=to_dict(diagnosis), lines=_lines(diagnosis, t)), as_json=options.json)


def _lines(diagnosis: Diagnosis, t: Translator) -> Iterator[str]:
    for check in diagnosis.checks:
        values = {
            name: t.size(value) if name.endswith("_bytes") and isinstance(value, int) else value
            for name, value in check.params.items()
        }
        yield f"{MARKS[check.state]} {t(f'lesson.check.{check.code}', **values)}"
        if check.state != "ok":
            yield f"  {t(f'lesson.check_advice.{check.code}', **values)}"
