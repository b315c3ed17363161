"""What can be exported. There is no field for a grade, level, score, rank or history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Origin = Literal["ai", "teacher", "reworded"]
"""``reworded``: a teacher's note in a model's words."""

Part = Literal["comments", "steps", "wordings"]
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
        return self.origin != "teacher"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedStep:
    """A next step that the teacher let through."""

    text: str
    origin: Origin
    edited: bool = False


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
    steps: tuple[ExportedStep, ...] = ()
    version_two: str = ""
    reflection: str = ""
    client_said: str = ""
    reviewed_by_teacher: bool = True

    @property
    def ai_generated(self) -> bool:
        """Whether any part of the feedback came from a model."""
        return any(comment.ai_generated for comment in self.comments) or any(
            step.origin != "teacher" for step in self.steps
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFigures:
    """Counts of one model with one version of the prompt. Every comment is counted once a group.

    ``calls`` = ``kept`` + ``abstained`` + all of ``dropped`` (reason → count). The decisions
    ``approved``, ``edited``, ``rejected`` and ``not_reviewed`` are counted per comment: one call
    gives one comment, or up to two next steps. What a student withdrew is in neither.
    """

    model: str
    prompt_version: str
    calls: int
    first_try: int | None
    """Calls that passed the checks without a second try; None when that is not counted."""
    kept: int
    abstained: int
    part: Part = "comments"
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
    privacy: "PrivacyFigures | None" = None


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
    """What differs from one school or lesson to another.

    ``server`` is the school's, when the model runs there and texts go there; empty when it runs on
    the teacher's laptop.
    """

    model: str
    server: str = ""
    version: str
    retention_days: int = 0
    """0: until the end of the lesson."""
    privacy: PrivacyFigures | None = None
    made_on: date
