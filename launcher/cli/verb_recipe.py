"""``paadje recipe check FILE``: all findings of a recipe at once."""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from launcher import catalog
from launcher.catalog.linter import Finding
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.render import Output, show
from launcher.errors import ExitCode, UsageError
from launcher.i18n import Translator
from launcher.lesson.types import Context


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "recipe")
    result.places.add_argument(
        "action", metavar="check", choices=("check",), help=t("cli.argument.check")
    )
    result.places.add_argument(
        "file", metavar="FILE", type=Path, help=t("cli.argument.recipe_file")
    )
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    file: Path = options.file
    if not file.is_file():
        raise UsageError("cli.no_such_file", file=str(file))
    findings = catalog.check_recipe(file)
    if findings and options.json:
        sentences = " | ".join(finding_line(finding, t) for finding in findings)
        raise UsageError("catalog.recipe_broken", count=len(findings), detail=sentences)
    output = Output(
        data={"file": str(file), "findings": []},
        lines=_lines(findings, t),
        exit_code=ExitCode.USAGE if findings else ExitCode.OK,
    )
    return show(output, as_json=options.json)


def finding_line(finding: Finding, t: Translator) -> str:
    sentence = t(f"catalog.finding.{finding.code}", **finding.params)
    return t("cli.recipe.finding", line=finding.line, key=finding.key or "-", sentence=sentence)


def _lines(findings: Sequence[Finding], t: Translator) -> Iterator[str]:
    for finding in findings:
        yield finding_line(finding, t)
    yield t.plural("cli.recipe.findings", len(findings)) if findings else t("cli.recipe.fine")
