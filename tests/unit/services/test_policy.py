"""When a crashed program is started again, and when it is given up."""

import pytest

from launcher.services.policy import RestartPolicy


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_delay_doubles_up_to_its_limit(clock: Clock) -> None:
    policy = RestartPolicy(clock=clock, crash_limit=100)
    delays = []
    for _ in range(9):
        policy.started()
        clock.now += 1
        delays.append(policy.crashed())
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30, 30]


def test_five_crashes_within_a_minute_are_a_loop(clock: Clock) -> None:
    policy = RestartPolicy(clock=clock)
    for _ in range(4):
        policy.started()
        clock.now += 14.9
        assert policy.crashed() is not None
    policy.started()
    assert policy.crashed() is None


def test_five_crashes_spread_wider_are_not_a_loop(clock: Clock) -> None:
    policy = RestartPolicy(clock=clock)
    for _ in range(20):
        policy.started()
        clock.now += 15.1
        assert policy.crashed() is not None


def test_the_delay_begins_again_after_a_long_run(clock: Clock) -> None:
    policy = RestartPolicy(clock=clock)
    for _ in range(3):
        policy.started()
        clock.now += 1
        policy.crashed()
    policy.started()
    clock.now += 60
    assert policy.crashed() == 0.5
