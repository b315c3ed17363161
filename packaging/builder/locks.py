"""Lock the packages of each system, with the markers of that system and not of this one."""

from builder.common import PACKAGING, PYTHON_MINOR, ROOT, run, uv
from builder.tree import OLDEST_MACOS, UV_PLATFORMS, lock_file


def lock_all() -> None:
    """Write packaging/locks/*.txt again. They name no index; versions follow the project's lock."""
    for target, platform in UV_PLATFORMS.items():
        extra = PACKAGING / "locks" / f"{target}.in"
        run(
            [
                *uv(), "pip", "compile", "--python-platform", platform,
                "--python-version", PYTHON_MINOR, "--generate-hashes", "--no-emit-index-url",
                "--no-emit-find-links", "--no-header", "--no-annotate", "--quiet",
                "--only-binary", ":all:", "--constraint", _versions(), ROOT / "pyproject.toml",
                *([extra] if extra.is_file() else []), "-o", lock_file(target),
            ],
            MACOSX_DEPLOYMENT_TARGET=OLDEST_MACOS,
        )  # fmt: skip
        print(f"{lock_file(target).relative_to(ROOT)} written")


def _versions() -> str:
    """The installers carry what the tests ran with."""
    return str(ROOT / "requirements" / "runtime.txt")
