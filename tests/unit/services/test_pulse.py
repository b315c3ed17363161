"""Stuck is what sleeps and does not answer; busy, loading and starved programs are left alone."""

import itertools

import pytest

from launcher.host.pulse import Look, Pulse


def looks(pattern: str, *, cpu: float, asleep: bool) -> list[Look]:
    """One look a second; ``.`` is an answer and ``x`` is none."""
    return [
        Look(at=float(at), answered=sign == ".", cpu_s=at * cpu, asleep=asleep)
        for at, sign in enumerate(pattern)
    ]


def judged(found: list[Look]) -> list[str]:
    pulse = Pulse(hang_timeout_s=10, busy_timeout_s=60)
    return [pulse.judge(look) for look in found]


def test_one_that_sleeps_and_is_silent_is_told_within_two_looks_and_is_stuck_later() -> None:
    health = judged(looks("..." + "x" * 12, cpu=0, asleep=True))
    assert health[:4] == ["well"] * 4
    assert health[4] == "unresponsive"
    assert health[3 + 9] == "stuck"


def test_one_that_was_halted_is_told_at_the_first_look() -> None:
    pulse = Pulse(hang_timeout_s=10, busy_timeout_s=60)
    pulse.judge(Look(at=0, answered=True, cpu_s=1, asleep=True))
    halted = Look(at=1, answered=False, cpu_s=1, asleep=True, stopped=True)
    assert pulse.judge(halted) == "unresponsive"


def test_where_a_graphics_card_works_silence_is_longer() -> None:
    pulse = Pulse(hang_timeout_s=80, busy_timeout_s=180)
    found = [pulse.judge(each) for each in looks("." + "x" * 81, cpu=0, asleep=True)]
    assert found[9] == "well"
    assert found[10] == "unresponsive"
    assert found[79] == "unresponsive"
    assert found[80] == "stuck"


def test_one_look_that_goes_wrong_means_nothing() -> None:
    assert set(judged(looks(".x.x..x.", cpu=0, asleep=True))) == {"well"}


def test_one_that_answers_nonsense_is_stuck_however_busy_it_is() -> None:
    found = [
        Look(at=float(at), answered=at < 3, cpu_s=float(at), asleep=False, garbled=at >= 3)
        for at in range(14)
    ]
    health = judged(found)
    assert health[:4] == ["well"] * 4
    assert health[4] == "unresponsive"
    assert health[12] == "stuck"


def test_one_that_works_may_be_silent_for_long_but_not_for_ever() -> None:
    health = judged(looks("." + "x" * 61, cpu=0.9, asleep=True))
    assert set(health[:60]) == {"well"}
    assert health[-1] == "stuck"


def test_one_that_gets_no_turn_on_a_busy_computer_is_not_stuck() -> None:
    assert set(judged(looks("." + "x" * 50, cpu=0, asleep=False))) == {"well"}


@pytest.mark.parametrize("gap_s", [30, 30_000])
def test_after_the_computer_slept_it_gets_all_its_time_again(gap_s: int) -> None:
    found = looks("..xxxxxxxx", cpu=0, asleep=True)
    later = [
        Look(at=each.at + gap_s, answered=False, cpu_s=0, asleep=True)
        for each in itertools.islice(found, 2, None)
    ]
    health = judged([*found, *later])
    assert health[len(found)] == "well"
    assert "stuck" not in health


def test_it_recovers() -> None:
    assert judged(looks("..xxxx..", cpu=0, asleep=True))[-1] == "well"
