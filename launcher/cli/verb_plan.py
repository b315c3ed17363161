"""``paadje plan APP``: everything that would happen, and nothing that does."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from launcher import lesson
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.plan_options import add_plan_options, plan_wishes
from launcher.cli.render import Output, show
from launcher.errors import UsageError
from launcher.hardware import profile_from_dict
from launcher.hardware.profile import MachineProfile
from launcher.i18n import Translator
from launcher.lesson.plan import LaunchPlan, plan_to_dict
from launcher.lesson.types import Context


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "plan")
    result.places.add_argument("app", metavar="APP", help=t("cli.argument.app"))
    add_plan_options(result)
    result.options.add_argument(
        "--machine", metavar="FILE", type=Path, help=t("cli.option.machine")
    )
    result.options.add_argument("--header", action="store_true", help=t("cli.option.header"))
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    machine = None if options.machine is None else read_machine(options.machine)
    plan = lesson.make_plan(context, options.app, plan_wishes(options), machine=machine)
    output = Output(data=plan_to_dict(plan), lines=plan_lines(context, plan, t))
    return show(output, as_json=options.json)


def read_machine(file: Path) -> MachineProfile:
    """Another computer, from a recorded profile or from what ``paadje doctor --json`` printed.

    Raises `UsageError` ``cli.no_such_file`` and ``hardware.profile_invalid``.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError("cli.no_such_file", file=str(file)) from error
    except ValueError as error:
        raise UsageError("hardware.profile_invalid", detail=str(error)) from error
    if isinstance(data, dict) and isinstance(data.get("data"), dict):
        data = data["data"].get("machine")
    if not isinstance(data, dict):
        raise UsageError("hardware.profile_invalid", detail=file.name)
    return profile_from_dict(data)


def plan_lines(context: Context, plan: LaunchPlan, t: Translator) -> Iterator[str]:
    """The plan as a teacher reads it."""
    yield from lesson.explain_plan(context, plan)
    if plan.server:
        return
    yield ""
    yield t("cli.plan.model", model=plan.model_name, quantization=plan.quantization or "?")
    taken_from = plan.files[0].taken_from
    if taken_from is not None:
        yield t("cli.plan.taken_over", program=taken_from, size=t.size(plan.fetch_bytes))
    elif plan.fetch_bytes:
        yield t("cli.plan.download", size=t.size(plan.fetch_bytes))
        if plan.disk_free_bytes is not None:
            yield t(
                "cli.plan.disk",
                needed=t.size(plan.disk_needed_bytes),
                free=t.size(plan.disk_free_bytes),
            )
    else:
        yield t("cli.plan.no_download")
    if plan.licence:
        yield t("cli.plan.licence", licence=plan.licence)
    else:
        yield t("cli.plan.licence_unknown")
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
