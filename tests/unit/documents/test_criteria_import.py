"""Criteria from a spreadsheet or from pasted text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from launcher.apps.documents.criteria_import import (
    MAX_CRITERIA,
    ImportedCriterion,
    import_csv,
    import_text,
    note_sentences,
    vague_criterion,
    vague_sentences,
)
from launcher.errors import PaadjeError
from launcher.i18n import translator


def test_csv_with_names_of_columns() -> None:
    data = (
        "Criterium;Omschrijving;Hulpvraag 1;Hulpvraag 2;Punten\r\n"
        '"Standpunt";"De lezer weet snel wat je vindt";"Wat vind je?";"";10\r\n'
        "Bron;Elk argument heeft een bron;Hoe weet je dit?|Van wie is dit?;;5\r\n"
    ).encode("utf-8-sig")
    found = import_csv(data)
    assert found.criteria == (
        ImportedCriterion(
            name="Standpunt",
            description="De lezer weet snel wat je vindt",
            questions=("Wat vind je?",),
        ),
        ImportedCriterion(
            name="Bron",
            description="Elk argument heeft een bron",
            questions=("Hoe weet je dit?", "Van wie is dit?"),
        ),
    )
    assert [note.code for note in found.notes] == ["grades_left_out"]
    assert "punten" in note_sentences(found, translator("nl"))[0]


def test_csv_without_names_of_columns() -> None:
    found = import_csv("Bron,Elk argument heeft een bron,Hoe weet je dit?,10".encode("cp1252"))
    assert found.criteria[0].questions == ("Hoe weet je dit?",)
    assert [note.code for note in found.notes] == ["columns_left_out"]


def test_rubric_with_levels_keeps_no_level() -> None:
    rubric = "Criterium\tOnvoldoende\tVoldoende\tGoed\nStandpunt\tontbreekt\tvaag\tscherp"
    found = import_text(rubric)
    assert found.criteria == (ImportedCriterion(name="Standpunt"),)
    assert found.notes[0].code == "grades_left_out"
    assert vague_criterion(found.criteria[0])[0].code == "no_description"


def test_pasted_list() -> None:
    found = import_text(
        "1. Standpunt: de lezer weet snel wat je vindt\n   Wat vind jij zelf?\n"
        "• Bron – elk argument heeft een bron\n\n- Opbouw\nStandpunt: nog eens\nVoldoende\n"
    )
    assert [(item.name, item.description) for item in found.criteria] == [
        ("Standpunt", "de lezer weet snel wat je vindt"),
        ("Bron", "elk argument heeft een bron"),
        ("Opbouw", ""),
    ]
    assert found.criteria[0].questions == ("Wat vind jij zelf?",)
    assert [note.code for note in found.notes] == ["double", "grades_left_out"]


def test_too_many_and_too_long_is_said() -> None:
    lines = [f"Criterium {chr(97 + n)}: de lezer ziet iets nieuws" for n in range(15)]
    found = import_text("\n".join([*lines, "Lang: " + "woord " * 200]))
    assert len(found.criteria) == MAX_CRITERIA
    assert [note.code for note in found.notes] == ["cut", "too_many"]
    for lang in ("nl", "en"):
        assert not [
            text for text in note_sentences(found, translator(lang)) if "documents." in text
        ]


@pytest.mark.parametrize("data", [b"", b"\n\n", b";;;\n;;", b"1;2;3", b"\x00\x00"])
def test_nothing_usable(data: bytes) -> None:
    with pytest.raises(PaadjeError) as caught:
        import_csv(data)
    assert caught.value.code == "documents.import_empty"


@given(st.binary(max_size=300), st.text(max_size=300))
def test_whatever_comes_in(data: bytes, text: str) -> None:
    for read, given_in in ((import_csv, data), (import_text, text)):
        try:
            found = read(given_in)  # type: ignore[operator]
        except PaadjeError:
            continue
        assert 0 < len(found.criteria) <= MAX_CRITERIA
        assert all(item.name and item.name.isprintable() for item in found.criteria)


@pytest.mark.parametrize(
    ("description", "codes"),
    [
        ("", ["no_description"]),
        ("Netjes geschreven", ["short", "vague_words"]),
        ("De tekst is duidelijk en goed", ["vague_words"]),
        ("De leerling begrijpt hoe een zwembad werkt", ["unseen"]),
        ("De leerling toont veel inzet bij het schrijven", ["person"]),
        ("Inleiding, kern, slot en bronnen staan in de tekst", ["several"]),
        ("The text is clear", ["vague_words"]),
        ("Elk argument krijgt uitleg, een voorbeeld of een bron.", []),
        ("The reader soon knows what you think.", []),
    ],
)
def test_vague(description: str, codes: list[str]) -> None:
    criterion = ImportedCriterion(name="x", description=description)
    assert [item.code for item in vague_criterion(criterion)] == codes
    for lang in ("nl", "en"):
        for sentence in vague_sentences(criterion, translator(lang)):
            assert not sentence.startswith("documents.")
            assert "{" not in sentence
