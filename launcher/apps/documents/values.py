"""What can be exported. There is no field for a grade, level, score, rank or history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Origin = Literal["ai", "teacher"]
Choice = Literal["", "will", "will_not"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedSentence:
    """``number`` as the student saw it, from 1; ``paragraph`` from 0."""

    number: int
    text: str
    paragraph: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedComment:
    """A comment that the teacher let through. ``kind`` is a key: ``fc.kind.<kind>``."""

    sentence_number: int
    criterion: str
    kind: str
    observation: str
    effect: str
    next_step: str
    origin: Origin
    edited: bool = False
    choice: Choice = ""
    because: str = ""
    """Why the student will not do it, in the student's words."""

    @property
    def ai_generated(self) -> bool:
        return self.origin == "ai"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFeedback:
    """One student's work with its comments. ``lang`` is the language of the file."""

    lang: str
    title: str
    goal: str
    nickname: str
    sentences: tuple[ExportedSentence, ...]
    comments: tuple[ExportedComment, ...]
    model: str
    prompt_version: str
    exported_on: date
    own_question: str = ""
    own_aim: str = ""
    feedforward: tuple[str, ...] = ()
    feedforward_ai: bool = True
    version_two: str = ""
    reflection: str = ""
    reviewed_by_teacher: bool = True

    @property
    def ai_generated(self) -> bool:
        """Whether any part of the feedback came from a model."""
        return any(comment.ai_generated for comment in self.comments) or bool(
            self.feedforward and self.feedforward_ai
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFigures:
    """Counts of one model with one version of the prompt. Every comment is counted once a group.

    ``calls`` = ``kept`` + ``abstained`` + all of ``dropped`` (reason → count).
    ``kept`` = ``approved`` + ``edited`` + ``rejected`` + ``not_reviewed``.
    """

    model: str
    prompt_version: str
    calls: int
    first_try: int
    """Calls that passed the checks without a second try."""
    kept: int
    abstained: int
    dropped: Mapping[str, int] = field(default_factory=dict)
    approved: int = 0
    """Let through as they were."""
    edited: int = 0
    rejected: int = 0
    not_reviewed: int = 0
    useful: int = 0
    wrong: int = 0
    not_understood: int = 0
    not_rated: int = 0
    seconds_per_call: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What an evaluation report is made of; ``not_counted`` is why → how many submissions."""

    lang: str
    title: str
    made_on: date
    figures: tuple[ModelFigures, ...]
    submissions: int
    not_counted: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyFigures:
    """The privacy check as measured; shares from 0 to 1."""

    names_recall: float
    all_recall: float
    precision: float
    texts: int
    measured_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplianceFacts:
    """What differs from one school or lesson to another."""

    model: str
    version: str
    retention_days: int = 0
    """0: until the end of the lesson."""
    privacy: PrivacyFigures | None = None
    made_on: date
