"""What the teacher's page may send, and the sentences that it needs."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from launcher.apps.feedback_companion.prompts import WORDINGS
from launcher.apps.feedback_companion.values import USES

TEXTS = (
    "fc.teacher.approve",
    "fc.teacher.approved_press_to_undo",
    "fc.teacher.reject",
    "fc.teacher.edit",
    "fc.teacher.save",
    "fc.teacher.cancel",
    "fc.teacher.observation",
    "fc.teacher.effect",
    "fc.teacher.next_step",
    "fc.teacher.release",
    "fc.teacher.release_decided",
    "fc.teacher.release_all",
    "fc.teacher.release_one",
    "fc.teacher.released",
    "fc.teacher.released_many",
    "fc.teacher.add_own",
    "fc.teacher.add_own_help",
    "fc.teacher.add",
    "fc.teacher.own_question",
    "fc.teacher.no_suggestions",
    "fc.teacher.no_suggestions_no_ai",
    "fc.teacher.still_reading",
    "fc.teacher.nobody",
    "fc.teacher.nothing_to_review",
    "fc.teacher.pause",
    "fc.teacher.resume",
    "fc.teacher.paused",
    "fc.teacher.engine_lost",
    "fc.teacher.counts",
    "fc.teacher.without_ai",
    "fc.teacher.choose_sentence",
    "fc.teacher.comment_on",
    "fc.teacher.offline",
    "fc.teacher.over",
    "fc.activity.criterion_name",
    "fc.activity.criterion_description",
    "fc.activity.criterion_questions",
    "fc.activity.criterion_example",
    "fc.teacher.unsure",
    "fc.teacher.own_aim",
    "fc.teacher.steps",
    "fc.teacher.add_step",
    "fc.teacher.reword",
    "fc.teacher.note_was",
    "fc.teacher.note_again",
    "fc.teacher.note_own_words",
    "fc.teacher.note_remove",
    "fc.teacher.bank",
    "fc.teacher.bank_choose",
    "fc.teacher.skip",
    "fc.teacher.lock",
    "fc.teacher.unlock",
    "fc.teacher.auto_on",
    "fc.teacher.stopped",
    "fc.teacher.teacher_first_help",
    "fc.class.criterion",
    "fc.kind.strength",
    "fc.kind.improve",
    "fc.kind.question",
    "fc.activity.remove",
    "fc.activity.saved",
    "fc.activity.advice",
    "fc.activity.criterion",
    "fc.error.bug.message",
    "fc.error.bug.advice",
)

_Line = Field(min_length=1, max_length=300)


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Session(Strict):
    token: str = Field(max_length=200)


class OwnComment(Strict):
    """``sentence_id`` is empty for a next step, which is about the whole text."""

    sentence_id: str = Field("", max_length=10)
    text: str = Field(min_length=1, max_length=800)


class RoughNote(Strict):
    sentence_id: str = Field(max_length=10)
    text: str = Field(min_length=3, max_length=400)


class Nothing(Strict):
    pass


class CommentChange(Strict):
    state: Literal["draft", "approved", "rejected"]
    observation: str | None = Field(None, max_length=800)
    effect: str = Field("", max_length=400)
    next_step: str = Field("", max_length=400)


class Release(Strict):
    texts: dict[str, int] = Field(min_length=1, max_length=100)
    approve_drafts: bool = False


class Pause(Strict):
    paused: bool


class Closing(Strict):
    """``minutes``: 0 locks now, None opens again."""

    minutes: int | None = Field(ge=0, le=600)


class More(Strict):
    minutes: int = Field(5, ge=1, le=120)


class AutoRelease(Strict):
    """``understood`` is the tick beside the explanation of what is given up."""

    on: bool
    understood: bool = False


class Import(Strict):
    text: str = Field(min_length=1, max_length=20_000)


class CriterionForm(Strict):
    name: str = Field(min_length=1, max_length=60)
    description: str = _Line
    questions: list[str] = Field(default_factory=list, max_length=6)
    example: str = Field("", max_length=400)


class ActivityForm(Strict):
    lang: Literal["nl", "en"]
    title: str = Field(min_length=1, max_length=100)
    goal: str = Field(min_length=1, max_length=500)
    criteria: list[CriterionForm] = Field(min_length=1, max_length=6)
    wording: Literal["", *WORDINGS] = ""  # type: ignore[valid-type]
    use: Literal[USES] = "sprint_review"  # type: ignore[valid-type]
