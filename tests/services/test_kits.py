"""Kits: everything on a stick, and a lesson where there is no network at all."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from launcher import catalog
from launcher.errors import PaadjeError
from launcher.events import Cancel, ignore
from launcher.lesson import check_kit, export_kit, open_context
from launcher.models.library import Library
from tests.services.namespaces import ROOT, Laptop, namespace

APP = "feedback-companion"
PRACTICE = "smollm2-135m-instruct"


@pytest.fixture
def teacher(tmp_path: Path, starter_model: Path) -> Laptop:
    """A laptop with the practice model."""
    laptop = Laptop(home=tmp_path / "laptop van Zoë Müller")
    put_model(laptop, starter_model)
    return laptop


def put_model(laptop: Laptop, starter_model: Path) -> Library:
    file = catalog.load_catalog().practice_model().file
    assert file is not None
    library = Library(laptop.home / "data" / "models")
    library.folder.mkdir(parents=True)
    try:
        os.link(starter_model, library.target(file))
    except OSError:
        shutil.copyfile(starter_model, library.target(file))
    assert library.adopt(file)
    return library


def assert_lesson_runs(laptop: Laptop) -> None:
    started = laptop("start", APP, "--share", "local", "--detach", "--yes")
    try:
        assert started["state"] == "ready"
        assert laptop.open(started["share"]["url"]) == "200"
        health = f"{started['engine']['url']}/health"
        assert laptop.open(health) == "200"
    finally:
        laptop("stop", "--all")


def test_a_kit_starts_a_lesson_without_any_network(teacher, tmp_path):
    kit = tmp_path / "usb stick" / "Paadje pakket"
    made = teacher("models", "export", str(kit), "--without-programs")
    assert made["models"] == [catalog.load_catalog().practice_model().id]
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=kit, check=True)
    with namespace() as cut_off:
        other = Laptop(
            home=tmp_path / "tweede laptop", network=cut_off, environ={"PAADJE_OFFLINE": "1"}
        )
        assert other("install", APP, "--yes", code=1)["code"] == "lesson.no_model_reachable"
        receipt = other("install", APP, "--from", str(kit), "--yes")
        assert receipt["fetched_bytes"] == 98_362_432
        assert_lesson_runs(other)
        listed = other("models", "list")["models"][0]
        assert listed["used_by"] == [APP]
        assert listed["last_used_at"]


@pytest.mark.timeout(1200)
def test_a_kit_with_programs_makes_a_new_paadje_without_any_network(teacher, tmp_path):
    """From a checkout without an environment to a lesson; the programs come from the kit."""
    kit = tmp_path / "stick"
    made = teacher("models", "export", str(kit))
    assert made["wheels"]
    with namespace() as cut_off:
        other = Laptop(
            home=tmp_path / "nieuwe laptop",
            network=cut_off,
            command=(sys.executable, str(ROOT / "paadje")),
            environ={
                "PAADJE_OFFLINE": "1",
                "PAADJE_ENVIRONMENTS": str(tmp_path / "omgeving"),
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(kit / "wheels"),
            },
        )
        (tmp_path / "omgeving").mkdir()
        other("install", APP, "--from", str(kit), "--yes")
        assert_lesson_runs(other)


def test_a_damaged_kit_is_found_and_not_used(teacher, tmp_path):
    kit = tmp_path / "stick"
    teacher("models", "export", str(kit), "--without-programs")
    model = next((kit / "models").glob("*.gguf"))
    with model.open("r+b") as file:
        file.seek(50_000_000)
        file.write(b"verkeerd")
    assert check_kit(kit, report=ignore, cancel=Cancel()) == (f"models/{model.name}",)
    listed = subprocess.run(
        teacher.argv("models", "verify", str(kit)), env=teacher.environment(), cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert listed.returncode == 1
    assert model.name in listed.stdout
    other = Laptop(home=tmp_path / "ander", environ={"PAADJE_OFFLINE": "1"})
    error = other("install", APP, "--from", str(kit), "--yes", code=1)
    assert error["code"] == "models.hash_mismatch"
    assert not list((other.home / "data" / "models").glob("*.gguf"))
    # Making the kit again repairs it.
    teacher("models", "export", str(kit), "--without-programs")
    assert check_kit(kit, report=ignore, cancel=Cancel()) == ()
    other("install", APP, "--from", str(kit), "--yes")


def test_nothing_to_export(tmp_path):
    context = open_context({"PAADJE_HOME": str(tmp_path / "leeg")}, lang="nl")
    with pytest.raises(PaadjeError) as caught:
        export_kit(context, tmp_path / "kit", report=ignore, cancel=Cancel())
    assert caught.value.code == "lesson.nothing_to_share"
    assert not (tmp_path / "kit").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 1, "files": [{"path": 1}]}'])
def test_what_is_no_kit(tmp_path, text):
    (tmp_path / "paadje-kit.json").write_text(text)
    with pytest.raises(PaadjeError) as caught:
        check_kit(tmp_path, report=ignore, cancel=Cancel())
    assert caught.value.code == "lesson.no_kit"


def test_a_list_that_points_outside_the_kit_is_wrong(tmp_path):
    secret = tmp_path / "geheim"
    secret.write_bytes(b"x")
    kit = tmp_path / "kit"
    kit.mkdir()
    digest = hashlib.sha256(b"x").hexdigest()
    (kit / "paadje-kit.json").write_text(
        f'{{"version": 1, "files": [{{"path": "../geheim", "sha256": "{digest}"}}]}}'
    )
    assert check_kit(kit, report=ignore, cancel=Cancel()) == ("../geheim",)
