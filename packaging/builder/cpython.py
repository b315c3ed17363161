"""The CPython that is shipped: from its pin, or for a proof build from this machine."""

import shutil
import subprocess
import sys
import tarfile
import tomllib
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

from builder.common import (
    PACKAGING,
    PYTHON_MINOR,
    BuildError,
    Options,
    empty,
    run,
    sha256_of,
    target_python,
    tool,
)

# Nothing of Paadje uses these; together they are half of the standard library.
NOT_SHIPPED = (
    "test", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "pydoc_data",
    "turtle.py", "__phello__",
)  # fmt: skip
SYSTEM_LIBRARIES = ("libc.so", "libm.so", "ld-linux", "libdl.so", "libpthread.so", "librt.so")


def pins() -> dict[str, dict[str, Any]]:
    return tomllib.loads((PACKAGING / "pins.toml").read_text(encoding="utf-8"))


def put_cpython(target: str, folder: Path, options: Options) -> str:
    """Fill ``folder`` with CPython for ``target``; returns its version.

    A release takes the pin and refuses one that is not verified. A proof build takes what can be
    had: this machine's own CPython (Linux) or the one that a package carries (Windows).
    """
    pin = pins()[target]
    if options.cpython is None and options.proof:
        if target == "linux-x64":
            return _from_this_machine(folder)
        if target == "windows":
            proof = pins()["windows-proof"]
            _unpack_zip(_from_package(proof, options), folder)
            return str(proof["version"])
        raise BuildError(f"a proof build of {target} needs --cpython, or has none")
    if pin.get("unverified") and not (options.proof or options.unverified):
        raise BuildError(
            f"packaging/pins.toml: the sha256 of {target} has not been verified. Fetch the file, "
            "compare it with its publisher's list, and remove the mark."
        )
    archive = options.cpython or _fetch(pin, options)
    found = sha256_of(archive)
    if found != pin["sha256"]:
        raise BuildError(f"{archive.name}: expected sha256 {pin['sha256']}, found {found}")
    if archive.suffix == ".zip":
        _unpack_zip(archive, folder)
    else:
        _unpack_standalone(archive, folder)
    return str(pin["version"])


def _fetch(pin: dict[str, Any], options: Options) -> Path:
    options.cache.mkdir(parents=True, exist_ok=True)
    name = str(pin["url"]).rpartition("/")[2].replace("%2B", "+")
    archive = options.cache / name
    if not (archive.is_file() and sha256_of(archive) == pin["sha256"]):
        partial = archive.with_name(name + ".part")
        with urllib.request.urlopen(pin["url"], timeout=60) as answer, partial.open("wb") as file:  # noqa: S310
            shutil.copyfileobj(answer, file)
        partial.replace(archive)
    return archive


def _from_package(pin: dict[str, Any], options: Options) -> Path:
    """Unpack by hand: asking pip for a source package would run the package's own build."""
    options.cache.mkdir(parents=True, exist_ok=True)
    source = options.cache / pin["package_file"]
    if not source.is_file():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary"]
        run([*command, ":all:", "-d", options.cache, f"{pin['package']}=={pin['package_version']}"])
    if sha256_of(source) != pin["package_sha256"]:
        raise BuildError(f"{source.name} is not the file that the pin names")
    archive = options.cache / f"{pin['package']}-{pin['version']}.zip"
    with tarfile.open(source) as package:
        member = package.extractfile(pin["member"])
        if member is None:
            raise BuildError(f"{source.name} holds no {pin['member']}")
        archive.write_bytes(member.read())
    if sha256_of(archive) != pin["sha256"]:
        raise BuildError(f"{pin['member']} is not the file that the pin names")
    return archive


def _unpack_zip(archive: Path, folder: Path) -> None:
    """The Windows embeddable zip; one top folder more or less does not matter."""
    empty(folder)
    with zipfile.ZipFile(archive) as packed:
        for info in packed.infolist():
            if not info.is_dir():
                target = folder / Path(info.filename).name
                target.write_bytes(packed.read(info))
    if not (folder / "python.exe").is_file():
        raise BuildError(f"{archive.name} holds no python.exe")
    for name in ("python.cat", "pythonw.exe"):
        (folder / name).unlink(missing_ok=True)
    # With this file CPython looks nowhere else: no PYTHONPATH, no registry, no current folder.
    major_minor = PYTHON_MINOR.replace(".", "")
    (folder / f"python{major_minor}._pth").write_text(
        f"python{major_minor}.zip\r\n.\r\nLib\\site-packages\r\n", encoding="ascii", newline=""
    )


