"""Masking: consistent, complete, and it changes nothing else."""

import re

from hypothesis import given
from hypothesis import strategies as st

from launcher.apps.privacy import Finding, find_private, mask, spread

TEXT = (
    "Beste Sanne de Vries, Sanne zei dat mevrouw De Vries belt. Mail sannedevries@ziggo.nl. "
    "SANNE en Joost: Sannes fiets. Bestand verslag_SanneDeVries.docx."
)


def person(text: str, name: str) -> Finding:
    start = text.index(name)
    return Finding(
        kind="name", start=start, end=start + len(name), text=name, confidence=1.0, group=7
    )


def test_one_confirmed_name_masks_all_its_parts() -> None:
    masked = mask(TEXT, [person(TEXT, "Sanne de Vries")], lang="nl")
    assert not re.search("sanne|vries", masked.text, re.IGNORECASE)
    assert masked.text.startswith("Beste [naam 1], [naam 1] zei dat mevrouw [naam 1] belt.")
    assert "[naam 1]s fiets" in masked.text
    assert "Joost" in masked.text
    assert masked.mapping["[naam 1]"]
    assert "Sanne" not in repr(masked)


def test_placeholders_follow_the_text_and_skip_those_in_use() -> None:
    text = "[name 1] met Joost en Fatima. Joost belde 06-21483765."
    masked = mask(text, find_private(text, lang="nl"), lang="en")
    assert masked.text == "[name 1] met [name 2] en [name 3]. [name 2] belde [phone number 1]."


def test_a_flower_is_not_the_classmate() -> None:
    text = "Roos kreeg een roos van Joost."
    assert (
        mask(text, [person(text, "Roos")], lang="nl").text == "[naam 1] kreeg een roos van Joost."
    )


def test_nothing_confirmed_changes_nothing() -> None:
    assert mask(TEXT, [], lang="nl").text == TEXT


@given(
    st.lists(
        st.sampled_from(["Sanne", "Bakker", "sanne", "en", "Joost", ",", "\n", "'s", "-", "x"])
    ),
    st.sampled_from(["Sanne Bakker", "Joost", "Sanne"]),
)
def test_no_part_is_left_as_a_word(words: list[str], name: str) -> None:
    text = name + " " + " ".join(words)
    masked = mask(text, [person(text, name)], lang="nl")
    for part in name.split():
        assert not re.search(rf"\b{part}\b", masked.text)


@given(st.text(max_size=200), st.data())
def test_spread_keeps_order_and_bounds(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, max(0, len(text))))
    end = data.draw(st.integers(start, len(text)))
    finding = Finding(
        kind="name", start=start, end=end, text=text[start:end], confidence=1.0, group=0
    )
    at = 0
    for each in spread(text, [finding]):
        assert at <= each.start < each.end <= len(text)
        assert text[each.start : each.end] == each.text
        at = each.end
