"""A QR code that is as large as the room it gets, and never cut off."""

from collections.abc import Sequence
from itertools import groupby

from textual.app import RenderResult
from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from launcher.i18n import Translator
from launcher.sharing.qr import qr_rows

_DARK_HALVES = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}
_INK = {halves: char for char, halves in _DARK_HALVES.items()}
_LARGE_QUIET_ZONE = 2
"""Modules; enough for the larger sizes, which stand on a white ground of their own."""


class QrCode(Widget):
    """Black on white whatever the theme is: a phone needs dark on light."""

    def __init__(self, t: Translator, text: str, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._t = t
        self._rows = qr_rows(text)

    def render(self) -> RenderResult:
        rows = fit_rows(self._rows, self.size)
        if not rows:
            return Content(self._t("tui.qr.no_room"))
        return Content("\n").join(_painted(row) for row in rows)


def _painted(row: str) -> Content:
    """Full blocks as ground: fonts leave seams between blocks, and phones stumble over them."""
    return Content.assemble(
        *(
            (" " * len(run), "on #000000") if full else run
            for full, run in ((full, "".join(run)) for full, run in groupby(row, "█".__eq__))
        )
    )


def fit_rows(rows: Sequence[str], room: Size) -> Sequence[str]:
    """The rows of a QR code, enlarged as often as they fit; empty when they do not fit at all."""
    dark = _modules(rows)
    modules = len(dark)
    for scale in (4, 3, 2):
        side = (modules + 2 * _LARGE_QUIET_ZONE) * scale
        if side <= room.width and (side + 1) // 2 <= room.height:
            return _draw(dark, scale)
    return rows if len(rows[0]) <= room.width and len(rows) <= room.height else ()


def _modules(rows: Sequence[str]) -> list[list[bool]]:
    """The modules of the code itself, without its quiet zone."""
    halves: list[list[bool]] = []
    for row in rows:
        halves.append([_DARK_HALVES[char][0] for char in row])
        halves.append([_DARK_HALVES[char][1] for char in row])
    # The corner of a finder pattern is dark, so the first dark module is the corner of the code.
    border = next(place for place, row in enumerate(halves) if any(row))
    side = len(rows[0]) - 2 * border
    return [row[border : border + side] for row in halves[border : border + side]]


def _draw(dark: list[list[bool]], scale: int) -> list[str]:
    side = len(dark) * scale
    border = _LARGE_QUIET_ZONE * scale

    def is_dark(x: int, y: int) -> bool:
        x, y = x - border, y - border
        return 0 <= x < side and 0 <= y < side and dark[y // scale][x // scale]

    whole = side + 2 * border
    return [
        "".join(_INK[is_dark(x, y), is_dark(x, y + 1)] for x in range(whole))
        for y in range(0, whole, 2)
    ]
