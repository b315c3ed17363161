"""Recorded interface tables of laptops as they are found in schools."""

import pytest

from launcher.errors import PaadjeError, UsageError
from launcher.i18n import LANGUAGES, describe_error, translator
from launcher.sharing.addresses import (
    InterfaceAddress,
    candidates,
    choose_address,
)


def at(interface: str, address: str, **values: object) -> InterfaceAddress:
    return InterfaceAddress(interface=interface, address=address, **values)  # type: ignore[arg-type]


LOOPBACK = at("lo", "127.0.0.1", netmask="255.0.0.0", loopback=True)

WINDOWS_WSL_VPN = (
    at("Loopback Pseudo-Interface 1", "127.0.0.1", netmask="255.0.0.0", loopback=True),
    at("Ethernet 3", "10.212.134.20", netmask="255.255.255.255", hardware="00-09-0F-AA-00-01"),
    at("Ethernet 2", "192.168.56.1", netmask="255.255.255.0", hardware="0A-00-27-00-00-0C"),
    at("vEthernet (WSL)", "172.28.112.1", netmask="255.255.240.0", hardware="00-15-5D-3C-11-02"),
    at("vEthernet (Default Switch)", "172.17.160.1", hardware="00-15-5D-3C-11-03"),
    at("LAN-verbinding* 1", "169.254.10.3", netmask="255.255.0.0", hardware="3C-6A-A7-00-00-02"),
    at("Wi-Fi", "192.168.1.23", netmask="255.255.255.0", hardware="3C-6A-A7-00-00-01"),
    at("Ethernet", "169.254.99.1", netmask="255.255.0.0", hardware="54-E1-AD-00-00-01", up=False),
)

WINDOWS_HOTSPOT = (
    at("Wi-Fi", "145.94.10.20", netmask="255.255.0.0", hardware="3C-6A-A7-00-00-01"),
    at("LAN-verbinding* 10", "192.168.137.1", netmask="255.255.255.0"),
)

MACOS_VPN = (
    at("lo0", "127.0.0.1", netmask="255.0.0.0", loopback=True),
    at("en0", "10.20.4.77", netmask="255.255.240.0", hardware="a4:83:e7:00:00:01"),
    at("utun4", "10.8.0.6", netmask="255.255.255.255", point_to_point=True),
    at("awdl0", "169.254.7.7", netmask="255.255.0.0"),
)

MACOS_SHARING = (
    at("en0", "192.168.178.20", netmask="255.255.255.0", up=False),
    at("bridge100", "192.168.2.1", netmask="255.255.255.0"),
)

LINUX_DOCKER = (
    LOOPBACK,
    at("docker0", "172.17.0.1", netmask="255.255.0.0", hardware="02:42:8a:00:00:01", device=False),
    at("br-3f1c2a", "172.18.0.1", netmask="255.255.0.0", device=False),
    at("virbr0", "192.168.122.1", netmask="255.255.255.0", device=False),
    at("tailscale0", "100.101.1.2", netmask="255.255.255.255", device=False),
    at("wlp0s20f3", "192.168.178.31", netmask="255.255.255.0", device=True),
    at("enx00e04c680001", "192.168.178.32", netmask="255.255.255.0", device=True),
)

LINUX_HOTSPOT = (LOOPBACK, at("wlp2s0", "10.42.0.1", netmask="255.255.255.0", device=True))


@pytest.mark.parametrize(
    ("found", "default_source", "best", "warnings"),
    [
        (WINDOWS_WSL_VPN, "192.168.1.23", "192.168.1.23", ()),
        (WINDOWS_WSL_VPN, "10.212.134.20", "192.168.1.23", ("vpn",)),
        (WINDOWS_WSL_VPN, None, "192.168.1.23", ()),
        (WINDOWS_HOTSPOT, None, "192.168.137.1", ("hotspot",)),
        (MACOS_VPN, "10.20.4.77", "10.20.4.77", ()),
        (MACOS_VPN, "10.8.0.6", "10.20.4.77", ("vpn",)),
        (MACOS_SHARING, None, "192.168.2.1", ("hotspot",)),
        (LINUX_DOCKER, "192.168.178.32", "192.168.178.32", ()),
        (LINUX_DOCKER, "100.101.1.2", "192.168.178.32", ("vpn",)),
        (LINUX_HOTSPOT, None, "10.42.0.1", ("hotspot",)),
    ],
)
def test_the_address_that_the_class_can_reach_wins(
    found: tuple[InterfaceAddress, ...],
    default_source: str | None,
    best: str,
    warnings: tuple[str, ...],
) -> None:
    first = candidates(found, default_source=default_source)[0]
    assert first.address == best
    assert first.warnings == warnings
    assert first.suitable


def test_what_cannot_be_shared_on_is_no_candidate() -> None:
    shown = {one.address for one in candidates(WINDOWS_WSL_VPN + MACOS_VPN)}
    assert shown.isdisjoint({"127.0.0.1", "169.254.10.3", "169.254.99.1", "10.8.0.6"})


def test_virtual_adapters_are_not_suitable() -> None:
    unsuitable = {one.address for one in candidates(LINUX_DOCKER) if not one.suitable}
    assert unsuitable == {"172.17.0.1", "172.18.0.1", "192.168.122.1", "100.101.1.2"}


def test_the_last_choice_wins_ties_only() -> None:
    tied = candidates(LINUX_DOCKER, preferred="192.168.178.31")
    assert tied[0].address == "192.168.178.31"
    not_tied = candidates(LINUX_DOCKER, default_source="192.168.178.32", preferred="192.168.178.31")
    assert not_tied[0].address == "192.168.178.32"


def test_reasons_add_up_to_a_plain_explanation() -> None:
    found = candidates(WINDOWS_WSL_VPN + LINUX_DOCKER + MACOS_SHARING, default_source="10.0.0.1")
    for lang in LANGUAGES:
        for one in found:
            for reason in one.reasons:
                assert translator(lang).has(f"sharing.reason.{reason}")
            for warning in one.warnings:
                assert translator(lang).has(f"sharing.warning.{warning}")


def test_a_wish_is_followed_when_the_computer_has_it() -> None:
    chosen = choose_address("172.17.0.1", found=LINUX_DOCKER)
    assert (chosen.interface, chosen.warnings) == ("docker0", ("virtual",))


@pytest.mark.parametrize("wanted", ["192.168.178.99", "127.0.0.1", "", "localhost"])
def test_a_wish_for_another_address_is_a_usage_error(wanted: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose_address(wanted, found=LINUX_HOTSPOT)
    assert caught.value.code == "sharing.address_unknown"
    assert "10.42.0.1" in describe_error(caught.value, "nl").advice


@pytest.mark.parametrize("found", [(), (LOOPBACK,), LINUX_DOCKER[:4]])
def test_without_a_network_there_is_no_address(found: tuple[InterfaceAddress, ...]) -> None:
    with pytest.raises(PaadjeError) as caught:
        choose_address(found=found)
    assert caught.value.code == "sharing.no_address"
    assert describe_error(caught.value, "en").advice
