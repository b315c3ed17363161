"""The five uses in a real browser: what differs between them, by keyboard, at 320 px, with axe."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.web.support import DUTCH_TEXT, App, FakeEngine, hand_in
from tests.web.test_accessible import serious
from tests.web.test_feedback_companion_browser import (
    Watch,
    browser,
    open_student,
    open_teacher,
    write_and_send,
)
from tests.web.test_student_after_browser import look
from tests.web.test_uses import use

pytestmark = pytest.mark.browser
__all__ = ["browser"]


def start_with_ai(page: Page) -> None:
    page.check("#opt-in")
    page.click("#with-ai")
    expect(page.locator("#write")).to_be_visible()
    page.check('input[value="nl"]')


def first_text(teacher: Page) -> None:
    expect(teacher.locator("#review-count")).to_have_text("1", timeout=20_000)
    teacher.click("#texts-list button")
    expect(teacher.locator("#release")).to_be_visible()


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_teacher_first_by_keyboard(lang: str, browser: Browser, app: App) -> None:
    with app.teacher() as teacher_api:
        use(teacher_api, "teacher_first")
    page = open_student(browser, app, lang=lang)
    watch = Watch(page, app.port)
    look(page, f"teacher-first-notice-{lang}")
    problems = {"notice": serious(page)}
    start_with_ai(page)
    page.fill("#aim", "Ik wil dat mijn klas het snapt.")
    page.fill("#text", DUTCH_TEXT)
    look(page, f"teacher-first-write-{lang}")
    page.click("#send")
    expect(page.locator("#wait h1")).to_be_visible()
    teacher = open_teacher(browser, app)
    first_text(teacher)
    sentence = teacher.locator(".sentence").nth(1)
    sentence.focus()
    teacher.keyboard.press("Enter")
    teacher.keyboard.type("waarom moe? bron mist")
    button = teacher.get_by_role("button", name="Maak helder en vriendelijk")
    button.focus()
    teacher.keyboard.press("Space")
    card = teacher.locator(".comment.draft")
    expect(card).to_contain_text("Jouw notitie: waarom moe? bron mist", timeout=20_000)
    look(teacher, f"teacher-first-review-{lang}")
    problems["review"] = serious(teacher)
    teacher.locator("#release").focus()
    teacher.keyboard.press("Enter")
    expect(page.locator("article.comment")).to_have_count(1, timeout=20_000)
    expect(page.locator("#feed-up")).to_contain_text("Ik wil dat mijn klas het snapt.")
    look(page, f"teacher-first-feedback-{lang}")
    problems["feedback"] = serious(page)
    watch.check()
    assert {name: found for name, found in problems.items() if found} == {}


def test_an_answer_that_comes_late_hides_nothing_newer(browser: Browser, app: App) -> None:
    """The model is done with a note before the page has the answer that the note was taken in."""
    with app.teacher() as teacher_api:
        use(teacher_api, "teacher_first")
        page = open_student(browser, app)
        start_with_ai(page)
        page.fill("#text", DUTCH_TEXT)
        page.click("#send")
        expect(page.locator("#wait h1")).to_be_visible()
        teacher = open_teacher(browser, app)
        first_text(teacher)

        def late(route: Route) -> None:
            answer = route.fetch()
            expect(teacher.locator("#texts-list")).to_contain_text("1 opmerking")
            route.fulfill(response=answer)

        teacher.route("**/notes", late)
        teacher.locator(".sentence").nth(1).click()
        teacher.keyboard.type("waarom moe? bron mist")
        teacher.get_by_role("button", name="Maak helder en vriendelijk").click()
        expect(teacher.locator(".comment.draft")).to_be_visible()


def test_after_releasing_the_next_text_is_open_whatever_comes_late(
    browser: Browser, app: App
) -> None:
    for name, text in (("student-1", DUTCH_TEXT), ("student-2", f"Dit is de tweede. {DUTCH_TEXT}")):
        with app.student(name) as student:
            assert hand_in(student, text=text, with_ai=False).status_code == 201
    teacher = open_teacher(browser, app)
    rows, view = teacher.locator("#texts-list button"), teacher.locator("#text-view")
    rows.first.click()
    expect(teacher.locator("#release")).to_be_visible()
    late: list[str] = []

    def hold(route: Route) -> None:
        """The released text is asked again, and comes when the next one is there already."""
        answer = route.fetch()
        expect(view).to_contain_text("Dit is de tweede.")
        late.append(route.request.url)
        route.fulfill(response=answer)

    teacher.route(f"**/api/submissions/{rows.first.get_attribute('data-id')}", hold)
    with teacher.expect_response(lambda answer: answer.url in late):
        teacher.click("#release")
    expect(rows.nth(1)).to_have_attribute("aria-current", "true")
    expect(view).to_contain_text("Dit is de tweede.")


def test_a_decision_leaves_what_the_teacher_is_writing_and_where_they_are(
    browser: Browser, app: App
) -> None:
    with app.student() as student:
        assert hand_in(student).status_code == 201
    teacher = open_teacher(browser, app)
    first_text(teacher)
    teacher.locator(".sentence").nth(3).click()
    teacher.keyboard.type("Hier mis ik nog iets.")
    comment = teacher.locator(".comment").first
    comment.get_by_role("button", name="Keur goed").press("Enter")
    expect(comment).to_have_class("comment approved")
    expect(comment.get_by_role("button").first).to_be_focused()
    own = teacher.locator(".own-comment")
    expect(own.locator("textarea")).to_have_value("Hier mis ik nog iets.")
    expect(teacher.locator(".sentence").nth(3)).to_have_attribute("aria-pressed", "true")
    own.get_by_role("button", name="Voeg toe").click()
    expect(teacher.locator(".comment").last).to_contain_text("Hier mis ik nog iets.")
    expect(own.locator("textarea")).to_have_value("")
    # The list of what was written before is as wide as its column, not as its longest line.
    teacher.locator(".sentence").nth(2).click()
    teacher.keyboard.type("Een lange zin die je niet nog een keer wilt typen. " * 3)
    own.get_by_role("button", name="Voeg toe").click()
    expect(own.locator("option")).to_have_count(3)
    wide, narrow = (teacher.locator(".side > *").nth(at).bounding_box() for at in (0, 1))
    assert wide is not None
    assert narrow is not None
    assert wide["width"] > narrow["width"]


def test_a_note_that_was_dropped_can_still_be_used(
    browser: Browser, app: App, engine: FakeEngine
) -> None:
    engine.reply = lambda body: json.dumps({"o": "Dit is een 8."})
    with app.teacher() as teacher_api:
        use(teacher_api, "teacher_first")
    write_and_send(open_student(browser, app))
    teacher = open_teacher(browser, app)
    first_text(teacher)
    teacher.locator(".sentence").first.click()
    teacher.keyboard.type("waarom vind je dat")
    teacher.get_by_role("button", name="Maak helder en vriendelijk").click()
    note = teacher.locator(".rough-note")
    expect(note).to_contain_text("tegengehouden", timeout=20_000)
    look(teacher, "teacher-first-dropped")
    teacher.click("#release")
    expect(teacher.locator("#problem")).to_contain_text("notitie")
    note.get_by_role("button", name="Gebruik mijn eigen woorden").click()
    expect(note).to_have_count(0)
    expect(teacher.locator(".comment.approved")).to_contain_text("waarom vind je dat")
    teacher.click("#release")
    expect(teacher.locator("#message")).to_be_visible()


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_looking_back_asks_first(lang: str, browser: Browser, app: App, engine: FakeEngine) -> None:
    with app.teacher() as teacher_api:
        use(teacher_api, "retrospective")
    page = open_student(browser, app, lang=lang)
    watch = Watch(page, app.port)
    start_with_ai(page)
    page.fill("#reflect-1", "Bij de tweede les trok ons groepje niet samen op.")
    page.fill("#reflect-2", "Ik zei toen niets, en de anderen wachtten op mij.")
    look(page, f"retrospective-write-{lang}")
    assert serious(page) == []
    watch.check()
    page.reload()
    start_with_ai(page)
    expect(page.locator("#reflect-2")).to_have_value(
        "Ik zei toen niets, en de anderen wachtten op mij."
    )
    page.fill("#text", "De vorige keer was het ook zo.")
    page.click("#send")
    expect(page.locator("#wait h1")).to_be_visible()
    teacher = open_teacher(browser, app)
    first_text(teacher)
    for part in ("trok ons groepje", "Ik zei toen niets", "De vorige keer"):
        expect(teacher.locator("#text-view")).to_contain_text(part)
    assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_a_portfolio_stays_on_the_device_of_the_student(
    lang: str, browser: Browser, app: App, tmp_path: Path
) -> None:
    write = open_student(browser, app, lang=lang)
    start_with_ai(write)
    write.fill("#text", DUTCH_TEXT)
    write.click("#send")
    teacher = open_teacher(browser, app)
    first_text(teacher)
    teacher.click("#release")
    first = write.locator("article.comment").first
    first.locator(".react button").first.click()
    expect(first.locator(".react [role=status]")).not_to_be_empty()
    write.fill("#reflection", "Ik begin voortaan met een bron.")
    write.fill("#client-said", "De klant wil het korter.")
    write.click("#save-own")
    expect(write.locator("#own-saved")).not_to_be_empty()
    write.locator("#own details summary").click()
    with write.expect_download() as download:
        write.click("#portfolio-save")
    file = tmp_path / "portfolio.json"
    download.value.save_as(file)
    saved = json.loads(file.read_text(encoding="utf-8"))
    assert saved["lessons"][0]["reflection"] == "Ik begin voortaan met een bron."
    look(write, f"after-{lang}")
    assert serious(write) == []

    with app.teacher() as teacher_api:
        use(teacher_api, "coaching")
    page = open_student(browser, app, "student-2", lang=lang)
    watch = Watch(page, app.port)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    look(page, f"coaching-notice-{lang}")
    start_with_ai(page)
    (tmp_path / "wrong.json").write_text('{"kind": "paadje-portfolio"}', encoding="utf-8")
    page.set_input_files("#portfolio-file", tmp_path / "wrong.json")
    expect(page.locator("#portfolio-says")).not_to_be_empty()
    page.set_input_files("#portfolio-file", file)
    expect(page.locator("#portfolio-entries article")).to_have_count(1)
    expect(page.locator("#portfolio-says")).to_be_empty()
    assert not any("voortaan" in body for body in sent)
    page.locator("#portfolio-entries button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#text")).to_have_value(has("Ik begin voortaan met een bron."))
    look(page, f"coaching-write-{lang}")
    assert serious(page) == []
    watch.check()


def has(text: str) -> re.Pattern[str]:
    return re.compile(f"[\\s\\S]*{re.escape(text)}[\\s\\S]*")


def test_the_teacher_closes_extends_stops_and_goes_on_by_keyboard(
    browser: Browser, app: App, engine: FakeEngine
) -> None:
    page = open_student(browser, app)
    start_with_ai(page)
    page.fill("#text", DUTCH_TEXT)
    teacher = open_teacher(browser, app)

    def press(name: str) -> None:
        teacher.locator(name).focus()
        teacher.keyboard.press("Enter")

    press("#lock")
    expect(page.locator("#closing")).to_contain_text("gesloten", timeout=20_000)
    page.click("#send")
    expect(page.locator("#problem")).to_contain_text("gesloten", timeout=20_000)
    expect(page.locator("#text")).to_have_value(DUTCH_TEXT)
    look(page, "closed")
    press("#extend")
    expect(teacher.locator("#closing")).to_contain_text("5 minuten")
    engine.gate.clear()
    page.click("#send")
    expect(page.locator("#wait h1")).to_be_visible()
    press("#stop")
    expect(teacher.locator("#stop-sure")).to_be_focused()
    look(teacher, "stop")
    assert serious(teacher) == []
    press("#stop-yes")
    expect(teacher.locator("#message")).to_contain_text("Gestopt")
    expect(page.locator("#explanation")).to_contain_text("niet gelezen", timeout=20_000)
    engine.gate.set()
    teacher.click("#nav-activity")
    teacher.locator("#auto-release summary").click()
    press("#auto-on")
    expect(teacher.locator("#problem")).to_contain_text("vinkje")
    teacher.check("#auto-understood")
    press("#auto-on")
    expect(teacher.locator("#notice")).to_contain_text("zonder dat jij")
    look(teacher, "auto-release")
    assert serious(teacher) == []
    late = open_student(browser, app, "student-2")
    expect(late.locator("#notice .facts")).to_contain_text("kijkt je docent niet eerst")


@pytest.mark.parametrize("side", [open_student, open_teacher])
def test_about(side: Callable[..., Page], browser: Browser, app: App) -> None:
    page = side(browser, app)
    page.locator('a[href="about"]').click()
    expect(page.locator("#purpose-en")).to_be_visible()
    look(page, f"about-{side.__name__}")
    assert serious(page) == []
