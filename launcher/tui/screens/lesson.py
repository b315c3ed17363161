"""A lesson that runs: how to join, who joined, how it is doing."""

import asyncio
import webbrowser
from collections.abc import Mapping
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from launcher.catalog.schema import Recipe
from launcher.i18n import Translator
from launcher.lesson.types import LessonSnapshot
from launcher.sharing.join import show_code
from launcher.tui import wording
from launcher.tui.screens.base import Front, header
from launcher.tui.screens.dialogs import page_dialog, stop_dialog
from launcher.tui.screens.work import WorkScreen, stop_job
from launcher.tui.widgets.keybar import KeyBar
from launcher.tui.widgets.qr import QrCode
from launcher.tui.widgets.text import Choice, Column, Line


def erased_texts(
    t: Translator, lesson: LessonSnapshot, recipes: Mapping[str, Recipe]
) -> tuple[str, ...]:
    """What the apps of a lesson keep, and how long, in the words of their recipes."""
    return tuple(
        t("tui.stop.kept", text=recipes[app.id].privacy.retention.text(t.lang))
        for app in lesson.apps
        if app.id in recipes
    )


class LessonScreen(Front[None]):
    """The QR code at the left, everything else at the right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,left", "app.focus_previous", show=False),
        Binding("down,right", "app.focus_next", show=False),
        Binding("o", "open_page", "tui.key.open_page"),
        Binding("g", "large", "tui.key.large"),
        Binding("s", "stop", "tui.key.stop"),
        Binding("escape", "back", "tui.key.back"),
    ]
    first_focus = "page-0 over"

    def __init__(self, lesson: LessonSnapshot) -> None:
        super().__init__()
        self.lesson = lesson
        self._gone = False

    @property
    def shared(self) -> bool:
        return self.lesson.share.mode == "lan"

    def compose(self) -> ComposeResult:
        t, lesson, recipes = self.t, self.lesson, self.paadje.recipes
        self._make_room()
        yield header(t("tui.app.header"))
        if self._gone or not wording.is_running(lesson):
            yield from self._over()
        else:
            with Horizontal(id="body"):
                if self.shared:
                    yield QrCode(t, lesson.share.join_url, id="qr")
                with Column(id="side"):
                    yield Line(wording.lesson_title(t, lesson, recipes), classes="title")
                    yield from self._how_to_join()
                    yield Line(wording.joined(t, lesson), id="joined", classes="strong")
                    with Vertical(id="services"):
                        yield from self._services()
                        yield from self._notices()
                    for warning in lesson.share.warnings:
                        text = wording.warning(t, warning)
                        if text:
                            yield Line(text, classes="care")
                    yield from self._buttons()
        yield KeyBar(t)

    def _make_room(self) -> None:
        lesson = self.lesson
        self.set_class(bool(lesson.share.warnings or lesson.notices), "warned")

    def _how_to_join(self) -> ComposeResult:
        t, share = self.t, self.lesson.share
        with Vertical(id="join"):
            yield Line(t("tui.lesson.scan" if self.shared else "tui.lesson.local"))
            yield Line(share.url, id="url", classes="strong")
            yield Line(t("tui.lesson.type"))
            yield Line(show_code(share.code), id="code")

    def _services(self) -> ComposeResult:
        recipes = self.paadje.recipes
        for name, state in self.lesson.services.items():
            text = wording.service(self.t, name, state, recipes)
            yield Line(f"● {text}", classes=f"service {wording.service_tone(state)}")

    def _notices(self) -> ComposeResult:
        for found in self.lesson.notices:
            text = wording.notice(self.t, found.code, found.params)
            if text:
                yield Line(text, classes="care notice")

    def _buttons(self) -> ComposeResult:
        t, lesson, recipes = self.t, self.lesson, self.paadje.recipes
        several = len(lesson.apps) > 1
        with Vertical(classes="buttons"):
            for place, app in enumerate(lesson.apps):
                label = t("tui.lesson.page")
                if several and app.id in recipes:
                    title = recipes[app.id].title.text(t.lang)
                    label = t("tui.lesson.page_of", app=title)
                yield Choice(label, id=f"page-{place}", main=place == 0)
            with Horizontal():
                if self.shared:
                    yield Choice(t("tui.lesson.large"), id="large")
                yield Choice(t("tui.lesson.stop"), id="stop")

    def _over(self) -> ComposeResult:
        t, lesson = self.t, self.lesson
        with Vertical(id="body", classes="over"):
            yield Line(t("tui.lesson.over"), classes="title")
            text = wording.why(t, lesson.why) or t("tui.lesson.over_text")
            yield Line(text, classes="paragraph")
            yield Choice(t("tui.answer.overview"), id="over", main=True)

    def lessons_changed(self) -> None:
        self.run_worker(self._show(), name="lesson", group="compose", exclusive=True)

    async def _show(self) -> None:
        found = [one for one in self.paadje.lessons if one.lesson == self.lesson.lesson]
        if found == [self.lesson] and not self._gone:
            return
        # A code that is on the screen of the class must not flicker for one more student.
        before, self._gone = (self.lesson.share, self.lesson.state, self._gone), not found
        self.lesson = found[0] if found else self.lesson
        if before != (self.lesson.share, self.lesson.state, self._gone):
            await self.compose_again()
            return
        self.query_one("#joined", Line).show(wording.joined(self.t, self.lesson))
        self._make_room()
        services = self.query_one("#services")
        await services.remove_children()
        await services.mount_all([*self._services(), *self._notices()])

    def on_button_pressed(self, event: Button.Pressed) -> None:
        action, _, place = (event.button.id or "").partition("-")
        if action == "page":
            self._open(self.lesson.apps[int(place)].teacher_url)
        elif action == "large":
            self.action_large()
        elif action == "stop":
            self.action_stop()
        else:
            self.paadje.back_to_overview()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        running = not self._gone and wording.is_running(self.lesson)
        if action == "large":
            return running and self.shared
        return running or action not in ("open_page", "stop")

    def action_open_page(self) -> None:
        if self.lesson.apps:
            self._open(self.lesson.apps[0].teacher_url)

    @work(name="page", group="page", exclusive=True)
    async def _open(self, url: str) -> None:
        if not await asyncio.to_thread(self.paadje.open_page, url):
            self.app.push_screen(page_dialog(url))

    def action_large(self) -> None:
        self.app.push_screen(LargeQrScreen(self.lesson))

    def action_stop(self) -> None:
        recipes = self.paadje.recipes

        def answered(answer: str | None) -> None:
            if answer == "stop":
                job = stop_job(self.lesson.lesson)
                self.app.push_screen(WorkScreen(job), lambda _: self.paadje.back_to_overview())

        dialog = stop_dialog(lambda t: erased_texts(t, self.lesson, recipes))
        self.app.push_screen(dialog, answered)

    def action_back(self) -> None:
        self.paadje.back_to_overview()


class LargeQrScreen(Front[None], ModalScreen[None]):
    """For the projector: the code, how to type it, who joined, and nothing else."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "tui.key.back"),
        Binding("g,enter,space", "back", show=False),
        Binding("t", "app.language", "tui.key.language"),
    ]

    def __init__(self, lesson: LessonSnapshot) -> None:
        super().__init__()
        self.lesson = lesson

    def compose(self) -> ComposeResult:
        t, share = self.t, self.lesson.share
        with Horizontal(id="body"):
            yield QrCode(t, share.join_url, id="qr")
            with Vertical(id="side"):
                yield Line(t("tui.lesson.scan"))
                yield Line(share.url, id="url", classes="strong")
                yield Line(t("tui.lesson.type"))
                yield Line(show_code(share.code), id="code")
                yield Line(wording.joined(t, self.lesson), id="joined", classes="strong")
        yield KeyBar(t)

    def lessons_changed(self) -> None:
        for lesson in self.paadje.lessons:
            if lesson.lesson == self.lesson.lesson:
                before, self.lesson = self.lesson, lesson
                if lesson.share == before.share:
                    self.query_one("#joined", Line).show(wording.joined(self.t, lesson))
                else:
                    self.run_worker(self.compose_again(), group="compose", exclusive=True)

    def action_back(self) -> None:
        self.dismiss(None)


def open_in_browser(url: str) -> bool:
    """Whether a browser took the page."""
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
