"""``paadje uninstall [APP|--everything]``: a receipt of what was freed and what was kept."""

import argparse
from collections.abc import Iterator

from launcher import lesson
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.progress import progress_reporter
from launcher.cli.render import Output, show
from launcher.errors import UsageError
from launcher.i18n import Translator
from launcher.lesson.types import Context, UninstallReceipt, to_dict


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "uninstall")
    result.places.add_argument("app", metavar="APP", nargs="?", help=t("cli.argument.app"))
    result.options.add_argument(
        "--everything", action="store_true", help=t("cli.option.everything")
    )
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    if bool(options.app) == options.everything:
        raise UsageError("cli.usage", command="paadje uninstall", detail="APP | --everything")
    receipt = lesson.uninstall(context, options.app, report=progress_reporter(t))
    return show(Output(data=to_dict(receipt), lines=_lines(receipt, t)), as_json=options.json)


def _lines(receipt: UninstallReceipt, t: Translator) -> Iterator[str]:
    yield t("cli.uninstall.freed", size=t.size(receipt.freed_bytes))
    for name in receipt.removed:
        yield t("cli.uninstall.removed", name=name)
    for name, reason in receipt.kept:
        yield t(f"cli.uninstall.kept.{reason}", name=name)