def _unpack_standalone(archive: Path, folder: Path) -> None:
    """python-build-standalone: one top folder ``python``."""
    empty(folder)
    with tarfile.open(archive) as packed:
        for member in packed:
            parts = Path(member.name).parts
            if parts[:1] == ("python",) and len(parts) > 1:
                member.name = str(Path(*parts[1:]))
                packed.extract(member, folder, filter="data")
    trim_standard_library(folder)


def _from_this_machine(folder: Path) -> str:
    """Copy this machine's CPython and the libraries it needs, made to work in any place."""
    python = target_python()
    asked = "import sys, platform; print(sys.base_prefix); print(platform.python_version())"
    base, version = run([python, "-c", asked]).split()
    source = Path(base)
    empty(folder)
    (folder / "bin").mkdir()
    name = f"python{PYTHON_MINOR}"
    shutil.copy2((source / "bin" / name).resolve(), folder / "bin" / name)
    library = folder / "lib" / name
    shutil.copytree(
        source / "lib" / name, library, ignore=shutil.ignore_patterns("site-packages", "*.a")
    )
    trim_standard_library(folder)
    for unused in ("_tkinter", "_test", "_xxtestfuzz", "xxlimited", "_ctypes_test"):
        for file in (library / "lib-dynload").glob(f"{unused}*"):
            file.unlink()
    _gather_libraries(folder, library / "lib-dynload")
    return version


def _gather_libraries(folder: Path, extensions: Path) -> None:
    patchelf, strip = tool("patchelf", "patchelf"), tool("strip", "binutils")
    programs = [folder / "bin" / f"python{PYTHON_MINOR}"]
    modules = sorted(extensions.glob("*.so"))
    wanted: dict[str, Path] = {}
    for file in [*programs, *modules]:
        for line in run(["ldd", file]).splitlines():
            words = line.split()
            found = len(words) >= 3 and words[1] == "=>" and words[2].startswith("/")
            if found and not words[0].startswith(SYSTEM_LIBRARIES):
                wanted[words[0]] = Path(words[2]).resolve()
    libraries = []
    for name, source in sorted(wanted.items()):
        target = folder / "lib" / name
        shutil.copy2(source, target)
        target.chmod(0o755)
        libraries.append(target)
    for file, way in [
        *((program, "$ORIGIN/../lib") for program in programs),
        *((module, "$ORIGIN/../..") for module in modules),
        *((file, "$ORIGIN") for file in libraries),
    ]:
        run([strip, "--strip-unneeded", file])
        run([patchelf, "--set-rpath", way, file])


def trim_standard_library(folder: Path) -> None:
    """Take out what Paadje has no use for, and all bytecode: it is compiled again later."""
    for root in (folder / "lib" / f"python{PYTHON_MINOR}", folder / "Lib"):
        for name in NOT_SHIPPED:
            path = root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        for path in root.glob("config-*"):
            shutil.rmtree(path)
        shutil.rmtree(root / "site-packages", ignore_errors=True)
    for name in ("share", "include", "lib/pkgconfig", "lib/tcl9", "lib/tk9"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in ("lib/tcl*", "lib/tk*", "lib/itcl*", "lib/thread*", "lib/libtcl*", "lib/libtk*"):
        for path in folder.glob(pattern):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
    binaries = folder / "bin"
    if binaries.is_dir():
        for path in binaries.iterdir():
            if path.name != f"python{PYTHON_MINOR}":
                path.unlink()
    for cache in [*folder.rglob("__pycache__")]:
        shutil.rmtree(cache, ignore_errors=True)


def works(python: Path) -> bool:
    """Whether the interpreter starts at all, in a clean environment."""
    done = subprocess.run(
        [python, "-I", "-c", "import ssl, sqlite3, ctypes, lzma, zoneinfo"], env={}, check=False
    )
    return done.returncode == 0
