"""axe-core looks at every page, in both languages, light and dark."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import axe_script
from tests.web.support import DUTCH_TEXT, App
from tests.web.test_feedback_companion_browser import browser, open_student, open_teacher

pytestmark = pytest.mark.browser
__all__ = ["browser"]


def serious(page: Page) -> list[str]:
    page.evaluate(axe_script())
    result: dict[str, Any] = page.evaluate("axe.run()")
    assert result["passes"]
    return [
        f"{problem['id']}: {node['target']}"
        for problem in result["violations"]
        if problem["impact"] in ("serious", "critical")
        for node in problem["nodes"]
    ]


@pytest.mark.parametrize(("lang", "scheme"), [("nl", "light"), ("en", "dark")])
def test_axe_finds_nothing_serious(lang: str, scheme: Any, browser: Browser, app: App) -> None:
    page = open_student(browser, app, lang=lang)
    page.emulate_media(color_scheme=scheme)
    seen: dict[str, list[str]] = {"notice": serious(page)}
    page.check("#opt-in")
    page.click("#with-ai")
    page.check('input[value="nl"]')
    page.fill("#text", " ".join([DUTCH_TEXT] * 40))
    expect(page.locator("#too-long")).to_be_visible(timeout=20_000)
    seen["too long"] = serious(page)
    page.fill("#text", DUTCH_TEXT + " Groet, Sanne Bakker.")
    page.click("#send")
    expect(page.locator("#privacy")).to_be_visible(timeout=20_000)
    seen["write"] = serious(page)
    page.locator('button[data-mask="true"]').click()
    page.click("#private-done")
    expect(page.locator("#headline")).not_to_be_empty()
    seen["wait"] = serious(page)
    stranger = browser.new_page()
    stranger.goto(f"{app.teacher_url}/open")
    expect(stranger.locator("#failed")).to_be_visible()
    seen["open"] = serious(stranger)
    teacher = open_teacher(browser, app)
    teacher.emulate_media(color_scheme=scheme)
    expect(teacher.locator("#review-count")).to_have_text("1", timeout=20_000)
    teacher.click("#texts-list button")
    expect(teacher.locator("#release")).to_be_visible()
    seen["review"] = serious(teacher)
    for view in ("all", "overview", "activity"):
        teacher.click(f"#nav-{view}")
        expect(teacher.locator(f"#{view}")).to_be_visible()
        seen[view] = serious(teacher)
    teacher.click("#nav-class")
    teacher.click("#release")
    expect(page.locator("article.comment").first).to_be_visible()
    seen["feedback"] = serious(page)
    page.click("#withdraw")
    expect(page.locator("#sure")).to_be_visible()
    page.fill("#version-2", "Mijn tweede versie.")
    page.click("#save-own")
    expect(page.locator("#changes")).to_be_visible()
    seen["version 2"] = serious(page)
    app.stop()
    expect(page.locator("#offline")).to_contain_text({"nl": "afgelopen", "en": "over"}[lang])
    seen["over"] = [*serious(page), *serious(teacher)]
    assert {name: problems for name, problems in seen.items() if problems} == {}
