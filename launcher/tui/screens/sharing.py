"""How the class gets in, who is in, and when it ends: each thing one key away."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, OptionList
from textual.widgets.option_list import Option

from launcher.errors import PaadjeError
from launcher.i18n import Translator
from launcher.lesson.types import LessonSnapshot
from launcher.tui import sharing_words, wording
from launcher.tui.screens.base import Front, header
from launcher.tui.screens.dialogs import Dialog, Question, error_dialog, page_dialog
from launcher.tui.screens.reach import ReachScreen
from launcher.tui.widgets.keybar import KeyBar
from launcher.tui.widgets.text import Choice, Line, plain

END_AFTER_MINUTES = (5, 10, 15, 20, 30, 45, 60, 90)
MORE_SEATS = 10


class LessonFront(Front[None]):
    """A screen of a running lesson, from which everything about sharing can be done."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "lock", show=False),
        Binding("n", "new_code", show=False),
        Binding("w", "people", show=False),
        Binding("b", "board", show=False),
        Binding("p", "reach", show=False),
        Binding("a", "addresses", show=False),
        Binding("e", "end_time", show=False),
        Binding("h", "hotspot", show=False),
    ]
    offers_all = True
    """Whether the letters work here."""

    ACTIONS = ("lock", "new_code", "people", "board", "reach", "addresses", "end_time", "hotspot")

    def __init__(self, lesson: LessonSnapshot) -> None:
        super().__init__()
        self.lesson = lesson
        self.watches = lesson.lesson

    @property
    def shared(self) -> bool:
        return self.lesson.share.mode == "lan"

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action in self.ACTIONS:
            if not self.offers_all:
                return False
            if action == "hotspot" and not sharing_words.by_hotspot(self.lesson):
                return False
            return (self.shared or action == "end_time") and self.sharing is not None
        return True

    def _want(self, **wanted: Any) -> None:
        self.paadje.change_sharing(self.lesson.lesson, **wanted)

    def action_lock(self) -> None:
        assert self.sharing is not None
        self._want(do="unlock" if self.sharing["locked"] else "lock")

    def action_new_code(self) -> None:
        def answered(answer: str | None) -> None:
            if answer == "new":
                self._want(do="new-code")

        self.app.push_screen(_question("new_code", "new", "stay"), answered)

    def action_people(self) -> None:
        self.app.push_screen(PeopleScreen(self.lesson))

    def action_board(self) -> None:
        if self.sharing is not None:
            self._open(self.sharing["projector_url"])

    def action_reach(self) -> None:
        self.app.push_screen(ReachScreen(self.lesson))

    def action_addresses(self) -> None:
        self.app.push_screen(AddressScreen(self.lesson))

    def action_end_time(self) -> None:
        self.app.push_screen(EndScreen(self.lesson))

    def action_hotspot(self) -> None:
        self.app.push_screen(HotspotScreen(self.lesson))

    @work(name="page", group="page", exclusive=True)
    async def _open(self, url: str) -> None:
        if not await asyncio.to_thread(self.paadje.open_page, url):
            self.app.push_screen(page_dialog(url))


def _question(kind: str, *answers: str, **params: object) -> Dialog:
    """``tui.sharing.<kind>_title`` and so on; the first answer is the obvious one."""

    def write(t: Translator) -> Question:
        return Question(
            title=t(f"tui.sharing.{kind}_title", **params),
            text=(t(f"tui.sharing.{kind}_text"),),
            answers=tuple((name, t(f"tui.sharing.{kind}_{name}")) for name in answers),
        )

    return Dialog(write)


