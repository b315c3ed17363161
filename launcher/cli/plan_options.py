"""The options that ``plan``, ``install`` and ``start`` share."""

import argparse
from collections.abc import Callable
from pathlib import Path

from launcher.cli.parser import Parser
from launcher.errors import UsageError
from launcher.lesson.types import PlanWishes
from launcher.settings import MOST_STUDENTS

PREFERENCES = ("eu", "open_data")
MOST_SEATS = 1000
LEAST_CONTEXT_TOKENS = 512


def add_plan_options(parser: Parser) -> None:
    t = parser.t
    parser.options.add_argument("--model", metavar="ID", help=t("cli.option.model"))
    students_option(parser)
    parser.options.add_argument(
        "--context",
        metavar="N",
        type=whole_number("--context", LEAST_CONTEXT_TOKENS, 131072),
        help=t("cli.option.context"),
    )
    parser.options.add_argument("--engine", metavar="E", help=t("cli.option.engine"))
    parser.options.add_argument("--lora", metavar="FILE", type=Path, help=t("cli.option.lora"))
    parser.options.add_argument(
        "--minutes",
        metavar="N",
        type=whole_number("--minutes", 1, 240),
        help=t("cli.option.minutes"),
    )
    parser.options.add_argument(
        "--prefer", choices=PREFERENCES, action="append", help=t("cli.option.prefer")
    )


def students_option(parser: Parser) -> None:
    parser.options.add_argument(
        "--students",
        metavar="N",
        type=whole_number("--students", 1, MOST_STUDENTS),
        help=parser.t("cli.option.students"),
    )


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


def whole_number(option: str, least: int, most: int) -> Callable[[str], int]:
    """Reads a whole number within bounds. Raises `UsageError` ``cli.not_between``."""

    def read(typed: str) -> int:
        value = int(typed) if typed.isascii() and typed.isdigit() else least - 1
        if not least <= value <= most:
            raise UsageError("cli.not_between", option=option, typed=typed, least=least, most=most)
        return value

    return read


def seats_option(parser: Parser) -> None:
    parser.options.add_argument(
        "--seats",
        metavar="N",
        type=whole_number("--seats", 1, MOST_SEATS),
        help=parser.t("cli.option.seats"),
    )


def port_option(parser: Parser) -> None:
    parser.options.add_argument(
        "--port",
        metavar="P",
        type=whole_number("--port", 1, 65535),
        help=parser.t("cli.option.port"),
    )
