"""Try it with your own phone, and when that fails: one question at a time."""

import asyncio
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from launcher.errors import PaadjeError
from launcher.lesson.types import LessonSnapshot
from launcher.tui import sharing_words
from launcher.tui.screens.base import Front, header
from launcher.tui.screens.dialogs import error_dialog, page_dialog
from launcher.tui.widgets.keybar import KeyBar
from launcher.tui.widgets.qr import QrCode
from launcher.tui.widgets.text import Choice, Column, Line


class ReachScreen(Front[None]):
    """The code to scan at the left; at the right what is known, and the next question."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "tui.key.choose", key_display="↑↓"),
        Binding("right", "app.focus_next", show=False),
        Binding("up,left", "app.focus_previous", show=False),
        Binding("escape", "back", "tui.key.back"),
    ]
    first_focus = "done yes firewall again"

    def __init__(self, lesson: LessonSnapshot) -> None:
        super().__init__()
        self.lesson = lesson
        self.watches = lesson.lesson
        self._shown: object = None

    @property
    def _testing(self) -> bool:
        return self.sharing is not None and bool(self.sharing["reach"]["testing"])

    def compose(self) -> ComposeResult:
        t, view = self.t, self.sharing
        yield header(t("tui.app.header"))
        with Horizontal(id="body"):
            # When the cause is known, its advice needs the room.
            if view is not None and self._testing and not view["reach"]["cause"]:
                yield QrCode(t, view["probe_url"], id="qr")
            with Column(id="side"):
                yield Line(t("tui.reach.title"), classes="title")
                if view is None or not self._testing:
                    yield Line(t("tui.step.other"), classes="muted")
                elif view["reach"]["state"] == "waiting":
                    yield Line(t("tui.reach.scan"), classes="paragraph")
                    yield Line(self._countdown(), id="countdown", classes="strong")
                else:
                    first, *rest = sharing_words.reach(t, view)
                    tone = "good" if view["reach"]["state"] == "reached" else "care"
                    yield Line(first, classes=f"paragraph strong {tone}")
                    for text in rest:
                        yield Line(text, classes="paragraph")
                    yield from self._buttons()
        yield KeyBar(t)

    def _buttons(self) -> ComposeResult:
        t, view = self.t, self.sharing
        assert view is not None
        reach = view["reach"]
        with Vertical(classes="buttons"):
            if reach["state"] == "reached":
                yield Choice(t("tui.reach.done"), id="done", main=True)
                return
            if reach["ask"]:
                with Horizontal(classes="row"):
                    yield Choice(t("tui.reach.yes"), id="yes", main=True)
                    yield Choice(t("tui.reach.no"), id="no")
            with Horizontal(classes="row"):
                if reach["cause"] == "firewall" and view["firewall"]["rule_would_help"]:
                    yield Choice(t("tui.reach.allow"), id="firewall", main=True)
                yield Choice(t("tui.answer.again"), id="again", main=bool(reach["cause"]))
                if "ask_it" in reach["steps"]:
                    yield Choice(t("tui.reach.note"), id="note")

    def _countdown(self) -> str:
        assert self.sharing is not None
        return self.t.plural("tui.reach.waits", self.sharing["reach"]["seconds_left"] or 0)

    def on_mount(self) -> None:
        super().on_mount()
        self._begin()

    def _begin(self) -> None:
        self.paadje.change_sharing(self.lesson.lesson, do="test")

    def sharing_changed(self) -> None:
        view = self.sharing
        if view is None:
            return
        reach = {key: value for key, value in view["reach"].items() if key != "seconds_left"}
        shown = (reach, view["probe_url"])
        if shown != self._shown:
            self._shown = shown
            self.show_again()
        else:
            for line in self.query("#countdown").results(Line):
                line.show(self._countdown())

    def on_button_pressed(self, event: Button.Pressed) -> None:
        name = event.button.id
        if name == "done":
            self.dismiss(None)
        elif name == "again":
            self._begin()
        elif name == "note":
            self._write_note()
        elif name == "firewall":
            self._allow()
        elif self.sharing is not None:
            question = self.sharing["reach"]["ask"]
            lesson = self.lesson.lesson
            self.paadje.change_sharing(lesson, do="answer", question=question, answer=name)

    @work(name="note", group="note", exclusive=True)
    async def _write_note(self) -> None:
        paadje = self.paadje
        write = paadje.usecases.write_sharing_note
        try:
            file = await asyncio.to_thread(write, paadje.context, self.lesson.lesson)
        except PaadjeError as error:
            self.app.push_screen(error_dialog(error))
            return
        if not await asyncio.to_thread(paadje.open_page, file.as_uri()):
            self.app.push_screen(page_dialog(file.as_uri()))

    @work(name="firewall", group="firewall", exclusive=True)
    async def _allow(self) -> None:
        """Windows asks once more, and for an administrator."""
        paadje = self.paadje
        try:
            await asyncio.to_thread(paadje.usecases.allow_in_firewall, paadje.context)
        except PaadjeError as error:
            self.app.push_screen(error_dialog(error))
            return
        self._begin()

    def action_back(self) -> None:
        self.dismiss(None)
