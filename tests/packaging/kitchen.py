"""What the proofs share: builds, and a user without rights, network or pip."""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
PROOFS = ROOT / "build" / "proofs"
NOBODY = 65534
OLD, NEW = "0.1.0", "0.1.1"
"""An update is proved from what the project's version is to a later one."""


def build(target: str, *, version: str = OLD, fast: bool = True, copy: str = "") -> Path:
    """A proof build, made once a run: a full one for its size, a fast one for what it does."""
    return _build(target, version, fast, copy)


@cache
def _build(target: str, version: str, fast: bool, copy: str) -> Path:
    kind = "fast" if fast else "full"
    out = ROOT / "build" / "proof-builds" / f"{version}-{kind}{copy}"
    out.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, ROOT / "packaging" / "build.py", "--proof", "--target", target]
    command += ["--out", out, "--work", out / "work", "--as-version", version]
    before = processor_seconds()
    done = subprocess.run(
        [*command, *(["--fast"] if fast else [])],
        # A commit between two builds is another input.
        env={**os.environ, "SOURCE_DATE_EPOCH": "1767225600"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    cost = processor_seconds() - before
    note(f"{kind} build of {done.stdout.strip()}, {cost:.0f} s of processor time")
    return out / done.stdout.split(":")[0]


def processor_seconds() -> float:
    """What all programs that were started and have ended took of one processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def note(line: str) -> None:
    """Figures for docs/proof.md."""
    PROOFS.mkdir(parents=True, exist_ok=True)
    with (PROOFS / "figures.txt").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


class User:
    """Someone at this computer: an own home with a space and an ë in its path, no rights, a
    network of nothing but loopback, and no pip, no compiler and no other Python on the path."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "Zoë Müller"
        self.temporary = folder / "tmp"
        for path in (self.home, self.temporary):
            path.mkdir(parents=True)
        for path in (folder, self.home, self.temporary):
            os.chown(path, NOBODY, NOBODY)
        self.environment = {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "LANG": "nl_NL.UTF-8",
            "LC_ALL": "C.UTF-8",
            "PAADJE_LANGUAGE": "nl",
            "TERM": "xterm",
            "TMPDIR": str(self.temporary),
        }

    def command(self, *words: str | Path, **extra: str) -> list[str]:
        variables = {**self.environment, **extra}
        return [
            "unshare", "--net", "--pid", "--fork", "--mount-proc", "sh", "-c",
            'ip link set lo up && exec "$@"', "sh",
            "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups",
            "env", "-i", *(f"{name}={value}" for name, value in variables.items()),
            *map(str, words),
        ]  # fmt: skip

    def run(self, *words: str | Path, **extra: str) -> "subprocess.CompletedProcess[str]":
        """Run one command to its end; what it printed is in ``stdout``, both streams."""
        return subprocess.run(
            self.command(*words, **extra),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=900,
            check=False,
            cwd=self.temporary,
        )

    def script(self, text: str) -> str:
        """Run a shell script in one network and one process namespace; it must succeed."""
        done = self.run("bash", "-euo", "pipefail", "-c", text)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def files(self) -> list[str]:
        """All that is in the home, but for folders."""
        found = [p for p in self.home.rglob("*") if not p.is_dir() or p.is_symlink()]
        return sorted(str(path.relative_to(self.home)) for path in found)


@contextmanager
def open_folder() -> Iterator[Path]:
    """A folder that other users can look into; pytest closes its own ones."""
    PROOFS.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(dir=PROOFS))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def last_json(text: str) -> dict[str, Any]:
    line = next(line for line in reversed(text.splitlines()) if line.startswith('{"version"'))
    value: dict[str, Any] = json.loads(line)
    return value


def wait_until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.2)


@contextmanager
def screen(number: int) -> Iterator[str]:
    """A screen of its own under Xvfb; its DISPLAY."""
    command = ["Xvfb", f":{number}", "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: Path(f"/tmp/.X11-unix/X{number}").exists())
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def copy_model(starter_model: Path, folder: Path) -> Path:
    """A folder with the practice model that everyone can read."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(starter_model, folder / starter_model.name)
    (folder / starter_model.name).chmod(0o644)
    return folder
