"""What has to be seen now: each alarm for as long as it is true, and not a moment longer."""

from typing import Any

import pytest

from launcher.host.alarms import alarms
from launcher.sharing.outbound import Reading

CLEAN = Reading(method="bytes", looks=3, bytes=0, connections=0)
CALM: dict[str, Any] = {
    "no_address": False, "moved_s": None, "codes_paused": False, "unused_seats": 0, "left_s": None,
    "internet": CLEAN,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"no_address": True}, ["host.no_address"]),
        ({"no_address": True, "moved_s": 5.0}, ["host.no_address"]),
        ({"moved_s": 599.0}, ["host.address_changed"]),
        ({"moved_s": 600.0}, []),
        ({"codes_paused": True}, ["host.typed_codes_paused"]),
        ({"unused_seats": 3}, ["host.seats_unused"]),
        ({"left_s": 301.0}, []),
        ({"left_s": 300.0}, ["host.ends_soon"]),
        ({"left_s": 0.0}, []),
        ({"internet": Reading(method="bytes", looks=0, bytes=0, connections=0)}, []),
    ],
)
def test_each_for_as_long_as_it_is_true(changes: dict[str, Any], codes: list[str]) -> None:
    assert [each.code for each in alarms(**(CALM | changes))] == codes


@pytest.mark.parametrize(("left_s", "minutes"), [(300.0, 5), (241.0, 5), (240.0, 4), (1.0, 1)])
def test_minutes_are_rounded_up(left_s: float, minutes: int) -> None:
    (alarm,) = alarms(**(CALM | {"left_s": left_s}))
    assert alarm.params == {"minutes": minutes}


def test_the_most_urgent_comes_first() -> None:
    leaking = Reading(method="bytes", looks=3, bytes=12, connections=1)
    found = alarms(
        **(CALM | {"moved_s": 1.0, "codes_paused": True, "unused_seats": 2, "left_s": 10.0}
           | {"internet": leaking})
    )  # fmt: skip
    assert [each.code for each in found] == [
        "host.address_changed", "host.internet_seen", "host.ends_soon", "host.seats_unused",
        "host.typed_codes_paused",
    ]  # fmt: skip
    assert found[1].params == {"bytes": 12, "connections": 1}
