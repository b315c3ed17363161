"""Text on the screen, always as it is: no markup, no control characters."""

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from launcher.logs import printable


def plain(text: str) -> Content:
    """``text`` line by line, with everything that could steer a terminal made visible."""
    return Content("\n".join(printable(line) for line in text.split("\n")))


class Line(Static):
    """A text of one or more lines. The part that says the same in every state has an ``id``."""

    def __init__(self, text: str = "", *, id: str | None = None, classes: str = "") -> None:  # noqa: A002
        super().__init__(plain(text), id=id, classes=classes, markup=False)

    def show(self, text: str) -> None:
        self.update(plain(text))

    @property
    def text(self) -> str:
        return str(self.visual)


class Choice(Button):
    """A button whose label is text. ``main`` is the one that a screen has at most one of."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "press", "tui.key.press", key_display="Enter")
    ]

    def __init__(
        self,
        label: str,
        *,
        id: str,  # noqa: A002
        main: bool = False,
        disabled: bool = False,
    ) -> None:
        super().__init__(
            plain(label), id=id, disabled=disabled, classes="main" if main else "", flat=True
        )


class Column(VerticalScroll, can_focus=False, inherit_bindings=False):
    """Widgets below each other that scroll along with the focus; arrow keys stay the screen's."""
