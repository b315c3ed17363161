"""``paadje doctor``: this computer, with one line of advice for each thing found."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from launcher import lesson
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.progress import progress_reporter
from launcher.cli.render import Output, show
from launcher.cli.signals import cancel_on_interrupt
from launcher.i18n import Translator
from launcher.lesson.doctor import Check
from launcher.lesson.types import Context, to_dict

MARKS = {"ok": "✓", "warning": "!", "problem": "✗", "unknown": "?"}


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "doctor")
    result.options.add_argument("--network", action="store_true", help=t("cli.option.network"))
    result.options.add_argument("--letter", metavar="FILE", type=Path, help=t("cli.option.letter"))
    result.options.add_argument("--graphics", action="store_true", help=t("cli.option.graphics"))
    result.options.add_argument("--yes", action="store_true", help=t("cli.option.yes"))
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    if options.network or options.letter:
        return _network(options, context, t)
    if options.graphics:
        return _graphics(options, context, t)
    diagnosis = lesson.diagnose(context)
    lines = _lines(diagnosis.checks, t)
    return show(Output(data=to_dict(diagnosis), lines=lines), as_json=options.json)


def _network(options: argparse.Namespace, context: Context, t: Translator) -> int:
    letter: Path | None = options.letter
    with cancel_on_interrupt() as cancel:
        found = lesson.diagnose_network(context, report=progress_reporter(t), cancel=cancel)
    lines = list(_lines(found.checks, t))
    if letter is not None:
        lesson.write_letter(letter, found, t, first_port=context.settings.port)
        lines += ["", t("cli.doctor.letter", file=str(letter))]
    data = {**to_dict(found), "letter": str(letter) if letter else None}
    return show(Output(data=data, lines=lines), as_json=options.json)


def _graphics(options: argparse.Namespace, context: Context, t: Translator) -> int:
    """Say what would be fetched; do it only after ``--yes``."""
    build = lesson.wanted_build(context)
    data: dict[str, Any] = {"build": build.id if build else None, "devices": None}
    if build is None:
        return show(Output(data=data, lines=(t("cli.doctor.no_build"),)), as_json=options.json)
    if not options.yes:
        said = t("cli.doctor.build", build=build.id, size=t.size(build.fetch_bytes))
        return show(Output(data=data, lines=(said,)), as_json=options.json)
    with cancel_on_interrupt() as cancel:
        found = lesson.add_build(context, report=progress_reporter(t), cancel=cancel)
    line = t("cli.doctor.build_added", devices=", ".join(found))
    data["devices"] = list(found)
    return show(Output(data=data, lines=(line,)), as_json=options.json)


def _value(name: str, value: object, t: Translator) -> object:
    if not (name.endswith("_bytes") and isinstance(value, int)):
        return value
    return t.rate(value) if name == "speed_bytes" else t.size(value)


def _lines(checks: Sequence[Check], t: Translator) -> Iterator[str]:
    for check in checks:
        values = {name: _value(name, value, t) for name, value in check.params.items()}
        yield f"{MARKS[check.state]} {t(f'lesson.check.{check.code}', **values)}"
        if check.state != "ok":
            yield f"  {t(f'lesson.check_advice.{check.code}', **values)}"
