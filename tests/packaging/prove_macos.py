"""Paadje.app, as far as Linux can look at it. Started by packaging/prove.sh."""

import plistlib
import stat
import subprocess
import zipfile
from pathlib import Path

import pytest
from builder import cpython, macos

from tests.packaging.kitchen import build

TARGETS = sorted(macos.ARCHITECTURES)


@pytest.fixture(scope="module", params=TARGETS)
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mac")
    made = build(request.param)
    assert request.param in made.name
    with zipfile.ZipFile(made) as packed:
        packed.extractall(folder)
        for info in packed.infolist():
            mode = info.external_attr >> 16
            if stat.S_ISREG(mode):
                (folder / info.filename).chmod(stat.S_IMODE(mode))
    (folder / "chip").write_text(macos.ARCHITECTURES[request.param])
    return folder / "Paadje.app"


@pytest.mark.parametrize("target", TARGETS)
def test_the_same_inputs_give_the_same_bytes(target: str) -> None:
    assert build(target, copy="-again").read_bytes() == build(target).read_bytes()


def test_the_property_list_names_the_chip_and_the_version(app: Path) -> None:
    values = plistlib.loads((app / "Contents" / "Info.plist").read_bytes())
    assert values["LSArchitecturePriority"] == [(app.parent / "chip").read_text()]
    assert values["LSMinimumSystemVersion"] == "13.0"
    assert values["CFBundleVersion"] == "0.1.0"
    assert (app / "Contents" / "MacOS" / values["CFBundleExecutable"]).is_file()
    assert (app / "Contents" / "Resources" / (values["CFBundleIconFile"] + ".icns")).is_file()


def test_what_starts_is_executable_and_correct_shell(app: Path) -> None:
    for name in ("MacOS/Paadje", "Resources/Paadje.command", "Resources/paadje"):
        script = app / "Contents" / name
        assert stat.S_IMODE(script.stat().st_mode) == 0o755
        subprocess.run(["sh", "-n", script], check=True)
        assert "@" not in script.read_text(encoding="utf-8").replace('"$@"', "")


def test_no_binary_of_another_system_is_inside(app: Path) -> None:
    chip = (app.parent / "chip").read_text()
    assert macos.foreign_binaries(app, chip) == []
    native = [path for path in app.rglob("*.so") if path.is_file()]
    assert len(native) > 20
    assert not list(app.rglob("*.pyd"))


def test_every_locked_package_is_inside(app: Path) -> None:
    site = next(app.rglob("site-packages"))
    chip = (app.parent / "chip").read_text()
    target = next(name for name, kind in macos.ARCHITECTURES.items() if kind == chip)
    lock = (macos.PACKAGING / "locks" / f"{target}.txt").read_text(encoding="utf-8")
    locked = {line.split("==")[0] for line in lock.splitlines() if "==" in line}
    found = {
        path.name.removesuffix(".dist-info").rpartition("-")[0].replace("_", "-").replace(".", "-")
        for path in site.glob("*.dist-info")
    }
    assert {name.replace(".", "-") for name in locked} <= {name.lower() for name in found}


def test_a_release_has_a_verified_cpython() -> None:
    for target in TARGETS:
        assert not cpython.pins()[target].get("unverified")
