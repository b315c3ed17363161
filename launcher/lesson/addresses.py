"""The teacher's last choice of an address on each network: it wins when two are equally good.

A network is known by the ranges of all usable addresses of this computer at that moment. What is
kept is the name of the connection, because the address itself changes from day to day.
"""

import contextlib
import ipaddress
from collections.abc import Sequence
from pathlib import Path

from launcher.files import read_json_object, write_private_json
from launcher.lesson.types import Context
from launcher.sharing.addresses import (
    Address,
    InterfaceAddress,
    candidates,
    choose_address,
    read_default_source,
    read_interfaces,
)

MOST_NETWORKS = 20


def remember_address(context: Context, address: str, found: Sequence[InterfaceAddress]) -> None:
    """The teacher wants ``address`` here. A disk that is full only forgets."""
    chosen = next((one.interface for one in found if one.address == address), None)
    if chosen is None:
        return
    here = _network(found)
    known = _known(context)
    kept = [(name, value) for name, value in known.items() if name != here][1 - MOST_NETWORKS :]
    with contextlib.suppress(OSError):
        _file(context).parent.mkdir(parents=True, exist_ok=True)
        write_private_json(_file(context), {**dict(kept), here: chosen})


def preferred_address(context: Context, found: Sequence[InterfaceAddress]) -> str | None:
    """The address of the connection that was chosen here before."""
    chosen = _known(context).get(_network(found))
    usable = {one.address for one in candidates(found)}
    return next(
        (one.address for one in found if one.interface == chosen and one.address in usable), None
    )


def address_choices(context: Context) -> tuple[Address, ...]:
    """The addresses of this computer where a class could get in, the best first."""
    found = read_interfaces()
    preferred = preferred_address(context, found)
    return candidates(found, default_source=read_default_source(), preferred=preferred)


def chosen_address(context: Context, wanted: str | None) -> Address:
    """``wanted``, which is remembered, or the best one; raises as `choose_address` does."""
    found = read_interfaces()
    chosen = choose_address(
        wanted,
        found=found,
        default_source=read_default_source(),
        preferred=preferred_address(context, found),
    )
    if wanted is not None:
        remember_address(context, wanted, found)
    return chosen


def _network(found: Sequence[InterfaceAddress]) -> str:
    usable = {one.address for one in candidates(found)}
    ranges = {
        str(ipaddress.ip_network(f"{one.address}/{one.netmask or 24}", strict=False))
        for one in found
        if one.address in usable
    }
    return " ".join(sorted(ranges))


def _known(context: Context) -> dict[str, str]:
    content = read_json_object(_file(context)) or {}
    return {name: value for name, value in content.items() if isinstance(value, str)}


def _file(context: Context) -> Path:
    return context.paths.data / "addresses.json"
