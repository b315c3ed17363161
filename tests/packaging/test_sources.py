"""What installers are made of: pins, locks, scripts and icons. The builds themselves are proofs."""

import plistlib
import re
import shutil
import struct
import subprocess
import tomllib
from pathlib import Path

import pytest
from builder import common, cpython, imports, macos, tree
from packaging.requirements import Requirement

from launcher import selftest
from tests.conftest import require

PACKAGING = Path(__file__).resolve().parent.parent.parent / "packaging"
SHELL_SCRIPTS = [
    *(f"linux/{name}" for name in ("paadje", "paadje-window", "paadje-terminal")),
    *(f"linux/{name}.sh" for name in ("install", "uninstall", "refuse-while-running")),
    *(f"macos/{name}" for name in ("Paadje", "Paadje.command", "paadje")),
    "kit/Modellen.command",
    "icons/render.sh",
    "prove.sh",
]
TARGETS = sorted(tree.UV_PLATFORMS)
MARKERS = {
    "linux-x64": {"sys_platform": "linux", "platform_machine": "x86_64"},
    "windows": {"sys_platform": "win32", "platform_machine": "AMD64"},
    "macos-arm64": {"sys_platform": "darwin", "platform_machine": "arm64"},
    "macos-x64": {"sys_platform": "darwin", "platform_machine": "x86_64"},
}


def options(tmp_path: Path, *, proof: bool, archive: Path | None = None) -> common.Options:
    return common.Options(
        out=tmp_path / "out",
        work=tmp_path / "work",
        cache=tmp_path / "cache",
        proof=proof,
        cpython=archive,
        version="1.2.3",
        epoch=1_700_000_000,
    )


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_a_pin(target: str) -> None:
    pin = cpython.pins()[target]
    assert pin["url"].startswith("https://")
    assert re.fullmatch(r"[0-9a-f]{64}", pin["sha256"])
    assert pin["version"].startswith(common.PYTHON_MINOR + ".")
    assert pin["version"] in pin["url"]
    assert pin["source"]


def test_a_release_refuses_a_pin_that_nobody_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pin = {"url": "https://example.invalid/x", "sha256": "0" * 64, "version": "3.13.0"}
    monkeypatch.setattr(cpython, "pins", lambda: {"windows": pin | {"unverified": True}})
    with pytest.raises(common.BuildError, match="not been verified"):
        cpython.put_cpython("windows", tmp_path / "x", options(tmp_path, proof=False))


@pytest.mark.parametrize("proof", [True, False])
def test_an_archive_that_differs_from_its_pin_is_refused(tmp_path: Path, proof: bool) -> None:
    archive = tmp_path / "cpython.tar.gz"
    archive.write_bytes(b"something else")
    with pytest.raises(common.BuildError, match="expected sha256"):
        cpython.put_cpython(
            "linux-x64", tmp_path / "x", options(tmp_path, proof=proof, archive=archive)
        )


@pytest.mark.parametrize("target", TARGETS)
def test_locks_have_hashes_and_name_no_index(target: str) -> None:
    text = tree.lock_file(target).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert "--hash=sha256:" in requirement, requirement.splitlines()[0]


@pytest.mark.parametrize("target", TARGETS)
def test_locks_cover_the_project(target: str) -> None:
    project = tomllib.loads((PACKAGING.parent / "pyproject.toml").read_text(encoding="utf-8"))
    lock = tree.lock_file(target).read_text(encoding="utf-8")
    locked = {line.split("==")[0].lower() for line in lock.splitlines() if "==" in line}
    for dependency in map(Requirement, project["project"]["dependencies"]):
        if dependency.marker is None or dependency.marker.evaluate(MARKERS[target]):
            name = dependency.name.lower()
            assert name in locked, f"{name}: run packaging/build.py --lock"


def test_the_self_test_imports_every_dependency() -> None:
    project = tomllib.loads((PACKAGING.parent / "pyproject.toml").read_text(encoding="utf-8"))
    modules = {
        "nvidia-ml-py": "pynvml", "phonenumberslite": "phonenumbers", "py-cpuinfo": "cpuinfo",
        "python-docx": "docx",
        "python-stdnum": "stdnum", "sqlcipher3-wheels": "sqlcipher3",
    }  # fmt: skip
    for dependency in map(Requirement, project["project"]["dependencies"]):
        # An installation works without pip; zeroconf is not there on every system.
        if dependency.name not in ("pip", "zeroconf"):
            name = modules.get(dependency.name, dependency.name.lower().replace("-", "_"))
            assert name in selftest.PACKAGES


