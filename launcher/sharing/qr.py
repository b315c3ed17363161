"""QR codes for a terminal and for a page."""

import io
from collections.abc import Sequence

import segno

QUIET_ZONE = 4
"""Modules around the code that must stay light (ISO/IEC 18004)."""

_MOST_MODULES = 40
"""20 rows of half blocks: what leaves room for a title and keys in 24 rows."""

# Entries of the fixed colour cube: a theme can repaint "black" and "white", but not these.
_BLACK_ON_WHITE = "\x1b[38;5;16;48;5;231m"
_RESET = "\x1b[0m"
_INK = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def qr_rows(text: str) -> tuple[str, ...]:
    """The QR code of ``text`` as rows of half blocks with its quiet zone, one module a column.

    Dark modules are ink, so draw them in black on white. A join URL with an IPv4 address takes 37
    columns and 19 rows. A longer text gives up half of the quiet zone when that helps it fit.
    """
    code = _make(text)
    size = code.symbol_size(border=QUIET_ZONE)[0]
    border = QUIET_ZONE if size <= _MOST_MODULES else QUIET_ZONE // 2
    rows: list[Sequence[int]] = [
        [1 if module else 0 for module in row] for row in code.matrix_iter(border=border)
    ]
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    return tuple(
        "".join(_INK[pair] for pair in zip(rows[top], rows[top + 1], strict=True))
        for top in range(0, len(rows), 2)
    )


def terminal_qr(text: str, *, colour: bool = True) -> str:
    """The QR code of ``text``, ready to print on a dark or a light terminal.

    Without ``colour`` there are no escape codes and the light modules are ink: right for a dark
    terminal only.
    """
    rows = qr_rows(text)
    if colour:
        return "\n".join(f"{_BLACK_ON_WHITE}{row}{_RESET}" for row in rows)
    swapped = str.maketrans(" ▀▄█", "█▄▀ ")
    return "\n".join(row.translate(swapped) for row in rows)


def svg_qr(text: str, *, title: str | None = None) -> str:
    """The QR code of ``text`` as one ``<svg>`` element that fills the width it is given.

    ``title`` is what a screen reader says. Colours are fixed: a QR code may not follow dark mode.
    """
    out = io.BytesIO()
    _make(text).save(
        out,
        kind="svg",
        border=QUIET_ZONE,
        xmldecl=False,
        svgns=True,
        title=title,
        omitsize=True,
        light="#ffffff",
        dark="#000000",
        nl=False,
    )
    return out.getvalue().decode("utf-8")


def _make(text: str) -> segno.QRCode:
    # The lowest error level gives the fewest and so the largest modules: on a screen nothing is
    # scratched, and distance is the problem. segno raises the level where that costs no module.
    return segno.make(text, error="l", micro=False)
