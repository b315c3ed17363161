"""Make docs/pictures: the screens, the student's and the teacher's pages, from a real lesson.

It installs the practice model in a home of its own, starts a lesson through the screens, and plays
a student and a teacher in Chromium: ``python -m docs.make_pictures [nl] [en]``, on Linux as root.

All that runs in a network namespace with an address as a school gives it, whatever this computer
has: what the screens say about the address is what they say in a classroom. The practice model
comes from a mirror in there.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.async_api import Browser, Page, async_playwright

from launcher.tui.app import PaadjeApp
from tests.browser import ARGUMENTS, CHROMIUM
from tests.conftest import TEST_CACHE
from tests.gateway.test_network import ip
from tests.tui.conftest import screen_name, wait_until
from tests.tui.test_looks import picture

PICTURES = Path(__file__).resolve().parent / "pictures"
ADDRESS, ROUTER = "192.168.1.23", "192.168.1.1"
INSIDE = "--inside"
TEXT = {
    "nl": (
        "Ik vind dat onze school later moet beginnen. Veel leerlingen zijn om half negen nog moe. "
        "Met een uur extra slaap kun je beter opletten. Sommige docenten zeggen dat de dag dan te "
        "lang wordt. Daar ben ik het niet mee eens, want je haalt die tijd in. Mijn buurjongen "
        "begint om half tien en hij haalt goede cijfers. Daarom moet de school het een jaar "
        "proberen."
    ),
    "en": (
        "I think our school should start later. Many students are still tired at half past eight. "
        "With an hour of extra sleep you can pay more attention. Some teachers say that the day "
        "becomes too long then. I do not agree, because you make up for that time. The boy next "
        "door starts at half past nine and he does well. That is why the school should try it for "
        "a year."
    ),
}


async def main(lang: str, size: tuple[int, int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        environ = {**os.environ, "PAADJE_HOME": str(home / "home"), "PAADJE_LANGUAGE": lang}
        os.environ.update(environ)
        pages: list[str] = []
        app = PaadjeApp(environ, open_page=lambda url: not pages.append(url), poll_s=0.2)

        def shoot(name: str) -> None:
            columns, rows = size
            made = picture(app.export_screenshot(), home)
            made.replace(PICTURES / f"{name}-{columns}x{rows}-{lang}.png")

        async with app.run_test(size=size) as pilot, async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
            await wait_until(pilot, lambda: app.cards is not None and app.screen.focused, 60)
            shoot("catalog")
            await pilot.press("enter")
            await wait_until(pilot, lambda: screen_name(pilot) == "PlanScreen")
            await wait_until(pilot, lambda: not app.screen.query_one("#go").disabled, 60)
            shoot("plan")
            await pilot.click("#go")
            await wait_until(pilot, lambda: app.screen.query("#figures").first().visible, 60)
            await pilot.pause(0.7)
            shoot("install")
            await wait_until(pilot, lambda: app.screen.query("#next"), 120)
            await pilot.press("enter")
            await wait_until(pilot, lambda: screen_name(pilot) == "LessonScreen", 120)
            await pilot.pause(0.5)
            if size == (80, 24):
                lesson = app.lessons[0]
                await play(browser, lang, lesson.share.join_url, lesson.apps[0].teacher_url)
                await pilot.pause(1.0)
            shoot("lesson")
            await browser.close()
            await pilot.press("s")
            await wait_until(pilot, lambda: screen_name(pilot) == "Dialog")
            await pilot.press("right", "enter")
            await wait_until(pilot, lambda: app.screen.query("#next"), 120)
            shoot("stopped")


async def play(browser: Browser, lang: str, join_url: str, teacher_url: str) -> None:
    """One student and one teacher, with a picture at every step."""
    locale = "nl-NL" if lang == "nl" else "en-GB"
    phone = await browser.new_page(
        viewport={"width": 360, "height": 740}, device_scale_factor=2, locale=locale
    )
    laptop = await browser.new_page(viewport={"width": 1280, "height": 800}, locale=locale)

    async def shoot(page: Page, name: str) -> None:
        await page.screenshot(path=PICTURES / f"{name}-{lang}.png")

    await phone.goto(join_url)
    await phone.locator("#opt-in").check()
    await shoot(phone, "student-notice")
    await phone.click("#with-ai")
    await phone.fill("#text", TEXT[lang])
    await shoot(phone, "student-text")
    await phone.click("#send")
    await phone.locator("#wait").wait_for()
    await shoot(phone, "student-wait")
    await laptop.goto(teacher_url)
    await laptop.locator("#texts-list button").first.click()
    await laptop.locator("#text-view #release").wait_for(timeout=120_000)
    await shoot(laptop, "teacher-review")
    await laptop.locator("#text-view #release").click()
    await phone.locator("#feedback article.comment").first.wait_for()
    await shoot(phone, "student-feedback")


@contextmanager
def classroom() -> Iterator[str]:
    """A network namespace with the Wi-Fi of a school; its name."""
    name = f"pic{uuid.uuid4().hex[:6]}"
    ip("netns", "add", name)
    try:
        ip("-n", name, "link", "set", "lo", "up")
        ip("-n", name, "link", "add", "wlan0", "type", "veth", "peer", "name", "router")
        ip("-n", name, "address", "add", f"{ADDRESS}/24", "dev", "wlan0")
        for end in ("wlan0", "router"):
            ip("-n", name, "link", "set", end, "up")
        ip("-n", name, "route", "add", "default", "via", ROUTER)
        yield name
    finally:
        ip("netns", "delete", name)


@contextmanager
def mirror() -> Iterator[str]:
    """The practice model of the tests on loopback; the address."""
    files = partial(SimpleHTTPRequestHandler, directory=str(TEST_CACHE))
    with ThreadingHTTPServer(("127.0.0.1", 0), files) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def inside(languages: list[str]) -> None:
    PICTURES.mkdir(exist_ok=True)
    with mirror() as url:
        os.environ["PAADJE_MIRRORS"] = url
        for each in languages or ["nl", "en"]:
            for terminal in ((80, 24), (120, 36)):
                asyncio.run(main(each, terminal))


if __name__ == "__main__":
    if sys.argv[1:2] == [INSIDE]:
        inside(sys.argv[2:])
    else:
        again = [sys.executable, "-m", "docs.make_pictures", INSIDE, *sys.argv[1:]]
        with classroom() as network:
            subprocess.run(["ip", "netns", "exec", network, *again], check=True)
