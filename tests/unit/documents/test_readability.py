"""The readability figure, and that the Dutch interface reads as B1."""

import pytest

from launcher.apps.documents.readability import (
    B1_READING_EASE,
    INTERFACE_DOMAINS,
    count_syllables,
    interface_readability,
    measure,
    reading_ease,
)


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("uil", 1), ("eeuw", 1), ("nieuwe", 2), ("mooie", 2), ("koeien", 2), ("betoog", 2),
        ("leerling", 2), ("schrijver", 2), ("ideeën", 3), ("ruïne", 3), ("museum", 3),
        ("video", 3), ("radio", 3), ("criterium", 4), ("yoghurt", 2), ("typen", 2),
        ("bijvoorbeeld", 3), ("aansprakelijkheid", 5), ("brr", 1),
    ],
)  # fmt: skip
def test_syllables(word: str, syllables: int) -> None:
    assert count_syllables(word) == syllables


def test_formula() -> None:
    assert reading_ease(words=100, sentences=10, syllables=150) == pytest.approx(82.04)
    assert reading_ease(words=0, sentences=0, syllables=0) == 0


def test_simple_and_hard_text_are_told_apart() -> None:
    easy = measure(["Je leest de zin. Dan kies je wat je doet. Het mag ook later."])
    hard = measure(
        [
            "De verwerkingsverantwoordelijke informeert betrokkenen voorafgaand aan de verwerking "
            "over bewaartermijnen, verwerkingsdoeleinden en beveiligingsmaatregelen."
        ]
    )
    assert easy.reads_as_b1
    assert not hard.reads_as_b1
    assert (easy.sentences, easy.words) == (3, 14)


@pytest.mark.parametrize("domains", [*[(name,) for name in INTERFACE_DOMAINS], INTERFACE_DOMAINS])
def test_dutch_interface_reads_as_b1(domains: tuple[str, ...]) -> None:
    found = interface_readability(domains)
    assert found.sentences > 30
    assert found.reads_as_b1, [item.text for item in found.worst]
    assert found.reading_ease >= B1_READING_EASE


def test_own_dutch_texts_read_as_b1() -> None:
    assert interface_readability(("uploads",)).reads_as_b1
    assert interface_readability(("documents",)).reads_as_b1
