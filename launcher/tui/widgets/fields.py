"""Fields to fill in."""

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.widgets import Input

from launcher.settings import MOST_STUDENTS


class NumberField(Input):
    """The size of a class. Arrows change it by one; letters stay keys of the screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "step(1)", "tui.key.number", key_display="↑↓"),
        Binding("down", "step(-1)", show=False),
    ]

    def __init__(self, value: int, *, id: str) -> None:  # noqa: A002
        super().__init__(
            str(value),
            id=id,
            restrict=r"[0-9]{0,2}",
            max_length=2,
            select_on_focus=True,
            compact=True,
        )

    @property
    def number(self) -> int | None:
        """What stands there, or None while that is not the size of a class."""
        number = int(self.value) if self.value.isdecimal() else 0
        return number if 1 <= number <= MOST_STUDENTS else None

    def watch_value(self, value: str) -> None:
        """More than a class can be is the most that it can be: what stands there is what counts."""
        if value.isdecimal() and int(value) > MOST_STUDENTS:
            self.value = str(MOST_STUDENTS)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        return character is not None and character.isdecimal()

    def on_key(self, event: events.Key) -> None:
        if event.is_printable and not (event.character or "").isdecimal():
            event.prevent_default()

    def action_step(self, change: int) -> None:
        number = (self.number or 0) + change
        if 1 <= number <= MOST_STUDENTS:
            self.value = str(number)
