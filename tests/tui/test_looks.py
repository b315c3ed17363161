"""What is on the screens: nothing cut off, nothing obeyed, a code that a phone can read."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from textual.geometry import Size
from textual.widgets import Button

from launcher import lesson
from launcher.i18n import LANGUAGES, translator
from launcher.sharing.qr import qr_rows
from launcher.tui.widgets.keybar import KeyBar, KeyHint
from launcher.tui.widgets.qr import fit_rows
from launcher.tui.widgets.text import Line
from tests.conftest import require
from tests.tui.conftest import LARGE, SMALL, Start, flat, screen_name, shown, wait_until
from tests.tui.fakes import JOIN_URL, UNCLEAN, FakeUseCases, address, make_lesson

HOSTILE = "[red]Mr[/] \x1b]0;x\x07\u202eevil [@click=app.quit]here[/]"
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def nothing_cut_off(pilot) -> None:
    """Every button and key hint of the screen is whole, and beside its neighbours."""
    screen = pilot.app.screen
    for widget in [*screen.query(Button), *screen.query(KeyHint)]:
        if widget.display and widget.region.area:
            parent = widget.parent.region
            assert widget.region.x >= parent.x, widget
            assert widget.region.right <= parent.right, (str(widget), widget.region, parent)
            assert widget.region.width >= len(str(widget.render())), widget


@pytest.mark.parametrize("size", [SMALL, LARGE])
@pytest.mark.parametrize("lang", LANGUAGES)
async def test_nothing_is_cut_off(start_app: Start, size, lang) -> None:
    usecases = FakeUseCases(hold={"install"}, lessons=(make_lesson(joined=12), UNCLEAN))
    usecases.addresses = (address("192.168.178.123", "Wi-Fi"), address("10.0.0.1", "eth0"))
    async with start_app(usecases, size=size, lang=lang) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.query("#tidy-1"))
        nothing_cut_off(pilot)
        await pilot.press("q")
        await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
        nothing_cut_off(pilot)
        await pilot.press("escape")
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        nothing_cut_off(pilot)
        await pilot.press("s")
        await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
        nothing_cut_off(pilot)
        await pilot.press("escape", "escape")
        await wait_until(pilot, lambda: screen_name(pilot) == "OverviewScreen")
        pilot.app.screen.query_one("#card-0").focus()
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "PlanScreen")
        await wait_until(pilot, lambda: not pilot.app.screen.query_one("#go").disabled)
        nothing_cut_off(pilot)
        usecases.fetch_bytes = 0
        pilot.app.screen.make_plan()
        await wait_until(pilot, lambda: pilot.app.screen.plan.fetch_bytes == 0)
        nothing_cut_off(pilot)
        usecases.fetch_bytes = 5_000_000_000
        await pilot.press("m")
        await wait_until(pilot, lambda: screen_name(pilot) == "ModelsScreen")
        nothing_cut_off(pilot)
        await pilot.press("escape")
        pilot.app.screen.make_plan()
        await wait_until(pilot, lambda: pilot.app.screen.plan.fetch_bytes)
        await pilot.click("#go")
        await wait_until(pilot, lambda: pilot.app.screen.query("#cancel"))
        nothing_cut_off(pilot)
        await pilot.press("escape")
        await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
        nothing_cut_off(pilot)


async def test_keys_are_told_and_can_be_clicked(start_app: Start) -> None:
    async with start_app(FakeUseCases()) as pilot:
        await wait_until(pilot, lambda: "Enter openen" in flat(pilot))
        last_line = shown(pilot).splitlines()[-1]
        assert "t English" in last_line
        assert "q sluiten" in last_line
        hints = list(pilot.app.screen.query_one(KeyBar).query(KeyHint))
        await pilot.click(next(hint for hint in hints if hint.key == "t"))
        await wait_until(pilot, lambda: "q quit" in flat(pilot))


async def test_arrows_go_through_cards(start_app: Start) -> None:
    async with start_app(FakeUseCases()) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.focused is not None)
        await pilot.press("down")
        assert pilot.app.screen.focused.id == "card-1"
        await pilot.press("up")
        assert pilot.app.screen.focused.id == "card-0"


async def test_language_is_remembered(start_app: Start, home: Path) -> None:
    async with start_app(FakeUseCases()) as pilot:
        await pilot.press("t")
        await wait_until(pilot, lambda: "What would you like" in flat(pilot))
        await wait_until(pilot, (home / "config/settings.toml").is_file)
    assert 'language = "en"' in (home / "config/settings.toml").read_text(encoding="utf-8")


async def test_hostile_names_are_only_text(start_app: Start) -> None:
    usecases = FakeUseCases(model_name=HOSTILE)
    usecases.addresses = (address("10.0.0.1", HOSTILE), address("10.0.0.2", "[/]"))
    async with start_app(usecases, size=LARGE) as pilot:
        await wait_until(pilot, lambda: "[red]Mr[/]" in flat(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: not pilot.app.screen.query_one("#go").disabled)
        assert flat(pilot).count("[@click=app.quit]") >= 2
        await pilot.press("m")
        await wait_until(pilot, lambda: screen_name(pilot) == "ModelsScreen")
        assert "[@click=app.quit]here[/]" in flat(pilot)
        for char in "\x1b\x07\u202e":
            assert char not in shown(pilot)


async def test_practice_model_is_unmistakable(start_app: Start) -> None:
    usecases = FakeUseCases(practice=True)
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: "Alleen om te oefenen" in flat(pilot))
        await pilot.press("enter")
        await wait_until(pilot, lambda: "Dit is een oefenmodel" in flat(pilot))
        assert "niet voor echte feedback" in flat(pilot)


@pytest.mark.parametrize(("lang", "word"), [("nl", "oefenmodel"), ("en", "practice model")])
async def test_practice_model_is_told_once_on_the_plan(
    start_app: Start, monkeypatch: pytest.MonkeyPatch, lang: str, word: str
) -> None:
    usecases = FakeUseCases(practice=True)
    monkeypatch.setattr(usecases, "explain_plan", lesson.explain_plan)
    async with start_app(usecases, lang=lang, size=LARGE) as pilot:
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "PlanScreen")
        await wait_until(pilot, lambda: not pilot.app.screen.query_one("#go").disabled)
        told = " ".join(line.text for line in pilot.app.screen.query_one("#told").query(Line))
        assert told.count(word) == 1
        assert ("Engelstalig" if lang == "nl" else "English") in told


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_warning_about_the_address_leaves_room_for_the_buttons(
    start_app: Start, lang: str
) -> None:
    lesson = make_lesson()
    share = replace(lesson.share, warnings=("vpn",))
    usecases = FakeUseCases(lessons=(replace(lesson, share=share),))
    async with start_app(usecases, lang=lang) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.query("#lesson-0"))
        await wait_until(pilot, lambda: pilot.app.screen.focused.id == "lesson-0")
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        await wait_until(pilot, lambda: "VPN" in shown(pilot))
        stop = pilot.app.screen.query_one("#stop")
        assert stop.region.bottom <= pilot.app.screen.query_one(KeyBar).region.y


async def test_computer_that_cannot(start_app: Start) -> None:
    usecases = FakeUseCases()
    card = replace(usecases.cards[0], plan=None, problem="lesson.nothing_fits")
    usecases.cards = (card,)
    async with start_app(usecases) as pilot:
        await wait_until(pilot, lambda: "Kan niet op deze laptop" in flat(pilot))
        assert "Geen enkel model past op deze computer." in flat(pilot)
        await pilot.press("enter")
        await wait_until(pilot, lambda: "Sluit andere programma’s" in flat(pilot))


# --- the QR code ----------------------------------------------------------------------------------


@pytest.mark.parametrize("room", [Size(37, 19), Size(66, 33), Size(200, 100)])
def test_qr_is_enlarged_as_often_as_it_fits(room: Size) -> None:
    rows = fit_rows(qr_rows(JOIN_URL), room)
    assert rows
    assert len(rows) <= room.height
    assert {len(row) for row in rows} <= set(range(room.width + 1))
    assert len(rows) * 2 >= room.height


def test_qr_is_never_cut_off() -> None:
    assert not fit_rows(qr_rows(JOIN_URL), Size(36, 19))
    assert not fit_rows(qr_rows(JOIN_URL), Size(37, 18))


@pytest.mark.browser
@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("size", [SMALL, LARGE])
async def test_phone_can_scan_the_screen(start_app: Start, tmp_path: Path, size, large) -> None:
    require(CHROMIUM is not None, "Chromium is not installed")
    require(shutil.which("zbarimg") is not None, "zbarimg is not installed")
    usecases = FakeUseCases(lessons=(make_lesson(),))
    async with start_app(usecases, size=size) as pilot:
        await wait_until(pilot, lambda: pilot.app.screen.query("#lesson-0"))
        await wait_until(pilot, lambda: pilot.app.screen.focused.id == "lesson-0")
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen")
        if large:
            await pilot.press("g")
            await wait_until(pilot, lambda: screen_name(pilot) == "LargeQrScreen")
        svg = pilot.app.export_screenshot()
    found = subprocess.run(
        ["zbarimg", "--quiet", "--raw", picture(svg, tmp_path)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert found.stdout.strip() == JOIN_URL


def picture(svg: str, folder: Path) -> Path:
    """The screen as a terminal with an ordinary font shows it.

    Terminals draw block characters up to the edges of the cell; a browser needs a larger font.
    """
    svg = re.sub(r"@font-face\s*\{[^}]*\}", "", svg).replace("Fira Code", "DejaVu Sans Mono")
    svg = svg.replace("font-size: 20px", "font-size: 22px")
    _, _, width, height = re.search(r'viewBox="([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+)"', svg).groups()
    page, png = folder / "screen.html", folder / "screen.png"
    page.write_text(f"<meta charset=utf-8><body style='margin:0'>{svg}", encoding="utf-8")
    subprocess.run(
        [
            CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}",
            f"--window-size={int(float(width))},{int(float(height))}",
            f"--screenshot={png}", page.as_uri(),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return png


# --- words ----------------------------------------------------------------------------------------


def test_every_sentence_of_the_screens_exists() -> None:
    folder = Path(sys.modules["launcher.tui"].__file__).parent
    used = set()
    for file in folder.rglob("*.py"):
        used |= set(re.findall(r'"(tui\.[a-z_]+(?:\.[a-z_]+)+)"', file.read_text(encoding="utf-8")))
    assert len(used) > 50
    for lang in LANGUAGES:
        assert [key for key in sorted(used) if not translator(lang).has(key)] == []


def test_no_terminal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from launcher.__main__ import main

    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert main([]) == 2
    assert "paadje --help" in capsys.readouterr().err
