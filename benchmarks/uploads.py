"""How long and how much memory do hostile files take? One row a file, each in a fresh process.

    python benchmarks/uploads.py [--quick] [--json]

Memory is the most that the reading process held (resident), as the system counted it. Every file
has to end within the limit, with the error it should give.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.unit.uploads.hostile import HARMLESS, HOSTILE, real_word, text_pdf  # noqa: E402

LIMIT_S = 10.0
QUICK = ("zip bomb", "entity bomb", "million elements", "million pages", "stream that inflates")
READ_ONE = """
import json, resource, sys, time
from pathlib import Path
from launcher.apps.uploads import read_upload
from launcher.errors import PaadjeError
name, data = sys.argv[1], Path(sys.argv[2]).read_bytes()
started = time.perf_counter()
try:
    found = "text"
    read_upload(name, data)
except PaadjeError as error:
    found = error.code
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({
    "found": found, "seconds": round(time.perf_counter() - started, 2),
    "cpu_s": round(used.ru_utime + used.ru_stime, 2), "memory_mib": round(used.ru_maxrss / 1024),
}))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    page = ["Dit is een zin van een gewoon verslag, zo lang als een regel meestal is."] * 40
    files: dict[str, tuple[str, str, Any]] = {
        "ordinary docx, 4,000 words": ("a.docx", "text", lambda: real_word(*page * 7)),
        "ordinary pdf, 10 pages": ("a.pdf", "text", lambda: text_pdf(*[page] * 10)),
    }
    files |= {
        what: (name, f"uploads.{code}", make)
        for what, (name, code, make) in HOSTILE.items()
        if not options.quick or what in QUICK
    }
    if not options.quick:
        files |= {what: (name, "text", make) for what, (name, _, make) in HARMLESS.items()}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for what, (name, expected, make) in files.items():
            rows.append(measure(what, Path(name).name, expected, make(), Path(folder) / "upload"))
            if not options.json:
                show(rows[-1])
    wrong = [row["file"] for row in rows if not row["as_expected"]]
    worst = {key: max(row[key] for row in rows) for key in ("seconds", "memory_mib")}
    if options.json:
        machine = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
        print(json.dumps({"rows": rows, "worst": worst, "limit_s": LIMIT_S, "machine": machine}))
    else:
        print(f"\nworst: {worst['seconds']} s, {worst['memory_mib']} MiB; unexpected: {wrong or 0}")
    return 1 if wrong else 0


def measure(what: str, name: str, expected: str, data: bytes, path: Path) -> dict[str, Any]:
    path.write_bytes(data)
    del data
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", READ_ONE, name, path],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    row: dict[str, Any] = json.loads(done.stdout)
    size = path.stat().st_size
    as_expected = row["found"] == expected and row["seconds"] <= LIMIT_S + 1
    whole = round(time.perf_counter() - started, 2)
    return {"file": what, "bytes": size, **row, "as_expected": as_expected, "process_s": whole}


def show(row: dict[str, Any]) -> None:
    remark = "" if row["as_expected"] else "   UNEXPECTED"
    print(
        f"{row['file']:32} {row['bytes']:>10,} B {row['seconds']:>6.2f} s"
        f" {row['cpu_s']:>6.2f} s cpu {row['memory_mib']:>5} MiB  {row['found']}{remark}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
