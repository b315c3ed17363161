"""Short questions and messages above a screen. The answer is the id of a button, or None."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from launcher.errors import PaadjeError
from launcher.i18n import Translator, describe_error
from launcher.tui.screens.base import Front
from launcher.tui.widgets.keybar import KeyBar
from launcher.tui.widgets.text import Choice, Column, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``answers`` are (id, label); the first is the obvious one. ``detail`` is for IT."""

    title: str
    text: tuple[str, ...]
    answers: tuple[tuple[str, str], ...]
    detail: str = ""


class Dialog(Front[str], ModalScreen[str]):
    """A question that is written when it is shown, so that it follows the language."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "app.focus_next", "tui.key.choose", key_display="←→"),
        Binding("down", "app.focus_next", show=False),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("escape", "back", "tui.key.back"),
        Binding("t", "app.language", "tui.key.language"),
    ]

    def __init__(
        self,
        write: Callable[[Translator], Question],
        *,
        tone: str = "calm",
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id, classes=f"dialog {tone}")
        self._write = write

    def compose(self) -> ComposeResult:
        question = self._write(self.t)
        self.first_focus = question.answers[0][0]
        with Vertical(classes="box"):
            yield Line(question.title, classes="title")
            with Column(classes="text"):
                for paragraph in question.text:
                    yield Line(paragraph, classes="paragraph")
                if question.detail:
                    detail = self.t("core.detail", detail=question.detail)
                    yield Line(detail, classes="paragraph detail")
            with Horizontal(classes="buttons"):
                for place, (name, label) in enumerate(question.answers):
                    yield Choice(label, id=name, main=place == 0)
        yield KeyBar(self.t)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id)

    def action_back(self) -> None:
        self.dismiss(None)


def error_dialog(error: PaadjeError, *, again: bool = False) -> Dialog:
    """What happened, what you can do, the detail for IT; answers ``again`` or ``close``."""

    def write(t: Translator) -> Question:
        text = describe_error(error, t.lang)
        close = ("close", t("tui.answer.close"))
        return Question(
            title=text.message,
            text=(text.advice,),
            detail=text.detail,
            answers=(("again", t("tui.answer.again")), close) if again else (close,),
        )

    return Dialog(write, tone="error")


def leave_dialog() -> Dialog:
    """Answers ``keep``, ``stop`` or ``stay``."""

    def write(t: Translator) -> Question:
        return Question(
            title=t("tui.leave.title"),
            text=(t("tui.leave.text"),),
            answers=(
                ("keep", t("tui.leave.keep")),
                ("stop", t("tui.leave.stop")),
                ("stay", t("tui.leave.stay")),
            ),
        )

    return Dialog(write, id="leave")


def stop_dialog(erased: Callable[[Translator], tuple[str, ...]]) -> Dialog:
    """Answers ``stay``, ``stop`` or ``logs``; ``erased`` tells what each app keeps."""

    def write(t: Translator) -> Question:
        return Question(
            title=t("tui.stop.title"),
            text=(t("tui.stop.text"), *erased(t), t("tui.stop.logs")),
            answers=(
                ("stay", t("tui.stop.no")),
                ("stop", t("tui.stop.yes")),
                ("logs", t("tui.stop.yes_logs")),
            ),
        )

    return Dialog(write)


def cancel_dialog(kind: str) -> Dialog:
    """Answers ``on`` or ``cancel``."""

    def write(t: Translator) -> Question:
        return Question(
            title=t(f"tui.{kind}.cancel_title"),
            text=(t(f"tui.{kind}.cancel_text"),),
            answers=(
                ("on", t(f"tui.{kind}.cancel_no")),
                ("cancel", t(f"tui.{kind}.cancel_yes")),
            ),
        )

    return Dialog(write)


def page_dialog(url: str) -> Dialog:
    """No browser opened: the address to type."""

    def write(t: Translator) -> Question:
        return Question(
            title=t("tui.page.title"),
            text=(t("tui.page.text"), url),
            answers=(("close", t("tui.answer.close")),),
        )

    return Dialog(write)
