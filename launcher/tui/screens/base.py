"""What all screens share."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from textual import work
from textual.screen import Screen
from textual.widget import Widget

from launcher.i18n import Translator
from launcher.tui.widgets.text import Line

if TYPE_CHECKING:
    from launcher.tui.app import PaadjeApp

R = TypeVar("R")


class Front(Screen[R]):
    """A screen that is composed from what it knows, so that it can be composed again."""

    AUTO_FOCUS = ""
    first_focus = ""
    """Ids of the widgets that get the focus first, in order of preference, separated by spaces."""

    watches = ""
    """The lesson whose sharing this screen shows; empty when it shows none."""

    @property
    def paadje(self) -> "PaadjeApp":
        return cast("PaadjeApp", self.app)

    @property
    def t(self) -> Translator:
        return self.paadje.t

    @property
    def sharing(self) -> Mapping[str, Any] | None:
        """How the watched lesson is shared now (`lesson.read_sharing`); None while not known."""
        return self.paadje.sharing.get(self.watches)

    def on_mount(self) -> None:
        self.focus_first()

    def focus_first(self) -> None:
        """Put the focus where Enter does the obvious thing."""
        for name in self.first_focus.split():
            for widget in self.query(f"#{name}"):
                if widget.focusable:
                    self.set_focus(widget)
                    return

    async def compose_again(self) -> None:
        """Show what is known now, and keep the focus where it was."""
        await undisturbed(self._compose_again())

    async def _compose_again(self) -> None:
        focused = self.focused.id if self.focused is not None else None
        await self.recompose()
        if focused:
            for widget in self.query(f"#{focused}"):
                if widget.focusable:
                    self.set_focus(widget)
                    return
        self.focus_first()

    @work(name="show", group="compose", exclusive=True)
    async def show_again(self) -> None:
        """The same from where nothing can be awaited; only the last of several counts."""
        await self.compose_again()

    async def change_language(self) -> None:
        await self.compose_again()

    def lessons_changed(self) -> None:
        """The lessons that run are others, or they changed."""

    def sharing_changed(self) -> None:
        """The watched lesson is shared in another way, or something was measured."""


async def undisturbed(change: Coroutine[Any, Any, None]) -> None:
    """Change widgets, to the end also when who wanted it is cancelled meanwhile.

    Textual waits for widgets that go by waiting for their tasks. A cancel at that moment would end
    those tasks instead, and leave widgets on the screen that never do anything again, not even go.
    """
    await asyncio.shield(asyncio.ensure_future(change))


async def refill(container: Widget, widgets: Iterable[Widget]) -> None:
    """Other widgets in ``container``, without touching the rest of the screen."""
    await undisturbed(_refill(container, widgets))


async def _refill(container: Widget, widgets: Iterable[Widget]) -> None:
    async with container.batch():
        await container.remove_children()
        if container.is_attached:
            await container.mount_all(widgets)


def header(text: str) -> Line:
    """The line at the top: where you are."""
    return Line(text, classes="header")
