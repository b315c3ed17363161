"""A file, the feedback, choices and a second version at phone size, in a real browser."""

import io
import os
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from playwright.sync_api import Browser, Page, expect

from tests.web.support import DUTCH_TEXT, App
from tests.web.test_feedback_companion_browser import (
    Watch,
    browser,
    open_student,
    open_teacher,
)
from tests.web.test_student_after import word_file

pytestmark = pytest.mark.browser
__all__ = ["browser"]


def look(page: Page, name: str) -> None:
    """Keep a picture when somebody wants to look: TEST_PICTURES names a folder."""
    folder = os.environ.get("TEST_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_from_a_word_file_to_the_own_file(lang: str, browser: Browser, app: App) -> None:
    page = open_student(browser, app, lang=lang)
    watch = Watch(page, app.port)
    page.check("#opt-in")
    page.click("#with-ai")
    page.check('input[value="nl"]')
    data = word_file(*DUTCH_TEXT.split("\n\n"))
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
    page.set_input_files("#file", {"name": "werk.docx", "mimeType": kind, "buffer": data})
    expect(page.locator("#text")).to_have_value(DUTCH_TEXT, timeout=20_000)
    expect(page.locator("#file-notes")).to_be_visible()
    look(page, f"write-{lang}")
    page.click("#send")
    expect(page.locator("#wait .steps .now")).to_have_count(1)
    teacher = open_teacher(browser, app)
    expect(teacher.locator("#review-count")).to_have_text("1", timeout=20_000)
    teacher.click("#texts-list button")
    teacher.click("#release")

    expect(page.locator("article.comment")).to_have_count(3)
    first = page.locator("article.comment").first
    # A phone that reads aloud takes the voice of the language in which it was written.
    expect(first.locator("p.step")).to_have_attribute("lang", "nl")
    expect(page.locator("#feed-up dd").first).to_have_attribute("lang", "nl")
    first.locator(".more button").last.click()
    expect(first.locator(".answer")).to_contain_text("?")
    first.locator(".react button").nth(1).click()
    first.locator(".react input").fill("Dat past niet bij mijn lezer.")
    first.locator(".react input").press("Tab")
    first.locator(".react button").nth(2).click()
    expect(first.locator(".react button").nth(2)).to_have_attribute("aria-pressed", "true")
    expect(first.locator(".react [role=status]")).not_to_be_empty()
    page.fill("#version-2", DUTCH_TEXT.replace("nog moe", "nog erg slaperig"))
    page.fill("#reflection", "Ik heb het preciezer gemaakt.")
    page.click("#save-own")
    expect(page.locator("#changes-text del")).to_have_text("moe")
    expect(page.locator("#changes-text ins")).to_have_text("erg slaperig")
    look(page, f"feedback-{lang}")
    link = page.get_by_role("link", name="Word (docx)")
    # A download by the browser itself leaves out the headers with which this test stands in for
    # the gateway.
    file = page.request.get(link.evaluate("link => link.href"))
    document: Any = Document(io.BytesIO(file.body()))
    tables = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert any("Dat past niet bij mijn lezer." in text for text in tables)
    watch.check()
    page.reload()
    expect(page.locator("#reflection")).to_have_value("Ik heb het preciezer gemaakt.")
    first = page.locator("article.comment").first
    expect(first.locator(".react input")).to_have_value("Dat past niet bij mijn lezer.")


def test_what_a_student_writes_afterwards_is_saved_by_itself(browser: Browser, app: App) -> None:
    page = open_student(browser, app)
    page.click("#without-ai")
    page.fill("#text", DUTCH_TEXT)
    page.click("#send")
    teacher = open_teacher(browser, app)
    teacher.click("#texts-list button")
    teacher.click("#release")
    page.fill("#version-2", "Mijn tweede versie.")
    expect(page.locator("#own-saved")).not_to_be_empty()
    page.context.set_offline(True)
    page.fill("#reflection", "Zonder verbinding geschreven.")
    expect(page.locator("#own-saved")).to_be_empty()
    page.click("#save-own")
    expect(page.locator("#problem")).to_contain_text("geen verbinding")
    page.click("#withdraw")
    page.click("#withdraw-yes")
    expect(page.locator("#problem")).to_be_in_viewport()
    page.context.set_offline(False)
    expect(page.locator("#own-saved")).not_to_be_empty(timeout=20_000)
    page.reload()
    expect(page.locator("#version-2")).to_have_value("Mijn tweede versie.")
    expect(page.locator("#reflection")).to_have_value("Zonder verbinding geschreven.")


def test_the_teacher_chooses_a_ready_made_assignment(browser: Browser, app: App) -> None:
    teacher = open_teacher(browser, app)
    teacher.click("#nav-activity")
    look(teacher, "activity")
    teacher.select_option("#a-set", "lab?lang=en")
    expect(teacher.locator("#a-title")).to_have_value("Feedback on your lab report")
    teacher.select_option("#a-wording", "vmbo")
    teacher.click("#activity-form button[type=submit]")
    expect(teacher.locator("#message")).to_be_visible()
    teacher.click("#nav-overview")
    expect(teacher.locator("#class-sentence")).to_contain_text("vanaf 5")
    look(teacher, "overview")


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_the_student_decides_about_each_private_word(lang: str, browser: Browser, app: App) -> None:
    page = open_student(browser, app, lang=lang)
    watch = Watch(page, app.port)
    page.click("#without-ai")
    page.fill("#text", DUTCH_TEXT + " Ik ben Sanne Bakker. Mijn trainer is Mohammed Yilmaz.")
    page.click("#send")
    expect(page.locator("#privacy")).to_be_visible(timeout=20_000)
    expect(page.locator("#private-text mark")).to_have_count(2)
    expect(page.locator("#private-text mark").first).to_be_in_viewport()
    page.click("#private-done")
    expect(page.locator("#private-choose")).not_to_be_empty()
    look(page, f"privacy-{lang}")
    watch.check()
    page.locator(".group").nth(0).locator('button[data-mask="true"]').click()
    page.locator(".group").nth(1).locator('button[data-mask="false"]').click()
    page.click("#private-done")
    expect(page.locator("#wait h1")).to_be_visible()
    teacher = open_teacher(browser, app)
    teacher.click("#texts-list button")
    expect(teacher.locator("#text-view")).to_contain_text("Mohammed Yilmaz")
    expect(teacher.locator("#text-view")).not_to_contain_text("Sanne")
