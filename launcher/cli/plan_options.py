"""The options that ``plan``, ``install`` and ``start`` share."""

import argparse
from pathlib import Path

from launcher.cli.parser import Parser
from launcher.errors import UsageError
from launcher.lesson.types import PlanWishes
from launcher.settings import MOST_STUDENTS
from launcher.sharing.join import MOST_SEATS

PREFERENCES = ("eu", "open_data")
LEAST_CONTEXT_TOKENS = 512
MOST_CONTEXT_TOKENS = 131072


def add_plan_options(parser: Parser) -> None:
    t = parser.t
    parser.options.add_argument("--model", metavar="ID", help=t("cli.option.model"))
    students_option(parser)
    number_option(
        parser, "--context", LEAST_CONTEXT_TOKENS, MOST_CONTEXT_TOKENS, t("cli.option.context")
    )
    parser.options.add_argument("--engine", metavar="E", help=t("cli.option.engine"))
    parser.options.add_argument("--lora", metavar="FILE", type=Path, help=t("cli.option.lora"))
    number_option(parser, "--minutes", 1, 240, t("cli.option.minutes"))
    parser.options.add_argument(
        "--prefer", choices=PREFERENCES, action="append", help=t("cli.option.prefer")
    )


def students_option(parser: Parser) -> None:
    number_option(parser, "--students", 1, MOST_STUDENTS, parser.t("cli.option.students"))


def seats_option(parser: Parser) -> None:
    number_option(parser, "--seats", 1, MOST_SEATS, parser.t("cli.option.seats"))


def port_option(parser: Parser) -> None:
    number_option(parser, "--port", 1, 65535, parser.t("cli.option.port"), metavar="P")


def number_option(
    parser: Parser, option: str, least: int, most: int, help_text: str, *, metavar: str = "N"
) -> None:
    """Anything but a whole number within the bounds is a `UsageError` ``cli.not_between``."""

    def read(typed: str) -> int:
        value = int(typed) if typed.isascii() and typed.isdigit() else least - 1
        if not least <= value <= most:
            raise UsageError("cli.not_between", option=option, typed=typed, least=least, most=most)
        return value

    parser.options.add_argument(option, metavar=metavar, type=read, help=help_text)


def plan_wishes(options: argparse.Namespace) -> PlanWishes:
    return PlanWishes(
        students=options.students,
        model=options.model,
        context_tokens=options.context,
        engine=options.engine,
        from_place=getattr(options, "place", None),
        class_minutes=options.minutes,
        prefer=tuple(options.prefer or ()),
        read_header=getattr(options, "header", False),
        adapter=options.lora,
    )
