"""What the repository as a whole promises."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


def tracked_files() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


@pytest.mark.parametrize("name", ["runtime.txt", "test.txt"])
def test_locks_have_hashes_and_name_no_index(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--extra-index" not in text
    assert "--find-links" not in text
    requirements = re.split(r"\n(?=\S)", text.strip())
    for requirement in requirements:
        assert "--hash=sha256:" in requirement, requirement.splitlines()[0]


def test_the_runtime_lock_covers_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lock = (ROOT / "requirements" / "runtime.txt").read_text(encoding="utf-8")
    locked = {line.split("==")[0].lower() for line in lock.splitlines() if "==" in line}
    for dependency in project["dependencies"]:
        name = re.split(r"[<>=\[;]", dependency)[0].strip().lower()
        assert name in locked, name


def test_no_file_is_longer_than_500_lines() -> None:
    for file in tracked_files():
        if file.suffix == ".py":
            lines = len(file.read_text(encoding="utf-8").splitlines())
            assert lines <= 500, f"{file.relative_to(ROOT)}: {lines}"


def test_nothing_speaks_of_one_machine() -> None:
    machine_path = re.compile(r"(?<![\w.])/(?:root|work)/\w")
    for file in tracked_files():
        if file.suffix in {".py", ".md", ".toml", ".json", ".po", ".txt", ".html", ".tcss"}:
            found = machine_path.search(file.read_text(encoding="utf-8"))
            assert not found, f"{file.relative_to(ROOT)}: {found}"
