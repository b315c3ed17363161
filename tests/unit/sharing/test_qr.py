"""Every QR code is read back by a real reader."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from launcher.sharing.join import join_url, new_token
from launcher.sharing.qr import qr_rows, svg_qr, terminal_qr
from tests.conftest import require

TOKEN = "Ugy1MyaQ40Aa3bUKeKooS3"
LONGEST = join_url("192.168.100.100", 42000, TOKEN)
ANSI = re.compile(r"\x1b\[([0-9;]*)m")
SCALE = 6
Pixels = list[list[int]]


def read(image: Path) -> str:
    require(shutil.which("zbarimg") is not None, "zbarimg is not installed")
    result = subprocess.run(
        ["zbarimg", "--quiet", "--raw", image], capture_output=True, text=True, check=False
    )
    return result.stdout.strip()


def write_pgm(path: Path, pixels: Pixels) -> Path:
    wide = [[value for value in row for _ in range(SCALE)] for row in pixels for _ in range(SCALE)]
    head = f"P5 {len(wide[0])} {len(wide)} 255\n".encode()
    path.write_bytes(head + b"".join(bytes(row) for row in wide))
    return path


def as_seen(printed: str, *, ink: int, paper: int) -> Pixels:
    """What a terminal with this ink and paper (0 black, 255 white) shows, with space around it."""
    rows: Pixels = []
    for line in printed.split("\n"):
        upper, lower = [], []
        fore, back = ink, paper
        for part in re.split(r"(\x1b\[[0-9;]*m)", line):
            escape = ANSI.fullmatch(part)
            if escape:
                fixed = "38;5;16;48;5;231" in escape.group(1)
                fore, back = (0, 255) if fixed else (ink, paper)
                continue
            for block in part:
                upper.append(fore if block in "▀█" else back)
                lower.append(fore if block in "▄█" else back)
        rows += [upper, lower]
    edge = 6
    width = len(rows[0]) + 2 * edge
    blank = [[paper] * width for _ in range(edge)]
    return blank + [[paper] * edge + row + [paper] * edge for row in rows] + blank


@pytest.mark.parametrize(("ink", "paper"), [(255, 0), (0, 255), (180, 40), (90, 240)])
@pytest.mark.parametrize("text", [LONGEST, join_url("10.0.0.5", 42000, TOKEN)])
def test_the_terminal_code_scans_on_dark_and_light(
    tmp_path: Path, text: str, ink: int, paper: int
) -> None:
    pixels = as_seen(terminal_qr(text), ink=ink, paper=paper)
    assert read(write_pgm(tmp_path / "qr.pgm", pixels)) == text


def test_without_colour_it_scans_on_a_dark_terminal(tmp_path: Path) -> None:
    printed = terminal_qr(LONGEST, colour=False)
    assert "\x1b" not in printed
    pixels = as_seen(printed, ink=255, paper=0)
    assert read(write_pgm(tmp_path / "qr.pgm", pixels)) == LONGEST


def test_a_join_url_fits_beside_text_in_80_by_24() -> None:
    rows = qr_rows(LONGEST)
    assert len(rows) <= 20
    assert {len(row) for row in rows} == {37}


def test_a_school_hostname_still_fits(tmp_path: Path) -> None:
    text = "https://paadje.mijnschool.nl:42000/j#" + new_token()
    assert len(qr_rows(text)) <= 20
    pixels = as_seen(terminal_qr(text), ink=255, paper=0)
    assert read(write_pgm(tmp_path / "qr.pgm", pixels)) == text


def test_the_svg_scans_and_has_a_name(tmp_path: Path) -> None:
    svg = svg_qr(LONGEST, title='Scan <mij> & "ga"')
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    title = root.find(f"{space}title")
    assert title is not None
    assert title.text == 'Scan <mij> & "ga"'
    size = int(root.attrib["viewBox"].split()[-1])
    pixels = [[255] * size for _ in range(size)]
    path = next(item for item in root.findall(f"{space}path") if "stroke" in item.attrib)
    x = y = 0
    for command, numbers in re.findall(r"([Mmh])([-0-9. ]+)", path.attrib["d"]):
        values = [float(number) for number in re.findall(r"-?[0-9.]+", numbers)]
        if command == "M":
            x, y = int(values[0]), int(values[1])
        elif command == "m":
            x, y = x + int(values[0]), y + int(values[1])
        else:
            for column in range(x, x + int(values[0])):
                pixels[y][column] = 0
            x += int(values[0])
    assert read(write_pgm(tmp_path / "qr.pgm", pixels)) == LONGEST