class Menu(OptionList):
    """The same keys as every list, told in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "cursor_down", "tui.key.choose", key_display="↑↓"),
        Binding("enter", "select", "tui.key.press", key_display="Enter"),
    ]


Row = tuple[str, str, str]
"""The id of a row, what it does, and how that is now."""


class MenuScreen(LessonFront):
    """A list of things to do, each with how it is now below it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "tui.key.back"),
        Binding("d", "back", show=False),
    ]
    first_focus = "menu"
    offers_all = False
    title_key = ""

    def __init__(self, lesson: LessonSnapshot) -> None:
        super().__init__(lesson)
        self._shown: list[Row] = []

    def rows(self, view: Mapping[str, Any]) -> Iterator[Row]:
        raise NotImplementedError

    def chosen(self, row: str) -> None:
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        t = self.t
        yield header(t("tui.app.header"))
        yield Line(t(self.title_key), classes="title page-title")
        yield Line(self._told(), id="told", classes="page-told muted")
        self._shown = self._rows()
        menu = Menu(*(_option(row) for row in self._shown), id="menu", markup=False)
        menu.highlighted = 0 if self._shown else None
        yield menu
        yield KeyBar(t)

    def _told(self) -> str:
        return sharing_words.in_short(self.t, self.sharing) if self.sharing else ""

    def _rows(self) -> list[Row]:
        return list(self.rows(self.sharing)) if self.sharing is not None else []

    def sharing_changed(self) -> None:
        if not self.query("#menu"):
            return  # Not composed yet, or just now again.
        self.query_one("#told", Line).show(self._told())
        rows = self._rows()
        if rows != self._shown:
            self._show_rows(rows)
        self.refresh_bindings()

    def _show_rows(self, rows: list[Row]) -> None:
        """Other rows, with the same one highlighted when it is still there."""
        self._shown = rows
        menu = self.query_one("#menu", Menu)
        place = menu.highlighted or 0
        before = menu.get_option_at_index(place).id if menu.option_count else None
        menu.set_options([_option(row) for row in rows])
        ids = [row[0] for row in rows]
        last = len(ids) - 1
        menu.highlighted = ids.index(before) if before in ids else min(place, last) if ids else None

    @on(OptionList.OptionSelected, "#menu")
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.chosen(event.option.id or "")

    def action_back(self) -> None:
        self.dismiss(None)


def _option(row: Row) -> Option:
    name, label, state = row
    return Option(
        Content.assemble(
            plain(label).stylize("bold"), "\n", (plain(state).plain, "$foreground 75%")
        ),
        id=name,
    )


class SharingScreen(MenuScreen):
    """Everything about sharing, with how it is now."""

    offers_all = True
    title_key = "tui.sharing.title"

    def rows(self, view: Mapping[str, Any]) -> Iterator[Row]:
        t = self.t
        if self.shared:
            lock = "unlock" if view["locked"] else "lock"
            yield "lock", t(f"tui.sharing.{lock}"), t(f"tui.sharing.{lock}_now")
            yield "people", t("tui.sharing.people"), sharing_words.people(t, view)
            yield "new_code", t("tui.sharing.new_code"), sharing_words.code(t, view)
            yield "board", t("tui.sharing.board"), t("tui.sharing.board_now")
            yield "reach", t("tui.sharing.reach"), sharing_words.reach_in_short(t, view)
        yield "end_time", t("tui.sharing.end_time"), sharing_words.end(t, view)
        if self.shared:
            yield "addresses", t("tui.sharing.addresses"), sharing_words.address(t, view)
            if sharing_words.by_hotspot(self.lesson):
                yield "hotspot", t("tui.sharing.hotspot"), sharing_words.hotspot(t, view)

    def chosen(self, row: str) -> None:
        getattr(self, f"action_{row}")()


class PeopleScreen(MenuScreen):
    """Who is in and who waits. A student can be let in, and taken out."""

    title_key = "tui.sharing.people_title"

    def _told(self) -> str:
        return sharing_words.people(self.t, self.sharing) if self.sharing else ""

    def rows(self, view: Mapping[str, Any]) -> Iterator[Row]:
        t, waiting = self.t, view["waiting"]
        if len(waiting) > 1:
            everyone = t.plural("tui.sharing.admit_all", len(waiting))
            yield "all", everyone, t("tui.sharing.admit_all_now")
        for name in waiting:
            yield f"admit {name}", t("tui.sharing.admit", name=name), t("tui.sharing.waits")
        approve = "approve_off" if view["approve_each"] else "approve_on"
        yield approve, t(f"tui.sharing.{approve}"), t(f"tui.sharing.{approve}_now")
        if view["unused"]:
            free = t.plural("tui.sharing.free_seats", view["unused"])
            yield "free", free, t("tui.sharing.free_seats_now")
        seats = t.plural("tui.sharing.more_seats", MORE_SEATS)
        yield "seats", seats, t.plural("tui.sharing.seats_now", view["seats"])
        for name in view["students"]:
            yield f"kick {name}", name, t("tui.sharing.is_in")

    def chosen(self, row: str) -> None:
        action, _, name = row.partition(" ")
        if action == "all":
            self._want(do="admit")
        elif action == "admit":
            self._want(do="admit", nickname=name)
        elif action == "free":
            self._want(do="free")
        elif action == "seats":
            assert self.sharing is not None
            self._want(do="seats", seats=self.sharing["seats"] + MORE_SEATS)
        elif action == "kick":
            self._ask_to_kick(name)
        else:
            self._want(do="approve", each=action == "approve_on")

    def _ask_to_kick(self, name: str) -> None:
        def answered(answer: str | None) -> None:
            if answer == "kick":
                self._want(do="kick", nickname=name)

        self.app.push_screen(_question("kick", "stay", "kick", name=name), answered)


