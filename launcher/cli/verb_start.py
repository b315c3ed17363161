"""``paadje start APP…``: from nothing to a class that can join."""

import argparse
import sys
from typing import Any

from launcher import lesson
from launcher.cli.ask import consent
from launcher.cli.lesson_text import lesson_data, share_lines
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.plan_options import add_plan_options, plan_wishes
from launcher.cli.progress import progress_reporter
from launcher.cli.render import Output, show
from launcher.cli.signals import cancel_on_interrupt
from launcher.errors import ExitCode, PaadjeError
from launcher.events import Cancel
from launcher.i18n import Translator
from launcher.lesson.types import Context, LessonSnapshot, ShareWishes

LOOK_EVERY_S = 1.0


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "start")
    result.places.add_argument("apps", metavar="APP", nargs="+", help=t("cli.argument.app"))
    add_plan_options(result)
    options = result.options
    options.add_argument("--share", choices=("lan", "local"), help=t("cli.option.share"))
    options.add_argument("--address", metavar="IP", help=t("cli.option.address"))
    options.add_argument("--port", metavar="P", type=int, help=t("cli.option.port"))
    options.add_argument("--detach", action="store_true", help=t("cli.option.detach"))
    options.add_argument("--yes", action="store_true", help=t("cli.option.yes"))
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    report = progress_reporter(t)
    share = ShareWishes(mode=options.share or "lan", address=options.address, port=options.port)
    plans = [lesson.make_plan(context, app, plan_wishes(options)) for app in options.apps]
    for plan in plans:
        consent(plan, context, t, yes=options.yes, as_json=options.json)
    with cancel_on_interrupt() as cancel:
        for plan in plans:
            lesson.install(context, plan, report=report, cancel=cancel)
        running = lesson.start(context, plans, share, report=report, cancel=cancel)
        show(_output(running, t, detached=options.detach), as_json=options.json)
        if options.detach:
            return ExitCode.OK
        return _stay(running.lesson, context, t, cancel)


def _output(running: LessonSnapshot, t: Translator, *, detached: bool) -> Output:
    data: dict[str, Any] = lesson_data(running)
    last = "cli.start.detached" if detached else "cli.start.foreground"
    return Output(data=data, lines=(*share_lines(running, t), "", t(last)))


def _stay(lesson_id: str, context: Context, t: Translator, cancel: Cancel) -> int:
    """Stay in front of the lesson until Ctrl-C stops it or it ends by itself."""
    while not cancel.wait(LOOK_EVERY_S):
        current = lesson.find_lesson(context, lesson_id)
        if current is None:
            sys.stderr.write(f"{t('cli.start.ended')}\n")
            return ExitCode.OK
        if current.state in ("failed", "ended_uncleanly"):
            why = current.why
            raise PaadjeError(
                why.code if why else "lesson.ended_uncleanly",
                detail=why.detail if why else "",
                **(dict(why.params) if why else {}),
            )
    sys.stderr.write(f"\n{t('cli.start.stopping')}\n")
    lesson.stop(context, lesson_id, report=progress_reporter(t))
    return ExitCode.OK
