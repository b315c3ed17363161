"""``paadje catalog``: the apps, each with its verdict on this computer."""

import argparse
from collections.abc import Iterator, Sequence

from launcher import lesson
from launcher.catalog.schema import CatalogModel
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.render import Output, show
from launcher.errors import PaadjeError
from launcher.i18n import Translator, describe_error
from launcher.lesson.plan import plan_to_dict
from launcher.lesson.types import AppCard, Context


def parser(t: Translator) -> Parser:
    return verb_parser(t, "catalog")


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    cards = lesson.list_apps(context)
    withheld = lesson.withheld_models(context)
    data = {
        "apps": [
            {
                "id": card.recipe.id,
                "title": card.recipe.title.text(context.lang),
                "summary": card.recipe.summary.text(context.lang),
                "installed": card.installed,
                "verdict": card.plan.verdict if card.plan else "no",
                "model": card.plan.model if card.plan else None,
                "practice": card.plan.practice if card.plan else None,
                "plan": plan_to_dict(card.plan) if card.plan else None,
                "problem": card.problem,
            }
            for card in cards
        ],
        "withheld_models": [_withheld(model, context.lang) for model in withheld],
    }
    return show(Output(data=data, lines=_lines(cards, withheld, context, t)), as_json=options.json)


def _withheld(model: CatalogModel, lang: str) -> dict[str, str]:
    reason = model.reason.text(lang) if model.reason else ""
    return {"id": model.id, "name": model.name, "reason": reason}


def _lines(
    cards: Sequence[AppCard], withheld: Sequence[CatalogModel], context: Context, t: Translator
) -> Iterator[str]:
    for card in cards:
        yield f"{card.recipe.icon} {card.recipe.title.text(context.lang)} ({card.recipe.id})"
        yield f"   {card.recipe.summary.text(context.lang)}"
        if card.plan is None:
            text = describe_error(PaadjeError(card.problem or "core.unnamed"), context.lang)
            yield f"   {text.message} {text.advice}"
        else:
            for sentence in lesson.explain_plan(context, card.plan):
                yield f"   {sentence}"
            state = "cli.catalog.installed" if card.installed else "cli.catalog.not_installed"
            yield f"   {t(state)}"
        yield ""
    if withheld:
        yield t("cli.catalog.withheld")
        for model in withheld:
            entry = _withheld(model, context.lang)
            yield f"   {entry['name']}: {entry['reason']}"
