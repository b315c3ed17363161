"""``paadje plan APP``: everything that would happen, and nothing that does."""

import argparse
from collections.abc import Iterator

from launcher import lesson
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.plan_options import add_plan_options, plan_wishes
from launcher.cli.render import Output, show
from launcher.i18n import Translator
from launcher.lesson.plan import LaunchPlan, plan_to_dict
from launcher.lesson.types import Context


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "plan")
    result.places.add_argument("app", metavar="APP", help=t("cli.argument.app"))
    add_plan_options(result)
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    plan = lesson.make_plan(context, options.app, plan_wishes(options))
    output = Output(data=plan_to_dict(plan), lines=plan_lines(context, plan, t))
    return show(output, as_json=options.json)


def plan_lines(context: Context, plan: LaunchPlan, t: Translator) -> Iterator[str]:
    """The plan as a teacher reads it."""
    yield from lesson.explain_plan(context, plan)
    yield ""
    yield t("cli.plan.model", model=plan.model_name, quantization=plan.quantization)
    if plan.fetch_bytes:
        yield t("cli.plan.download", size=t.size(plan.fetch_bytes))
        if plan.disk_free_bytes is not None:
            yield t(
                "cli.plan.disk",
                needed=t.size(plan.disk_needed_bytes),
                free=t.size(plan.disk_free_bytes),
            )
    else:
        yield t("cli.plan.no_download")
    yield t("cli.plan.licence", licence=plan.licence)
    if plan.alternatives:
        yield ""
        yield t("cli.plan.alternatives")
        for each in plan.alternatives:
            if each.class_last_s is None:
                yield t("cli.plan.alternative_untimed", model=each.model, name=each.name)
            else:
                yield t(
                    "cli.plan.alternative",
                    model=each.model,
                    name=each.name,
                    time=t.duration(each.class_last_s),
                )
