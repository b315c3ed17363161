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
    parser.add_argument(
        "--quick", action="store_true", help="without the tests that start programs"
    )
    parser.add_argument("--lock", action="store_true", help="lock the packages again, then stop")
    options, pytest_arguments = parser.parse_known_args()
    os.chdir(ROOT)
    if options.lock:
        return lock_packages()
    python = sys.executable
    steps = {
        "ruff check": [python, "-m", "ruff", "check", "."],
        "ruff format": [python, "-m", "ruff", "format", "--check", "."],
        "mypy": [python, "-m", "mypy"],
        "import contracts": [str(Path(python).with_name("lint-imports")), "--no-cache"],
    }
    folders = ["tests/unit", "tests/contract"] if options.quick else ["tests"]
    steps["pytest"] = [python, "-m", "pytest", *(pytest_arguments or folders)]
    if pytest_arguments:
        steps = {"pytest": steps["pytest"]}
    failed = [name for name, command in steps.items() if not passes(name, command)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks passed", flush=True)  # noqa: T201
    return 1 if failed else 0


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
