"""The pages of a kit on a stick. What is on it and whether it works is a proof."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from builder import kit

from tests.packaging.test_sources import PACKAGING


@pytest.mark.parametrize("guide", kit.GUIDES)
def test_guides_are_pages_that_lead_nowhere_else(guide: str) -> None:
    text = (PACKAGING.parent / "docs" / guide).read_text(encoding="utf-8")
    made = kit.as_page(text, (PACKAGING / "kit" / "read-me.html").read_text(encoding="utf-8"))
    assert made.count("<h1>") == 1
    assert "<style>" in made
    assert "<table>" in made or "|---" not in text
    pages = {f"{Path(each).stem}.html" for each in kit.GUIDES}
    assert set(re.findall(r'href="([^"]*)"', made)) <= pages


def test_the_first_page_leads_to_the_guides() -> None:
    page = (PACKAGING / "kit" / "read-me.html").read_text(encoding="utf-8")
    pages = {f"{Path(each).stem}.html" for each in kit.GUIDES}
    assert set(re.findall(r'href="([^"]*)"', page)) <= pages


def test_a_mac_takes_over_the_models_by_a_double_click(tmp_path: Path) -> None:
    stick, home = tmp_path / "A STICK", tmp_path / "Zoë Müller"
    for folder in (stick / "Mac", stick / "models", home):
        folder.mkdir(parents=True)
    command = shutil.copy2(PACKAGING / "kit" / "Modellen.command", stick / "Mac")

    def double_click() -> "subprocess.CompletedProcess[str]":
        own = {"HOME": str(home), "PATH": "/usr/bin:/bin"}
        return subprocess.run([command], env=own, capture_output=True, text=True, check=False)

    assert double_click().returncode == 1
    assert "Programma's" in double_click().stdout

    resources = home / "Applications/Paadje.app/Contents/Resources"
    python = resources / "app/python/bin/python3.13"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    python.chmod(0o755)
    text = (PACKAGING / "macos" / "paadje").read_text(encoding="utf-8")
    (resources / "paadje").write_text(text.replace("@MINOR@", "3.13"), encoding="utf-8")
    (resources / "paadje").chmod(0o755)
    asked = ["-X", "utf8", "-m", "launcher.installer", "import-kit", str(stick / "models")]
    assert double_click().stdout.splitlines() == asked
