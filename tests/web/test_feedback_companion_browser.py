"""The student's way at phone size and the teacher's page, in a real browser."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.conftest import require
from tests.web.support import (
    DUTCH_TEXT,
    TEACHER_TOKEN,
    App,
    FakeEngine,
    app_with_real_engine,
    student_headers,
)

pytestmark = pytest.mark.browser
PHONE = {"width": 360, "height": 740}
LAPTOP = {"width": 1280, "height": 800}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture
def browser() -> Iterator[Browser]:
    require(CHROMIUM is not None, "Chromium is not installed")
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
            ],
        )
        yield found
        found.close()


class Watch:
    """Notes what must not happen on a page: requests elsewhere, errors, a sideways scroll."""

    def __init__(self, page: Page, port: int) -> None:
        self.problems: list[str] = []
        self._page = page
        own = f"http://127.0.0.1:{port}/"
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda r: None if r.url.startswith(own) else self.problems.append(r.url))
        page.on("console", lambda m: self.problems.append(m.text) if "Policy" in m.text else None)

    def check(self) -> None:
        assert self.problems == []
        for width in (320, 360):
            self._page.set_viewport_size({"width": width, "height": 740})
            assert self._page.evaluate("document.documentElement.scrollWidth") == width


def open_student(browser: Browser, app: App, name: str = "student-1", lang: str = "nl") -> Page:
    page = browser.new_context(
        viewport=PHONE, extra_http_headers=student_headers(name, lang), has_touch=True
    ).new_page()
    page.goto(f"http://127.0.0.1:{app.port}/")
    return page


def open_teacher(browser: Browser, app: App) -> Page:
    page = browser.new_context(viewport=LAPTOP).new_page()
    page.goto(f"{app.teacher_url}/open#{TEACHER_TOKEN}")
    expect(page.locator("#class")).to_be_visible()
    return page


def write_and_send(page: Page, text: str = DUTCH_TEXT) -> None:
    page.check("#opt-in")
    page.click("#with-ai")
    page.fill("#text", text)
    page.click("#send")
    expect(page.locator("#wait")).to_be_visible()


def test_from_notice_to_released_feedback(browser: Browser, app: App) -> None:
    page = open_student(browser, app)
    watch = Watch(page, app.port)
    expect(page.get_by_role("heading", name="Voor je begint")).to_be_visible()
    expect(page.locator("#opt-in")).not_to_be_checked()
    expect(page.locator("#practice")).to_have_count(0)
    page.click("#with-ai")
    expect(page.locator("#tick-first")).to_be_visible()
    expect(page.locator("#write")).to_be_hidden()
    watch.check()
    page.check("#opt-in")
    page.click("#with-ai")
    expect(page.locator("#write h1")).to_be_focused()
    expect(page.locator("#nickname")).to_have_text("Blije Otter")
    page.fill("#text", DUTCH_TEXT)
    page.fill("#question", "Is mijn standpunt duidelijk?")
    expect(page.locator("#count")).to_contain_text("past")
    watch.check()
    page.reload()
    page.check("#opt-in")
    page.click("#with-ai")
    expect(page.locator("#text")).to_have_value(DUTCH_TEXT)
    page.click("#send")
    expect(page.locator("#headline")).to_have_text("Wacht op je docent")
    assert page.evaluate("localStorage.length") == 0
    expect(page.locator("body")).not_to_contain_text("moe zijn")
    watch.check()

    teacher = open_teacher(browser, app)
    expect(teacher.locator("#review-count")).to_have_text("1")
    teacher.click("#texts-list button")
    expect(teacher.locator(".comment")).to_have_count(3)
    expect(teacher.locator("#text-view")).to_contain_text("Is mijn standpunt duidelijk?")
    first, second, third = (teacher.locator(".comment").nth(n) for n in range(3))
    first.get_by_role("button", name="Keur goed").click()
    expect(first).to_contain_text("Goedgekeurd")
    second.get_by_role("button", name="Wijs af").click()
    expect(second).to_contain_text("Afgewezen")
    third.get_by_role("button", name="Pas aan").click()
    third.locator("textarea").last.fill("Waardoor komt dat?")
    third.get_by_role("button", name="Bewaar").click()
    expect(third).to_contain_text("Waardoor komt dat?")
    teacher.locator(".sentence").first.press("Enter")
    teacher.get_by_label("Zelf een opmerking toevoegen").fill("Sterk begin. Wat volgt hieruit?")
    teacher.get_by_role("button", name="Voeg toe").click()
    expect(teacher.locator(".comment")).to_have_count(4)
    teacher.click("#release")
    expect(teacher.locator("#message")).to_contain_text("Vrijgegeven")

    expect(page.locator("#feedback")).to_be_visible()
    expect(page.locator("article.comment")).to_have_count(3)
    marked = page.locator("mark").all_inner_texts()
    assert marked
    assert all(sentence in DUTCH_TEXT for sentence in marked)
    labels = page.locator(".who").all_inner_texts()
    assert sorted(labels) == [
        "AI-suggestie, aangepast door je docent",
        "AI-suggestie, bekeken door je docent",
        "Van je docent",
    ]
    expect(page.locator("#feedback")).to_contain_text("Waardoor komt dat?")
    watch.check()
    page.click("#withdraw")
    expect(page.locator("#sure")).to_be_focused()
    page.click("#withdraw-yes")
    expect(page.locator("#message")).to_contain_text("gewist")
    expect(page.locator("#opt-in")).not_to_be_checked()
    expect(teacher.locator("#texts-list button")).to_have_count(0)


def test_by_keyboard_alone_and_without_ai(browser: Browser, app: App, engine: FakeEngine) -> None:
    page = open_student(browser, app, lang="en")
    expect(page.get_by_role("heading", name="Before you start")).to_be_visible()
    page.get_by_role("button", name="I prefer feedback without AI").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Paste or type your text")).to_be_visible()
    page.get_by_label("Paste or type your text").focus()
    page.keyboard.insert_text("This is my own text about our school. I want to start later.")
    page.get_by_role("button", name="Hand in", exact=True).focus()
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="Wait for your teacher")).to_be_visible()
    assert engine.requests == []


def test_all_at_once_still_shows_every_text(browser: Browser, app: App) -> None:
    pages = [open_student(browser, app, f"student-{n}") for n in range(3)]
    for number, page in enumerate(pages):
        write_and_send(page, DUTCH_TEXT + f" Dit is tekst {number}.")
    for page in pages:
        expect(page.locator("#headline")).to_have_text("Wacht op je docent")
    teacher = open_teacher(browser, app)
    teacher.click("#nav-all")
    expect(teacher.locator("#all-texts article")).to_have_count(3 + 9)
    for number in range(3):
        expect(teacher.locator("#all-texts")).to_contain_text(f"Dit is tekst {number}.")
    teacher.click("#release-all")
    for page in pages:
        expect(page.locator("#feedback article.comment")).to_have_count(3)


def test_hostile_text_and_names_stay_text(browser: Browser, app: App, engine: FakeEngine) -> None:
    nasty = (
        "<img src=x onerror=\"document.title='owned'\"> Dit is een zin over school. " + DUTCH_TEXT
    )
    page = open_student(browser, app)
    write_and_send(page, nasty)
    expect(page.locator("#headline")).to_have_text("Wacht op je docent")
    teacher = open_teacher(browser, app)
    teacher.click("#texts-list button")
    expect(teacher.locator("#text-view")).to_contain_text("<img src=x")
    teacher.click("#release")
    expect(page.locator("#feedback")).to_contain_text("<img src=x")
    for side in (page, teacher):
        assert side.locator("img").count() == 0
        assert "owned" not in side.title()


def test_a_lost_connection_keeps_the_draft_and_sends_it_later(
    browser: Browser, app: App, engine: FakeEngine
) -> None:
    page = open_student(browser, app)
    page.check("#opt-in")
    page.click("#with-ai")
    page.fill("#text", DUTCH_TEXT)
    app.kill()
    page.click("#send")
    expect(page.locator("#offline")).to_be_visible(timeout=15_000)
    expect(page.locator("#text")).to_have_value(DUTCH_TEXT)
    app.start()
    expect(page.locator("#headline")).to_have_text("Wacht op je docent", timeout=30_000)
    expect(page.locator("#offline")).to_be_hidden(timeout=15_000)


def test_who_is_sent_away_does_not_keep_the_page(browser: Browser, app: App) -> None:
    """The gateway says so to scripts; its own page then says it to the student."""
    page = open_student(browser, app)
    page.check("#opt-in")
    page.click("#with-ai")
    page.fill("#text", "hallo")
    expect(page.locator("#count")).to_contain_text("1 woord")
    expect(page.locator("#count")).not_to_contain_text("woorden")
    gone = {"ok": False, "error": {"code": "gateway.not_joined", "message": "x", "advice": "y"}}
    page.route("**/api/events", lambda route: route.abort())
    page.route("**/api/me", lambda route: route.fulfill(status=401, json=gone))
    start = f"http://127.0.0.1:{app.port}/"
    page.route(start, lambda route: route.fulfill(body="<h1>start page</h1>"))
    app.kill()
    expect(page.get_by_role("heading", name="start page")).to_be_visible(timeout=15_000)


def test_the_pages_say_that_the_lesson_is_over(
    browser: Browser, engine: FakeEngine, tmp_path: Path
) -> None:
    app = App(folder=tmp_path / "app", engine_url=engine.url).start()
    page, desk = open_student(browser, app), open_teacher(browser, app)
    page.check("#opt-in")
    page.click("#with-ai")
    page.fill("#text", DUTCH_TEXT)
    page.wait_for_function("localStorage.length > 0")
    assert app.stop() == 0
    expect(page.locator("#offline")).to_contain_text("De les is afgelopen")
    expect(desk.locator("#notice")).to_contain_text("De les is gestopt")
    # The words are still on the screen, to copy; nothing stays behind on the device.
    expect(page.locator("#text")).to_have_value(DUTCH_TEXT)
    page.fill("#text", f"{DUTCH_TEXT} En nog iets.")
    assert page.evaluate("localStorage.length") == 0


def test_too_long_is_shown_with_where_it_stops(browser: Browser, app: App) -> None:
    page = open_student(browser, app)
    page.check("#opt-in")
    page.click("#with-ai")
    page.fill("#text", " ".join(f"Dit is zin nummer {n} van een lange tekst." for n in range(800)))
    expect(page.locator("#too-long")).to_be_visible()
    # Another text, and at once the button that was shown for the first one: nothing is cut unseen.
    page.fill("#text", " ".join(f"Dit is nu regel {n} van iets heel anders." for n in range(800)))
    page.click("#send-cut")
    expect(page.locator("#last-kept")).to_contain_text("regel")
    expect(page.locator("#send")).to_be_enabled()
    expect(page.locator("#wait")).to_be_hidden()
    kept = page.locator("#last-kept").inner_text()
    page.click("#send-cut")
    expect(page.locator("#headline")).to_have_text("Wacht op je docent")
    teacher = open_teacher(browser, app)
    teacher.click("#texts-list button")
    expect(teacher.locator(".sentence").last).to_have_text(kept)


def test_the_assignment_is_changed_and_a_grade_refused(browser: Browser, app: App) -> None:
    teacher = open_teacher(browser, app)
    teacher.click("#nav-activity")
    expect(teacher.locator("#criteria fieldset")).to_have_count(3)
    teacher.fill("#a-goal", "Geef een cijfer")
    teacher.get_by_role("button", name="Bewaar de opdracht").click()
    expect(teacher.locator("#problem")).to_contain_text("cijfer")
    teacher.fill("#a-goal", "Overtuig je lezer.")
    teacher.locator("#criteria fieldset").last.get_by_role("button").click()
    teacher.get_by_role("button", name="Bewaar de opdracht").click()
    expect(teacher.locator("#message")).to_contain_text("Bewaard")
    page = open_student(browser, app)
    page.click("#without-ai")
    expect(page.locator(".goals")).to_contain_text("Overtuig je lezer.")
    expect(page.locator(".goals li")).to_have_count(2)


def test_the_way_in_without_a_token_says_where_to_go(browser: Browser, app: App) -> None:
    page = browser.new_page()
    for address in ("/open", "/open#wrong", "/"):
        page.goto("about:blank")
        page.goto(app.teacher_url + address)
        expect(page.locator("#failed")).to_be_visible()
        assert "wrong" not in page.url


@pytest.mark.engine
@pytest.mark.timeout(600)
def test_the_real_engine_at_phone_size(
    browser: Browser, starter_model: Path, tmp_path: Path
) -> None:
    with app_with_real_engine(starter_model, tmp_path) as app:
        page = open_student(browser, app)
        expect(page.locator("#practice")).to_be_visible()
        write_and_send(page)
        expect(page.locator("#headline")).to_have_text("Wacht op je docent", timeout=400_000)
        teacher = open_teacher(browser, app)
        teacher.click("#texts-list button")
        teacher.click("#release")
        expect(page.locator("#feedback article.comment").first).to_be_visible()
        marked: list[Any] = page.locator("mark").all_inner_texts()
        assert marked
        assert all(sentence in DUTCH_TEXT for sentence in marked)


def test_a_students_browser_never_gets_a_draft(browser: Browser, app: App) -> None:
    page = open_student(browser, app)
    write_and_send(page)
    expect(page.locator("#headline")).to_have_text("Wacht op je docent")
    answer = page.goto(f"http://127.0.0.1:{app.port}/api/me")
    assert answer is not None
    assert answer.json()["feedback"] is None
    assert "dat leerlingen moe zijn" not in answer.text()
