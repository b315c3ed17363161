"""Lock the packages of each system, with the markers of that system and not of this one."""

import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from builder.common import PACKAGING, PYTHON_MINOR, ROOT, run, uv
from builder.tree import OLDEST_MACOS, UV_PLATFORMS, lock_file


def lock_all() -> None:
    """Write packaging/locks/*.txt again: all of them, or none when one fails.

    They name no index; versions follow the project's lock.
    """
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as side_by_side:
        # Nearly all of the time goes into waiting for the index.
        made = list(side_by_side.map(lambda target: _lock(target, Path(folder)), UV_PLATFORMS))
        for target, file in zip(UV_PLATFORMS, made, strict=True):
            shutil.copyfile(file, lock_file(target))
            print(f"{lock_file(target).relative_to(ROOT)} written")


def _lock(target: str, folder: Path) -> Path:
    made = folder / lock_file(target).name
    if lock_file(target).is_file():
        shutil.copyfile(lock_file(target), made)  # uv keeps what it finds and still fits.
    extra = PACKAGING / "locks" / f"{target}.in"
    run(
        [
            *uv(), "pip", "compile", "--python-platform", UV_PLATFORMS[target],
            "--python-version", PYTHON_MINOR, "--generate-hashes", "--no-emit-index-url",
            "--no-emit-find-links", "--no-header", "--no-annotate", "--quiet",
            "--only-binary", ":all:", "--constraint", _versions(), ROOT / "pyproject.toml",
            *([extra] if extra.is_file() else []), "-o", made,
        ],
        MACOSX_DEPLOYMENT_TARGET=OLDEST_MACOS,
        # It takes the version from the switch; without the interpreter it would go and fetch one.
        UV_PYTHON_DOWNLOADS="never",
    )  # fmt: skip
    return made


def _versions() -> str:
    """The installers carry what the tests ran with."""
    return str(ROOT / "requirements" / "runtime.txt")
