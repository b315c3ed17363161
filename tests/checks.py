"""Every check, in the order of what fails fastest. Started by ./test; see --help."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"runtime.txt": [], "test.txt": ["--group", "test"]}


def main() -> int:
    parser = argparse.ArgumentParser(prog="./test", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave out tests that start programs")
    parser.add_argument("--slow", action="store_true", help="also the tests that take minutes")
    parser.add_argument("--lock", action="store_true", help="lock the packages again, then stop")
    options, pytest_arguments = parser.parse_known_args()
    os.chdir(ROOT)
    if options.lock:
        return lock_packages()
    python = sys.executable
    if pytest_arguments:
        return 0 if passes("pytest", [python, "-m", "pytest", *pytest_arguments]) else 1
    checks = {
        "ruff check": [python, "-m", "ruff", "check", "."],
        "ruff format": [python, "-m", "ruff", "format", "--check", "."],
        "mypy": [python, "-m", "mypy"],
        "import contracts": [str(Path(python).with_name("lint-imports")), "--no-cache"],
    }
    failed = [name for name, command in checks.items() if not passes(name, command)]
    folders = ["tests/unit", "tests/contract"] if options.quick else ["tests"]
    if not run_tests(folders, slow=options.slow):
        failed.append("pytest")
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)  # noqa: T201
    return 1 if failed else 0


def run_tests(folders: list[str], *, slow: bool) -> bool:
    """Two files of tests at a time; what fails then is tried once more, alone.

    The tests start engines, browsers and whole lessons. On two busy cores one of them can lose a
    race that it wins by itself; a test that needs its second try is named in the output.
    """
    pytest = [sys.executable, "-m", "pytest"]
    side_by_side = ["-n", "2", "--dist", "loadfile", "-m", "not slow"]
    good = passes("pytest, side by side", [*pytest, *side_by_side, *folders])
    if not good:
        good = passes("pytest, what failed, alone", [*pytest, "--last-failed", *folders])
    if slow:
        good = passes("pytest, slow", [*pytest, "-m", "slow", *folders]) and good
    return good


def passes(name: str, command: list[str]) -> bool:
    print(f"== {name}", flush=True)  # noqa: T201
    started = time.monotonic()
    code = subprocess.run(command, check=False).returncode
    print(f"== {name}: {time.monotonic() - started:.0f} s", flush=True)  # noqa: T201
    return code == 0


def lock_packages() -> int:
    for name, groups in LOCKS.items():
        command = [
            sys.executable, "-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11",
            "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header",
            "--no-annotate", "--upgrade", "--quiet", "pyproject.toml", *groups,
            "-o", f"requirements/{name}",
        ]  # fmt: skip
        if subprocess.run(command, check=False).returncode:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
