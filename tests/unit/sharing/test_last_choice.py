"""The teacher's last choice wins ties on that network, and nowhere else."""

from dataclasses import replace
from pathlib import Path

import pytest

from launcher.lesson import addresses
from launcher.lesson.addresses import preferred_address, remember_address
from launcher.lesson.context import open_context
from launcher.lesson.types import Context
from launcher.sharing.addresses import InterfaceAddress, choose_address

SCHOOL = (
    InterfaceAddress(interface="eth0", address="10.1.1.5", netmask="255.255.255.0", device=True),
    InterfaceAddress(interface="wlan0", address="10.1.2.7", netmask="255.255.255.0", device=True),
)
HOME = (
    InterfaceAddress(interface="eth0", address="192.168.1.5", netmask="255.255.255.0", device=True),
    InterfaceAddress(
        interface="wlan0", address="192.168.2.7", netmask="255.255.255.0", device=True
    ),
)


@pytest.fixture
def context(home: Path) -> Context:
    return open_context({"PAADJE_HOME": str(home)})


def chosen(context: Context, found: tuple[InterfaceAddress, ...], source: str = "") -> str:
    preferred = preferred_address(context, found)
    return choose_address(preferred=preferred, found=found, default_source=source or None).address


def test_it_wins_a_tie_here_and_on_the_next_day(context: Context) -> None:
    assert chosen(context, SCHOOL) == "10.1.1.5"
    remember_address(context, "10.1.2.7", SCHOOL)
    assert chosen(context, SCHOOL) == "10.1.2.7"
    tomorrow = (SCHOOL[0], replace(SCHOOL[1], address="10.1.2.99"))
    assert chosen(context, tomorrow) == "10.1.2.99"
    assert chosen(context, HOME) == "192.168.1.5"


def test_it_wins_only_ties(context: Context) -> None:
    remember_address(context, "10.1.2.7", SCHOOL)
    assert chosen(context, SCHOOL, source="10.1.1.5") == "10.1.1.5"


def test_what_is_not_there_is_neither_kept_nor_proposed(context: Context) -> None:
    remember_address(context, "203.0.113.1", SCHOOL)
    assert preferred_address(context, SCHOOL) is None
    remember_address(context, "10.1.2.7", SCHOOL)
    down = (SCHOOL[0], replace(SCHOOL[1], up=False))
    assert chosen(context, down) == "10.1.1.5"


def test_old_networks_are_forgotten(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "MOST_NETWORKS", 2)
    for net in range(4):
        found = (InterfaceAddress(interface="wlan0", address=f"10.9.{net}.1", device=True),)
        remember_address(context, f"10.9.{net}.1", found)
    assert len((context.paths.data / "addresses.json").read_text().split("wlan0")) == 3
