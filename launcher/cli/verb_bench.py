"""``paadje bench [MODEL]``: how fast the models are on this computer, measured."""

import argparse
from collections.abc import Iterator, Sequence

from launcher import lesson
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.plan_options import students_option
from launcher.cli.progress import progress_reporter
from launcher.cli.render import Output, show
from launcher.cli.signals import cancel_on_interrupt
from launcher.events import Cancel
from launcher.fit.explain import explain_reason
from launcher.i18n import Translator
from launcher.lesson.calibration import BenchRow
from launcher.lesson.slots import SlotChoice
from launcher.lesson.types import Context, to_dict

GAP = "  "


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "bench")
    result.places.add_argument(
        "model", metavar="MODEL", nargs="?", help=t("cli.argument.bench_model")
    )
    students_option(result)
    result.options.add_argument("--slots", action="store_true", help=t("cli.option.slots"))
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    with cancel_on_interrupt() as cancel:
        rows = lesson.bench(
            context,
            options.model,
            students=options.students,
            report=progress_reporter(t),
            cancel=cancel,
        )
        choices = _measure_slots(context, rows, t, cancel) if options.slots else ()
    names = {row.model: row.name for row in rows}
    lines = [*bench_lines(rows, t)]
    lines += [t("cli.bench.slots", model=names[each.model], slots=each.slots) for each in choices]
    data = {"models": to_dict(rows), "slots": to_dict(choices)}
    return show(Output(data=data, lines=lines), as_json=options.json)


def _measure_slots(
    context: Context, rows: Sequence[BenchRow], t: Translator, cancel: Cancel
) -> tuple[SlotChoice, ...]:
    report = progress_reporter(t)
    return tuple(
        lesson.calibrate_slots(
            context,
            lesson.settings_for(context, row.model, slots=row.slots),
            report=report,
            cancel=cancel,
        )
        for row in rows
    )


def bench_lines(rows: Sequence[BenchRow], t: Translator) -> Iterator[str]:
    """The table, and what to know about each row."""
    students = t.number(rows[0].speed.students)
    slots = t.number(max(row.slots for row in rows))
    head = [
        t("cli.bench.model"),
        t("cli.bench.memory"),
        t("cli.bench.one"),
        t("cli.bench.class", slots=slots),
        t("cli.bench.feedback"),
        t("cli.bench.last", students=students),
    ]
    table = [head, *(_cells(row, t) for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(head))]
    for line in table:
        first, *others = (
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield GAP.join((first, *others)).rstrip()
    yield ""
    yield t("cli.bench.measured", students=students)
    if not all(row.stored for row in rows):
        yield t("cli.bench.not_stored")
    told = set()
    for row in rows:
        for reason in row.reasons:
            for sentence in explain_reason(reason, t.lang):
                if sentence not in told:
                    told.add(sentence)
                    yield sentence


def _cells(row: BenchRow, t: Translator) -> list[str]:
    def seconds(value: float | None) -> str:
        return t("cli.bench.unknown") if value is None else t.duration(value)

    def rate(value: float) -> str:
        return t.number(value, digits=1 if value < 10 else 0)

    name = t("cli.bench.practice_name", name=row.name) if row.practice else row.name
    memory = t("cli.bench.unknown") if row.memory_bytes is None else t.size(row.memory_bytes)
    return [
        name,
        memory,
        rate(row.decode_tokens_per_s),
        rate(row.class_tokens_per_s),
        seconds(row.speed.one_feedback_s.likely),
        seconds(row.speed.class_last_s.likely),
    ]
