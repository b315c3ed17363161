"""What the lesson's data is made of, as plain values. No field can hold a grade or a level."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from launcher.apps.feedback_companion.checks import Kind
from launcher.apps.feedback_companion.prompts import Criterion
from launcher.apps.privacy import Lang

State = Literal["queued", "review", "released"]
CommentState = Literal["draft", "approved", "rejected"]
Outcome = Literal["comment", "none", "dropped"]
Origin = Literal["ai", "teacher", "reworded"]
"""``reworded``: the teacher's own note, made clear and kind by the model."""

Use = Literal["sprint_review", "peer_review", "retrospective", "coaching", "teacher_first"]
USES: tuple[Use, ...] = get_args(Use)

STEPS = "feedforward"
"""Stands where a comment has its criterion: a next step, which is about the text as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """One version of an assignment; a change makes a new one, so that its texts keep theirs."""

    id: int
    lang: Lang
    title: str
    goal: str
    criteria: tuple[Criterion, ...]
    wording: str = ""
    use: Use = "sprint_review"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A student's text. ``revision`` counts the changes that a teacher must have seen.

    ``auto``: this student was told that suggestions are shown without a teacher's look.
    ``reviewed``: a teacher released it, having seen it.
    """

    id: str
    activity_id: int
    student_id: str
    nickname: str
    lang: Lang
    text: str
    own_question: str
    with_ai: bool
    state: State
    revision: int
    received_at: float
    own_aim: str = ""
    auto: bool = False
    reviewed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredComment:
    """A comment under review, or released. ``criterion_id`` is empty for the teacher's own."""

    id: str
    criterion_id: str
    sentence_id: str
    kind: Kind
    observation: str
    effect: str
    next_step: str
    origin: Origin
    state: CommentState
    edited: bool
    model: str = ""
    prompt_version: str = ""
    note: str = ""
    """The rough note of which the model made this comment."""

    @property
    def is_step(self) -> bool:
        return self.criterion_id == STEPS

    @property
    def ai_generated(self) -> bool:
        return self.origin != "teacher"


def criteria_json(criteria: Sequence[Criterion]) -> str:
    return json.dumps(
        [
            {
                "id": c.id,
                "name": c.name,
                "description": c.description,
                "questions": c.questions,
                "example": c.example,
            }
            for c in criteria
        ],
        ensure_ascii=False,
    )


def read_activity(row: Any) -> Activity:
    criteria = tuple(
        Criterion(**{**entry, "questions": tuple(entry["questions"])})
        for entry in json.loads(row["criteria"])
    )
    return Activity(**{**dict(row), "criteria": criteria})


def read_submission(row: Any) -> Submission:
    values = dict(row)
    for name in ("with_ai", "auto", "reviewed"):
        values[name] = bool(values[name])
    return Submission(**values)


def read_comment(row: Any) -> StoredComment:
    values = {name: row[name] for name in StoredComment.__dataclass_fields__}
    return StoredComment(**{**values, "edited": bool(row["edited"])})
