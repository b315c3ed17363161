"""The student's own file and the teacher's export."""

import csv
import dataclasses
import io
import re
from datetime import date

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher.apps.documents import values
from launcher.apps.documents.feedback_files import (
    CSV_COLUMNS,
    student_docx,
    student_markdown,
    teacher_csv,
    teacher_docx,
    teacher_markdown,
)
from launcher.apps.documents.values import (
    ExportedComment,
    ExportedFeedback,
    ExportedSentence,
    ExportedStep,
)
from launcher.i18n import translator

DAY = date(2026, 11, 22)
JUDGEMENT = re.compile(
    r"grade|score|level|mark\b|rank|pass|percent|star|cijfer|niveau|punten|oordeel", re.IGNORECASE
)


def comment(**changes: object) -> ExportedComment:
    whole: dict[str, object] = {
        "sentence_number": 2, "criterion": "Onderbouwing", "kind": "question",
        "observation": "Je schrijft: ‘zwemmen is gezond’.", "effect": "De lezer weet niet waarom.",
        "next_step": "Welk voorbeeld past hierbij?", "origin": "ai",
    }  # fmt: skip
    return ExportedComment(**(whole | changes))  # type: ignore[arg-type]


def feedback(**changes: object) -> ExportedFeedback:
    whole: dict[str, object] = {
        "lang": "nl", "title": "Mijn betoog", "goal": "Overtuig een lezer.",
        "nickname": "Blauwe Uil", "own_question": "Is mijn tweede zin duidelijk?",
        "sentences": (
            ExportedSentence(number=1, text="Ons dorp heeft een zwembad nodig."),
            ExportedSentence(number=2, text="Zwemmen is gezond.", paragraph=1),
        ),
        "comments": (
            comment(choice="will"),
            comment(sentence_number=1, choice="will_not", because="dat staat al in zin 2"),
            comment(origin="teacher", edited=False),
        ),
        "steps": (ExportedStep(text="Zoek één bron.", origin="ai"),),
        "version_two": "Nieuwe tekst.\n\nMet twee alinea's.",
        "reflection": "Ik leerde voorbeelden geven.", "model": "Qwen 8B", "prompt_version": "7",
        "exported_on": DAY,
    }  # fmt: skip
    return ExportedFeedback(**(whole | changes))  # type: ignore[arg-type]


def docx_text(data: bytes) -> str:
    document = docx.Document(io.BytesIO(data))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in document.paragraphs] + cells)


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_student_file_holds_everything_of_the_student(lang: str) -> None:
    t = translator(lang)
    own = feedback(lang=lang)
    expected = [
        t("fc.purpose"), "[1] Ons dorp heeft een zwembad nodig.", "[2] Zwemmen is gezond.",
        "Overtuig een lezer.", "Is mijn tweede zin duidelijk?", "Welk voorbeeld past hierbij?",
        t("documents.choice.will"), t("documents.choice.will_not", because="dat staat al in zin 2"),
        t("documents.choice.none"), "Zoek één bron.", "Nieuwe tekst.", "Met twee alinea's.",
        "Ik leerde voorbeelden geven.", "ai_generated", "Qwen 8B", "prompt_version",
        t("documents.reviewed.teacher"), t("documents.origin.ai"), t("documents.origin.teacher"),
    ]  # fmt: skip
    word = docx_text(student_docx(own))
    plain = re.sub(r"\\(.)", r"\1", student_markdown(own))
    for text in expected:
        assert text in word, text
        assert text in plain, text


def test_machines_can_read_the_mark() -> None:
    document = docx.Document(io.BytesIO(student_docx(feedback())))
    marks = "ai_generated=true; model=Qwen 8B; prompt_version=7; reviewed_by=teacher"
    assert document.core_properties.keywords == marks
    assert document.core_properties.author == "Paadje"
    head = student_markdown(feedback()).split("---")[1]
    assert head == (
        '\nai_generated: true\nmodel: "Qwen 8B"\nprompt_version: "7"\nreviewed_by: "teacher"\n'
    )


def test_feedback_without_ai_has_no_mark_of_it() -> None:
    own = feedback(comments=(comment(origin="teacher"),), steps=())
    text = student_markdown(own)
    assert "ai_generated: false" in text
    assert "Qwen" not in text
    assert translator("nl")("documents.mark.no_ai") in text


def test_teacher_csv_has_a_row_for_each_comment_and_no_judgement() -> None:
    data = teacher_csv([feedback(), feedback(comments=())], lang="nl")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 5
    assert [row["next_step"] for row in rows if not row["sentence"]] == ["Zoek één bron."] * 2
    assert tuple(rows[0]) == CSV_COLUMNS
    assert rows[0]["sentence"] == "Zwemmen is gezond."
    assert [row["ai_generated"] for row in rows] == ["true", "true", "false", "true", "true"]
    assert [row["model"] for row in rows] == ["Qwen 8B", "Qwen 8B", "", "Qwen 8B", "Qwen 8B"]
    assert {row["reviewed_by"] for row in rows} == {"teacher"}
    assert {row["purpose"] for row in rows} == {translator("nl")("fc.purpose")}


def test_teacher_files_leave_the_students_own_things_out() -> None:
    lesson = [feedback()]
    for text in (
        docx_text(teacher_docx(lesson, lang="nl", made_on=DAY)),
        teacher_markdown(lesson, lang="nl", made_on=DAY),
        teacher_csv(lesson, lang="nl").decode(),
    ):
        assert "Blauwe Uil" in text
        assert translator("nl")("fc.purpose") in text.replace("\\", "")
        assert "voorbeelden geven" not in text
        assert "dat staat al in zin 2" not in text
    assert teacher_markdown([], lang="en", made_on=DAY)


def test_no_value_can_hold_a_judgement() -> None:
    exported = [
        getattr(values, name)
        for name in dir(values)
        if dataclasses.is_dataclass(getattr(values, name))
    ]
    names = {field.name for kind in exported for field in dataclasses.fields(kind)}
    assert not [name for name in (*names, *CSV_COLUMNS) if JUDGEMENT.search(name)]


def test_every_kind_of_comment_has_a_name() -> None:
    for kind in ("strength", "improve", "question"):
        assert translator("nl").has(f"fc.kind.{kind}")
        assert translator("en").has(f"fc.kind.{kind}")


HOSTILE = st.text(
    alphabet=st.one_of(
        st.characters(), st.sampled_from("\x00\x08\x1b\u202e\ufffe\ud800<>&|`\"'=+-@\n\r\t]")
    ),
    max_size=40,
)


@settings(max_examples=40, deadline=None)
@given(HOSTILE, HOSTILE, HOSTILE)
def test_hostile_text_gives_files_that_open(one: str, two: str, three: str) -> None:
    hostile = feedback(
        title=one, nickname=two, model=three, goal=two, reflection=one, version_two=three,
        comments=(comment(criterion=one, observation=two, next_step=three, because=one),),
        sentences=(ExportedSentence(number=1, text=one), ExportedSentence(number=2, text=two)),
    )  # fmt: skip
    docx.Document(io.BytesIO(student_docx(hostile)))
    docx.Document(io.BytesIO(teacher_docx([hostile], lang="nl", made_on=DAY)))
    student_markdown(hostile).encode()
    rows = list(csv.reader(io.StringIO(teacher_csv([hostile], lang="en").decode("utf-8-sig"))))
    assert len(rows) == 3
    assert all(cell[:1] not in set("=+-@\t\r") for cell in rows[1])
