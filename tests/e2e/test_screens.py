"""The whole job through the screens, with the real use cases, engine and gateway."""

import os
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from launcher.errors import PaadjeError
from launcher.sharing.addresses import choose_address
from launcher.tui.app import PaadjeApp
from tests.browser import ARGUMENTS, CHROMIUM
from tests.conftest import require
from tests.e2e.conftest import Paadje
from tests.tui.conftest import flat, screen_name, wait_until
from tests.tui.test_looks import picture
from tests.unit.sharing.test_qr import read

pytestmark = [pytest.mark.engine, pytest.mark.browser]


def has_lan_address() -> bool:
    try:
        choose_address(None)
    except PaadjeError:
        return False
    return True


def phase(pilot: object) -> str:
    return str(getattr(pilot.app.screen, "phase", ""))  # type: ignore[attr-defined]


@pytest.mark.parametrize(("lang", "students"), [("nl", "leerling"), ("en", "student")])
async def test_choose_start_scan_and_stop(
    ready: Paadje, tmp_path: Path, lang: str, students: str
) -> None:
    require(CHROMIUM is not None, "Chromium is not installed")
    require(has_lan_address(), "this computer has no network to share on")
    pages: list[str] = []
    environ = {**os.environ, **ready.environment(), "PAADJE_LANGUAGE": lang}
    app = PaadjeApp(environ, open_page=lambda url: not pages.append(url), poll_s=0.2)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_until(pilot, lambda: app.cards is not None and app.screen.focused is not None)
        assert "Feedback Companion" in flat(pilot)
        await pilot.press("enter")
        await wait_until(pilot, lambda: screen_name(pilot) == "PlanScreen")
        await wait_until(pilot, lambda: not app.screen.query_one("#go").disabled)
        assert "SmolLM2" in flat(pilot)
        await pilot.click("#go")
        await wait_until(
            pilot, lambda: screen_name(pilot) == "LessonScreen" or phase(pilot) == "failed", 90
        )
        assert screen_name(pilot) == "LessonScreen", flat(pilot)

        lesson = ready("status", "--json").data["lessons"][0]
        seen = read(picture(app.export_screenshot(), tmp_path))
        assert seen == lesson["share"]["join_url"]
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            phone = await browser.new_page(viewport={"width": 360, "height": 740})
            await phone.goto(seen)
            await phone.locator("#opt-in").wait_for()
            await wait_until(pilot, lambda: f"1 {students}" in flat(pilot))
            await pilot.press("enter")
            await wait_until(pilot, lambda: pages == [lesson["apps"][0]["teacher_url"]])
            await browser.close()

        await pilot.press("s")
        await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
        await pilot.press("right", "enter")
        await wait_until(pilot, lambda: phase(pilot) == "done", 60)
    assert not ready.processes()
