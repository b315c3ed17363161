"""Which model: the one Paadje proposes, others that work here, and why some are not offered."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from launcher.catalog.schema import CatalogModel
from launcher.i18n import Translator
from launcher.lesson.plan import Alternative, LaunchPlan
from launcher.tui import wording
from launcher.tui.screens.base import Front, header
from launcher.tui.widgets.keybar import KeyBar
from launcher.tui.widgets.text import Line, plain

_TONES = {"good": "$success", "care": "$warning", "bad": "$error", "quiet": "$foreground 60%"}


class ModelList(OptionList):
    """The same keys as every list, told in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cursor_down", "tui.key.choose", key_display="↑↓"),
        Binding("enter", "select", "tui.key.take", key_display="Enter"),
    ]


class ModelsScreen(Front[str]):
    """Its answer is the id of a model, an empty text for Paadje's own choice, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "tui.key.back"),
    ]
    first_focus = "models"

    def __init__(self, best: LaunchPlan, withheld: Sequence[CatalogModel], *, chosen: str) -> None:
        super().__init__()
        self._best = best
        self._withheld = withheld
        self._chosen = chosen

    def compose(self) -> ComposeResult:
        t = self.t
        yield header(t("tui.app.header"))
        yield Line(t("tui.models.question"), classes="title page-title")
        options = [_best_option(t, self._best)]
        options += [_option(t, one) for one in self._best.alternatives]
        options += [_withheld_option(t, model) for model in self._withheld]
        ids = [option.id for option in options]
        models = ModelList(*options, id="models", markup=False)
        models.highlighted = ids.index(self._chosen) if self._chosen in ids else 0
        yield models
        yield KeyBar(t)

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        chosen = event.option.id
        self.dismiss("" if chosen == self._best.model else chosen)

    def action_back(self) -> None:
        self.dismiss(None)


def _best_option(t: Translator, plan: LaunchPlan) -> Option:
    label, tone = wording.verdict(t, plan)
    wait = wording.waiting(t, plan.speed)
    return _lines(
        t("tui.models.best", model=plan.model_name),
        label,
        tone,
        wait,
        plan.fetch_bytes,
        t,
        plan.model,
    )


def _option(t: Translator, other: Alternative) -> Option:
    label, tone = wording.alternative_verdict(t, other)
    wait = wording.last_answer(t, other.class_last_s)
    return _lines(other.name, label, tone, wait, other.fetch_bytes, t, other.model)


def _lines(
    name: str, label: str, tone: wording.Tone, wait: str, fetch_bytes: int, t: Translator, id_: str
) -> Option:
    size = t("tui.models.fetch", size=t.size(fetch_bytes)) if fetch_bytes else t("tui.models.here")
    return Option(
        Content.assemble(
            plain(name).stylize("bold"),
            "\n",
            (label, _TONES[tone]),
            "\n",
            plain(wait),
            " ",
            size,
            "\n",
        ),
        id=id_,
    )


def _withheld_option(t: Translator, model: CatalogModel) -> Option:
    reason = model.reason.text(t.lang) if model.reason else ""
    return Option(
        Content.assemble(
            plain(t("tui.models.withheld", model=model.name)), "\n", plain(reason), "\n"
        ),
        disabled=True,
    )
