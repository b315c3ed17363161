"""The student's own file, and what a teacher keeps of a lesson."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import groupby

from launcher.apps.documents.blocks import (
    Block,
    Document,
    Heading,
    Paragraph,
    Table,
    midnight,
    to_docx,
    to_markdown,
)
from launcher.apps.documents.clean import csv_cell
from launcher.apps.documents.values import ExportedComment, ExportedFeedback, ExportedStep
from launcher.i18n import Translator, translator

CSV_COLUMNS = (
    "assignment", "nickname", "sentence_number", "sentence", "criterion", "kind", "observation",
    "effect", "next_step", "ai_generated", "edited_by_teacher", "reviewed_by", "model",
    "prompt_version", "purpose",
)  # fmt: skip


def student_docx(feedback: ExportedFeedback) -> bytes:
    return to_docx(student_document(feedback))


def student_markdown(feedback: ExportedFeedback) -> str:
    return to_markdown(student_document(feedback))


def student_document(feedback: ExportedFeedback) -> Document:
    """Own text, comments beside sentence numbers, choices, version 2 and reflection."""
    t = translator(feedback.lang)
    blocks: list[Block] = [*_about(feedback, t), *_work(feedback, t, level=1)]
    blocks.append(Heading(level=1, text=t("documents.comments")))
    blocks.append(_comments(feedback.comments, t, choices=True))
    blocks += _steps(feedback, t, level=1)
    for title, text in (
        ("documents.client_said", feedback.client_said),
        ("documents.version_two", feedback.version_two),
        ("documents.reflection", feedback.reflection),
    ):
        if text.strip():
            blocks.append(Heading(level=1, text=t(title)))
            blocks += _own_words(text)
    return Document(
        title=feedback.title or t("fc.name"),
        lang=feedback.lang,
        made_on=midnight(feedback.exported_on),
        blocks=tuple(blocks),
        marks=_marks(feedback),
    )


def teacher_docx(lesson: Sequence[ExportedFeedback], *, lang: str, made_on: date) -> bytes:
    return to_docx(teacher_document(lesson, lang=lang, made_on=made_on))


def teacher_markdown(lesson: Sequence[ExportedFeedback], *, lang: str, made_on: date) -> str:
    return to_markdown(teacher_document(lesson, lang=lang, made_on=made_on))


def teacher_document(lesson: Sequence[ExportedFeedback], *, lang: str, made_on: date) -> Document:
    """Texts with their comments. Choices and reflections are the students' own and stay out."""
    t = translator(lang)
    blocks: list[Block] = [Paragraph(text=t("fc.purpose"))]
    for feedback in lesson:
        blocks.append(Heading(level=1, text=feedback.nickname or t("documents.nobody")))
        blocks += _about(feedback, t, purpose=False)
        blocks += _work(feedback, t, level=2)
        blocks.append(_comments(feedback.comments, t, choices=False))
        blocks += _steps(feedback, t, level=2)
    if not lesson:
        blocks.append(Paragraph(text=t("documents.nothing")))
    ai_generated = any(feedback.ai_generated for feedback in lesson)
    models = sorted({feedback.model for feedback in lesson if feedback.model})
    return Document(
        title=t("documents.teacher.title", title=lesson[0].title if lesson else t("fc.name")),
        lang=lang,
        made_on=midnight(made_on),
        blocks=tuple(blocks),
        marks={"ai_generated": ai_generated, "model": ", ".join(models)},
    )


def teacher_csv(lesson: Iterable[ExportedFeedback], *, lang: str) -> bytes:
    """One row for each comment, as a spreadsheet opens it in this language; UTF-8 with its mark.

    The names of the columns are the same in every language, so that a script can rely on them.
    """
    t = translator(lang)
    buffer = io.StringIO()
    writer = csv.writer(
        buffer, delimiter=";" if lang == "nl" else ",", quoting=csv.QUOTE_ALL, lineterminator="\r\n"
    )
    writer.writerow(CSV_COLUMNS)
    for feedback in lesson:
        text_of = {sentence.number: sentence.text for sentence in feedback.sentences}
        about = (feedback.title, feedback.nickname)
        for comment in feedback.comments:
            said = (
                str(comment.sentence_number), text_of.get(comment.sentence_number, ""),
                comment.criterion, t(f"fc.kind.{comment.kind}"), comment.observation,
                comment.effect, comment.next_step,
            )  # fmt: skip
            row = (*about, *said, *_made_by(feedback, comment), t("fc.purpose"))
            writer.writerow([csv_cell(cell) for cell in row])
        for step in feedback.steps:
            said = ("", "", t("documents.feedforward"), "", "", "", step.text)
            row = (*about, *said, *_made_by(feedback, step), t("fc.purpose"))
            writer.writerow([csv_cell(cell) for cell in row])
    return buffer.getvalue().encode("utf-8-sig")


