"""Where the gateway listens and which names it answers, and moments as people type them."""

from datetime import datetime

import pytest

from launcher.cli.clock import moment
from launcher.errors import UsageError
from launcher.services.spec import ShareEntry
from launcher.sharing.places import places


def entry(**changes: object) -> ShareEntry:
    values: dict[str, object] = {
        "mode": "lan",
        "address": "192.168.1.5",
        "port": 42001,
        "interface": "wlan0",
        "token": "t",
        "code": "c",
        "loopback_port": 42000,
        **changes,
    }
    return ShareEntry(**values)  # type: ignore[arg-type]


def test_a_lesson_on_the_network() -> None:
    bind, hosts = places(entry())
    assert bind == [["127.0.0.1", 42000], ["192.168.1.5", 42001]]
    assert hosts == ["127.0.0.1:42000", "localhost:42000", "192.168.1.5:42001"]


def test_a_lesson_on_this_laptop_only() -> None:
    bind, hosts = places(entry(address="127.0.0.1", port=42000))
    assert bind == [["127.0.0.1", 42000]]
    assert hosts == ["127.0.0.1:42000", "localhost:42000"]


def test_with_a_certificate_there_is_its_name_and_nothing_else() -> None:
    bind, hosts = places(entry(hostname="les.school.example"), [50000])
    assert bind == [["192.168.1.5", 42001], ["192.168.1.5", 50000]]
    assert hosts == ["les.school.example:42001", "les.school.example:50000"]


def test_an_app_on_a_port_of_its_own_and_a_local_name() -> None:
    bind, hosts = places(entry(local_name=True), [50000])
    assert ["192.168.1.5", 50000] in bind
    assert {"192.168.1.5:50000", "paadje.local:42001", "paadje.local:50000"} <= set(hosts)
    assert "127.0.0.1:50000" not in hosts


def test_an_app_on_a_port_of_its_own_on_this_laptop_only() -> None:
    bind, hosts = places(entry(address="127.0.0.1", port=42000), [50000])
    assert bind == [["127.0.0.1", 42000], ["127.0.0.1", 50000]]
    assert {"127.0.0.1:50000", "localhost:50000"} <= set(hosts)


@pytest.mark.parametrize(
    ("typed", "then"),
    [
        ("11:15", "2026-03-02T11:15:00+01:00"),
        ("22.31", "2026-03-02T22:31:00+01:00"),
        ("0:15", "2026-03-03T00:15:00+01:00"),
        ("06:30", "2026-03-03T06:30:00+01:00"),
    ],
)
def test_the_next_time_that_the_clock_says_so(typed: str, then: str) -> None:
    hour = "10:00" if typed == "11:15" else "22:30"
    now = datetime.fromisoformat(f"2026-03-02T{hour}:00+01:00")
    assert moment(typed, now) == datetime.fromisoformat(then).timestamp()


@pytest.mark.parametrize("typed", ["9:05", "10.00", "01:59"])
def test_a_time_that_is_past_is_not_taken_for_tomorrow(typed: str) -> None:
    now = datetime.fromisoformat("2026-03-02T10:00:20+01:00")
    with pytest.raises(UsageError) as caught:
        moment(typed, now)
    assert caught.value.code == "cli.time_is_past"
    assert caught.value.params["now"] == "10:00"


@pytest.mark.parametrize("typed", ["", "11", "24:00", "11:60", "elf uur", "-1:00"])
def test_what_is_no_time(typed: str) -> None:
    with pytest.raises(UsageError):
        moment(typed)
