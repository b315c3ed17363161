"""The wheel of the project carries everything that the program reads."""

import zipfile
from pathlib import Path

import pytest
from builder import common, tree

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    options = common.Options(
        out=folder, work=folder, cache=folder, proof=True, cpython=None, version="0", epoch=10**9
    )
    return tree.build_wheel(folder / "made", options)


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
        unused = {"__pycache__"} & set(file.parts) or file.suffix in {".pyc", ".mo"}
        if file.is_file() and not unused and not file.name.startswith("."):
            assert file.relative_to(ROOT).as_posix() in held


def test_it_holds_compiled_texts(wheel: Path) -> None:
    held = names(wheel)
    sources = [*(ROOT / "launcher").rglob("*.po")]
    assert sources
    for source in sources:
        assert source.with_suffix(".mo").relative_to(ROOT).as_posix() in held


def test_it_holds_nothing_else(wheel: Path) -> None:
    for name in names(wheel):
        assert name.split("/")[0].startswith(("launcher", "paadje-")), name
        assert "__pycache__" not in name


def test_compiled_texts_do_not_tell_when_they_were_compiled(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        text = packed.read("launcher/i18n/locales/nl/LC_MESSAGES/core.mo")
    assert b"2001-09-09" in text  # The time that the build was given.
