"""Any text ends, without an error, with findings that lie inside it.

The long texts would take hours if a pattern backtracked; the suite's own timeout sees it.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.apps.privacy import find_private, mask

PIECES = [
    "Sanne", "van", "de", "Bakker", "06-", "12345", "NL91", "ABNA", "@", ".", "(", ")", "2019", "`",
    "\n", " ", "'", "Mijn", "vriend", "heet", "straat 1", "1234 AB", "https://", "#1234", "_",
    "\u0301",
    "\u200b", "İ", "ß", "😀", "ik heb", "adhd", "Groetjes,", "J.", "[naam 1]",
]  # fmt: skip


def check(text: str) -> None:
    at = 0
    findings = find_private(text, lang="nl")
    for finding in findings:
        assert at <= finding.start < finding.end <= len(text)
        assert text[finding.start : finding.end] == finding.text
        assert 0 < finding.confidence <= 1
        at = finding.end
    mask(text, findings, lang="nl")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_unicode(text: str) -> None:
    check(text)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
def test_any_mix_of_what_matters(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "unit",
    [
        "a", "A", "0", "1 ", "@", "a@", "a.", "A. ", "(", "((2019", "Sanne ", "van de ", "Van De ",
        "Sanne van de ", "NL91", "NL91 ", "06-", "+", "http://", "ik heb ", "ik ben een ", "mijn ",
        "A-", "a'", "`", "```\n", "\n", "Straat ", "Kerkstraat 1 ", "op 1 mei 2007 geboren ",
        "[naam 1]", "stage bij ", "student ", "Laan van ", "\u0301", "Sanne, ", "en ", "aA", "_",
        "ik ging naar de ", "Het A College ", "Sanne (2019) ", "a b c ", "def a(", "; ",
    ],
)  # fmt: skip
def test_long_repetition_ends(unit: str) -> None:
    check(unit * (40_000 // len(unit)))
