"""How fast is Paadje's transfer, beside plain ``curl`` of the same file, on loopback?

Both write to the same folder, in turns: in memory where the system has such a folder, because the
speed of a disk is not the question. Paadje also computes the sha256; ``curl`` and then
``sha256sum`` shows what the same certainty costs otherwise. Starting the program counts for
neither. ``--json`` prints one object, ``--quick`` takes under a minute.

Loopback is faster than any network of a school, and the server uses the same processor: it shows
what a transfer costs. ``--network`` also shows what a school gets: the server then gives no more
than 1 Gbit/s, and than 100 Mbit/s, over all connections together. Delays and losses of a real
network are not imitated.

    python -m benchmarks.download [--json] [--quick] [--network]
"""

import argparse
import hashlib
import json
import os
import platform
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, BinaryIO

from launcher import __version__
from launcher.units import MIB

NETWORKS = ((1000, 512 * MIB, 5), (100, 128 * MIB, 3))
"""Megabit a second, the size of the file, and how many rounds."""

QUICK_NETWORKS = ((1000, 256 * MIB, 2), (100, 32 * MIB, 2))
PIECE_BYTES = 256 * 1024
CATCH_UP_S = 0.02
"""A server that was late may catch up this much, as the buffers of a network would."""

Run = dict[str, float]

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
    parser.add_argument("--network", action="store_true")
    parser.add_argument("--serve", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--mbit", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        return serve(options.serve, options.mbit)
    if shutil.which("curl") is None:
        sys.stderr.write("curl is not on this computer\n")
        return 2
    size = 512 * MIB if options.quick else 1024 * MIB
    rounds = 5 if options.quick else 7
    networks = (QUICK_NETWORKS if options.quick else NETWORKS) if options.network else ()
    result = measure(size, rounds)
    result["networks"] = [measure_network(*network) for network in networks]
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
        with running_server(source) as url:
            ways = take_turns(
                rounds,
                target,
                {
                    "curl": lambda: by_curl(url, target),
                    "paadje": lambda: by_paadje(url, target, size, sha256, 1),
                    "curl and sha256sum": lambda: by_curl_and_hash(url, target),
                    "paadje, 4 connections": lambda: by_paadje(url, target, size, sha256, 4),
                },
            )
    hashed_ratios = ratios_of(ways["curl and sha256sum"], ways["paadje"])
    return {
        "benchmark": "download",
        "paadje": __version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "file_mib": size // MIB,
        "rounds": rounds,
        "ways": {name: summary(runs, size) for name, runs in ways.items()},
        **beside_curl(ways),
        "ratio_to_curl_and_sha256sum": round(statistics.median(hashed_ratios), 3),
        "load_before": [round(load, 1) for load in os.getloadavg()],
    }


def measure_network(mbit_per_s: int, size: int, rounds: int) -> dict[str, Any]:
    """``curl`` and Paadje as it comes, from a server that gives so much and no more."""
    with tempfile.TemporaryDirectory(prefix="paadje-bench-", dir=memory_folder()) as folder:
        source = Path(folder) / "source"
        sha256 = write_noise(source, size)
        target = Path(folder) / "target"
        with running_server(source, mbit_per_s) as url:
            ways = take_turns(
                rounds,
                target,
                {
                    "curl": lambda: by_curl(url, target),
                    "paadje": lambda: by_paadje(url, target, size, sha256, 1),
                },
            )
    return {
        "mbit_per_s": mbit_per_s,
        "file_mib": size // MIB,
        "rounds": rounds,
        "ways": {name: summary(runs, size) for name, runs in ways.items()},
        **beside_curl(ways),
    }


def take_turns(
    rounds: int, target: Path, ways: dict[str, Callable[[], Run]]
) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, run in ways.items():
            found[name].append(run())
            target.unlink()
    return found


def summary(runs: list[Run], size: int) -> dict[str, float]:
    seconds = [run["seconds"] for run in runs]
    cpu_s = statistics.median(run["cpu_s"] for run in runs)
    first_s = statistics.median(run["first_byte_s"] for run in runs)
    return {
        "mib_per_s": round(size / MIB / statistics.median(seconds), 1),
        "fastest_mib_per_s": round(size / MIB / min(seconds), 1),
        "cpu_s_per_gib": round(cpu_s / (size / MIB / 1024), 2),
        "first_byte_ms": round(first_s * 1e3, 1),
        "peak_memory_mib": round(max(run["peak_rss_kib"] for run in runs) / 1024, 1),
    }


def ratios_of(others: list[Run], ours: list[Run]) -> list[float]:
    """Of each round, the slowest of ours first; above 1 we were faster."""
    pairs = zip(others, ours, strict=True)
    return sorted(other["seconds"] / own["seconds"] for other, own in pairs)


def beside_curl(ways: dict[str, list[Run]]) -> dict[str, float]:
    ratios = ratios_of(ways["curl"], ways["paadje"])
    return {
        "ratio_to_curl": round(statistics.median(ratios), 3),
        "ratio_lowest": round(ratios[0], 3),
        "ratio_highest": round(ratios[-1], 3),
    }


def show(result: dict[str, Any]) -> None:
    print(f"{result['file_mib']} MiB, {result['rounds']} rounds, {result['machine']}, loopback")
    show_ways(result)
    print(
        f"paadje / curl: {result['ratio_to_curl']} "
        f"({result['ratio_lowest']} to {result['ratio_highest']}); "
        f"paadje / curl and sha256sum: {result['ratio_to_curl_and_sha256sum']}"
    )
    for network in result["networks"]:
        size, rounds = network["file_mib"], network["rounds"]
        print(f"\n{size} MiB, {rounds} rounds, a server that gives {network['mbit_per_s']} Mbit/s")
        show_ways(network)
        print(
            f"paadje / curl: {network['ratio_to_curl']} "
            f"({network['ratio_lowest']} to {network['ratio_highest']})"
        )


def show_ways(result: dict[str, Any]) -> None:
    print(f"{'':24}{'MiB/s':>9}{'fastest':>9}{'CPU s/GiB':>11}{'first byte ms':>15}{'MiB mem':>9}")
    for name, way in result["ways"].items():
        print(
            f"{name:24}{way['mib_per_s']:>9}{way['fastest_mib_per_s']:>9}"
            f"{way['cpu_s_per_gib']:>11}{way['first_byte_ms']:>15}{way['peak_memory_mib']:>9}"
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
def running_server(source: Path, mbit_per_s: int = 0) -> Iterator[str]:
    """A server in a process of its own, that lets the system send the file."""
    command = [sys.executable, "-m", "benchmarks.download", "--serve", str(source)]
    process = subprocess.Popen(
        [*command, "--mbit", str(mbit_per_s)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.communicate()


class Cable:
    """What all connections share. No more than so many bytes a second go through."""

    def __init__(self, bytes_per_s: float) -> None:
        self._bytes_per_s = bytes_per_s
        self._free_at = 0.0
        self._lock = threading.Lock()

    def send(self, connection: socket.socket, file: BinaryIO, start: int, count: int) -> None:
        while count > 0:
            piece = min(count, PIECE_BYTES)
            with self._lock:
                begin = max(self._free_at, time.monotonic() - CATCH_UP_S)
                self._free_at = begin + piece / self._bytes_per_s
                through_at = self._free_at
            time.sleep(max(through_at - time.monotonic(), 0.0))
            connection.sendfile(file, start, piece)
            start, count = start + piece, count - piece


def serve(source: Path, mbit_per_s: int) -> int:
    cable = Cable(mbit_per_s * 1e6 / 8) if mbit_per_s else None

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
                    if cable is None:
                        self.connection.sendfile(file, start, end - start)
                    else:
                        cable.send(self.connection, file, start, end - start)
            except (TimeoutError, ConnectionError):
                self.close_connection = True

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"http://127.0.0.1:{server.server_address[1]}/file", flush=True)
    server.serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
