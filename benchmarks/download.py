"""How fast is Paadje's transfer, beside plain ``curl`` of the same file, on loopback?

Both write to the same folder, in turns: in memory where the system has such a folder, because the
speed of a disk is not the question. Paadje also computes the sha256; ``curl`` and then
``sha256sum`` shows what the same certainty costs otherwise. Starting the program counts for
neither. ``--json`` prints one object, ``--quick`` takes under a minute.

    python -m benchmarks.download [--json] [--quick]
"""

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from launcher import __version__
from launcher.units import MIB

CLIENT = """
import json, resource, sys, time
from pathlib import Path
import filelock
from launcher.downloads.http import new_session
from launcher.downloads.transfer import Pace, fetch
from launcher.events import Progress
url, target, size, sha256, connections = sys.argv[1:]
new_session(url).close()
started = resource.getrusage(resource.RUSAGE_SELF)
pace = Pace(connections=int(connections), probe_s=0.0, least_bytes=0,
            enough_bytes_per_s=float("inf")) if int(connections) > 1 else Pace()
first = []
def report(event):
    if isinstance(event, Progress) and event.done_bytes and not first:
        first.append(time.perf_counter())
began = time.perf_counter()
fetch(url, target=Path(target), size_bytes=int(size), sha256=sha256, pace=pace, report=report)
ended = time.perf_counter()
usage = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": ended - began, "first_byte_s": first[0] - began,
    "cpu_s": usage.ru_utime + usage.ru_stime - started.ru_utime - started.ru_stime,
    "peak_rss_kib": usage.ru_maxrss}))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve)
    if shutil.which("curl") is None:
        sys.stderr.write("curl is not on this computer\n")
        return 2
    size = 512 * MIB if options.quick else 1024 * MIB
    rounds = 5 if options.quick else 7
    result = measure(size, rounds)
    if options.json:
        print(json.dumps(result))
    else:
        show(result)
    return 0


def memory_folder() -> str | None:
    """A folder without a disk below it; None takes the usual temporary folder."""
    folder = Path("/dev/shm")  # noqa: S108 - a folder of random name is made in it
    return str(folder) if folder.is_dir() and os.access(folder, os.W_OK) else None


def measure(size: int, rounds: int) -> dict[str, Any]:
    """Every way in every round, so that a slow moment of the computer hits all of them."""
    with tempfile.TemporaryDirectory(prefix="paadje-bench-", dir=memory_folder()) as folder:
        source = Path(folder) / "source"
        sha256 = write_noise(source, size)
        target = Path(folder) / "target"
        ways: dict[str, list[dict[str, float]]] = {}
        with running_server(source) as url:
            for _ in range(rounds):
                for name, run in (
                    ("curl", lambda: by_curl(url, target)),
                    ("paadje", lambda: by_paadje(url, target, size, sha256, 1)),
                    ("curl and sha256sum", lambda: by_curl_and_hash(url, target)),
                    ("paadje, 4 connections", lambda: by_paadje(url, target, size, sha256, 4)),
                ):
                    ways.setdefault(name, []).append(run())
                    target.unlink()
    summary = {}
    for name, runs in ways.items():
        summary[name] = {
            "mib_per_s": round(size / MIB / statistics.median(run["seconds"] for run in runs), 1),
            "fastest_mib_per_s": round(size / MIB / min(run["seconds"] for run in runs), 1),
            "cpu_s_per_gib": round(
                statistics.median(run["cpu_s"] for run in runs) / (size / MIB / 1024), 2
            ),
            "first_byte_ms": round(statistics.median(run["first_byte_s"] for run in runs) * 1e3, 1),
            "peak_memory_mib": round(max(run["peak_rss_kib"] for run in runs) / 1024, 1),
        }
    pairs = zip(ways["curl"], ways["paadje"], strict=True)
    ratios = sorted(curl["seconds"] / ours["seconds"] for curl, ours in pairs)
    hashed = zip(ways["curl and sha256sum"], ways["paadje"], strict=True)
    hashed_ratios = [other["seconds"] / ours["seconds"] for other, ours in hashed]
    return {
        "benchmark": "download",
        "paadje": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "file_mib": size // MIB,
        "rounds": rounds,
        "ways": summary,
        "ratio_to_curl": round(statistics.median(ratios), 3),
        "ratio_lowest": round(ratios[0], 3),
        "ratio_highest": round(ratios[-1], 3),
        "ratio_to_curl_and_sha256sum": round(statistics.median(hashed_ratios), 3),
        "load_before": [round(load, 1) for load in os.getloadavg()],
    }


def show(result: dict[str, Any]) -> None:
    print(f"{result['file_mib']} MiB, {result['rounds']} rounds, {result['machine']}")
    print(f"{'':24}{'MiB/s':>9}{'fastest':>9}{'CPU s/GiB':>11}{'first byte ms':>15}{'MiB mem':>9}")
    for name, way in result["ways"].items():
        print(
            f"{name:24}{way['mib_per_s']:>9}{way['fastest_mib_per_s']:>9}"
            f"{way['cpu_s_per_gib']:>11}{way['first_byte_ms']:>15}{way['peak_memory_mib']:>9}"
        )
    print(
        f"paadje / curl: {result['ratio_to_curl']} "
        f"({result['ratio_lowest']} to {result['ratio_highest']}); "
        f"paadje / curl and sha256sum: {result['ratio_to_curl_and_sha256sum']}"
    )


def by_curl(url: str, target: Path) -> dict[str, float]:
    seen = "%{time_total} %{time_starttransfer}"
    return timed_curl(["curl", "-s", "-S", "-f", "-o", str(target), "-w", seen, url])


def by_curl_and_hash(url: str, target: Path) -> dict[str, float]:
    began = time.perf_counter()
    result = by_curl(url, target)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["sha256sum", str(target)], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    result["seconds"] = time.perf_counter() - began
    result["cpu_s"] += after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return result


def timed_curl(command: list[str]) -> dict[str, float]:
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    total, first = process.stdout.read().decode().split()
    _, status, usage = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, process.returncode
    assert time.perf_counter() - began >= float(total)
    return {
        "seconds": float(total),
        "first_byte_s": float(first),
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "peak_rss_kib": float(usage.ru_maxrss),
    }


def by_paadje(url: str, target: Path, size: int, sha256: str, ways: int) -> dict[str, float]:
    command = [sys.executable, "-c", CLIENT, url, str(target), str(size), sha256, str(ways)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def write_noise(path: Path, size: int) -> str:
    digest = hashlib.sha256()
    with path.open("wb") as file:
        for _ in range(size // MIB):
            block = os.urandom(MIB)
            digest.update(block)
            file.write(block)
    return digest.hexdigest()


@contextmanager
def running_server(source: Path) -> Iterator[str]:
    """A server in a process of its own, that lets the system send the file."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.download", "--serve", str(source)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()


def serve(source: Path) -> int:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *arguments: object) -> None:
            pass

        def do_GET(self) -> None:
            size = source.stat().st_size
            asked = self.headers.get("Range", "").removeprefix("bytes=")
            first, _, last = asked.partition("-")
            start, end = int(first or 0), min(int(last or size) + 1, size)
            self.send_response(206 if asked else 200)
            if asked:
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Length", str(end - start))
            self.end_headers()
            self.wfile.flush()
            try:
                with source.open("rb") as file:
                    self.connection.sendfile(file, start, end - start)
            except (TimeoutError, ConnectionError):
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}/file", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
