"""Which of this computer's addresses the students can reach.

A laptop has many addresses: Wi-Fi, cable, a VPN, Docker, WSL, virtual machines, a hotspot. Each
one that could work gets a score with its reasons; the best is proposed, the teacher can choose.
"""

import ipaddress
import re
import socket
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from launcher.errors import PaadjeError, UsageError

DOCUMENTATION_ADDRESS = ("198.51.100.1", 9)
"""TEST-NET-2 (RFC 5737): belongs to nobody, and nothing is ever sent to it."""

_RFC1918 = tuple(
    ipaddress.IPv4Network(net) for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
_SHARED_SPACE = ipaddress.IPv4Network("100.64.0.0/10")
_VIRTUALBOX_HOST_ONLY = ipaddress.IPv4Network("192.168.56.0/24")

_VIRTUAL_NAME = re.compile(
    r"docker|^br-|^veth|vethernet|wsl|hyper-?v|vmware|^vmnet|virtualbox|^vboxnet|^virbr|^utun|^tun"
    r"|^tap|tap-windows|^wg|wireguard|wintun|tailscale|^zt|zerotier|nordlynx|openvpn|^ppp|^ipsec"
    r"|\bvpn\b|anyconnect|globalprotect|fortinet|hamachi|^lxc|^lxd|^cni|^flannel|^cali|podman"
    r"|^feth|^vnic|parallels|npcap|loopback",
    re.IGNORECASE,
)
_PHYSICAL_NAME = re.compile(
    r"^(wi-?fi|wlan|wlp|wlx|wl\d|wireless|draadloze|ethernet|eth\d|enp|eno|ens|enx|en\d|em\d|lan)",
    re.IGNORECASE,
)
_VIRTUAL_HARDWARE = (
    "00:15:5d",  # Hyper-V and WSL
    "00:50:56",  # VMware
    "00:0c:29",  # VMware
    "0a:00:27",  # VirtualBox host-only
    "02:42",  # Docker
    "00:ff",  # TAP-Windows: OpenVPN and others
    "00:05:9a:3c",  # Cisco AnyConnect
    "02:50:41",  # Palo Alto GlobalProtect
    "00:09:0f",  # Fortinet
    "02:05:85",  # Pulse Secure
)
"""Beginnings of hardware addresses: Windows often calls a virtual adapter "Ethernet 3"."""

_HOTSPOT = {
    "192.168.137.1": r"",  # Windows mobile hotspot
    "192.168.2.1": r"^bridge\d",  # macOS internet sharing
    "10.42.0.1": r"",  # NetworkManager shared connection
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceAddress:
    """One IPv4 address as the system reports it: what :func:`candidates` judges.

    ``device`` is True when the system says that real hardware is behind it, None when it does not
    say.
    """

    interface: str
    address: str
    netmask: str | None = None
    hardware: str | None = None
    up: bool = True
    loopback: bool = False
    point_to_point: bool = False
    device: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address to share on. ``reasons`` and ``warnings`` are codes.

    Their texts are ``sharing.reason.<code>`` and ``sharing.warning.<code>``.
    """

    address: str
    interface: str
    score: int
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def suitable(self) -> bool:
        """Whether students can be expected to reach it."""
        return self.score > 0


def candidates(
    found: Iterable[InterfaceAddress] | None = None,
    *,
    default_source: str | None = None,
    preferred: str | None = None,
) -> tuple[Address, ...]:
    """The addresses that could be shared on, best first.

    Without ``found`` the system is asked, also for ``default_source``: the address that traffic to
    elsewhere leaves from. ``preferred`` is the teacher's last choice on this network and wins ties.
    """
    if found is None:
        found = read_interfaces()
        default_source = read_default_source()
    found = tuple(found)
    vpn = any(item.address == default_source and _is_virtual(item) for item in found)
    judged = [_judge(item, default_source, vpn=vpn) for item in found if _usable(item)]
    return tuple(
        sorted(judged, key=lambda one: (-one.score, one.address != preferred, one.interface))
    )


def choose_address(
    wanted: str | None = None,
    *,
    preferred: str | None = None,
    found: Iterable[InterfaceAddress] | None = None,
    default_source: str | None = None,
) -> Address:
    """The address to share on: ``wanted``, or the best one.

    Raises `UsageError` ``sharing.address_unknown`` when this computer does not have ``wanted``, and
    `PaadjeError` ``sharing.no_address`` when nothing is suitable.
    """
    if found is None:
        found = read_interfaces()
        default_source = read_default_source()
    found = tuple(found)
    ranked = candidates(found, default_source=default_source, preferred=preferred)
    if wanted is None:
        if not ranked or not ranked[0].suitable:
            raise PaadjeError("sharing.no_address", detail=_summary(found))
        return ranked[0]
    for address in ranked:
        if address.address == wanted:
            return address
    raise UsageError(
        "sharing.address_unknown",
        address=wanted,
        found=", ".join(one.address for one in ranked) or "–",
    )


def read_interfaces() -> tuple[InterfaceAddress, ...]:
    """Every IPv4 address of this computer, as psutil and the system report it."""
    import psutil

    stats = psutil.net_if_stats()
    found = []
    for interface, entries in psutil.net_if_addrs().items():
        state = stats.get(interface)
        flags = set((state.flags if state else "").split(","))
        hardware = next(
            (entry.address for entry in entries if entry.family == psutil.AF_LINK), None
        )
        for entry in entries:
            if entry.family != socket.AF_INET:
                continue
            found.append(
                InterfaceAddress(
                    interface=interface,
                    address=entry.address,
                    netmask=entry.netmask,
                    hardware=hardware,
                    up=bool(state and state.isup),
                    loopback="loopback" in flags or entry.address.startswith("127."),
                    point_to_point="pointopoint" in flags or entry.ptp is not None,
                    device=_has_device(interface),
                )
            )
    return tuple(found)


def read_default_source() -> str | None:
    """The address that traffic to elsewhere leaves from; None without a default route.

    Connecting a datagram socket asks the system for a route and sends nothing.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(DOCUMENTATION_ADDRESS)
            source = str(probe.getsockname()[0])
        except OSError:
            return None
    return source if source != "0.0.0.0" else None


def _usable(item: InterfaceAddress) -> bool:
    if not item.up or item.loopback or item.point_to_point:
        return False
    try:
        address = ipaddress.IPv4Address(item.address)
    except ValueError:
        return False
    return not (
        address.is_loopback
        or address.is_link_local
        or address.is_unspecified
        or address.is_multicast
    )


def _judge(item: InterfaceAddress, default_source: str | None, *, vpn: bool) -> Address:
    address = ipaddress.IPv4Address(item.address)
    hotspot = _is_hotspot(item)
    virtual = _is_virtual(item)
    physical = hotspot or (not virtual and _is_physical(item))
    private = any(address in network for network in _RFC1918)
    host_only = address in _VIRTUALBOX_HOST_ONLY or item.netmask == "255.255.255.255"
    shared_space = address in _SHARED_SPACE
    default = item.address == default_source
    points = {
        "default_route": 50 if default else 0,
        "private": 30 if private else 0,
        "hotspot": 20 if hotspot else 0,
        "physical": 20 if physical and not hotspot else 0,
        "virtual": -60 if virtual else 0,
        "carrier_network": -40 if shared_space else 0,
        "host_only": -20 if host_only else 0,
    }
    warned = {
        "vpn": vpn and not default,
        "hotspot": hotspot,
        "virtual": virtual,
        "public_address": not private and not shared_space,
    }
    return Address(
        address=item.address,
        interface=item.interface,
        score=sum(points.values()),
        reasons=tuple(code for code, value in points.items() if value),
        warnings=tuple(code for code, applies in warned.items() if applies),
    )


def _is_hotspot(item: InterfaceAddress) -> bool:
    pattern = _HOTSPOT.get(item.address)
    return pattern is not None and re.search(pattern, item.interface) is not None


def _is_virtual(item: InterfaceAddress) -> bool:
    if _is_hotspot(item):
        return False
    hardware = (item.hardware or "").replace("-", ":").lower()
    return (
        item.point_to_point
        or _VIRTUAL_NAME.search(item.interface) is not None
        or (item.device is not True and hardware.startswith(_VIRTUAL_HARDWARE))
    )


def _is_physical(item: InterfaceAddress) -> bool:
    return item.device is True or (
        item.device is None and _PHYSICAL_NAME.search(item.interface) is not None
    )


def _has_device(interface: str) -> bool | None:
    """Only Linux says; a bridge, a tunnel or one half of a pair has no device."""
    if not sys.platform.startswith("linux"):
        return None
    folder = Path("/sys/class/net") / interface
    return (folder / "device").exists() if folder.exists() else None


def _summary(found: Iterable[InterfaceAddress]) -> str:
    return "; ".join(
        f"{item.interface} {item.address} {'up' if item.up else 'down'}" for item in found
    )
