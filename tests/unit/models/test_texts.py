"""Every code of the models and downloads packages has its sentences, in both languages."""

import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import read_po

import launcher
from launcher.i18n import translator

ROOT = Path(launcher.__file__).parent
STEPS = {"fetch", "check", "recheck", "unpack"}


def codes() -> list[str]:
    files = [*(ROOT / "models").rglob("*.py"), *(ROOT / "downloads").rglob("*.py")]
    found: set[str] = set()
    for file in files:
        found.update(re.findall(r'"models\.([a-z_]+)"', file.read_text(encoding="utf-8")))
    return sorted(found)


def sentences(lang: str) -> dict[str, str]:
    path = ROOT / "i18n" / "locales" / lang / "LC_MESSAGES" / "models.po"
    with path.open("rb") as file:
        return {str(m.id): str(m.string) for m in read_po(file) if m.id}


@pytest.mark.parametrize("lang", ["nl", "en"])
@pytest.mark.parametrize("code", codes())
def test_code_has_a_sentence(code, lang):
    t = translator(lang)
    if code in STEPS:
        assert t.has(f"models.step.{code}")
    elif not t.has(f"models.notice.{code}"):
        assert t.has(f"models.error.{code}.message")
        assert t.has(f"models.error.{code}.advice")


def test_both_languages_say_the_same_with_the_same_values():
    dutch, english = sentences("nl"), sentences("en")
    assert dutch.keys() == english.keys()
    for key in dutch:
        assert dutch[key] != english[key]
        assert names(dutch[key]) == names(english[key]), key


def test_no_sentence_without_a_use():
    used = set(codes())
    for key in sentences("nl"):
        assert key.split(".")[2] in used


def names(text: str) -> set[str | None]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}
