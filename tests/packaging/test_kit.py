"""The pages of a kit on a stick. What is on it and whether it works is a proof."""

import re
from pathlib import Path

import pytest
from builder import kit

from tests.packaging.test_sources import PACKAGING


@pytest.mark.parametrize("guide", kit.GUIDES)
def test_guides_are_pages_that_lead_nowhere_else(guide: str) -> None:
    text = (PACKAGING.parent / "docs" / guide).read_text(encoding="utf-8")
    made = kit.as_page(text, (PACKAGING / "kit" / "read-me.html").read_text(encoding="utf-8"))
    assert made.count("<h1>") == 1
    assert "<style>" in made
    assert "<table>" in made or "|---" not in text
    pages = {f"{Path(each).stem}.html" for each in kit.GUIDES}
    assert set(re.findall(r'href="([^"]*)"', made)) <= pages


def test_the_first_page_leads_to_the_guides() -> None:
    page = (PACKAGING / "kit" / "read-me.html").read_text(encoding="utf-8")
    pages = {f"{Path(each).stem}.html" for each in kit.GUIDES}
    assert set(re.findall(r'href="([^"]*)"', page)) <= pages
