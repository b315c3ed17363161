"""What all targets share: where things are, running tools, and errors that a builder can read."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGING = Path(__file__).resolve().parent.parent
ROOT = PACKAGING.parent
PYTHON_MINOR = "3.13"
FALLBACK_EPOCH = 1_767_225_600
"""2026-01-01, for a source tree that is not a git checkout."""


class BuildError(Exception):
    """The build cannot go on; the text says what to do about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What is built, for whom and from what.

    ``proof`` builds run everywhere and are for no one: CPython may come from this machine or from
    a package. ``cpython`` is an archive that was fetched before; it must match the pin all the
    same. ``version`` differs from the project's own only to test an update.
    """

    out: Path
    work: Path
    cache: Path
    proof: bool
    cpython: Path | None
    version: str
    epoch: int
    unverified: bool = False
    """The pinned CPython, though nobody has compared its sha256 with its publisher's yet."""
    fast: bool = False
    """Hardly compressed: for tests."""

    @property
    def label(self) -> str:
        """Ends up in file names, so that nobody gives a proof build to a teacher."""
        if self.proof:
            return f"{self.version}-proof"
        return f"{self.version}-unverified" if self.unverified else self.version


def project_version() -> str:
    text = (ROOT / "launcher" / "__init__.py").read_text(encoding="utf-8")
    found = re.search(r'__version__ = "([^"]+)"', text)
    if found is None:
        raise BuildError("launcher/__init__.py names no __version__")
    return found[1]


def source_epoch(environ: Mapping[str, str]) -> int:
    """Seconds since 1970 that every file in a build gets: SOURCE_DATE_EPOCH, else the commit's."""
    if environ.get("SOURCE_DATE_EPOCH"):
        return int(environ["SOURCE_DATE_EPOCH"])
    done = subprocess.run(
        ["git", "log", "-1", "--format=%ct"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else FALLBACK_EPOCH


def run(command: Sequence[str | Path], *, cwd: Path | None = None, **env: str) -> str:
    """Run a tool and return what it printed; its last words become the error."""
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        cwd=cwd,
        env={**os.environ, **env},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        tail = "\n".join(done.stdout.splitlines()[-25:])
        raise BuildError(f"{words[0]} ended with {done.returncode}:\n{tail}")
    return done.stdout


def tool(name: str, package: str) -> str:
    """The path of a tool of the system."""
    found = shutil.which(name)
    if found is None:
        raise BuildError(f"{name} is needed (Debian package {package})")
    return found


def uv() -> list[str]:
    return [sys.executable, "-m", "uv"]


def target_python() -> Path:
    """An interpreter of the version that is shipped: it writes the bytecode."""
    if sys.version_info[:2] == tuple(int(part) for part in PYTHON_MINOR.split(".")):
        return Path(sys.executable)
    name = f"python{PYTHON_MINOR}"
    if shutil.which(name):
        done = subprocess.run(
            [name, "-c", "import sys; print(sys.executable)"],
            # With pyenv the name on the path is a shim that asks for a choice.
            env={**os.environ, "PYENV_VERSION": PYTHON_MINOR},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return Path(done.stdout.strip())
    raise BuildError(f"Python {PYTHON_MINOR} is needed to build: it compiles what is shipped")


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
