"""The Windows Setup, as far as Linux can try it. Started by packaging/prove.sh."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from builder import imports

from tests.packaging.kitchen import (
    NEW,
    OLD,
    ROOT,
    build,
    last_json,
    note,
    open_folder,
    wait_until,
)
from tests.packaging.wine import LOCAL, Wine


@pytest.fixture(scope="module")
def payload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the Setup puts in its place."""
    folder = tmp_path_factory.mktemp("payload")
    subprocess.run(["7z", "x", "-bd", f"-o{folder}", build("windows")], check=True)
    return folder / "app.new"


@pytest.fixture(scope="module")
def wine() -> Iterator[Wine]:
    with open_folder() as folder:
        yield Wine(folder)


def test_the_same_inputs_give_the_same_bytes() -> None:
    assert build("windows", copy="-again").read_bytes() == build("windows").read_bytes()


def test_its_listing_holds_what_is_needed() -> None:
    done = subprocess.run(
        ["7z", "l", "-slt", build("windows")], capture_output=True, text=True, check=True
    )
    names = {line[7:] for line in done.stdout.splitlines() if line.startswith("Path = ")}
    site = "app.new/python/Lib/site-packages"
    for name in (
        "app.new/python/python.exe", "app.new/python/msvcp140.dll", "app.new/python/vcomp140.dll",
        "app.new/paadje-window.cmd", "app.new/VERSION", f"{site}/xllamacpp/xllamacpp.pyd",
        f"{site}/launcher/_data/catalog.json",
        f"{site}/launcher/i18n/locales/nl/LC_MESSAGES/core.mo",
    ):  # fmt: skip
        assert name in names
    assert not [name for name in names if name.endswith(".so")]


def test_every_dll_is_shipped_or_part_of_windows(payload: Path) -> None:
    assert imports.missing_dlls(payload) == {}


@pytest.mark.parametrize("name", ["msvcp140.dll", "vcomp140.dll"])
def test_a_dll_that_is_left_out_is_found(payload: Path, name: str) -> None:
    dll, away = payload / "python" / name, payload.parent / name
    shutil.move(dll, away)
    try:
        engine = "python/Lib/site-packages/xllamacpp/xllamacpp.pyd"
        assert name in imports.missing_dlls(payload)[engine]
    finally:
        shutil.move(away, dll)


def test_silent_install_run_update_uninstall(wine: Wine, starter_model: Path) -> None:
    before = wine.files()
    setup = build("windows")
    assert wine.run(setup, "/S").returncode == 0
    wait_until((wine.app / "VERSION").is_file)
    assert wine.python("-m", "launcher", "--version").strip() == f"paadje {OLD}"
    assert wine.python("-m", "launcher", "status", "--json").count('"ok": true') == 1

    for module in ("xllamacpp", "sqlcipher3", "psutil", "pydantic", "textual", "docx"):
        assert wine.python("-c", f"import {module}; print('imported')").strip() == "imported"
    trial = ROOT / "tests" / "packaging" / "engine_trial.py"
    output = wine.python(trial, on_windows(starter_model), "42781")
    note(f"the engine under wine: {last_json(output)}")
    assert last_json(output)["answer"].strip()

    data = wine.drive / LOCAL / "Paadje"
    (data / "models").mkdir(parents=True)
    (data / "models" / "kept.gguf").write_bytes(b"kept")
    assert wine.run(build("windows", version=NEW), "/S").returncode == 0
    assert wine.python("-m", "launcher", "--version").strip() == f"paadje {NEW}"
    assert not (wine.app.parent / "app.old").exists()
    assert (data / "models" / "kept.gguf").read_bytes() == b"kept"

    receipt = wine.drive / "receipt.txt"
    uninstall(wine, "/S", f"/RECEIPT={on_windows(receipt)}")
    assert (data / "models" / "kept.gguf").is_file()
    text = receipt.read_text(encoding="utf-16")
    assert str(LOCAL).replace("/", "\\") + "\\Paadje" in text
    key = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Paadje"
    assert wine.run("reg", "query", key).returncode != 0
    receipt.unlink()

    assert wine.run(setup, "/S").returncode == 0
    wait_until((wine.app / "VERSION").is_file)
    uninstall(wine, "/S", "/EVERYTHING")
    assert set(wine.files()) - set(before) == set()


def test_the_self_test_and_a_lesson_that_is_not_cut_off(wine: Wine, starter_model: Path) -> None:
    """All of it, with stand-ins for what Wine lacks; see ``Wine.let_numpy_in``."""
    before = wine.files()
    setup = build("windows")
    assert wine.run(setup, "/S").returncode == 0
    wait_until((wine.app / "VERSION").is_file)
    wine.let_numpy_in()
    models = on_windows(starter_model.parent)
    output = wine.python("-m", "launcher", "--selftest", "--models", models, "--json")
    checks = last_json(output)["data"]["checks"]
    note(f"selftest under wine: {checks}")
    assert [check["name"] for check in checks if not check["ok"]] == []

    app = ("-m", "launcher")
    practice = ("feedback-companion", "--model", "smollm2-135m-instruct-q4_1", "--yes")
    wine.python(*app, "install", *practice, "--from", on_windows(starter_model))
    start = ("start", *practice, "--share", "local", "--detach", "--json")
    wine.python(*app, *start, leaves_a_lesson=True)
    refused = wine.run(build("windows", version=NEW), "/S")
    assert refused.returncode == 10
    assert not (wine.app.parent / "app.new").exists()
    assert wine.python(*app, "--version").strip() == f"paadje {OLD}"
    wine.run(wine.app.parent / "Uninstall.exe", "/S", "/EVERYTHING")
    assert wine.python(*app, "status", "--json").count('"state": "ready"') == 1
    wine.python(*app, "stop", "--all")

    uninstall(wine, "/S", "/EVERYTHING")
    assert set(wine.files()) - set(before) == set()


def on_windows(path: Path) -> str:
    """How a program under Wine sees a path of this machine."""
    return f"Z:{path}".replace("/", "\\")


def uninstall(wine: Wine, *switches: str) -> None:
    """The uninstaller goes on as a copy of itself, after what was started has ended."""
    wine.run(wine.app.parent / "Uninstall.exe", *switches)
    wait_until(lambda: not wine.app.parent.exists())
