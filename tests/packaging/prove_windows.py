"""The Windows Setup, as far as Linux can try it. Started by packaging/prove.sh.

Wine 8 lacks some things that Windows has; see ``Wine``. numpy needs one more, so that whatever
loads numpy (probing the hardware, reading a model's header) is tried on a Windows runner only.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from builder import common, imports, windows

from tests.packaging.kitchen import OLD, ROOT, build, last_json, note, open_folder, wait_until

LIMIT_BYTES = 90 * 2**20
WINE = "/usr/lib/wine/wine64"
LOCAL = "users/Zoë Müller/AppData/Local"
"""Inside drive C: where a user of that name would have it."""
SHIM = """
#include <windows.h>
BOOLEAN WINAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size)
{ return SystemFunction036(data, (ULONG)size); }
"""


class Wine:
    """A Windows 10 of its own, with the user's folders below a name with an ë and a space."""

    def __init__(self, folder: Path) -> None:
        self.prefix = folder / "wine"
        self.drive = self.prefix / "drive_c"
        self.environment = {
            **os.environ,
            "WINEPREFIX": str(self.prefix),
            "WINEDEBUG": "-all",
            # No WMI (it aborts), and our own runtime DLLs instead of Wine's.
            "WINEDLLOVERRIDES": "mscoree,mshtml=;wbemprox=d;"
            "msvcp140,vcomp140,vcruntime140,vcruntime140_1=n",
            "LC_ALL": "C.UTF-8",
        }
        self.run("wineboot", "-i")
        self.run("reg", "add", r"HKCU\Software\Wine", "/v", "Version", "/d", "win10", "/f")
        shell_folders = (
            r"HKCU\Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
        )
        place = "C:\\" + LOCAL.replace("/", "\\")
        (self.drive / LOCAL).mkdir(parents=True)
        self.run("reg", "add", shell_folders, "/v", "Local AppData", "/d", place, "/f")
        # Windows has had this DLL since Vista; Wine has it since version 9.
        source = folder / "shim.c"
        source.write_text(SHIM)
        target = self.drive / "windows" / "system32" / "bcryptprimitives.dll"
        command = ["x86_64-w64-mingw32-gcc", "-shared", "-s", "-o", target, source, "-ladvapi32"]
        subprocess.run(command, check=True)

    def run(self, *words: str | Path) -> "subprocess.CompletedProcess[str]":
        # Pipes on all sides: CPython cannot use Wine's handles of plain files.
        return subprocess.run(
            [WINE, *map(str, words)],
            env=self.environment,
            input="",
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=900,
            check=False,
        )

    def python(self, *words: str | Path) -> str:
        done = self.run(self.app / "python" / "python.exe", "-X", "utf8", *words)
        assert done.returncode == 0, done.stdout
        return done.stdout

    @property
    def app(self) -> Path:
        return self.drive / LOCAL / "Programs" / "Paadje" / "app"

    def files(self) -> Sequence[str]:
        users = self.drive / "users"
        found = [path for path in users.rglob("*") if path.is_file()]
        # Where the uninstaller copies itself to; Windows empties this folder.
        return sorted(str(path.relative_to(users)) for path in found if "Temp" not in path.parts)


@pytest.fixture(scope="module")
def payload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the Setup, before it is packed."""
    folder = tmp_path_factory.mktemp("payload")
    options = common.Options(
        out=folder, work=folder / "work", cache=ROOT / "build" / "cache", proof=True,
        cpython=None, version=OLD, epoch=10**9,
    )  # fmt: skip
    windows.make_payload(folder / "app", options)
    return folder / "app"


@pytest.fixture(scope="module")
def wine() -> Iterator[Wine]:
    with open_folder() as folder:
        yield Wine(folder)


def test_it_is_small_enough() -> None:
    assert build("windows", fast=False).stat().st_size <= LIMIT_BYTES


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
    output = wine.python(trial, f"Z:{starter_model}".replace("/", "\\"), "42781")
    note(f"the engine under wine: {last_json(output)}")
    assert last_json(output)["answer"].strip()

    data = wine.drive / LOCAL / "Paadje"
    (data / "models").mkdir(parents=True)
    (data / "models" / "kept.gguf").write_bytes(b"kept")
    assert wine.run(setup, "/S").returncode == 0
    assert not (wine.app.parent / "app.old").exists()
    assert (data / "models" / "kept.gguf").read_bytes() == b"kept"

    wine.run(wine.app.parent / "Uninstall.exe", "/S")
    wait_until(lambda: not wine.app.parent.exists())
    assert (data / "models" / "kept.gguf").is_file()
    key = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Paadje"
    assert wine.run("reg", "query", key).returncode != 0

    assert wine.run(setup, "/S").returncode == 0
    wait_until((wine.app / "VERSION").is_file)
    wine.run(wine.app.parent / "Uninstall.exe", "/S", "/EVERYTHING")
    wait_until(lambda: not wine.app.parent.exists())
    assert set(wine.files()) - set(before) == set()
