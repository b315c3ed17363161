"""The one question a command may ask, and only on a terminal."""

import sys

from launcher.cli.verb_plan import plan_lines
from launcher.errors import Cancelled, UsageError
from launcher.i18n import Translator
from launcher.lesson.plan import LaunchPlan
from launcher.lesson.types import Context
from launcher.logs import printable


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
    sys.stderr.write(f"\n{t('cli.ask.go_on')} ")
    sys.stderr.flush()
    answer = sys.stdin.readline().strip().casefold()
    if answer not in ("", "j", "ja", "y", "yes"):
        raise Cancelled()
