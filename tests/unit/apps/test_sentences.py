"""Sentences are numbered, complete, and pieces of the real text."""

from hypothesis import given
from hypothesis import strategies as st

from launcher.apps.feedback_companion.sentences import (
    MAX_SENTENCE_CHARS,
    normalise,
    split_sentences,
)


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(normalise(text))]


def test_dutch_abbreviations_numbers_and_quotes_do_not_end_a_sentence() -> None:
    assert texts(
        "Je kunt bijv. sporten, d.w.z. bewegen. Dat kost 3.50 euro! „Echt?” vroeg dhr. de Vries. "
        "Ja… dat denk ik wel.\n1. Dit hoort bij elkaar."
    ) == [
        "Je kunt bijv. sporten, d.w.z. bewegen.",
        "Dat kost 3.50 euro!",
        "„Echt?”",
        "vroeg dhr. de Vries.",
        "Ja… dat denk ik wel.",
        "1. Dit hoort bij elkaar.",
    ]


def test_a_line_break_ends_a_sentence_and_counts_as_a_paragraph() -> None:
    found = split_sentences("Titel zonder punt\n\nEerste zin. Tweede zin")
    assert [(s.id, s.text, s.paragraph) for s in found] == [
        ("s1", "Titel zonder punt", 0),
        ("s2", "Eerste zin.", 1),
        ("s3", "Tweede zin", 1),
    ]


def test_a_text_without_full_stops_is_still_cut() -> None:
    found = split_sentences(normalise("en toen ging ik naar school, " * 60))
    assert len(found) > 3
    assert all(len(s.text) <= MAX_SENTENCE_CHARS for s in found)


def test_invisible_and_steering_characters_are_gone() -> None:
    assert normalise("a\u202eb\x1b[31mc\u200bd\r\ne\x00") == "ab[31mcd\ne"


@given(st.text(max_size=900))
def test_sentences_are_pieces_of_the_text_in_order_and_lose_no_word(text: str) -> None:
    whole = normalise(text)
    position = 0
    for sentence in split_sentences(whole):
        assert sentence.start >= position
        assert whole[sentence.start : sentence.end] == sentence.text
        assert not any(char.isalnum() for char in whole[position : sentence.start])
        position = sentence.end
    assert not any(char.isalnum() for char in whole[position:])
