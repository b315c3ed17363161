"""Much slower than the plan said is told once; a busy class is not taken for a slow computer."""

import dataclasses
from typing import Any

import pytest

from launcher.cli.lesson_text import state_lines
from launcher.events import Notice
from launcher.fit.types import Range, SpeedEstimate
from launcher.host.pace import ENOUGH_TOKENS, Counts, Pace
from launcher.i18n import LANGUAGES, translator
from tests.tui.fakes import make_lesson

SINGLE, CLASS, PROMPT, SLOTS = 10.0, 20.0, 100.0, 4
"""Predicted tokens per second: of one student, of four together, of reading."""


def exactly(value: float | None) -> Range:
    return Range(low=value, likely=value, high=value)


def plan(**changes: Any) -> dict[str, Any]:
    speed = SpeedEstimate(
        decode_tokens_per_s=exactly(SINGLE),
        one_feedback_s=exactly(40.0),
        class_first_s=exactly(40.0),
        class_last_s=exactly(400.0),
        students=28,
        basis="estimate",
        class_tokens_per_s=exactly(CLASS),
        prompt_tokens_per_s=exactly(PROMPT),
    )
    return {"slots": SLOTS, "practice": False, "speed": dataclasses.asdict(speed), **changes}


def work(tokens: float, seconds: float, *, busy: float = 1.0, prompt: float = 0.0) -> Counts:
    steps = tokens / busy
    return Counts(
        prompt_tokens=prompt,
        output_tokens=tokens,
        output_s=seconds,
        steps=steps,
        busy=busy * steps,
    )


def add(before: Counts, more: Counts) -> Counts:
    return Counts(
        **{name: value + getattr(more, name) for name, value in dataclasses.asdict(before).items()}
    )


NOTHING = work(0.0, 0.0)


def judged(*done: Counts) -> list[bool]:
    """What is told after each piece of work."""
    pace, total, found = Pace(plan()), NOTHING, []
    pace.judge(total)
    for piece in done:
        total = add(total, piece)
        found.append(pace.judge(total))
    return found


@pytest.mark.parametrize(
    ("done", "told"),
    [
        (work(200, 20), False),  # 10 tokens a second, as predicted.
        (work(200, 39), False),  # A little more than half of it.
        (work(200, 41), True),
        (work(200, 400), True),  # What a full video memory does.
        # Four at once: each of them gets 5 tokens a second, which is all that was promised.
        (work(200, 40, busy=4), False),
        (work(200, 79, busy=4), False),
        (work(200, 81, busy=4), True),
        # Three wait while the fourth reads its text of 1000 tokens, for 10 seconds.
        (work(200, 150, busy=4, prompt=1000), False),
        (work(200, 161, busy=4, prompt=1000), True),
    ],
)
def test_less_than_half_of_the_prediction_is_told(done: Counts, told: bool) -> None:
    assert judged(done) == [told]


def test_it_is_told_once_and_again_after_it_was_well() -> None:
    slow, so_so, well = work(200, 60), work(200, 35), work(200, 21)
    assert judged(slow, slow, so_so, slow, well, slow) == [True, False, False, False, False, True]


def test_little_work_says_nothing() -> None:
    few = work(ENOUGH_TOKENS / 3, 100)
    assert judged(few, few, few) == [False, False, True]


def test_an_engine_that_was_started_again_begins_again() -> None:
    pace = Pace(plan())
    pace.judge(work(1000, 100))
    assert pace.judge(work(200, 300)) is False
    assert pace.judge(add(work(200, 300), work(200, 20))) is False
    assert pace.slow is None


@pytest.mark.parametrize(
    "unknown",
    [
        plan(practice=True),
        plan(speed=None),
        plan(speed=plan()["speed"] | {"decode_tokens_per_s": dataclasses.asdict(exactly(None))}),
        plan(speed=plan()["speed"] | {"prompt_tokens_per_s": dataclasses.asdict(exactly(None))}),
        {},
    ],
)
def test_without_a_prediction_nothing_is_judged(unknown: dict[str, Any]) -> None:
    assert Pace(plan()).can_judge
    assert not Pace(unknown).can_judge


def test_one_slot_is_never_divided_by_nothing() -> None:
    pace = Pace(plan(slots=1))
    pace.judge(NOTHING)
    assert pace.judge(work(200, 300)) is True
    assert pace.slow is not None
    assert pace.slow.times == pytest.approx(15)


@pytest.mark.parametrize(
    "told", [{}, {"prompt_tokens": 3, "output_tokens": 1}, {"prompt_tokens": "many"}]
)
def test_an_engine_that_does_not_count_is_not_judged(told: dict[str, Any]) -> None:
    assert Counts.of(told) is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_status_says_it_in_plain_words(lang: str) -> None:
    t = translator(lang)
    told = make_lesson(notices=(Notice(code="host.slow", params={"times": 4}),))
    said = [str(line) for line in state_lines(told, t)]
    (line,) = set(said) - {str(line) for line in state_lines(make_lesson(), t)}
    assert line.startswith(("Het taalmodel is nu ongeveer 4 keer", "The language model is now"))
