"""The workflows: whose code they run, what they may do, and whether their scripts can be read."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def read(workflow: Path) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load(workflow.read_text(encoding="utf-8"))
    return value


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_to_one_commit(workflow: Path) -> None:
    used = [line for line in workflow.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert used
    assert [line.strip() for line in used if not PINNED.search(line)] == []


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_only_what_publishes_may_write(workflow: Path) -> None:
    document = read(workflow)
    assert document["permissions"] == {"contents": "read"}
    writers = {name for name, job in document["jobs"].items() if "permissions" in job}
    assert writers <= {"publish"}
    for job in document["jobs"].values():
        assert job["timeout-minutes"]


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_scripts_are_correct_shell(workflow: Path) -> None:
    """And nothing is pasted into them: a value comes in as a variable."""
    for job in read(workflow)["jobs"].values():
        for step in job["steps"]:
            script = step.get("run", "")
            assert "${{" not in script
            if step.get("shell") != "pwsh":
                subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_every_installer_is_tried_before_anything_is_published() -> None:
    jobs = read(ROOT / ".github" / "workflows" / "installers.yml")["jobs"]
    assert set(jobs["publish"]["needs"]) == {"linux", "windows", "macos"}
    for name in jobs["publish"]["needs"]:
        assert "--selftest" in str(jobs[name]["steps"])
    built = set(jobs["build-on-linux"]["strategy"]["matrix"]["target"])
    built |= {each["target"] for each in jobs["macos"]["strategy"]["matrix"]["include"]}
    assert built == {"linux-deb", "linux-run", "windows", "macos-arm64", "macos-x64"}
    # Only a tag publishes, and what a tag builds takes no pin that nobody verified.
    assert jobs["publish"]["if"] == "github.event_name == 'push'"
    assert "attest-build-provenance" in str(jobs["publish"]["steps"])
    assert "sha256sum" in str(jobs["publish"]["steps"])
