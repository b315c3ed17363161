"""One app in the overview."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message

from launcher.i18n import Translator
from launcher.lesson.types import AppCard
from launcher.tui import wording
from launcher.tui.widgets.text import Line


class Card(Horizontal, can_focus=True):
    """What the app is, and the honest verdict on this computer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "tui.key.open", key_display="Enter"),
        Binding("space", "choose", show=False),
    ]

    class Chosen(Message):
        def __init__(self, card: AppCard) -> None:
            super().__init__()
            self.card = card

    def __init__(self, t: Translator, card: AppCard, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._t = t
        self._card = card

    def compose(self) -> ComposeResult:
        t, recipe, plan = self._t, self._card.recipe, self._card.plan
        yield Line(recipe.icon, classes="icon")
        with Vertical():
            yield Line(recipe.title.text(t.lang), classes="strong")
            yield Line(recipe.summary.text(t.lang), classes="summary")
            if plan is None:
                yield Line(t("tui.verdict.no"), classes="verdict bad")
                yield Line(wording.problem(t, self._card.problem or ""), classes="muted")
                return
            label, tone = wording.verdict(t, plan)
            yield Line(label, classes=f"verdict {tone}")
            model = t("tui.card.model", model=plan.model_name)
            yield Line(f"{model} {wording.waiting(t, plan.speed)}", classes="muted")

    def action_choose(self) -> None:
        self.post_message(self.Chosen(self._card))

    def on_click(self) -> None:
        self.action_choose()
