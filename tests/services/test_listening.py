"""What can be reached from other computers while a lesson is shared, and what is left after it."""

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from launcher.services.process import wait_for
from tests.services.lessons import all_gone, give_practice_model
from tests.services.namespaces import Laptop, ip, namespace

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(300)]

ADDRESS = "192.168.77.5"
LISTENS = "0A"
MDNS_PORT = 5353


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """One that waits for others: TCP in state LISTEN, or UDP bound to a port."""

    kind: str
    address: str
    port: int
    inode: str

    @property
    def loopback(self) -> bool:
        return self.address.startswith("127.") or self.address == "::1"


@pytest.fixture
def laptop(home: Path, starter_model: Path) -> Iterator[Laptop]:
    """A laptop in a school's network, with the practice model."""
    give_practice_model(home / "data" / "models", starter_model)
    temporary = home.with_name("temporary")
    temporary.mkdir()
    with namespace() as network:
        # Both ends of the cable are here: nobody else is in this network.
        ip("-n", network, "link", "add", "eth0", "type", "veth", "peer", "name", "eth9")
        ip("-n", network, "link", "set", "eth9", "up")
        ip("-n", network, "addr", "add", f"{ADDRESS}/24", "dev", "eth0")
        ip("-n", network, "link", "set", "eth0", "up")
        ip("-n", network, "route", "add", "default", "via", "192.168.77.1")
        own = {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")}
        yield Laptop(home, network, {"PAADJE_OFFLINE": "true", **own})


@pytest.mark.parametrize("local_name", [False, True])
def test_only_the_gateway_can_be_reached_and_nothing_is_left(
    laptop: Laptop, local_name: bool
) -> None:
    extra = ("--local-name",) if local_name else ()
    started = laptop(
        "start", "feedback-companion", "--yes", "--share", "lan", "--detach", "--endpoint", *extra
    )
    ours = programs(laptop)
    assert len(ours) == 4
    used = memory_of(ours)
    found = listening(ours[0].pid)
    owners = {each.inode: owner(each, ours) for each in found}
    # The network is the test's own: whatever listens in it is ours, the host's family included.
    assert all(owners.values()), found
    open_to_all = [each for each in found if not each.loopback]
    tcp = [(each.address, each.port) for each in open_to_all if each.kind.startswith("tcp")]
    assert tcp == [(ADDRESS, started["share"]["port"])]
    gateway = next(each.inode for each in open_to_all if each.kind.startswith("tcp"))
    assert "launcher.gateway" in owners[gateway]
    # The name of the laptop is told by multicast, and only when that was asked for.
    udp = {each.port for each in open_to_all if each.kind.startswith("udp")}
    assert udp <= ({MDNS_PORT} if local_name else set()), open_to_all
    # Engine, two sides of the app, the control of the host and the gateway on loopback.
    assert len([each for each in found if each.loopback]) >= 4

    receipt = laptop("stop", "--all")["stopped"][0]
    assert receipt["data_erased"]
    assert wait_for(lambda: all_gone(ours), 30)
    assert not programs(laptop)
    left = listening_in(laptop)
    assert not left, left
    assert not list((laptop.home / "data" / "lessons").rglob("*"))
    assert not list(Path(laptop.environ["TMPDIR"]).iterdir())
    # What the computer has free says little while other programs take and give memory too.
    assert used > 2**28
    assert memory_of(ours) == 0
    assert laptop("status") == {"lessons": []}


def memory_of(processes: list[psutil.Process]) -> int:
    """In bytes, of those that still run."""
    held = 0
    for each in processes:
        with contextlib.suppress(psutil.Error):
            held += each.memory_info().rss if each.is_running() else 0
    return held


def programs(laptop: Laptop) -> list[psutil.Process]:
    found = []
    for each in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if each.environ().get("PAADJE_HOME") == str(laptop.home) and each.status() != "zombie":
                found.append(each)
    return found


def listening(pid: int) -> list[Socket]:
    """Everything that waits for others in the network of a process (proc_net(5))."""
    found = []
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        lines = Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]
        for fields in map(str.split, lines):
            if kind.startswith("tcp") and fields[3] != LISTENS:
                continue
            address, _, port = fields[1].partition(":")
            words = [bytes.fromhex(address[n : n + 8])[::-1] for n in range(0, len(address), 8)]
            family = socket.AF_INET6 if kind.endswith("6") else socket.AF_INET
            found.append(
                Socket(
                    kind=kind,
                    address=socket.inet_ntop(family, b"".join(words)),
                    port=int(port, 16),
                    inode=fields[9],
                )
            )
    return found


def listening_in(laptop: Laptop) -> list[str]:
    """The same when no program of ours is left to look through."""
    import subprocess

    tables = [f"/proc/net/{kind}" for kind in ("tcp", "tcp6", "udp", "udp6")]
    inside = ["ip", "netns", "exec", str(laptop.network), "cat", *tables]
    lines = subprocess.run(inside, check=True, capture_output=True, text=True).stdout.splitlines()
    return [line for line in lines if line.split()[3] in (LISTENS, "07")]


def owner(socket_: Socket, processes: list[psutil.Process]) -> str:
    """The command line of the program that holds a socket; empty when it is none of these."""
    for each in processes:
        with contextlib.suppress(OSError, psutil.Error):
            for handle in Path(f"/proc/{each.pid}/fd").iterdir():
                with contextlib.suppress(OSError):
                    if str(handle.readlink()) == f"socket:[{socket_.inode}]":
                        return " ".join(each.cmdline())
    return ""
