"""The options that ``plan``, ``install`` and ``start`` share."""

import argparse
from pathlib import Path

from launcher.cli.parser import Parser
from launcher.lesson.types import PlanWishes

PREFERENCES = ("eu", "open_data")
MOST_STUDENTS = 40
LEAST_CONTEXT_TOKENS = 512


def add_plan_options(parser: Parser) -> None:
    t = parser.t
    parser.options.add_argument("--model", metavar="ID", help=t("cli.option.model"))
    students_option(parser)
    parser.options.add_argument(
        "--context",
        metavar="N",
        type=_between(LEAST_CONTEXT_TOKENS, 131072),
        help=t("cli.option.context"),
    )
    parser.options.add_argument("--engine", metavar="E", help=t("cli.option.engine"))
    parser.options.add_argument("--lora", metavar="FILE", type=Path, help=t("cli.option.lora"))
    parser.options.add_argument(
        "--minutes", metavar="N", type=_between(1, 240), help=t("cli.option.minutes")
    )
    parser.options.add_argument(
        "--prefer", choices=PREFERENCES, action="append", help=t("cli.option.prefer")
    )


def students_option(parser: Parser) -> None:
    parser.options.add_argument(
        "--students",
        metavar="N",
        type=_between(1, MOST_STUDENTS),
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


class _between:  # noqa: N801 - argparse shows this name
    """A whole number within bounds."""

    def __init__(self, least: int, most: int) -> None:
        self.least = least
        self.most = most

    def __call__(self, text: str) -> int:
        value = int(text)
        if not self.least <= value <= self.most:
            raise argparse.ArgumentTypeError(f"{value}: {self.least}-{self.most}")
        return value

    def __repr__(self) -> str:
        return f"{self.least}-{self.most}"
