"""What a command may ask, and only on a terminal."""

import sys

from launcher import lesson
from launcher.cli.verb_plan import plan_lines
from launcher.errors import Cancelled, UsageError
from launcher.i18n import Translator
from launcher.lesson.plan import LaunchPlan
from launcher.lesson.types import Context
from launcher.logs import printable

YES = ("j", "ja", "y", "yes")


def consent(plan: LaunchPlan, context: Context, t: Translator, *, yes: bool, as_json: bool) -> None:
    """Go on only when nothing is fetched, ``--yes`` was typed, or the user says so now.

    Raises `UsageError` where nobody can answer and `Cancelled` when the answer is no.
    """
    if yes or not plan.fetch_bytes:
        return
    if as_json or not sys.stdin.isatty():
        raise UsageError("cli.needs_yes", size=t.size(plan.fetch_bytes))
    for line in plan_lines(context, plan, t):
        sys.stderr.write(f"{printable(line)}\n")
    if context.settings.colleagues and not context.settings.offline:
        sys.stderr.write(f"\n{t('cli.ask.colleagues')}\n")
    sys.stderr.write(f"\n{t('cli.ask.go_on')} ")
    sys.stderr.flush()
    typed = sys.stdin.readline()
    # Enter is a yes; the end of the input (Ctrl-D, a window that closes) is not.
    if not typed or typed.strip().casefold() not in ("", *YES):
        raise Cancelled()


def licence(
    plan: LaunchPlan, context: Context, t: Translator, *, accept: bool, as_json: bool
) -> None:
    """A licence that asks for a yes is shown, and only a yes of its own counts: not ``--yes``."""
    if not plan.licence_needs_acceptance or lesson.licence_accepted(context, plan.model):
        return
    page = plan.licence_url or "–"
    shown = t("cli.licence.shown", model=plan.model_name, licence=plan.licence, page=page)
    sys.stderr.write(f"{printable(shown)}\n")
    sys.stderr.write(f"{t('cli.licence.read', id=plan.model)}\n")
    if not accept:
        if as_json or not sys.stdin.isatty():
            raise UsageError(
                "lesson.licence_not_accepted",
                model=plan.model_name,
                id=plan.model,
                licence=plan.licence,
                page=page,
            )
        sys.stderr.write(f"{t('cli.licence.ask')} ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().casefold() not in YES:
            raise Cancelled()
    lesson.accept_licence(context, plan.model)
