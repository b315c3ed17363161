"""``paadje install APP``: fetch and verify all that the plan needs."""

import argparse

from launcher import lesson
from launcher.cli.ask import consent, licence
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.plan_options import add_plan_options, plan_wishes
from launcher.cli.progress import progress_reporter
from launcher.cli.render import Output, show
from launcher.cli.signals import cancel_on_interrupt
from launcher.i18n import Translator
from launcher.lesson.types import Context, to_dict


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "install")
    result.places.add_argument("app", metavar="APP", help=t("cli.argument.app"))
    add_plan_options(result)
    result.options.add_argument(
        "--from", dest="place", metavar="DIR|FILE|URL|lan", help=t("cli.option.from")
    )
    result.options.add_argument("--yes", action="store_true", help=t("cli.option.yes"))
    result.options.add_argument(
        "--accept-licence", action="store_true", help=t("cli.option.accept_licence")
    )
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    plan = lesson.make_plan(context, options.app, plan_wishes(options))
    licence(plan, context, t, accept=options.accept_licence, as_json=options.json)
    consent(plan, context, t, yes=options.yes, as_json=options.json)
    with cancel_on_interrupt() as cancel:
        receipt = lesson.install(
            context, plan, from_place=options.place, report=progress_reporter(t), cancel=cancel
        )
    lines = [t("cli.install.done", model=plan.model_name)]
    return show(Output(data=to_dict(receipt), lines=lines), as_json=options.json)
