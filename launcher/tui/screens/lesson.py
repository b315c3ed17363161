"""A lesson that runs: how to join, who joined, how it is doing."""

import webbrowser
from collections.abc import Mapping
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button

from launcher.lesson.types import LessonSnapshot
from launcher.sharing.join import show_code
from launcher.tui import sharing_words, wording
from launcher.tui.screens.base import Front, header, refill
from launcher.tui.screens.sharing import LessonFront, SharingScreen
from launcher.tui.widgets.keybar import KeyBar
from launcher.tui.widgets.qr import QrCode
from launcher.tui.widgets.text import Choice, Column, Line

MOST_ALARMS = 2
"""The screen stays calm: what is less urgent comes when the rest is solved."""


class LessonScreen(LessonFront):
    """The QR code at the left, everything else at the right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,left", "app.focus_previous", show=False),
        Binding("down,right", "app.focus_next", show=False),
        Binding("o", "open_page", "tui.key.open_page"),
        Binding("g", "large", "tui.key.large"),
        Binding("d", "sharing", show=False),
        Binding("s", "stop", "tui.key.stop"),
        Binding("escape", "back", "tui.key.back"),
    ]
    first_focus = "page-0 over"

    def __init__(self, lesson: LessonSnapshot) -> None:
        super().__init__(lesson)
        self._gone = False
        self._alarms: list[str] = []

    def compose(self) -> ComposeResult:
        t, lesson, recipes = self.t, self.lesson, self.paadje.recipes
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
                    yield Line(self._joined(), id="joined", classes="strong")
                    with Vertical(id="alarms"):
                        yield from self._alarm_lines()
                    with Vertical(id="services"):
                        yield from self._services()
                    yield Line(self._measured(), id="measured", classes="muted")
                    yield from self._buttons()
        yield KeyBar(t)

    def _how_to_join(self) -> ComposeResult:
        t, share = self.t, self.lesson.share
        with Vertical(id="join"):
            yield Line(t("tui.lesson.scan" if self.shared else "tui.lesson.local"))
            yield Line(share.url, id="url", classes="strong")
            yield Line(t("tui.lesson.type"))
            yield Line(show_code(share.code), id="code")

    def _joined(self) -> str:
        text = wording.joined(self.t, self.lesson)
        view = self.sharing
        if view is not None and view["waiting"]:
            return f"{text}\n{self.t.plural('tui.sharing.waiting', len(view['waiting']))}"
        return text

    def _measured(self) -> str:
        """What went to the internet, and how long the lesson still lasts."""
        view = self.sharing
        return sharing_words.in_short(self.t, view, brief=True) if view is not None else ""

    def _alarms_now(self) -> list[str]:
        """What has to be seen, in sentences; what is known about the address comes last."""
        t, view = self.t, self.sharing
        found = list(sharing_words.alarms(t, view)) if view is not None else []
        notices = (wording.notice(t, one.code, one.params) for one in self.lesson.notices)
        found += [text for text in notices if text]
        if view is not None and view["locked"]:
            found.append(t("tui.sharing.unlock_now"))
        found += [text for code in self.lesson.share.warnings if (text := wording.warning(t, code))]
        return found[:MOST_ALARMS]

    def _alarm_lines(self) -> ComposeResult:
        self._alarms = self._alarms_now()
        self.set_class(bool(self._alarms), "warned")
        for text in self._alarms:
            yield Line(text, classes="care")

    def sharing_changed(self) -> None:
        self.refresh_bindings()
        if not self.query("#measured"):
            return
        self.query_one("#measured", Line).show(self._measured())
        self.query_one("#joined", Line).show(self._joined())
        if self._alarms_now() != self._alarms:
            self._show_alarms()

    @work(name="alarms", group="alarms", exclusive=True)
    async def _show_alarms(self) -> None:
        for alarms in self.query("#alarms"):
            await refill(alarms, self._alarm_lines())

    def _services(self) -> ComposeResult:
        recipes = self.paadje.recipes
        if set(self.lesson.services.values()) == {"ready"}:
            yield Line(f"● {self.t('tui.service.all_ready')}", classes="service good")
            return
        for name, state in self.lesson.services.items():
            text = wording.service(self.t, name, state, recipes)
            yield Line(f"● {text}", classes=f"service {wording.service_tone(state)}")

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
                yield Choice(t("tui.lesson.sharing"), id="sharing")
                yield Choice(t("tui.lesson.stop"), id="stop")

    def _over(self) -> ComposeResult:
        t, lesson = self.t, self.lesson
        with Vertical(id="body", classes="over"):
            yield Line(t("tui.lesson.over"), classes="title")
            text = wording.why(t, lesson.why) or t("tui.lesson.over_text")
            yield Line(text, classes="paragraph")
            yield Choice(t("tui.answer.overview"), id="over", main=True)

    def lessons_changed(self) -> None:
        self._show()

    @work(name="lesson", group="compose", exclusive=True)
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
        if not self.query("#joined"):
            return  # It is over: nothing of what is shown then changes any more.
        self.query_one("#joined", Line).show(self._joined())
        await refill(self.query_one("#services"), self._services())
        self.sharing_changed()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        action, _, place = (event.button.id or "").partition("-")
        if action == "page":
            self._open(self.lesson.apps[int(place)].teacher_url)
        elif action == "large":
            self.action_large()
        elif action == "sharing":
            self.action_sharing()
        elif action == "stop":
            self.action_stop()
        else:
            self.paadje.back_to_overview()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        running = not self._gone and wording.is_running(self.lesson)
        if action == "large":
            return running and self.shared
        if action in (*self.ACTIONS, "open_page", "stop", "sharing"):
            return running and super().check_action(action, parameters)
        return True

    def action_open_page(self) -> None:
        if self.lesson.apps:
            self._open(self.lesson.apps[0].teacher_url)

    def action_large(self) -> None:
        self.app.push_screen(LargeQrScreen(self.lesson))

    def action_sharing(self) -> None:
        self.app.push_screen(SharingScreen(self.lesson))

    def action_stop(self) -> None:
        self.paadje.ask_to_stop(self.lesson)

    def action_back(self) -> None:
        self.paadje.back_to_overview()


class LargeQrScreen(Front[None], ModalScreen[None]):
    """For the projector: the code, how to type it, who joined, and nothing else.

    When the class comes in over the hotspot of this laptop, its Wi-Fi goes first.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w,right,left", "step", "tui.key.wifi", key_display="w"),
        Binding("escape", "back", "tui.key.back"),
        Binding("g,enter,space", "back", show=False),
        Binding("t", "app.language", "tui.key.language"),
    ]

    def __init__(self, lesson: LessonSnapshot) -> None:
        super().__init__()
        self.lesson = lesson
        self.watches = lesson.lesson
        self._wifi_first = True
        self._wifi: Mapping[str, str] | None = None

    def compose(self) -> ComposeResult:
        t, share = self.t, self.lesson.share
        with Horizontal(id="body"):
            if self._wifi is not None and self._wifi_first:
                yield QrCode(t, self._wifi["qr"], id="qr")
                with Vertical(id="side"):
                    yield Line(t("host.projector.scan_wifi"), classes="strong")
                    yield Line(self._wifi["name"], id="wifi")
                yield KeyBar(t)
                return
            yield QrCode(t, share.join_url, id="qr")
            with Vertical(id="side"):
                yield Line(t("host.projector.scan_then" if self._wifi else "tui.lesson.scan"))
                yield Line(share.url, id="url", classes="strong")
                yield Line(t("tui.lesson.type"))
                yield Line(show_code(share.code), id="code")
                yield Line(wording.joined(t, self.lesson), id="joined", classes="strong")
        yield KeyBar(t)

    def on_mount(self) -> None:
        super().on_mount()
        self.sharing_changed()

    def sharing_changed(self) -> None:
        wifi = self.sharing["hotspot"] if self.sharing is not None else None
        if wifi != self._wifi:
            self._wifi = wifi
            self.refresh_bindings()
            self.show_again()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "step" or self._wifi is not None

    async def action_step(self) -> None:
        self._wifi_first = not self._wifi_first
        await self.compose_again()

    def lessons_changed(self) -> None:
        for lesson in self.paadje.lessons:
            if lesson.lesson == self.lesson.lesson:
                before, self.lesson = self.lesson, lesson
                if lesson.share == before.share:
                    for line in self.query("#joined").results(Line):
                        line.show(wording.joined(self.t, lesson))
                else:
                    self.show_again()

    def action_back(self) -> None:
        self.dismiss(None)


def open_in_browser(url: str) -> bool:
    """Whether a browser took the page."""
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
