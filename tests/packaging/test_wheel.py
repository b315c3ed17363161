"""The wheel of the project carries everything that the program reads."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from builder import common, tree

from launcher.apps.documents.readability import interface_texts

ROOT = Path(__file__).resolve().parent.parent.parent


def make(folder: Path) -> Path:
    options = common.Options(
        out=folder, work=folder, cache=folder, proof=True, cpython=None, version="0", epoch=10**9
    )
    return tree.build_wheel(folder / "made", options)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("wheel"))


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as packed:
        return set(packed.namelist())


def test_it_holds_recipes_and_catalog(wheel: Path) -> None:
    held = names(wheel)
    assert "launcher/_data/catalog.json" in held
    for recipe in (ROOT / "recipes").glob("*.toml"):
        assert f"launcher/_data/recipes/{recipe.name}" in held


def test_it_holds_every_file_of_the_package(wheel: Path) -> None:
    """Pages, templates, styles, scripts, schemas and texts lie beside the code."""
    held = names(wheel)
    for file in (ROOT / "launcher").rglob("*"):
        unused = {"__pycache__"} & set(file.parts) or file.suffix in {".pyc", ".mo", ".po"}
        if file.is_file() and not unused and not file.name.startswith("."):
            assert file.relative_to(ROOT).as_posix() in held


def test_it_holds_compiled_texts_and_not_their_sources(wheel: Path) -> None:
    """A source that was unpacked later than its compiled file would be compiled at each start."""
    held = names(wheel)
    sources = [*(ROOT / "launcher").rglob("*.po")]
    assert sources
    for source in sources:
        assert source.with_suffix(".mo").relative_to(ROOT).as_posix() in held
    assert not [name for name in held if name.endswith(".po")]


def test_what_reads_texts_itself_reads_the_compiled_ones(wheel: Path, tmp_path: Path) -> None:
    """The measure of how readable the screens are counts the same sentences as in a checkout."""
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path)
    asked = (
        "import launcher.apps.documents.readability as r; print(r.__file__);"
        "print(*sorted(r.interface_texts()), sep='\\0')"
    )
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", asked], encoding="utf-8", capture_output=True,
        check=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    where, texts = done.stdout.split("\n", 1)
    assert Path(where).is_relative_to(tmp_path)
    assert texts.removesuffix("\n").split("\0") == sorted(interface_texts())


def test_the_same_inputs_give_the_same_bytes(wheel: Path, tmp_path: Path) -> None:
    assert make(tmp_path).read_bytes() == wheel.read_bytes()


def test_it_holds_nothing_else(wheel: Path) -> None:
    for name in names(wheel):
        assert name.split("/")[0].startswith(("launcher", "paadje-")), name
        assert "__pycache__" not in name


def test_compiled_texts_do_not_tell_when_they_were_compiled(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        text = packed.read("launcher/i18n/locales/nl/LC_MESSAGES/core.mo")
    assert b"2001-09-09" in text  # The time that the build was given.
