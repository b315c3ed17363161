"""Whole ways from the notice to the own file, in a real browser with the real engine.

Twenty-five ways together hold every pair of: use, language, size, way in, and what happens on the
way; they are slow. Two ways with a scripted engine run each time.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from playwright.sync_api import Browser, Page, expect

from launcher.i18n import translator
from tests.browser import chromium
from tests.unit.uploads.hostile import text_pdf
from tests.web.support import (
    DUTCH_TEXT,
    App,
    FakeEngine,
    app_with_real_engine,
    hand_in,
    student_headers,
)
from tests.web.test_feedback_companion_browser import open_teacher
from tests.web.test_feedback_companion_engine import ENGLISH_TEXT
from tests.web.test_student_after import word_file

pytestmark = [pytest.mark.browser]

USES = {
    "sprint_review": "sprint_review",
    "peer_review": "peer",
    "retrospective": "retrospective",
    "coaching": "coaching",
    "teacher_first": "teacher_first",
}
SIZES = {"phone": {"width": 360, "height": 740}, "laptop": {"width": 1280, "height": 800}}
TEXTS = {"nl": DUTCH_TEXT, "en": ENGLISH_TEXT}
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    use: str
    lang: str
    size: str
    comes: str
    happens: str

    def __str__(self) -> str:
        return "-".join((self.use, self.lang, self.size, self.comes, self.happens))


COMES = ("paste", "txt", "md", "docx", "pdf")
HAPPENS = ("after", "withdraw", "lost", "cut", "plain")


LANGUAGES = ("nnene", "eeenn", "eneen", "eenne", "nnnne")
SIZED = ("plppl", "lplpp", "llplp", "plpll", "pllll")
"""For each use and way in: n(l), e(n); p(hone), l(aptop). Found by trying for every pair."""


def ways() -> list[Way]:
    """A Latin square of uses, ways in and what happens, with a language and a size for each."""
    return [
        Way(
            use=use,
            lang={"n": "nl", "e": "en"}[LANGUAGES[row][column]],
            size={"p": "phone", "l": "laptop"}[SIZED[row][column]],
            comes=comes,
            happens=HAPPENS[(row + 2 * column) % 5],
        )
        for row, use in enumerate(USES)
        for column, comes in enumerate(COMES)
    ]


QUICK = (
    Way(use="sprint_review", lang="nl", size="phone", comes="docx", happens="after"),
    Way(use="coaching", lang="en", size="laptop", comes="pdf", happens="withdraw"),
)


def test_every_pair_is_in_the_ways() -> None:
    fields = ("use", "lang", "size", "comes", "happens")
    values = {name: {getattr(way, name) for way in ways()} for name in fields}
    for one, other in combinations(fields, 2):
        pairs = {(getattr(way, one), getattr(way, other)) for way in ways()}
        assert len(pairs) == len(values[one]) * len(values[other]), (one, other)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def lesson(starter_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One lesson with the real engine, in which the teacher changes the assignment each time."""
    folder = tmp_path_factory.mktemp("lesson")
    with app_with_real_engine(starter_model, folder) as app:
        yield app


def upload(text: str, kind: str) -> dict[str, Any]:
    paragraphs = text.split("\n\n")
    if kind == "docx":
        data = word_file(*paragraphs)
    elif kind == "pdf":
        # A line of a page is no longer than paper is wide.
        lines = [" ".join(line) for line in _lines(text.split())]
        data = text_pdf(lines)
    else:
        data = text.encode()
    return {"name": f"werk.{kind}", "mimeType": "application/octet-stream", "buffer": data}


def _lines(words: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(words), 12):
        yield words[at : at + 12]


def fill_in(page: Page, way: Way, text: str) -> None:
    if way.happens == "cut":
        text = " ".join(f"{text} ({n})." for n in range(60))
    if way.comes == "paste" or way.happens == "cut":
        page.fill("#text", text)
    else:
        page.set_input_files("#file", upload(text, way.comes))
        start = " ".join(text.split()[:6])
        page.wait_for_function(
            "start => document.querySelector('#text').value.startsWith(start)", arg=start
        )
        expect(page.locator("#file-notes")).to_be_visible()


def go(browser: Browser, app: App, way: Way) -> None:
    t, name = translator(way.lang), str(way)
    with app.teacher() as teacher:
        ready = teacher.get(f"/api/sets/{USES[way.use]}", params={"lang": way.lang}).json()
        assert teacher.put("/api/activity", json=ready).status_code == 200
        context = browser.new_context(
            viewport=SIZES[way.size],  # type: ignore[arg-type]
            extra_http_headers=student_headers(name, way.lang),
        )
        page = context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(f"http://127.0.0.1:{app.port}/")
        expect(page.locator("#opt-in")).not_to_be_checked()
        page.check("#opt-in")
        page.click("#with-ai")
        fill_in(page, way, TEXTS[way.lang])
        if way.happens == "lost":
            before = page.input_value("#text")
            app.kill()
            page.click("#send")
            expect(page.locator("#offline")).to_be_visible(timeout=MINUTE_MS)
            expect(page.locator("#text")).to_have_value(before)
            app.start()
        else:
            page.click("#send")
        if way.happens == "cut":
            send_what_fits(page, way)
        expect(page.locator("#wait")).to_be_visible(timeout=MINUTE_MS)
        assert page.evaluate("localStorage.length") == 0
        expect(page.locator("#headline")).to_have_text(
            t("fc.student.review.headline"), timeout=10 * MINUTE_MS
        )
        expect(page.locator("#feedback")).to_be_hidden()
        if way.happens == "withdraw":
            page.click("#withdraw")
            page.click("#withdraw-yes")
            expect(page.locator("#message")).to_have_text(t("fc.withdraw.done"))
            assert teacher.get("/api/status").json()["texts"] == []
        else:
            release_with_own(teacher, way)
            read(page, way)
            page.request.post(f"http://127.0.0.1:{app.port}/api/withdraw", data={})
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[way.size]["width"]
        assert problems == []
        context.close()


