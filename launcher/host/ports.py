"""Ports for the gateway, when another program has taken one meanwhile."""

from collections.abc import Collection, Mapping
from typing import Any

from launcher.services.ports import LOOPBACK, first_free_port, free_port, is_free
from launcher.services.spec import ShareEntry


def ports_now(share: ShareEntry, config: dict[str, Any]) -> tuple[int, int]:
    """The port for the class and the one on loopback, both free now.

    Apps with a port of their own get a free one in ``config``. Raises ``services.port_taken``.
    """
    port = class_port(share, config)
    local = port
    if share.address != LOOPBACK and share.loopback_port is not None:
        local = share.loopback_port
        if not is_free(LOOPBACK, local):
            local = free_port()
    return port, local


def class_port(share: ShareEntry, config: dict[str, Any], but: Collection[int] = ()) -> int:
    """The port for the class, free at its address now and none of ``but``.

    Apps with a port of their own get such a one in ``config``. Raises ``services.port_taken``.
    """
    port = free_at(share.port, share.address, but)
    taken = {*but, port}
    for app in config["apps"]:
        if app.get("own_port"):
            app["own_port"] = free_at(app["own_port"], share.address, taken)
            taken.add(app["own_port"])
    return port


def own_ports(config: Mapping[str, Any]) -> list[int]:
    """Of the apps that have one, in their order."""
    return [app["own_port"] for app in config["apps"] if app.get("own_port")]


def free_at(port: int, address: str, but: Collection[int] = ()) -> int:
    """The port itself or the next one that is free there. Raises ``services.port_taken``."""
    while port in but or not is_free(address, port):
        port = first_free_port(address, port + 1)
    return port