def _made_by(
    feedback: ExportedFeedback, item: ExportedComment | ExportedStep
) -> tuple[str, str, str, str, str]:
    by_model = item.origin != "teacher"
    return (
        str(by_model).lower(),
        str(item.edited).lower(),
        "teacher" if feedback.reviewed_by_teacher else "nobody",
        feedback.model if by_model else "",
        feedback.prompt_version if by_model else "",
    )


def _marks(feedback: ExportedFeedback) -> dict[str, str | bool]:
    return {
        "ai_generated": feedback.ai_generated,
        "model": feedback.model if feedback.ai_generated else "",
        "prompt_version": feedback.prompt_version if feedback.ai_generated else "",
        "reviewed_by": "teacher" if feedback.reviewed_by_teacher else "nobody",
    }


def _about(feedback: ExportedFeedback, t: Translator, *, purpose: bool = True) -> list[Block]:
    rows = [("ai_generated", t("documents.yes" if feedback.ai_generated else "documents.no"))]
    if feedback.ai_generated:
        rows += [("model", feedback.model), ("prompt_version", feedback.prompt_version)]
    reviewed = (
        "documents.reviewed.teacher"
        if feedback.reviewed_by_teacher
        else "documents.reviewed.nobody"
    )
    rows.append((t("documents.reviewed"), t(reviewed)))
    blocks: list[Block] = [Paragraph(text=t("fc.purpose"))] if purpose else []
    key = "documents.mark.ai" if feedback.ai_generated else "documents.mark.no_ai"
    blocks.append(Paragraph(text=t(key), style="note"))
    blocks.append(Table(header=(t("documents.about"), t("documents.value")), rows=tuple(rows)))
    return blocks


def _work(feedback: ExportedFeedback, t: Translator, *, level: int) -> list[Block]:
    blocks: list[Block] = []
    for key, text in (
        ("documents.goal", feedback.goal),
        ("documents.own_aim", feedback.own_aim),
        ("documents.own_question", feedback.own_question),
    ):
        if text.strip():
            blocks += [Heading(level=level, text=t(key)), *_own_words(text)]
    blocks.append(Heading(level=level, text=t("documents.own_text")))
    for _, sentences in groupby(feedback.sentences, key=lambda sentence: sentence.paragraph):
        blocks.append(Paragraph(text=" ".join(f"[{s.number}] {s.text}" for s in sentences)))
    return blocks


def _steps(feedback: ExportedFeedback, t: Translator, *, level: int) -> list[Block]:
    if not feedback.steps:
        return []
    rows = tuple((step.text, _origin(step, t)) for step in feedback.steps)
    return [
        Heading(level=level, text=t("documents.feedforward")),
        Table(header=(t("documents.step"), t("documents.origin")), rows=rows),
    ]


def _own_words(text: str) -> list[Block]:
    return [Paragraph(text=part) for part in text.split("\n\n") if part.strip()]


def _comments(comments: Sequence[ExportedComment], t: Translator, *, choices: bool) -> Block:
    if not comments:
        return Paragraph(text=t("documents.no_comments"))
    header = [t("documents.sentence"), t("documents.comment"), t("documents.origin")]
    rows = []
    for comment in sorted(comments, key=lambda comment: comment.sentence_number):
        said = " ".join(
            part for part in (comment.observation, comment.effect, comment.next_step) if part
        )
        row = [
            str(comment.sentence_number),
            t(
                "documents.comment.line",
                criterion=comment.criterion,
                kind=t(f"fc.kind.{comment.kind}"),
                text=said,
            ),
            _origin(comment, t),
        ]
        if choices:
            key = comment.choice or "none"
            row.append(t(f"documents.choice.{key}", because=comment.because or "…"))
        rows.append(tuple(row))
    if choices:
        header.append(t("documents.choice"))
    return Table(header=tuple(header), rows=tuple(rows))


def _origin(item: ExportedComment | ExportedStep, t: Translator) -> str:
    if item.origin == "ai" and item.edited:
        return t("documents.origin.ai_edited")
    return t(f"documents.origin.{item.origin}")
