"""``paadje stop [LESSON|--all]``: end lessons, and say what was erased."""

import argparse
from collections.abc import Iterator, Sequence

from launcher import lesson
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.progress import progress_reporter
from launcher.cli.render import Output, show
from launcher.errors import UsageError
from launcher.i18n import Translator
from launcher.lesson.types import Context, StopReceipt, to_dict


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "stop")
    result.places.add_argument("lesson", metavar="LESSON", nargs="?", help=t("cli.argument.lesson"))
    result.options.add_argument("--all", action="store_true", help=t("cli.option.all"))
    result.options.add_argument(
        "--erase-logs", action="store_true", help=t("cli.option.erase_logs")
    )
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    if options.all and options.lesson:
        raise UsageError("cli.usage", command="paadje stop", detail="LESSON and --all")
    wanted = options.lesson
    # What is left of a lesson that ended suddenly is tidied up along the way.
    if wanted is None and not options.all and len(lesson.running_lessons(context)) > 1:
        raise UsageError("lesson.which_to_stop")
    receipts = lesson.stop(
        context, wanted, report=progress_reporter(t), erase_logs=options.erase_logs
    )
    data = {"stopped": to_dict(receipts)}
    return show(Output(data=data, lines=receipt_lines(receipts, t)), as_json=options.json)


def receipt_lines(receipts: Sequence[StopReceipt], t: Translator) -> Iterator[str]:
    """What was stopped and erased."""
    if not receipts:
        yield t("cli.status.none")
    for receipt in receipts:
        done = "cli.stop.done" if receipt.ended else "cli.stop.tidied"
        yield t(done, lesson=receipt.lesson)
        yield t("cli.stop.erased" if receipt.data_erased else "cli.stop.not_erased")
        if receipt.erased_files:
            size = t.number(receipt.erased_bytes)
            yield t.plural("cli.stop.receipt", receipt.erased_files, bytes=size)
        if receipt.logs_erased:
            yield t("cli.stop.logs_erased")
