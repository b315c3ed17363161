"""Where the gateway of a lesson listens, and for which names it answers."""

from collections.abc import Sequence
from typing import Protocol

from launcher.sharing.mdns import NAME

LOOPBACK = "127.0.0.1"


class Shared(Protocol):
    """What of `services.spec.ShareEntry` matters here."""

    @property
    def address(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def hostname(self) -> str | None: ...
    @property
    def loopback_port(self) -> int | None: ...
    @property
    def local_name(self) -> bool: ...


def places(share: Shared, own_ports: Sequence[int] = ()) -> tuple[list[list[object]], list[str]]:
    """Where the gateway listens, and which Host headers it answers, for its configuration.

    Loopback keeps the port that the lesson began with, because the host looks there whether the
    gateway is well. With a certificate there is its hostname and nothing else.
    """
    if share.hostname is not None:
        bind: list[list[object]] = [[share.address, share.port]]
        names = [f"{share.hostname}:{share.port}"]
        own = [share.hostname]
    else:
        local = share.loopback_port or share.port
        bind = [[LOOPBACK, local]]
        names = [f"{LOOPBACK}:{local}", f"localhost:{local}"]
        # Who came in by a name stays with it: cookies belong to the name.
        own = [LOOPBACK, "localhost"]
        if share.address != LOOPBACK:
            bind.append([share.address, share.port])
            own = [share.address, *([f"{NAME}.local"] if share.local_name else ())]
            names += [f"{name}:{share.port}" for name in own]
    bind += [[share.address, port] for port in own_ports]
    names += [f"{name}:{port}" for name in own for port in own_ports]
    return bind, names
