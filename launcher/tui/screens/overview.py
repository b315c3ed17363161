"""The first screen: which app, and what is running already."""

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from launcher.errors import PaadjeError
from launcher.lesson.types import LessonSnapshot
from launcher.tui import wording
from launcher.tui.screens.base import Front, header
from launcher.tui.screens.dialogs import error_dialog
from launcher.tui.screens.plan import PlanScreen
from launcher.tui.widgets.card import Card
from launcher.tui.widgets.keybar import KeyBar
from launcher.tui.widgets.text import Choice, Column, Line


class OverviewScreen(Front[None]):
    """The apps as cards, with what is running above them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "tui.key.choose", key_display="↑↓"),
        Binding("right", "app.focus_next", show=False),
        Binding("up,left", "app.focus_previous", show=False),
    ]
    first_focus = "lesson-0 tidy-0 card-0"

    def __init__(self) -> None:
        super().__init__()
        self._said = ""
        self._banners: tuple[LessonSnapshot, ...] = ()

    def compose(self) -> ComposeResult:
        t, paadje = self.t, self.paadje
        yield header(t("tui.app.header"))
        with Column(id="body"):
            if self._said:
                yield Line(self._said, id="said")
            # A button is about the lesson above it, also when there are others by now.
            self._banners = paadje.lessons
            for place, lesson in enumerate(self._banners):
                yield from self._lesson_banner(place, lesson)
            yield Line(t("tui.overview.question"), classes="title")
            if paadje.cards is None:
                yield Line(t("tui.overview.looking"), id="looking", classes="muted")
            for place, card in enumerate(paadje.cards or ()):
                yield Card(t, card, id=f"card-{place}")
        yield KeyBar(t)

    def _lesson_banner(self, place: int, lesson: LessonSnapshot) -> ComposeResult:
        t, recipes = self.t, self.paadje.recipes
        title = wording.lesson_title(t, lesson, recipes)
        if wording.is_running(lesson):
            with Horizontal(classes="banner running"):
                with Vertical(classes="told"):
                    yield Line(t("tui.banner.running", app=title), classes="strong")
                    yield Line(wording.joined(t, lesson))
                yield Choice(t("tui.banner.back"), id=f"lesson-{place}", main=True)
                yield Choice(t("tui.banner.stop"), id=f"stop-{place}")
        else:
            with Horizontal(classes="banner ended"):
                with Vertical(classes="told"):
                    yield Line(t("tui.banner.ended", app=title), classes="strong")
                    yield Line(wording.why(t, lesson.why) or t("tui.banner.ended_why"))
                    yield Line(t("tui.banner.kept"))
                yield Choice(t("tui.banner.tidy"), id=f"tidy-{place}", main=True)

    def on_mount(self) -> None:
        self.load_apps()

    @work(name="apps", group="apps", exclusive=True)
    async def load_apps(self) -> None:
        paadje = self.paadje
        try:
            paadje.cards = await asyncio.to_thread(paadje.usecases.list_apps, paadje.context)
        except PaadjeError as error:
            paadje.push_screen(error_dialog(error, again=True), self._again)
            return
        await self.compose_again()

    def _again(self, answer: str | None) -> None:
        if answer == "again":
            self.load_apps()

    def say(self, text: str) -> None:
        """Tell the outcome of something, above the cards."""
        self._said = text
        self.show_again()

    def lessons_changed(self) -> None:
        self.show_again()

    @on(Card.Chosen)
    def _card_chosen(self, event: Card.Chosen) -> None:
        card = event.card
        if card.plan is None:
            error = PaadjeError(card.problem or "core.unnamed")
            self.paadje.push_screen(error_dialog(error))
        else:
            self.paadje.push_screen(PlanScreen(card))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        action, _, place = (event.button.id or "").partition("-")
        lesson = self._banners[int(place)]
        if action == "lesson":
            self.paadje.show_lesson(lesson)
        elif action == "stop":
            self.paadje.ask_to_stop(lesson)
        elif lesson.state == "ended_uncleanly":
            self._tidy(lesson)
        else:
            self.paadje.stop_lesson(lesson)

    @work(name="tidy", group="tidy", exclusive=True)
    async def _tidy(self, lesson: LessonSnapshot) -> None:
        paadje = self.paadje
        try:
            await asyncio.to_thread(paadje.usecases.forget, paadje.context, lesson.lesson)
        except PaadjeError as error:
            paadje.push_screen(error_dialog(error))
            return
        paadje.lessons = tuple(other for other in paadje.lessons if other != lesson)
        self.say(self.t("tui.overview.tidied"))
