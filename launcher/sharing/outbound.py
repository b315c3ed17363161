"""How much the programs of a lesson sent to the internet, from the system's own counters.

Every look asks the system which connections our programs have. Connections that stay on this
computer or on the network of the class do not count. On Linux the kernel also says how many bytes
each connection sent. What this cannot see: a connection that opens and closes between two looks,
and a datagram without a connection. So the honest sentence is "nothing seen in N looks", and the
reading carries N.
"""

import ipaddress
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from launcher.sharing.wifi import Run, run_program

Method = Literal["bytes", "connections"]

_PID = re.compile(r"pid=(\d+),")
_SENT = re.compile(r"\bbytes_sent:(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One connection of ours to another address. ``sent_bytes`` is None when nobody says."""

    pid: int
    local: str
    remote: str
    sent_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """``bytes`` sent to the internet as far as was counted, ``connections`` seen to go there.

    ``method`` is ``bytes`` where the system counts for each connection, else ``connections``:
    then ``bytes`` is 0 only because no connection was seen.
    """

    method: Method
    looks: int
    bytes: int
    connections: int

    @property
    def clean(self) -> bool:
        """Nothing was seen to leave."""
        return self.looks > 0 and self.connections == 0


@dataclass(slots=True)
class OutboundMeter:
    """Adds up the looks of one lesson. ``pids`` gives the programs of the lesson as they are now,
    ``own_networks`` is what belongs to the class."""

    pids: Callable[[], set[int]]
    own_networks: tuple[str, ...] = ()
    run: Run = run_program
    platform: str = sys.platform
    _looks: int = 0
    _sent: dict[tuple[int, str, str], int] = field(default_factory=dict)
    _counted: bool = True

    def look(self) -> Reading:
        """Look once, and give the reading so far. Takes some ten milliseconds."""
        found, counted = self._connections(self.pids())
        self._counted = self._counted and counted
        for one in found:
            if is_internet(one.remote, self.own_networks):
                key = (one.pid, one.local, one.remote)
                self._sent[key] = max(self._sent.get(key, 0), one.sent_bytes or 0)
        self._looks += 1
        return self.reading

    @property
    def reading(self) -> Reading:
        return Reading(
            method="bytes" if self._counted and self._looks else "connections",
            looks=self._looks,
            bytes=sum(self._sent.values()),
            connections=len(self._sent),
        )

    def _connections(self, pids: set[int]) -> tuple[list[Connection], bool]:
        if self.platform.startswith("linux"):
            output = self.run(("ss", "-Htnpio", "state", "connected"))
            if output:
                tcp = [one for one in parse_ss(output) if one.pid in pids]
                return [*tcp, *_by_psutil(pids, "udp")], True
        return _by_psutil(pids, "inet"), False


def parse_ss(output: str) -> list[Connection]:
    """The connections in the output of ``ss -Htnpio state connected``; one for each program."""
    found: list[Connection] = []
    current: tuple[str, str, list[int]] | None = None
    for line in output.splitlines():
        if not line[:1].isspace():
            parts = line.split()
            # The columns before them differ with what was asked for.
            places = [part for part in parts if re.search(r":\d+$", part)][:2]
            current = None
            if len(places) == 2:
                current = (places[0], places[1], [int(pid) for pid in _PID.findall(line)])
        if current is None:
            continue
        sent = _SENT.search(line)
        if sent or line[:1].isspace():
            local, remote, pids = current
            found += [
                Connection(
                    pid=pid,
                    local=local,
                    remote=_address(remote),
                    sent_bytes=int(sent.group(1)) if sent else 0,
                )
                for pid in pids
            ]
            current = None
    return found


def is_internet(address: str, own_networks: Iterable[str] = ()) -> bool:
    """Whether that address is outside this computer and outside the network of the class."""
    try:
        one = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return True  # What cannot be judged is not waved away.
    mapped = getattr(one, "ipv4_mapped", None)
    one = mapped or one
    if one.is_loopback or one.is_link_local or one.is_unspecified:
        return False
    return not any(one in ipaddress.ip_network(net, strict=False) for net in own_networks)


def _by_psutil(pids: set[int], kind: str) -> list[Connection]:
    import psutil

    found = []
    for pid in pids:
        try:
            connections = psutil.Process(pid).net_connections(kind)
        except psutil.Error:
            continue
        for one in connections:
            # Without another side it only listens.
            if len(one.raddr) == 2:
                local = f"{one.laddr[0]}:{one.laddr[1]}"
                found.append(Connection(pid=pid, local=local, remote=str(one.raddr[0])))
    return found


def _address(place: str) -> str:
    return place.rpartition(":")[0].strip("[]").partition("%")[0]