class EndScreen(MenuScreen):
    """When the lesson stops by itself."""

    title_key = "tui.sharing.end_time_title"

    def _told(self) -> str:
        return sharing_words.end(self.t, self.sharing) if self.sharing else ""

    def rows(self, view: Mapping[str, Any]) -> Iterator[Row]:
        t = self.t
        if view["ends_at"] is not None:
            yield "0", t("tui.sharing.no_end"), t("tui.sharing.no_end_now")
        for minutes in END_AFTER_MINUTES:
            yield (
                str(minutes),
                t.plural("tui.sharing.end_after", minutes),
                t("tui.sharing.end_at", time=sharing_words.clock_after(minutes)),
            )

    def chosen(self, row: str) -> None:
        self._want(do="end", **({"minutes": int(row)} if row != "0" else {}))
        self.dismiss(None)


class AddressScreen(MenuScreen):
    """Over which connection of this laptop the class comes in."""

    title_key = "tui.sharing.addresses_title"

    def on_mount(self) -> None:
        super().on_mount()
        self._look()

    @work(name="look", group="look", exclusive=True)
    async def _look(self) -> None:
        usecases, context = self.paadje.usecases, self.paadje.context
        try:
            self._found = await asyncio.to_thread(usecases.address_choices, context)
        except PaadjeError as error:
            self.app.push_screen(error_dialog(error))
            return
        self.sharing_changed()

    _found: tuple[Any, ...] = ()

    def _told(self) -> str:
        return sharing_words.address(self.t, self.sharing) if self.sharing else ""

    def rows(self, view: Mapping[str, Any]) -> Iterator[Row]:
        t = self.t
        for one in self._found:
            here = one.address == view["address"]
            label = t("tui.plan.address_on", address=one.address, name=one.interface)
            warnings = (wording.warning(t, code) for code in one.warnings)
            said = next((text for text in warnings if text), t("tui.sharing.address_other"))
            yield one.address, label, t("tui.sharing.address_here") if here else said

    def chosen(self, row: str) -> None:
        if self.sharing is not None and row != self.sharing["address"]:
            self._want(do="move", address=row)
        self.dismiss(None)


class HotspotScreen(LessonFront):
    """The name and the password of the laptop's own Wi-Fi, for its QR code."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "tui.key.back")]
    first_focus = "name"
    offers_all = False  # Letters belong to the fields here.

    def compose(self) -> ComposeResult:
        t = self.t
        yield header(t("tui.app.header"))
        yield Line(t("tui.sharing.hotspot_title"), classes="title page-title")
        with Vertical(id="body"):
            yield Line(t("tui.sharing.hotspot_why"), classes="paragraph")
            yield Line(t("tui.sharing.hotspot_name"), classes="label")
            yield Input(id="name", max_length=32, compact=True)
            yield Line(t("tui.sharing.hotspot_password"), classes="label")
            yield Input(id="password", max_length=63, password=True, compact=True)
            with Horizontal(classes="buttons"):
                yield Choice(t("tui.sharing.hotspot_take"), id="take", main=True)
                yield Choice(t("tui.answer.back"), id="back")
        yield KeyBar(t)

    @on(Input.Submitted)
    def _next(self, event: Input.Submitted) -> None:
        if event.input.id == "name":
            self.query_one("#password").focus()
        else:
            self._take()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "take":
            self._take()
        else:
            self.dismiss(None)

    def _take(self) -> None:
        name = self.query_one("#name", Input).value.strip()
        if name:
            password = self.query_one("#password", Input).value
            self._want(do="hotspot", name=name, password=password)
            self.dismiss(None)

    def action_back(self) -> None:
        self.dismiss(None)
