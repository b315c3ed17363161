"""``paadje models``: the models on this computer."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from launcher import lesson
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.progress import progress_reporter
from launcher.cli.render import Output, show
from launcher.cli.signals import cancel_on_interrupt
from launcher.errors import ExitCode, UsageError
from launcher.i18n import Translator
from launcher.lesson.library import ModelEntry, Verification
from launcher.lesson.types import Context, to_dict

ACTIONS = ("list", "add", "remove", "verify")


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "models")
    result.places.add_argument(
        "action", metavar="|".join(ACTIONS), nargs="?", choices=ACTIONS, default="list",
        help=t("cli.argument.models_action"),
    )  # fmt: skip
    result.places.add_argument("what", metavar="FILE|ID", nargs="?", help=t("cli.argument.model"))
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    return show(_output(options, context, t), as_json=options.json)


def _output(options: argparse.Namespace, context: Context, t: Translator) -> Output:
    what: str | None = options.what
    if options.action in ("add", "remove") and what is None:
        raise UsageError("cli.usage", command=f"paadje models {options.action}", detail="FILE|ID")
    if options.action == "add":
        with cancel_on_interrupt() as cancel:
            added = lesson.add_model(
                context, Path(str(what)), report=progress_reporter(t), cancel=cancel
            )
        return Output(data=to_dict(added), lines=[t("cli.models.added", name=added.name)])
    if options.action == "remove":
        removed = lesson.remove_model(context, str(what))
        size = t.size(removed.size_bytes)
        line = t("cli.models.removed", name=removed.name, size=size)
        return Output(data=to_dict(removed), lines=[line])
    if options.action == "verify":
        with cancel_on_interrupt() as cancel:
            checks = lesson.verify_models(context, what, report=progress_reporter(t), cancel=cancel)
        bad = any(not check.right for check in checks)
        return Output(
            data={"models": to_dict(checks)},
            lines=_verified(checks, t),
            exit_code=ExitCode.KNOWN_ERROR if bad else ExitCode.OK,
        )
    entries = lesson.list_models(context)
    return Output(data={"models": to_dict(entries)}, lines=_listed(entries, t))


def _listed(entries: Sequence[ModelEntry], t: Translator) -> Iterator[str]:
    if not entries:
        yield t("cli.models.none")
    for entry in entries:
        key = "cli.models.entry" if entry.complete else "cli.models.partial"
        yield t(key, name=entry.name, size=t.size(entry.size_bytes))


def _verified(checks: Sequence[Verification], t: Translator) -> Iterator[str]:
    if not checks:
        yield t("cli.models.none")
    for check in checks:
        yield t("cli.models.right" if check.right else "cli.models.wrong", name=check.name)
