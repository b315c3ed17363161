"""Short memory is told once, then helped; a computer that slept is noticed; nothing flickers."""

from launcher.host.surroundings import MemoryNow, Watch, read_memory
from launcher.units import GIB, MIB


class Computer:
    """Clocks and memory that the test sets."""

    def __init__(self, total_bytes: int = 16 * GIB) -> None:
        self.total_bytes = total_bytes
        self.free_bytes = 8 * GIB
        self.steady_s = 100.0
        self.wall_s = 1_000_000.0
        self.watch = Watch(read=self.read, steady=lambda: self.steady_s, wall=lambda: self.wall_s)

    def read(self) -> MemoryNow:
        return MemoryNow(total_bytes=self.total_bytes, available_bytes=self.free_bytes)

    def later(self, seconds: float = 1.0, *, slept_s: float = 0.0) -> list[str]:
        self.steady_s += seconds
        self.wall_s += seconds + slept_s
        return list(self.watch.look())


def test_memory_is_told_when_it_gets_short_and_when_it_is_fine() -> None:
    computer = Computer()
    assert computer.later() == []
    computer.free_bytes = 900 * MIB
    assert computer.later() == ["memory_low"]
    assert computer.later() == []
    computer.free_bytes = 3 * GIB
    assert computer.later() == ["memory_fine"]


def test_help_comes_when_it_stays_critical_and_once_a_minute() -> None:
    computer = Computer()
    computer.free_bytes = 300 * MIB
    found = [computer.later() for _ in range(130)]
    assert found[0] == ["memory_low"]
    assert [second for second, each in enumerate(found) if "memory_critical" in each] == [
        4,
        64,
        124,
    ]


def test_a_short_dip_is_no_reason_to_start_anything_again() -> None:
    computer = Computer()
    for free in (300 * MIB, 300 * MIB, 2 * GIB, 300 * MIB, 300 * MIB, 2 * GIB):
        computer.free_bytes = free
        assert "memory_critical" not in computer.later()


def test_a_small_computer_is_not_always_short_of_memory() -> None:
    computer = Computer(total_bytes=4 * GIB)
    computer.free_bytes = 800 * MIB
    assert computer.later() == []
    computer.free_bytes = 500 * MIB
    assert computer.later() == ["memory_low"]


def test_five_percent_of_a_big_computer() -> None:
    computer = Computer(total_bytes=64 * GIB)
    computer.free_bytes = 3 * GIB
    assert computer.later() == ["memory_low"]


def test_sleep_and_a_clock_that_is_set_are_noticed() -> None:
    computer = Computer()
    assert computer.later() == []
    assert computer.later(slept_s=3600) == ["woke"]
    assert computer.later() == []
    assert computer.later(slept_s=-3600) == ["woke"]
    assert computer.later(seconds=40) == ["woke"]  # Where the steady clock counts sleep too.


def test_this_computer_can_be_read() -> None:
    now = read_memory()
    assert 0 < now.available_bytes <= now.total_bytes
