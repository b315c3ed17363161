#!/usr/bin/env python3
"""Build an installer: packaging/build.py --target TARGET, where TARGET is one of linux-deb,
linux-run, windows, macos-arm64, macos-x64 and kit.

Run it with the interpreter of the test environment (``./test`` makes it); it needs a Python 3.13 on
the path as well, because that is what is shipped. Results go to dist/, with a SHA256SUMS.
"""

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.dont_write_bytecode = True

from builder import kit, linux, macos, windows  # noqa: E402
from builder.common import ROOT, BuildError, Options, project_version, sha256_of, source_epoch  # noqa: E402
from builder.locks import lock_all  # noqa: E402

TARGETS = {
    "linux-deb": linux.build_deb,
    "linux-run": linux.build_run,
    "windows": windows.build,
    "macos-arm64": macos.build_arm64,
    "macos-x64": macos.build_x64,
}
LIMIT_BYTES = 90 * 1024 * 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--target", choices=[*TARGETS, "kit"], action="append", default=[])
    parser.add_argument("--lock", action="store_true", help="lock the packages again, then stop")
    parser.add_argument("--unverified", action="store_true", help="take pins nobody verified")
    parser.add_argument("--proof", action="store_true", help="for tests; never for a teacher")
    parser.add_argument(
        "--cpython", type=Path, help="the archive that the pin names, fetched before"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    parser.add_argument("--work", type=Path, default=ROOT / "build")
    parser.add_argument("--fast", action="store_true", help="hardly compressed, for tests")
    parser.add_argument("--as-version", default=project_version(), help="only to test an update")
    parser.add_argument("--app", help="kit: the app whose models go along")
    parser.add_argument("--model", action="append", default=[], help="kit: a model's id")
    parser.add_argument("--stick", type=Path, help="kit: the folder to fill")
    parser.add_argument("--models-from", type=Path, help="kit: a library that has the models")
    options = parser.parse_args()
    if options.lock:
        try:
            lock_all()
        except BuildError as error:
            print(f"build.py: {error}", file=sys.stderr)
            return 1
        return 0
    if not options.target:
        parser.error("--target is needed")
    common = Options(
        out=options.out.absolute(),
        work=options.work.absolute(),
        cache=Path(os.environ.get("PAADJE_BUILD_CACHE") or ROOT / "build" / "cache"),
        proof=options.proof,
        cpython=options.cpython,
        version=options.as_version,
        epoch=source_epoch(os.environ),
        unverified=options.unverified,
        fast=options.fast,
    )
    common.out.mkdir(parents=True, exist_ok=True)
    try:
        for target in options.target:
            started = time.monotonic()
            if target == "kit":
                if options.stick is None:
                    parser.error("--stick is needed")
                kit.build(
                    options.stick, common, app=options.app, models=options.model,
                    models_from=options.models_from,
                )  # fmt: skip
                continue
            made = TARGETS[target](common)
            tell(made, time.monotonic() - started, fast=common.fast)
    except BuildError as error:
        print(f"build.py: {error}", file=sys.stderr)
        return 1
    return 0


def tell(made: Path, seconds: float, *, fast: bool) -> None:
    size = made.stat().st_size
    print(f"{made.name}: {size / 2**20:.1f} MiB in {seconds:.0f} s", flush=True)
    if size > LIMIT_BYTES and not fast:
        raise BuildError(f"{made.name} is over {LIMIT_BYTES // 2**20} MiB")
    sums = made.parent / "SHA256SUMS"
    lines = sums.read_text(encoding="utf-8").splitlines() if sums.is_file() else []
    kept = [
        line for line in lines if line[66:] != made.name and (made.parent / line[66:]).is_file()
    ]
    kept.append(f"{sha256_of(made)}  {made.name}")
    sums.write_text("\n".join(sorted(kept, key=lambda line: line[66:])) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
