"""``paadje uninstall [APP|--everything]``: a receipt of what was freed and what was kept."""

import argparse
import sys
from collections.abc import Iterator

from launcher import lesson
from launcher.cli.ask import YES
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.render import Output, show
from launcher.errors import Cancelled, UsageError
from launcher.i18n import Translator
from launcher.lesson.types import Context, UninstallReceipt, to_dict


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "uninstall")
    result.places.add_argument("app", metavar="APP", nargs="?", help=t("cli.argument.app"))
    result.options.add_argument(
        "--everything", action="store_true", help=t("cli.option.everything")
    )
    result.options.add_argument("--yes", action="store_true", help=t("cli.option.yes"))
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    if options.app is None and not options.everything:
        raise UsageError("cli.missing", command="paadje uninstall", what="APP | --everything")
    if options.app is not None and options.everything:
        raise UsageError("cli.too_much", command="paadje uninstall", what=options.app)
    if options.everything and not (options.yes or options.json) and sys.stdin.isatty():
        _ask(t)
    receipt = lesson.uninstall(context, options.app)
    return show(Output(data=to_dict(receipt), lines=_lines(receipt, t)), as_json=options.json)


def _ask(t: Translator) -> None:
    """One wrong word must not take away what took an hour to fetch."""
    sys.stderr.write(f"{t('cli.uninstall.ask')} ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().casefold() not in YES:
        raise Cancelled()


def _lines(receipt: UninstallReceipt, t: Translator) -> Iterator[str]:
    if not receipt.removed and not receipt.kept:
        yield t("cli.uninstall.nothing")
        return
    yield t("cli.uninstall.freed", size=t.size(receipt.freed_bytes))
    for name in receipt.removed:
        yield t("cli.uninstall.removed", name=name)
    for name, reason in receipt.kept:
        yield t(f"cli.uninstall.kept.{reason}", name=name)