def send_what_fits(page: Page, way: Way) -> None:
    expect(page.locator("#too-long")).to_be_visible(timeout=MINUTE_MS)
    kept = page.locator("#last-kept").inner_text()
    assert kept.strip()
    assert kept in page.input_value("#text")
    assert page.locator("#first-lost").inner_text() in page.input_value("#text")
    page.click("#send-cut")


def release_with_own(teacher: Any, way: Way) -> None:
    (row,) = teacher.get("/api/status").json()["texts"]
    url = f"/api/submissions/{row['id']}"
    text = teacher.get(url).json()
    own = {"nl": "Waarom vind je dat?", "en": "Why do you think so?"}[way.lang]
    added = teacher.post(f"{url}/comments", json={"sentence_id": "s1", "text": own})
    assert added.status_code == 201
    if way.use != "teacher_first":
        assert text["comments"] or text["notes"]
    body = {"texts": {row["id"]: added.json()["revision"]}, "approve_drafts": True}
    assert teacher.post("/api/release", json=body).status_code == 200


def read(page: Page, way: Way) -> None:
    """The feedback stands beside sentences of the text; then what the student does with it."""
    expect(page.locator("#feedback")).to_be_visible(timeout=MINUTE_MS)
    comments = page.locator("#feedback-text article.comment")
    assert comments.count() >= 1
    marked = page.locator("#feedback-text mark").all_inner_texts()
    assert marked
    flat = " ".join(TEXTS[way.lang].split())
    if way.happens != "cut":
        assert all(" ".join(sentence.split()) in flat for sentence in marked)
    if way.happens != "after":
        return
    follow_up = page.locator("#feedback-text .more button")
    if follow_up.count():
        follow_up.last.click()
        expect(page.locator("#feedback-text .answer").last).not_to_be_empty()
    comments.last.locator(".react button").first.click()
    new = {"nl": "Een nieuwe eerste zin.", "en": "A new first sentence."}[way.lang]
    page.fill("#version-2", f"{new} {page.evaluate('document.querySelector(`#version-2`).value')}")
    page.fill("#reflection", "Wat ik hiervan leerde.")
    page.click("#save-own")
    expect(page.locator("#changes-text ins").first).to_be_visible()
    link = page.locator('a[href="api/export.docx"]')
    file = page.request.get(link.evaluate("link => link.href"))
    document: Any = Document(io.BytesIO(file.body()))
    cells = [c.text for table in document.tables for row in table.rows for c in row.cells]
    words = "\n".join([*(p.text for p in document.paragraphs), *cells])
    assert "Wat ik hiervan leerde." in words
    assert translator(way.lang)("fc.purpose") in words
    assert new in words


@pytest.mark.parametrize("way", QUICK, ids=str)
def test_way(way: Way, browser: Browser, app: App) -> None:
    """With the scripted engine, so that they are quick."""
    go(browser, app, way)


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(1500)
@pytest.mark.parametrize("way", ways(), ids=str)
def test_every_way(way: Way, browser: Browser, lesson: App) -> None:
    go(browser, lesson, way)


def test_a_teacher_reviews_while_thirty_students_wait(
    browser: Browser, app: App, engine: FakeEngine
) -> None:
    """One text is read; the others stand in the line, each with a place, while a teacher works."""
    engine.gate.clear()
    students = []
    for number in range(30):
        with app.student(f"student-{number}") as student:
            assert hand_in(student).status_code == 201
        students.append(f"student-{number}")
    places = []
    for name in students:
        with app.student(name) as student:
            view = student.get("/api/me").json()
            assert view["state"] in ("queued", "working")
            places.append(view["ahead"])
    # Those who are read now have nobody before them.
    assert sorted(place or 0 for place in places) == [0] * app.slots + list(range(30 - app.slots))
    teacher = open_teacher(browser, app)
    expect(teacher.locator("#class")).to_be_visible()
    engine.gate.set()
    expect(teacher.locator("#review-count")).to_have_text("30", timeout=2 * MINUTE_MS)
    for released in range(3):
        waiting = teacher.locator("#texts-list button.review").first
        chosen = waiting.get_attribute("data-id")
        waiting.click()
        row = teacher.locator(f'#texts-list button[data-id="{chosen}"]')
        expect(row).to_have_attribute("aria-current", "true")
        teacher.locator("#text-view .comment").first.get_by_role("button", name="Wijs af").click()
        teacher.click("#release")
        expect(teacher.locator("#review-count")).to_have_text(str(29 - released))
    states = []
    for name in students:
        with app.student(name) as student:
            states.append(student.get("/api/me").json()["state"])
    assert sorted(states) == ["released"] * 3 + ["review"] * 27
