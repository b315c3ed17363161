"""``paadje start APP…``: from nothing to a class that can join."""

import argparse
import sys
from pathlib import Path
from typing import Any

from launcher import lesson
from launcher.cli.ask import consent, licence
from launcher.cli.boundary import show_error
from launcher.cli.clock import moment
from launcher.cli.lesson_text import share_lines
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.plan_options import add_plan_options, plan_wishes, port_option, seats_option
from launcher.cli.progress import progress_reporter
from launcher.cli.render import Output, show
from launcher.cli.signals import cancel_on_interrupt
from launcher.cli.verb_stop import receipt_lines
from launcher.errors import ExitCode, PaadjeError
from launcher.events import Cancel, Notice
from launcher.i18n import Translator
from launcher.lesson.types import Context, EngineAccess, LessonSnapshot, ShareWishes, to_dict
from launcher.logs import printable

LOOK_EVERY_S = 1.0


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "start")
    result.places.add_argument("apps", metavar="APP", nargs="+", help=t("cli.argument.app"))
    add_plan_options(result)
    options = result.options
    options.add_argument("--share", choices=("lan", "local"), help=t("cli.option.share"))
    options.add_argument("--address", metavar="IP", help=t("cli.option.address"))
    port_option(result)
    seats_option(result)
    options.add_argument("--approve", action="store_true", help=t("cli.option.approve"))
    options.add_argument("--prewarm", metavar="HH:MM", help=t("cli.option.prewarm"))
    options.add_argument("--until", metavar="HH:MM", help=t("cli.option.until"))
    options.add_argument("--local-name", action="store_true", help=t("cli.option.local_name"))
    options.add_argument("--tls-cert", metavar="FILE", type=Path, help=t("cli.option.tls_cert"))
    options.add_argument("--tls-key", metavar="FILE", type=Path, help=t("cli.option.tls_key"))
    options.add_argument("--hostname", metavar="NAME", help=t("cli.option.hostname"))
    options.add_argument("--endpoint", action="store_true", help=t("cli.option.endpoint"))
    options.add_argument("--detach", action="store_true", help=t("cli.option.detach"))
    options.add_argument("--yes", action="store_true", help=t("cli.option.yes"))
    options.add_argument(
        "--accept-licence", action="store_true", help=t("cli.option.accept_licence")
    )
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    report = progress_reporter(t)
    share = _share_wishes(options)
    apps = dict.fromkeys(options.apps)
    plans = [lesson.make_plan(context, app, plan_wishes(options)) for app in apps]
    lesson.check_share(context, share)
    for other in lesson.running_lessons(context):
        report(Notice(code="lesson.another_runs", params={"lesson": other.lesson}))
    for plan in plans:
        if plan.server:
            report(Notice(code="lesson.school_server", params={"server": plan.server}))
        licence(plan, context, t, accept=options.accept_licence, as_json=options.json)
        consent(plan, context, t, yes=options.yes, as_json=options.json)
    with cancel_on_interrupt() as cancel:
        for plan in plans:
            lesson.install(context, plan, report=report, cancel=cancel)
        running = lesson.start(context, plans, share, report=report, cancel=cancel)
        access = lesson.engine_access(context, running.lesson) if options.endpoint else None
        show(_output(running, access, t, detached=options.detach), as_json=options.json)
        if options.detach:
            return ExitCode.OK
        if not options.json:
            return _stay(running, context, t, cancel, quiet=False)
        # The one object of standard output has been printed: what goes wrong now is for people.
        try:
            return _stay(running, context, t, cancel, quiet=True)
        except PaadjeError as error:
            return show_error(error, ("--lang", context.lang), context.environ)
        except KeyboardInterrupt:
            return ExitCode.INTERRUPTED


def _share_wishes(options: argparse.Namespace) -> ShareWishes:
    return ShareWishes(
        mode=options.share or "lan",
        address=options.address,
        port=options.port,
        certificate=options.tls_cert,
        key=options.tls_key,
        hostname=options.hostname,
        seats=ShareWishes().seats if options.seats is None else options.seats,
        approve_each=options.approve,
        local_name=options.local_name,
        ends_at=moment(options.until) if options.until else None,
        prewarm_at=moment(options.prewarm) if options.prewarm else None,
    )


def _output(
    running: LessonSnapshot, access: EngineAccess | None, t: Translator, *, detached: bool
) -> Output:
    data: dict[str, Any] = to_dict(running)
    lines = list(share_lines(running, t))
    if access is not None:
        data["endpoint"] = {"url": access.url, "key": access.key, "model": access.model}
        lines += ["", t("cli.start.endpoint", url=access.url, key=access.key, model=access.model)]
    last = "cli.start.detached" if detached else "cli.start.foreground"
    return Output(data=data, lines=(*lines, "", t(last)))


def _stay(
    running: LessonSnapshot, context: Context, t: Translator, cancel: Cancel, *, quiet: bool
) -> int:
    """Stay in front of the lesson until Ctrl-C stops it or it ends by itself.

    When the address changes there is another QR code to scan.
    """
    lesson_id, join_url = running.lesson, running.share.join_url
    while not cancel.wait(LOOK_EVERY_S):
        current = lesson.find_lesson(context, lesson_id)
        if current is None:
            sys.stderr.write(f"{t('cli.start.ended')}\n")
            return ExitCode.OK
        if current.state in ("failed", "ended_uncleanly"):
            why = current.why
            raise why.as_error() if why else PaadjeError("lesson.ended_uncleanly")
        if current.share.join_url != join_url and not quiet:
            join_url = current.share.join_url
            sys.stdout.write("\n".join((*share_lines(current, t), "")))
            sys.stdout.flush()
    sys.stderr.write("\n")
    receipts = lesson.stop(context, lesson_id, report=progress_reporter(t))
    sys.stderr.writelines(f"{printable(line)}\n" for line in receipt_lines(receipts, t))
    return ExitCode.OK