def test_locks_carry_the_versions_that_are_tested() -> None:
    def versions(file: Path) -> set[str]:
        return set(re.findall(r"^([a-z0-9._-]+==[^ ;\\]+)", file.read_text(), flags=re.MULTILINE))

    tested = versions(PACKAGING.parent / "requirements" / "runtime.txt")
    for target in TARGETS:
        new = versions(tree.lock_file(target)) - tested
        assert not {line for line in new if not line.startswith("msvc-runtime==")}, target


@pytest.mark.parametrize("name", SHELL_SCRIPTS)
def test_shell_scripts_are_correct(name: str) -> None:
    script = PACKAGING / name
    shell = "bash" if script.read_text(encoding="utf-8").startswith("#!/usr/bin/env bash") else "sh"
    subprocess.run([shell, "-n", script], check=True)


@pytest.mark.parametrize("name", ["Paadje", "Paadje.command", "paadje"])
def test_mac_scripts_use_what_a_mac_has(name: str) -> None:
    text = (PACKAGING / "macos" / name).read_text(encoding="utf-8")
    assert text.startswith("#!/bin/sh\n")
    assert "/proc/" not in text


def test_the_property_list_can_be_read() -> None:
    text = (PACKAGING / "macos" / "Info.plist").read_bytes()
    values = plistlib.loads(text)
    assert values["LSMinimumSystemVersion"] == tree.OLDEST_MACOS
    assert values["CFBundleExecutable"] == "Paadje"


def test_the_desktop_entry_is_valid(tmp_path: Path) -> None:
    require(shutil.which("desktop-file-validate") is not None, "desktop-file-validate is missing")
    entry = tmp_path / "paadje.desktop"
    text = (PACKAGING / "linux" / "paadje.desktop").read_text(encoding="utf-8")
    entry.write_text(text.replace("@EXEC@", "/usr/lib/paadje/bin/paadje-terminal"))
    subprocess.run(["desktop-file-validate", entry], check=True)


def test_icons_hold_all_sizes() -> None:
    data = (PACKAGING / "icons" / "paadje.ico").read_bytes()
    count = struct.unpack("<HHH", data[:6])[2]
    sizes = {data[6 + 16 * place] or 256 for place in range(count)}
    assert sizes >= {16, 32, 48, 256}
    assert (PACKAGING / "icons" / "paadje.icns").read_bytes().startswith(b"icns")
    for size in (48, 128, 256):
        picture = (PACKAGING / "icons" / f"paadje-{size}.png").read_bytes()
        assert struct.unpack(">II", picture[16:24]) == (size, size)


def test_missing_dlls_are_found() -> None:
    wanted = {"kernel32.dll", "api-ms-win-crt-heap-l1-1-0.dll", "msvcp140.dll", "vcomp140.dll"}
    assert imports.unmet(wanted, []) == ["msvcp140.dll", "vcomp140.dll"]
    assert imports.unmet(wanted, ["MSVCP140.dll", "VCOMP140.DLL"]) == []


def test_binaries_of_another_system_are_found(tmp_path: Path) -> None:
    app = tmp_path / "Paadje.app"
    app.mkdir()
    (app / "linux.so").write_bytes(b"\x7fELF" + bytes(60))
    (app / "windows.dll").write_bytes(b"MZ" + bytes(60))
    (app / "arm.so").write_bytes(macos.MACH_O + macos.CHIPS["arm64"] + bytes(60))
    (app / "intel.so").write_bytes(macos.MACH_O + macos.CHIPS["x86_64"] + bytes(60))
    both = b"".join(macos.CHIPS[chip][::-1] + bytes(16) for chip in ("arm64", "x86_64"))
    (app / "both.so").write_bytes(macos.FAT + (2).to_bytes(4, "big") + both)
    (app / "text.py").write_text("print()\n")
    assert macos.foreign_binaries(app, "arm64") == ["intel.so", "linux.so", "windows.dll"]
    assert macos.foreign_binaries(app, "x86_64") == ["arm.so", "linux.so", "windows.dll"]


def test_zips_keep_modes_and_are_the_same_twice(tmp_path: Path) -> None:
    import os
    import zipfile

    app = tmp_path / "Paadje.app"
    (app / "Contents").mkdir(parents=True)
    (app / "Contents" / "Paadje").write_text("#!/bin/sh\n")
    (app / "Contents" / "Paadje").chmod(0o755)
    (app / "link").symlink_to("Contents/Paadje")
    made = []
    for name in ("one.zip", "two.zip"):
        os.utime(app / "Contents" / "Paadje", (1_600_000_000 + len(made), 1_600_000_000))
        macos.zip_with_modes(app, tmp_path / name, 1_700_000_000)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]
    with zipfile.ZipFile(tmp_path / "one.zip") as packed:
        modes = {info.filename: info.external_attr >> 16 for info in packed.infolist()}
    assert modes["Paadje.app/Contents/Paadje"] == 0o100755
    assert modes["Paadje.app/link"] & 0o170000 == 0o120000
