"""Run Paadje as a user does: as a program of its own, in a home of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.services.lessons import give_practice_model

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def answer(self) -> dict[str, Any]:
        """The one JSON object on standard output, and nothing beside it."""
        value = json.loads(self.out)
        assert self.out.count("\n") == 1
        assert value["version"] == 1
        return dict(value)

    @property
    def data(self) -> Any:
        assert self.code == 0, self.out + self.err
        assert self.answer["ok"] is True
        return self.answer["data"]

    @property
    def error(self) -> dict[str, str]:
        assert self.answer["ok"] is False
        return dict(self.answer["error"])


@dataclass
class Paadje:
    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def models_dir(self) -> Path:
        return self.home / "data" / "models"

    @property
    def lessons_dir(self) -> Path:
        return self.home / "data" / "lessons"

    def environment(self) -> dict[str, str]:
        return {**os.environ, "PAADJE_HOME": str(self.home), **self.environ}

    def __call__(self, *arguments: str, timeout_s: float = 240) -> Done:
        done = subprocess.run(
            [sys.executable, "-X", "utf8", "-m", "launcher", *arguments],
            env=self.environment(),
            cwd=self.home.parent,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout_s,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return Done(done.returncode, done.stdout, done.stderr)

    def files(self) -> set[str]:
        """Every file in this home, by its path there."""
        return {
            str(each.relative_to(self.home)) for each in self.home.rglob("*") if not each.is_dir()
        }

    def processes(self) -> list[psutil.Process]:
        """Every process that works in this home."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("PAADJE_HOME") == str(self.home):
                    found.append(process)
            except (psutil.Error, OSError):
                continue
        return [each for each in found if each.is_running() and each.status() != "zombie"]


@pytest.fixture
def paadje(home: Path) -> Iterator[Paadje]:
    program = Paadje(home)
    yield program
    program("stop", "--all")
    assert not program.processes()


@pytest.fixture
def ready(paadje: Paadje, starter_model: Path) -> Paadje:
    """A Paadje that has the practice model and may fetch nothing."""
    give_practice_model(paadje.models_dir, starter_model)
    paadje.environ["PAADJE_OFFLINE"] = "true"
    return paadje
