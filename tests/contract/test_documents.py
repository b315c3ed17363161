"""The documents say what the program does."""

from pathlib import Path

import pytest

from docs.make_reference import file_of, page
from launcher.catalog.schema import PLACEHOLDERS
from launcher.i18n import LANGUAGES, translator
from launcher.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_command_line_reference_is_current(lang: str) -> None:
    assert file_of(lang).read_text(encoding="utf-8") == page(lang)


def test_every_setting_is_documented() -> None:
    text = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    for name in Settings.model_fields:
        assert f"`{name}`" in text
        assert f"`PAADJE_{name.upper()}`" in text


def test_every_placeholder_of_a_recipe_is_documented() -> None:
    text = (ROOT / "docs" / "reference" / "recipes.md").read_text(encoding="utf-8")
    for name in PLACEHOLDERS:
        assert f"`{{{name}}}`" in text


def test_the_purpose_is_the_same_everywhere() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for lang in LANGUAGES:
        assert translator(lang)("fc.purpose") in readme


def test_links_between_documents_work() -> None:
    import re

    for file in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", file.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (file.parent / target).exists(), f"{file.relative_to(ROOT)}: {target}"
