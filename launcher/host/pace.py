"""Whether the engine is as fast in this lesson as the plan said: Windows moves a model out of video
memory without a word, and a laptop that is hot or on battery slows down."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from launcher.fit import slower_than_predicted

LOOK_EVERY_S = 5.0
ENOUGH_TOKENS = 150
"""Half a feedback: less says more of the moment than of the computer."""
RECOVERED = 0.7
"""From this part of the prediction on it is well again; between the two nothing changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What an engine counted since it started. ``output_s`` is summed over the slots; ``busy`` is
    the slots at work, summed over the ``steps``."""

    prompt_tokens: float
    output_tokens: float
    output_s: float
    steps: float
    busy: float

    @classmethod
    def of(cls, metrics: Mapping[str, Any]) -> "Counts | None":
        """None for an engine that does not count all of it."""
        try:
            return cls(**{name: float(metrics[name]) for name in cls.__slots__})
        except (KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Tokens per second that one student got, and would have got by the prediction."""

    measured_rate: float
    expected_rate: float

    @property
    def times(self) -> float:
        """How many times slower it is; 2 or more."""
        return self.expected_rate / self.measured_rate


class Pace:
    """Compares what the engine did with the ``speed`` of a plan. Pure: the counts are handed in."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        speed = plan.get("speed") or {}
        self._single = _likely(speed, "decode_tokens_per_s")
        self._class = _likely(speed, "class_tokens_per_s")
        self._prompt = _likely(speed, "prompt_tokens_per_s")
        self._batch = max(1, min(int(plan.get("slots") or 1), int(speed.get("students") or 1)))
        self._practice = bool(plan.get("practice"))
        self._from: Counts | None = None
        self.slow: Slow | None = None

    @property
    def can_judge(self) -> bool:
        """Whether there is a prediction to hold it to; of the practice model nobody expects any."""
        return not self._practice and None not in (self._single, self._class, self._prompt)

    def judge(self, now: Counts) -> bool:
        """Take what the engine counted; whether it has become slow since the last time."""
        last = self._from
        if last is None or now.output_tokens < last.output_tokens:
            self._from = now  # The first look, or the engine was started again.
            return False
        tokens, seconds = now.output_tokens - last.output_tokens, now.output_s - last.output_s
        if tokens < ENOUGH_TOKENS or seconds <= 0:
            return False
        self._from = now
        measured, expected = tokens / seconds, tokens / self._expected_s(last, now)
        was_slow = self.slow is not None
        if slower_than_predicted(measured, expected) is not None:
            self.slow = Slow(measured_rate=measured, expected_rate=expected)
        elif measured >= RECOVERED * expected:
            self.slow = None
        return self.slow is not None and not was_slow

    def _expected_s(self, last: Counts, now: Counts) -> float:
        """Seconds of writing, summed over the slots, that this much work should have taken.

        A step takes longer with more slots at work, and while one slot reads a prompt the others
        wait for it: both count, so that a busy class is not mistaken for a slow computer.
        """
        assert self._single is not None
        assert self._class is not None
        assert self._prompt is not None
        steps = now.steps - last.steps
        busy = min(max(1.0, (now.busy - last.busy) / steps), self._batch) if steps > 0 else 1.0
        alone, together = 1 / self._single, self._batch / self._class
        part = (busy - 1) / (self._batch - 1) if self._batch > 1 else 0.0
        step = alone + part * (together - alone)
        waiting = busy * (now.prompt_tokens - last.prompt_tokens) / self._prompt
        return (now.output_tokens - last.output_tokens) * step + waiting


def _likely(speed: Mapping[str, Any], name: str) -> float | None:
    value = (speed.get(name) or {}).get("likely")
    return float(value) if isinstance(value, int | float) and value > 0 else None
