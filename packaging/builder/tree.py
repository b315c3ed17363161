"""The plain folder that every installer carries: CPython, our package and what it needs."""

import os
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

from builder.common import (
    PACKAGING,
    PYTHON_MINOR,
    ROOT,
    BuildError,
    Options,
    empty,
    project_version,
    run,
    target_python,
    uv,
)
from builder.cpython import put_cpython

UV_PLATFORMS = {
    "linux-x64": "x86_64-manylinux_2_28",
    "windows": "x86_64-pc-windows-msvc",
    "macos-arm64": "aarch64-apple-darwin",
    "macos-x64": "x86_64-apple-darwin",
}
OLDEST_MACOS = "13.0"
WHEEL_SOURCES = (
    "launcher", "recipes", "catalog.json", "pyproject.toml", "README.md", "LICENSE",
    "packaging/compile_catalogs.py",
)  # fmt: skip
LANGUAGES = ("nl", "en", "root")
RUNTIME_DLLS = ("msvcp140.dll", "vcomp140.dll", "vcruntime140.dll", "vcruntime140_1.dll")
"""What the engine imports of Microsoft's runtime; it brings none of it, CPython only the last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where things stand inside the folder."""

    python: Path
    site: Path
    program: str
    """The interpreter, from the top of the folder."""


def layout(target: str) -> Layout:
    if target == "windows":
        return Layout(
            python=Path("python"),
            site=Path("python/Lib/site-packages"),
            program="python/python.exe",
        )
    name = f"python{PYTHON_MINOR}"
    return Layout(
        python=Path("python"),
        site=Path(f"python/lib/{name}/site-packages"),
        program=f"python/bin/{name}",
    )


def make_tree(target: str, folder: Path, options: Options, *, with_python: bool = True) -> str:
    """Fill ``folder`` for ``target`` and give every file its fixed time; CPython's version."""
    empty(folder)
    places = layout(target)
    version = "none"
    if with_python:
        version = put_cpython(target, folder / places.python, options)
    site = folder / places.site
    install_wheels(target, site)
    install_project(target, site, options)
    if target == "windows":
        place_runtime_dlls(site, folder / places.python)
    trim_packages(site)
    compile_all(folder)
    (folder / "VERSION").write_text(f"{options.version}\n", encoding="ascii")
    shutil.copy2(ROOT / "LICENSE", folder / "LICENSE")
    return version


def lock_file(target: str) -> Path:
    return PACKAGING / "locks" / f"{target}.txt"


def install_wheels(target: str, site: Path) -> None:
    """Unpack the locked wheels of the target's system; nothing is built and nothing is run."""
    site.mkdir(parents=True, exist_ok=True)
    command = [
        *uv(), "pip", "install", "--quiet", "--target", site, "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--python-platform", UV_PLATFORMS[target],
        "--python", target_python(), "--python-version", PYTHON_MINOR,
        "--link-mode", "copy", "--no-config", "-r", lock_file(target),
    ]  # fmt: skip
    run(command, MACOSX_DEPLOYMENT_TARGET=OLDEST_MACOS)


def build_wheel(folder: Path, options: Options) -> Path:
    """The project's own wheel, made with the tools of the test environment, from a clean copy."""
    empty(folder)
    source = empty(folder / "source")
    unused = shutil.ignore_patterns("__pycache__", "*.mo", "*.pyc", ".*.mo.*")
    for name in WHEEL_SOURCES:
        path = ROOT / name
        target = source / name
        if path.is_dir():
            shutil.copytree(path, target, ignore=unused)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, source],
        SOURCE_DATE_EPOCH=str(options.epoch),
    )
    return next(folder.glob("*.whl"))


def install_project(target: str, site: Path, options: Options) -> None:
    wheel = build_wheel(options.work / f"wheel-{target}", options)
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(site)
    if options.version != project_version():
        file = site / "launcher" / "__init__.py"
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(project_version(), options.version), encoding="utf-8")


def trim_packages(site: Path) -> None:
    """Take out tests, other languages' tables, and the records of an installer that is not here."""
    shutil.rmtree(site / "bin", ignore_errors=True)
    shutil.rmtree(site / "Scripts", ignore_errors=True)
    for folder in [*site.glob("numpy/**/tests"), *site.glob("*/tests")]:
        shutil.rmtree(folder, ignore_errors=True)
    for file in site.glob("babel/locale-data/*.dat"):
        if file.stem.split("_")[0] not in LANGUAGES:
            file.unlink()
    for pattern in ("**/*.pyi", "**/*.a", "**/*.lib", "numpy/_core/include/**/*.h"):
        for file in site.glob(pattern):
            file.unlink()
    # Small Windows programs for making start scripts; scanners dislike them and we make none.
    for file in site.glob("**/distlib/*.exe"):
        file.unlink()
    for name in ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_cache.json"):
        for file in site.glob(f"*.dist-info/{name}"):
            file.unlink()
    (site / ".lock").unlink(missing_ok=True)


def place_runtime_dlls(site: Path, python: Path) -> None:
    """Put Microsoft's runtime beside python.exe, and take the package that carried it away."""
    found = {file.name.lower(): file for file in site.rglob("*.dll")}
    carried = [file for file in site.iterdir() if file.suffix.lower() == ".dll"]
    for name in RUNTIME_DLLS:
        if name not in found:
            raise BuildError(f"no wheel carries {name}")
        # Newer than what comes with CPython, and good for everything made with an older one.
        shutil.copy2(found[name], python / name)
    for file in carried:
        file.unlink()
    for file in [*site.glob("msvc_runtime*")]:
        if file.is_dir():
            shutil.rmtree(file)
        else:
            file.unlink()


def compile_all(folder: Path) -> None:
    """Bytecode that is believed without looking at times, and the same on every machine."""
    run(
        [
            target_python(), "-m", "compileall", "-q", "-f", "--invalidation-mode",
            "unchecked-hash", "-s", str(folder), "-p", "", str(folder),
        ],
        PYTHONHASHSEED="0",
    )  # fmt: skip


def fix_times_and_modes(folder: Path, epoch: int) -> None:
    """The same for everyone: times from the source, and no traces of the builder's umask."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_symlink():
            os.utime(path, (epoch, epoch), follow_symlinks=False)
            continue
        executable = path.is_dir() or bool(path.stat().st_mode & 0o100)
        path.chmod(0o755 if executable else 0o644)
        os.utime(path, (epoch, epoch))
    folder.chmod(0o755)
    os.utime(folder, (epoch, epoch))


def size_of(folder: Path) -> int:
    return sum(file.lstat().st_size for file in folder.rglob("*") if not file.is_dir())
