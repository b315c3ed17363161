"""Networks of a test's own: namespaces of the kernel that hold only what is put in them."""

import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import require

ROOT = Path(__file__).resolve().parent.parent.parent


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@contextmanager
def namespace() -> Iterator[str]:
    """A network with loopback only; everything that runs in it is ended."""
    name = f"paadje-{secrets.token_hex(3)}"
    try:
        made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True)
        works = made.returncode == 0
    except FileNotFoundError:
        works = False
    require(works, "this user may not make a network namespace")
    try:
        ip("-n", name, "link", "set", "lo", "up")
        yield name
    finally:
        pids = subprocess.run(["ip", "netns", "pids", name], check=False, capture_output=True)
        for pid in pids.stdout.split():
            os.kill(int(pid), 9)
        ip("netns", "del", name)


@contextmanager
def two_joined(first: str, second: str) -> Iterator[tuple[str, str]]:
    """Two namespaces with a cable between them, and their addresses."""
    with namespace() as one, namespace() as two:
        cable = secrets.token_hex(3)
        ip("link", "add", f"pa{cable}", "type", "veth", "peer", "name", f"pb{cable}")
        for name, end, address in ((one, f"pa{cable}", first), (two, f"pb{cable}", second)):
            ip("link", "set", end, "netns", name)
            ip("-n", name, "link", "set", end, "name", "eth0")
            ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
        yield one, two


@dataclass
class Laptop:
    """A Paadje in a network, with a home of its own."""

    home: Path
    network: str | None = None
    environ: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = (sys.executable, "-X", "utf8", "-m", "launcher")

    def argv(self, *arguments: str) -> list[str]:
        inside = ["ip", "netns", "exec", self.network] if self.network else []
        return [*inside, *self.command, *arguments]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PAADJE_HOME": str(self.home), **self.environ}

    def __call__(self, *arguments: str, code: int = 0) -> Any:
        """The data of a command, or its error when another exit code is expected."""
        done = subprocess.run(
            self.argv(*arguments, "--json"),
            env=self.environment(),
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        answer = json.loads(done.stdout)
        return answer["error"] if code else answer["data"]

    def open(self, url: str) -> str:
        """What a page inside this network answers."""
        code = f"import urllib.request as r; print(r.urlopen({url!r}, timeout=30).status)"
        inside = ["ip", "netns", "exec", self.network] if self.network else []
        done = subprocess.run(
            [*inside, sys.executable, "-c", code], check=True, capture_output=True, text=True
        )
        return done.stdout.strip()
