"""The plan for one app: what will happen, and the few things to choose."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, RadioButton, RadioSet, Select

from launcher.catalog.schema import CatalogModel
from launcher.errors import PaadjeError
from launcher.lesson.plan import LaunchPlan
from launcher.lesson.types import AppCard, PlanWishes, ShareWishes
from launcher.tui import wording
from launcher.tui.screens.base import Front, header, refill
from launcher.tui.screens.dialogs import error_dialog
from launcher.tui.screens.models import ModelsScreen
from launcher.tui.screens.work import WorkScreen, install_job, start_job
from launcher.tui.widgets.fields import NumberField
from launcher.tui.widgets.keybar import KeyBar
from launcher.tui.widgets.text import Choice, Column, Line, plain

if TYPE_CHECKING:
    from launcher.sharing.addresses import Address


TOLD_AT_THE_TOP = ("practice_only",)
"""Reasons that have a place of their own on the screen."""


@dataclass(slots=True, kw_only=True)
class Choices:
    """What the teacher chose on this screen."""

    students: int
    model: str = ""
    mode: str = "lan"
    address: str | None = None
    licence_accepted: bool = False


class PlanScreen(Front[None]):
    """The sentences of the plan at the left, the choices at the right, one button."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "tui.key.next", key_display="Tab"),
        Binding("pagedown", "read(1)", "tui.key.read", key_display="PgDn"),
        Binding("pageup", "read(-1)", show=False),
        Binding("m", "models", show=False),
        Binding("escape", "back", "tui.key.back"),
    ]
    first_focus = "go models"

    def __init__(self, card: AppCard) -> None:
        super().__init__()
        assert card.plan is not None
        self._recipe = card.recipe
        self.plan: LaunchPlan = card.plan
        self._best: LaunchPlan = card.plan
        self.choices = Choices(students=card.plan.students)
        self._sentences: tuple[str, ...] = ()
        self._addresses: tuple[Address, ...] | None = None
        self._withheld: tuple[CatalogModel, ...] = ()
        self._planning = True

    # --- what it looks like -------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        t = self.t
        yield header(t("tui.app.header"))
        title = t("tui.plan.question", app=self._recipe.title.text(t.lang))
        yield Line(title, classes="title page-title")
        with Horizontal(id="body"):
            with VerticalScroll(id="told"), Vertical(id="told-text"):
                yield from self._told()
            with Vertical(id="right"):
                with Column(id="choices"):
                    with Horizontal(classes="row"):
                        yield Line(t("tui.plan.students"), classes="label")
                        yield NumberField(self.choices.students, id="students")
                    yield Line(t("tui.plan.share"), classes="label")
                    with RadioSet(id="mode", compact=True):
                        for mode in ("lan", "local"):
                            label = plain(t(f"tui.plan.{mode}"))
                            yield RadioButton(label, value=self.choices.mode == mode, id=mode)
                    with Vertical(id="addresses"):
                        yield from self._address_choice()
                    with Vertical(id="address-warnings"):
                        yield from self._address_warnings()
                    yield Line(t("tui.plan.model"), classes="label")
                    yield Line(self.plan.model_name, id="model", classes="strong")
                    yield Choice(t("tui.plan.other_model"), id="models")
                    with Vertical(id="licence-terms"):
                        yield from self._licence()
                with Horizontal(classes="buttons"):
                    go = Choice(self._go_label(), id="go", main=True, disabled=not self._can_go())
                    yield go
                    yield Choice(t("tui.answer.back"), id="back")
        yield KeyBar(t)

    def _told(self) -> Iterator[Widget]:
        t, plan = self.t, self.plan
        if plan.practice:
            yield Vertical(
                Line(t("tui.practice.title"), classes="strong"),
                Line(t("tui.practice.text")),
                classes="practice",
            )
        else:
            label, tone = wording.verdict(t, plan)
            yield Line(label, classes=f"verdict {tone}")
        for sentence in self._sentences:
            yield Line(sentence, classes="paragraph")
        taken_from = plan.files[0].taken_from
        said = wording.download(t, plan.fetch_bytes, taken_from)
        yield Line(said, id="download", classes="gap")
        yield Line(t("tui.plan.privacy"), classes="strong gap")
        privacy = self._recipe.privacy
        for text in (privacy.stores, privacy.sends, privacy.retention):
            yield Line(text.text(t.lang), classes="paragraph")

    def _address_choice(self) -> Iterator[Widget]:
        t, addresses = self.t, self._addresses
        if self.choices.mode == "local" or addresses is None:
            return
        if not addresses:
            yield Line(t("tui.plan.no_network"), classes="care")
        elif len(addresses) > 1:
            yield Line(t("tui.plan.address"), classes="label")
            options = [
                (
                    plain(t("tui.plan.address_on", address=one.address, name=one.interface)),
                    one.address,
                )
                for one in addresses
            ]
            value = self.choices.address or addresses[0].address
            yield Select(options, value=value, allow_blank=False, compact=True, id="address")

    def _address_warnings(self) -> Iterator[Widget]:
        if self.choices.mode == "local" or not self._addresses:
            return
        chosen = self.choices.address or self._addresses[0].address
        for one in self._addresses:
            for warning in one.warnings if one.address == chosen else ():
                text = wording.address_warning(self.t, warning, self.choices.students)
                if text:
                    yield Line(text, classes="care")

    def _licence(self) -> Iterator[Widget]:
        if self.plan.licence_needs_acceptance:
            label = plain(self.t("tui.plan.licence", licence=self.plan.licence))
            yield Checkbox(label, self.choices.licence_accepted, id="licence", compact=True)
            yield Line(self.plan.licence_url or "", classes="muted")

    def _go_label(self) -> str:
        return self.t("tui.plan.install" if self.plan.fetch_bytes else "tui.plan.start")

    def _can_go(self) -> bool:
        accepted = self.choices.licence_accepted or not self.plan.licence_needs_acceptance
        reachable = self.choices.mode == "local" or self._addresses != ()
        return not self._planning and self.plan.verdict != "no" and accepted and reachable

    def _show_button(self) -> None:
        button = self.query_one("#go", Choice)
        button.label = plain(self._go_label())
        button.disabled = not self._can_go()
        if self.focused is None:
            self.focus_first()

    async def _show_sharing(self) -> None:
        await refill(self.query_one("#addresses"), self._address_choice())
        await refill(self.query_one("#address-warnings"), self._address_warnings())
        self._show_button()

    # --- planning -----------------------------------------------------------------------------

    def focus_first(self) -> None:
        if not self._planning:
            super().focus_first()

    def on_mount(self) -> None:
        self._look_around()
        self.make_plan()

    async def change_language(self) -> None:
        await super().change_language()
        self.make_plan()

    @work(name="look", group="look", exclusive=True)
    async def _look_around(self) -> None:
        usecases, context = self.paadje.usecases, self.paadje.context
        try:
            self._addresses = await asyncio.to_thread(usecases.address_choices, context)
            self._withheld = await asyncio.to_thread(usecases.withheld_models, context)
        except PaadjeError as error:
            self.app.push_screen(error_dialog(error))
            return
        await self._show_sharing()

    @work(name="plan", group="plan", exclusive=True)
    async def make_plan(self) -> None:
        """Plan again for what was chosen, and explain it."""
        self._planning = True
        self._show_button()
        usecases, context = self.paadje.usecases, self.paadje.context
        wishes = PlanWishes(students=self.choices.students, model=self.choices.model or None)
        try:
            plan = await asyncio.to_thread(usecases.make_plan, context, self._recipe.id, wishes)
            sentences = await asyncio.to_thread(
                usecases.explain_plan, context, plan, leave_out=TOLD_AT_THE_TOP
            )
        except PaadjeError as error:
            self.app.push_screen(error_dialog(error, again=True), self._plan_again)
            return
        other_model = plan.model != self.plan.model
        self.plan, self._sentences, self._planning = plan, sentences, False
        if wishes.model is None:
            self._best = plan
        # Only what changed: someone may be typing in the number field.
        await refill(self.query_one("#told-text"), self._told())
        if other_model:
            self.choices.licence_accepted = False
        self.query_one("#model", Line).show(plan.model_name)
        await refill(self.query_one("#licence-terms"), self._licence())
        self._show_button()

    def _plan_again(self, answer: str | None) -> None:
        if answer == "again":
            self.make_plan()

    @on(Input.Changed, "#students")
    def _students_changed(self) -> None:
        number = self.query_one("#students", NumberField).number
        if number is not None and number != self.choices.students:
            self.choices.students = number
            self.make_plan()
            self._show_warnings()

    @on(Input.Blurred, "#students")
    def _students_left(self) -> None:
        """Nothing, or a zero: then the number is what the plan was made for."""
        field = self.query_one("#students", NumberField)
        if field.number is None:
            field.value = str(self.choices.students)

    @work(name="warnings", group="warnings", exclusive=True)
    async def _show_warnings(self) -> None:
        await refill(self.query_one("#address-warnings"), self._address_warnings())

    @on(RadioSet.Changed, "#mode")
    async def _mode_changed(self, event: RadioSet.Changed) -> None:
        mode = event.pressed.id or "lan"
        if mode != self.choices.mode:
            self.choices.mode = mode
            await self._show_sharing()

    @on(Select.Changed, "#address")
    async def _address_changed(self, event: Select.Changed) -> None:
        self.choices.address = str(event.value)
        await refill(self.query_one("#address-warnings"), self._address_warnings())

    @on(Checkbox.Changed, "#licence")
    def _licence_changed(self, event: Checkbox.Changed) -> None:
        self.choices.licence_accepted = event.value
        self._show_button()

    # --- onward -------------------------------------------------------------------------------

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "go":
            self._go()
        elif event.button.id == "models":
            self.action_models()
        else:
            self.action_back()

    def action_back(self) -> None:
        self.app.pop_screen()

    def action_read(self, pages: int) -> None:
        told = self.query_one("#told")
        told.scroll_relative(y=pages * (told.size.height - 1))

    def action_models(self) -> None:
        def answered(model: str | None) -> None:
            if model is not None and model != self.choices.model:
                self.choices.model = model
                self.make_plan()

        chosen = self.plan.model
        self.app.push_screen(ModelsScreen(self._best, self._withheld, chosen=chosen), answered)

    def _go(self) -> None:
        title = self._recipe.title.text(self.t.lang)
        if self.plan.fetch_bytes:
            self.app.push_screen(WorkScreen(install_job(self.plan, title)), self._installed)
        else:
            self._start()

    def _installed(self, answer: str | None) -> None:
        if answer == "next":
            self._start()
        else:
            # What was fetched may have changed what is still to fetch.
            self.make_plan()

    def _chosen_address(self) -> str | None:
        """None leaves the choice to Paadje: only what someone could choose is a wish."""
        several = self._addresses is not None and len(self._addresses) > 1
        return self.choices.address if self.choices.mode == "lan" and several else None

    def _start(self) -> None:
        share = ShareWishes(
            mode="lan" if self.choices.mode == "lan" else "local",
            address=self._chosen_address(),
        )
        screen = WorkScreen(start_job(self.plan, share, self._recipe.title.text(self.t.lang)))

        def started(answer: str | None) -> None:
            if answer == "next" and not isinstance(screen.outcome, tuple | None):
                self.paadje.show_lesson(screen.outcome)
            else:
                self.make_plan()

        self.app.push_screen(screen, started)
