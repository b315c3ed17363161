"""What a fit says: numbers with their basis, and reasons as codes. No sentences here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Verdict = Literal["full_gpu", "partial", "cpu", "tight", "no"]
Basis = Literal["measured", "estimate", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why: ``fit.reason.<code>`` is the sentence, ``fit.advice.<code>`` what to do about it."""

    code: str
    params: Mapping[str, int | float | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """Predicted memory in bytes; ``total_bytes`` is their sum."""

    weights_bytes: int
    kv_cache_bytes: int
    compute_bytes: int
    basis: Basis

    @property
    def total_bytes(self) -> int:
        return self.weights_bytes + self.kv_cache_bytes + self.compute_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Low, likely and high. All three None when it cannot be known."""

    low: float | None
    likely: float | None
    high: float | None


NOTHING = Range(low=None, likely=None, high=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedEstimate:
    """How fast, for one student and for the class; times in seconds.

    ``class_tokens_per_s`` is what all slots write together when all of them write, and
    ``prompt_tokens_per_s`` how fast one prompt is read.
    """

    decode_tokens_per_s: Range
    one_feedback_s: Range
    class_first_s: Range
    class_last_s: Range
    students: int
    basis: Basis
    class_tokens_per_s: Range = NOTHING
    prompt_tokens_per_s: Range = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """One model on one computer for one class."""

    model: str
    verdict: Verdict
    usable: bool | None
    """False when it loads but a class would wait too long; None when the speed is unknown."""
    memory: MemoryNeed
    memory_free_bytes: int | None
    """What is left for a model after the reserve, on the device that is used; None is unknown."""
    speed: SpeedEstimate
    context_tokens: int
    slots: int
    gpu_layers: int
    threads: int
    reasons: tuple[Reason, ...]
