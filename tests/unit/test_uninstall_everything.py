"""Removing everything takes away what Paadje made, and nothing else."""

import json
import os
import re
from pathlib import Path

import platformdirs
import pytest
from platformdirs.unix import Unix

import launcher
from launcher.errors import PaadjeError
from launcher.events import Cancel, ignore
from launcher.lesson import export_kit, open_context, uninstall
from launcher.lesson.installing import OWN_CACHE, OWN_DATA
from launcher.paths import find_paths


def put(file: Path, text: str = "{}") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_files_of_the_user_stay(home: Path) -> None:
    paths = find_paths(os.environ)
    own = [
        put(paths.data / name / "x" if "." not in name else paths.data / name) for name in OWN_DATA
    ]
    own += [put(paths.cache / name / "x.json") for name in OWN_CACHE]
    own += [put(paths.logs / "bench.log"), put(paths.logs / "20260901-080000-ab12" / "host.log.1")]
    own.append(put(paths.settings_file, ""))
    mine = [put(home / "data" / "thesis.docx"), put(home / "logs" / "diary.txt")]
    receipt = uninstall(open_context(os.environ), None)
    assert not [file for file in own if file.exists()]
    assert all(file.exists() for file in mine)
    assert {Path(name).name for name, _ in receipt.kept} == {"data", "logs"}
    assert {reason for _, reason in receipt.kept} == {"not_ours"}
    assert {Path(name).name for name in receipt.removed} >= {"config", "cache"}


def test_no_folder_of_ours_stays_where_one_lies_in_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Linux without ``PAADJE_HOME``: the logs are in a folder inside Paadje's own."""
    monkeypatch.delenv("PAADJE_HOME", raising=False)
    for kind in ("CONFIG", "DATA", "CACHE", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind))
    monkeypatch.setattr(platformdirs, "PlatformDirs", Unix)
    paths = find_paths(os.environ)
    assert paths.logs.parent.parent == tmp_path / "STATE"
    put(paths.logs / "bench.log")
    put(paths.settings_file, "")
    assert uninstall(open_context(os.environ), None).kept == ()
    assert not list(tmp_path.rglob("Paadje"))


def test_a_folder_with_models_of_other_programs_stays(tmp_path: Path) -> None:
    folder = tmp_path / "models of mine"
    other = put(folder / "other.gguf", "other")
    ours = put(folder / "ours.gguf", "GGUF")
    half = put(folder / "half.gguf.part", "G")
    note = put(folder / "half.gguf.part.json")
    status = ours.stat()
    record = {
        "size_bytes": status.st_size,
        "sha256": "0" * 64,
        "mtime_ns": status.st_mtime_ns,
        "origin": "catalog",
        "added_at": "",
    }
    index = put(folder / "index.json", json.dumps({"version": 1, "files": {ours.name: record}}))
    context = open_context({**os.environ, "PAADJE_MODELS_DIR": str(folder)})
    receipt = uninstall(context, None)
    assert sorted(folder.iterdir()) == [other]
    assert not any(file.exists() for file in (ours, half, note, index))
    assert receipt.kept == ((str(folder), "not_ours"),)


def test_every_file_that_paadje_keeps_is_in_the_list() -> None:
    """Else removing everything would leave it."""
    for source in Path(launcher.__file__).parent.rglob("*.py"):
        text = source.read_text(encoding="utf-8")
        for kind, name in re.findall(r'(?:paths|self)\.(data|cache) / f?"([^"{]+)"', text):
            assert name in (OWN_DATA if kind == "data" else OWN_CACHE), f"{source}: {name}"


def test_a_broken_receipt_stops_nothing(home: Path) -> None:
    receipts = find_paths(os.environ).receipts
    broken = put(receipts / "feedback-companion.json", '{"files": null}')
    put(receipts / "other.json", '{"files": [{}, 3]}')
    assert uninstall(open_context(os.environ), "feedback-companion").removed == ()
    assert not broken.exists()


def test_a_kit_leaves_recipes_of_the_user_alone(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from launcher.lesson import kits

    cake = put(tmp_path / "stick" / "recipes" / "cake.txt", "eggs")
    monkeypatch.setattr(kits, "_chosen", lambda *_: [])
    monkeypatch.setattr(kits, "_describe", _halfway)
    context, stick = open_context(os.environ), tmp_path / "stick"
    with pytest.raises(PaadjeError, match="halfway"):
        export_kit(context, stick, wheels=False, report=ignore, cancel=Cancel())
    assert cake.read_text(encoding="utf-8") == "eggs"
    assert (cake.parent / "feedback-companion.toml").is_file()


def _halfway(*_: object) -> None:
    raise PaadjeError("x.halfway")
