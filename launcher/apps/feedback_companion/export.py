"""Files to keep: the student's own, and the teacher's of a class. AI-made text is marked so."""

import csv
import io
from collections.abc import Sequence
from typing import Any, Literal

from docx import Document

from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.prompts import PROMPT_VERSION
from launcher.apps.feedback_companion.sentences import split_sentences
from launcher.apps.feedback_companion.store import StoredComment, Submission
from launcher.errors import UsageError
from launcher.i18n import Translator

Block = tuple[Literal["title", "heading", "text", "quote"], str]

COLUMNS = (
    "nickname",
    "criterion",
    "sentence",
    "kind",
    "observation",
    "effect",
    "next_step",
    "ai_generated",
    "reviewed_by",
    "edited_by_teacher",
    "model",
    "prompt_version",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_[]<>#|"})


def export_own(desk: Desk, submission: Submission, t: Translator, kind: str) -> bytes:
    """The student's own file; raises `UsageError` ``classroom.not_found`` for another kind."""
    version_2, reflection = desk.own_work.saved(submission.id)
    blocks: list[Block] = [
        (
            "title",
            t("fc.export.title", assignment=desk.store.activity(submission.activity_id).title),
        ),
        ("text", mark(desk, t)),
        ("text", t("fc.purpose")),
        ("heading", t("fc.export.first")),
        *(("text", line) for line in submission.text.split("\n") if line),
        ("heading", t("fc.export.feedback")),
        *_comments(desk, submission, t, with_reactions=True),
    ]
    if version_2:
        blocks.append(("heading", t("fc.export.second")))
        blocks += [("text", line) for line in version_2.split("\n") if line]
    if reflection:
        blocks.append(("heading", t("fc.export.reflection")))
        blocks += [("text", line) for line in reflection.split("\n") if line]
    return _write(blocks, kind)


def export_class(desk: Desk, t: Translator, kind: str) -> bytes:
    """All released texts and their comments, for the teacher."""
    released = [s for s in desk.store.submissions() if s.state == "released"]
    if kind == "csv":
        return _csv(desk, released)
    blocks: list[Block] = [
        ("title", desk.activity.title),
        ("text", mark(desk, t)),
        ("text", t("fc.purpose")),
    ]
    for submission in released:
        blocks.append(("heading", submission.nickname or "–"))
        blocks += [("text", line) for line in submission.text.split("\n") if line]
        blocks += _comments(desk, submission, t, with_reactions=False)
    return _write(blocks, kind)


def mark(desk: Desk, t: Translator) -> str:
    """By which model, and who looked at it. Stands in every file."""
    return t("fc.export.mark", model=desk.config.model, version=PROMPT_VERSION)


def _comments(
    desk: Desk, submission: Submission, t: Translator, *, with_reactions: bool
) -> list[Block]:
    sentences = {s.id: s.text for s in split_sentences(submission.text)}
    reactions = desk.own_work.reactions(submission.id) if with_reactions else {}
    blocks: list[Block] = []
    for comment in desk.store.released_comments(submission.id):
        blocks.append(("quote", sentences.get(comment.sentence_id, "")))
        said = " ".join(filter(None, (comment.observation, comment.effect, comment.next_step)))
        blocks.append(("text", f"{said} ({_origin(comment, t)})"))
        reaction = reactions.get(comment.id)
        if reaction is not None and reaction.decision:
            key = f"fc.export.{reaction.decision}"
            blocks.append(("text", t(key, because=reaction.because or "–")))
    return blocks


def _origin(comment: StoredComment, t: Translator) -> str:
    if comment.origin == "teacher":
        return t("fc.label.teacher")
    return t("fc.label.ai_edited" if comment.edited else "fc.label.ai")


def _csv(desk: Desk, released: Sequence[Submission]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for submission in released:
        criteria = {c.id: c.name for c in desk.store.activity(submission.activity_id).criteria}
        sentences = {s.id: s.text for s in split_sentences(submission.text)}
        for comment in desk.store.released_comments(submission.id):
            ai = comment.origin == "ai"
            row = (
                submission.nickname,
                criteria.get(comment.criterion_id, ""),
                sentences.get(comment.sentence_id, ""),
                comment.kind,
                comment.observation,
                comment.effect,
                comment.next_step,
                "true" if ai else "false",
                "teacher",
                "true" if comment.edited or not ai else "false",
                comment.model,
                comment.prompt_version,
            )
            writer.writerow([_harmless(value) for value in row])
    return ("\ufeff" + out.getvalue()).encode("utf-8")


def _harmless(value: str) -> str:
    """A spreadsheet must not take a student's text for a formula."""
    return "'" + value if value.startswith(_FORMULA) else value


def _write(blocks: Sequence[Block], kind: str) -> bytes:
    if kind == "md":
        return _markdown(blocks).encode("utf-8")
    if kind == "docx":
        return _docx(blocks)
    raise UsageError("classroom.not_found")


def _markdown(blocks: Sequence[Block]) -> str:
    start = {"title": "# ", "heading": "## ", "text": "", "quote": "> "}
    return "\n\n".join(start[style] + text.translate(_MARKDOWN) for style, text in blocks) + "\n"


def _docx(blocks: Sequence[Block]) -> bytes:
    document: Any = Document()
    document.core_properties.author = "Feedback Companion"
    for style, text in blocks:
        if style == "title":
            document.add_heading(text, level=1)
        elif style == "heading":
            document.add_heading(text, level=2)
        else:
            document.add_paragraph(text, style="Quote" if style == "quote" else None)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()
