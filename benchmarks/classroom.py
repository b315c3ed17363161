"""How long does a class wait? Feedback for 1, 8 and 30 students, side by side in one run.

Compared: our line and engine; the same engine with llama.cpp's default server settings and no
line; llama-cpp-python's server as it comes, and one request at a time behind our line. Every
contender gets the same texts, rules, criteria and schema, and a fresh engine each time. They take
turns, so that whatever else this computer does is shared out.

    python benchmarks/classroom.py [--quick] [--json] [--model FILE] [--rounds N] [--search]
                                   [--llama-cpp-python PYTHON]

llama-cpp-python is compiled, so it may live in an environment of its own: PYTHON is the interpreter
there. Without it those two contenders are left out.

Times depend on the computer and on what else it does; the counts of tokens do not. A laptop in a
lesson also runs a browser: ``--beside 20`` adds a program that takes 20 % of one processor, for all
contenders alike.
"""

import argparse
import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import classroom_work as work  # noqa: E402
import psutil  # noqa: E402
from classroom_servers import (  # noqa: E402
    CONTEXT_TOKENS,
    Memory,
    Server,
    default_llama_cpp_python,
    default_server,
    other_program,
    our_server,
)

from launcher.apps.classroom.engine import EngineClient, EngineLost, EngineRefused  # noqa: E402
from launcher.apps.classroom.engine_slots import PrimedSlots  # noqa: E402
from launcher.apps.classroom.line import FairLine  # noqa: E402
from launcher.engines.protocol import EngineSettings  # noqa: E402
from launcher.events import Cancel  # noqa: E402
from launcher.lesson.slots import TRIED, measure_slots  # noqa: E402

MAX_TOKENS = 96
SLOTS = 4
NO_ANSWER_S = 1800.0


@dataclass(slots=True, kw_only=True)
class Run:
    """What one contender did for one class."""

    contender: str
    students: int
    criteria: int
    slots: int
    seconds: float = 0.0
    priming_s: float = 0.0
    first_answer_s: float = 0.0
    last_answer_s: float = 0.0
    first_tokens_s: list[float] = field(default_factory=list)
    completed: int = 0
    errors: int = 0
    prompt_tokens: int = 0
    least_prompt_tokens: int = 0
    output_tokens: int = 0
    memory_bytes: int = 0
    load_before: float = 0.0

    def figures(self) -> dict[str, Any]:
        done = max(self.completed, 1)
        times = sorted(self.first_tokens_s) or [0.0]
        per_minute = 60 * self.completed / self.seconds if self.seconds else 0.0
        whole = self.seconds + self.priming_s
        return {
            "contender": self.contender,
            "students": self.students,
            "criteria": self.criteria,
            "slots": self.slots,
            "completed": self.completed,
            "errors": self.errors,
            "completed_per_minute": round(per_minute, 2),
            "completed_per_minute_with_priming": round(60 * self.completed / whole, 2),
            "priming_s": round(self.priming_s, 2),
            "first_answer_s": round(self.first_answer_s, 2),
            "last_answer_s": round(self.last_answer_s, 2),
            "first_token_p50_s": round(statistics.median(times), 2),
            "first_token_p95_s": round(times[min(len(times) - 1, int(0.95 * len(times)))], 2),
            "prompt_tokens": self.prompt_tokens,
            "least_prompt_tokens": self.least_prompt_tokens,
            "prompt_token_ratio": round(self.prompt_tokens / self.least_prompt_tokens, 3)
            if self.least_prompt_tokens
            else None,
            # Not every server tells it while it writes.
            "output_tokens_per_feedback": round(self.output_tokens / done, 1) or None,
            "memory_mib": round(self.memory_bytes / 2**20),
            "load_before": round(self.load_before, 1),
        }


class Class:
    """One class that hands in at the same moment."""

    def __init__(
        self, run: Run, server: Server, *, criterion_first: bool = False, json_object: bool = False
    ) -> None:
        self.run = run
        self.server = server
        self.students = {each.name: each for each in work.make_students(run.students)}
        self.client = EngineClient(server.url, server.key, silence_s=NO_ANSWER_S)
        self._criterion_first = criterion_first
        self._json_object = json_object
        self._begin = 0.0

    @property
    def criteria(self) -> tuple[str, ...]:
        return work.CRITERIA[: self.run.criteria]

    async def ask(self, student: work.Student, criterion: str, slot: int | None) -> None:
        sampling: dict[str, Any] = {}
        wanted = work.schema(student)
        if self._json_object:
            sampling["response_format"] = {"type": "json_object", "schema": wanted}
        waits = criterion == self.criteria[0]

        def first_piece() -> None:
            if waits:
                self.run.first_tokens_s.append(time.perf_counter() - self._begin)

        try:
            reply = await self.client.complete(
                work.prompt(student, criterion, criterion_first=self._criterion_first),
                max_tokens=MAX_TOKENS,
                temperature=0,
                seed=1,
                schema=None if self._json_object else wanted,
                slot=slot,
                sampling=sampling,
                first_piece=first_piece,
            )
        except (EngineLost, EngineRefused):
            self.run.errors += 1
            return
        if not work.is_feedback(reply.text, student):
            self.run.errors += 1
            return
        now = time.perf_counter() - self._begin
        self.run.completed += 1
        self.run.output_tokens += reply.output_tokens
        self.run.first_answer_s = self.run.first_answer_s or now
        self.run.last_answer_s = now

    async def in_line(self, *, primed: bool) -> None:
        """As our apps do: a fair line, each student on one slot, the shared part read once."""
        slots = PrimedSlots(self.client)
        names = list(self.students)
        prompts = tuple(
            work.prompt(work.Student(name="", sentences=(each,)), self.criteria[0])
            for each in ("Aap.", "Zon.")
        )
        left = asyncio.Event()
        done = 0

        async def work_on(job: str, slot: int) -> None:
            nonlocal done
            try:
                if primed:
                    await slots.seat("rubric", prompts, slot)
                for criterion in self.criteria:
                    await self.ask(self.students[job], criterion, slot if primed else None)
            finally:
                done += 1
                if done == len(names):
                    left.set()

        line = FairLine(work_on, self.run.slots)
        begin = time.perf_counter()
        if primed:
            await slots.prime("rubric", prompts, self.run.slots)
        self.run.priming_s = time.perf_counter() - begin if primed else 0.0
        self._begin = time.perf_counter()
        for name in names:
            line.add(name, name)
        line.start()
        await asyncio.wait_for(left.wait(), NO_ANSWER_S)
        self.run.seconds = time.perf_counter() - self._begin
        await line.stop()

    async def all_at_once(self) -> None:
        """Without a line: every student's calls go to the server as they come."""

        async def one(student: work.Student) -> None:
            for criterion in self.criteria:
                await self.ask(student, criterion, None)

        self._begin = time.perf_counter()
        await asyncio.gather(*(one(each) for each in self.students.values()))
        self.run.seconds = time.perf_counter() - self._begin


async def measure(
    run: Run, server: Server, how: Callable[[Class], Awaitable[None]], **changes: bool
) -> None:
    group = Class(run, server, **changes)
    memory = Memory(server.pid)
    try:
        await how(group)
    finally:
        run.memory_bytes = memory.stop()
        await group.client.close()
    run.prompt_tokens = server.count()


async def least_for(model: Path, folder: Path, students: int, criteria: int, threads: int) -> int:
    with our_server("xllamacpp", model, folder, 1, threads) as server:
        client = EngineClient(server.url, server.key)
        prompts = [
            await client.tokens_of(work.prompt(student, criterion))
            for student in work.make_students(students)
            for criterion in work.CRITERIA[:criteria]
        ]
        await client.close()
    return work.least_tokens(prompts)


def one_run(
    name: str,
    model: Path,
    folder: Path,
    students: int,
    criteria: int,
    threads: int,
    slots: int = SLOTS,
) -> Run:
    run = Run(contender=name, students=students, criteria=criteria, slots=slots)
    run.load_before = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if name == "ours":
        with our_server("xllamacpp", model, folder, slots, threads) as server:
            asyncio.run(measure(run, server, lambda each: each.in_line(primed=True)))
    elif name in ("defaults", "defaults, our prompts"):
        with default_server(model, folder) as server:
            first = name == "defaults"
            asyncio.run(
                measure(run, server, lambda each: each.all_at_once(), criterion_first=first)
            )
    elif name == "llama-cpp-python":
        run.slots = 1
        with default_llama_cpp_python(contender_python(), model, folder, threads) as server:
            asyncio.run(
                measure(
                    run,
                    server,
                    lambda each: each.all_at_once(),
                    criterion_first=True,
                    json_object=True,
                )
            )
    else:
        run.slots = 1
        python = contender_python()
        with our_server("llama-cpp-python", model, folder, 1, threads, python=python) as server:
            asyncio.run(measure(run, server, lambda each: each.in_line(primed=False)))
    return run


def median_of(runs: list[Run]) -> dict[str, Any]:
    """The figures of the run in the middle, by completed per minute."""
    figures = sorted((run.figures() for run in runs), key=lambda each: each["completed_per_minute"])
    return figures[len(figures) // 2]


def measured_slots(model: Path, threads: int) -> int:
    """As ``paadje bench --slots`` finds them."""
    settings = EngineSettings(
        model_path=model,
        model_id="model",
        port=0,
        api_key="",
        context_tokens=CONTEXT_TOKENS,
        slots=max(TRIED),
        threads=threads,
        gpu_layers=-1 if "--gpu" in sys.argv else 0,
    )
    with tempfile.TemporaryDirectory() as folder:
        return measure_slots(settings, Path(folder) / "engine.log", Cancel()).slots


def contender_python() -> str:
    """The interpreter that has llama-cpp-python."""
    chosen = parse().llama_cpp_python
    assert chosen is not None
    return str(chosen.absolute())


def starter_model() -> Path:
    cache = os.environ.get("PAADJE_TEST_CACHE") or Path.home() / ".cache" / "paadje-tests"
    return Path(cache) / "SmolLM2-135M-Instruct.Q4_1.gguf"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object on standard output")
    parser.add_argument("--quick", action="store_true", help="under a minute: 1 and 3 students")
    parser.add_argument("--model", type=Path, default=None, help="a GGUF file; else the starter")
    parser.add_argument("--rounds", type=int, default=1, help="the middle of so many is shown")
    parser.add_argument("--students", type=int, nargs="*", default=None)
    parser.add_argument("--criteria", type=int, nargs="*", default=None, choices=(1, 2, 3))
    parser.add_argument("--search", action="store_true", help="also find the best slots by hand")
    parser.add_argument(
        "--slots", type=int, default=None, help="of our engine; else what it measures itself"
    )
    parser.add_argument("--gpu", action="store_true", help="all layers on the GPU")
    parser.add_argument(
        "--calm",
        action="store_true",
        help="let the other servers spin as briefly as ours: on a busy computer",
    )
    beside = "another program takes so much of one processor"
    parser.add_argument("--beside", type=int, default=0, metavar="PERCENT", help=beside)
    parser.add_argument("--llama-cpp-python", metavar="PYTHON", type=Path, default=None)
    parser.add_argument("--only", nargs="*", default=None, help="contenders")
    return parser.parse_args()


def main() -> int:
    options = parse()
    model = options.model or starter_model()
    if not model.is_file():
        raise SystemExit(f"no such model: {model.name}; run the tests once, or give --model FILE")
    threads = psutil.cpu_count(logical=False) or 2
    sizes = options.students or ([1, 3] if options.quick else [1, 8, 30])
    criteria = options.criteria or ([1] if options.quick else [1, 3])
    contenders = ["ours", "defaults", "defaults, our prompts"]
    if options.slots is None:
        options.slots = SLOTS if options.quick else measured_slots(model, threads)
        say(options, f"ours: {options.slots} at once")
    if options.llama_cpp_python is not None:
        contenders += ["llama-cpp-python", "llama-cpp-python, serialised"]
    if options.quick:
        contenders = ["ours", "defaults"]
    contenders = [each for each in contenders if options.only is None or each in options.only]
    results, comparisons = [], []
    with (
        tempfile.TemporaryDirectory(prefix="paadje-benchmark-") as name,
        other_program(options.beside),
    ):
        folder = Path(name)
        for count in criteria:
            for students in sizes:
                least = asyncio.run(least_for(model, folder, students, count, threads))
                runs: dict[str, list[Run]] = {each: [] for each in contenders}
                for turn in range(options.rounds):
                    order = (
                        contenders[turn % len(contenders) :] + contenders[: turn % len(contenders)]
                    )
                    for each in order:
                        say(options, f"{each}: {students} students, {count} criteria")
                        run = one_run(each, model, folder, students, count, threads, options.slots)
                        run.least_prompt_tokens = least
                        runs[each].append(run)
                        say(options, json.dumps(run.figures()))
                rows = [median_of(found) for found in runs.values()]
                results += rows
                comparisons += compare(rows)
        search = found_by_hand(options, model, folder, threads, sizes) if options.search else None
    report = {
        "benchmark": "classroom",
        "machine": machine(),
        "model": model.name,
        "rounds": options.rounds,
        "calm": options.calm,
        "beside_percent": options.beside,
        "results": results,
        "comparisons": comparisons,
        "search": search,
    }
    print(json.dumps(report, indent=1) if options.json else table(report))
    return 0


def compare(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ours = next((row for row in rows if row["contender"] == "ours"), None)
    if ours is None:
        return []
    return [
        {
            "students": row["students"],
            "criteria": row["criteria"],
            "ours_against": row["contender"],
            "times_as_fast": round(
                ours["completed_per_minute"] / max(row["completed_per_minute"], 0.01), 2
            ),
            "times_as_fast_with_priming": round(
                ours["completed_per_minute_with_priming"] / max(row["completed_per_minute"], 0.01),
                2,
            ),
            "times_the_prompt_tokens": round(row["prompt_tokens"] / ours["prompt_tokens"], 2),
        }
        for row in rows
        if row is not ours and ours["prompt_tokens"]
    ]


def found_by_hand(
    options: argparse.Namespace, model: Path, folder: Path, threads: int, sizes: list[int]
) -> dict[str, Any]:
    """Every number of slots, in turns, with the biggest class and one criterion."""
    students = max(sizes)
    found: dict[int, list[float]] = {}
    for _ in range(options.rounds):
        for slots in sorted({1, 2, 3, 4, 6, 8, options.slots}):
            say(options, f"search: {slots} slots")
            run = one_run("ours", model, folder, students, 1, threads, slots)
            found.setdefault(slots, []).append(run.figures()["completed_per_minute"])
    speeds = {slots: statistics.median(speed) for slots, speed in found.items()}
    best = max(speeds, key=lambda slots: speeds[slots])
    return {
        "students": students,
        "completed_per_minute": speeds,
        "best_slots": best,
        "ours_slots": options.slots,
        "ours_against_best": round(speeds.get(options.slots, 0.0) / speeds[best], 3),
    }


def machine() -> dict[str, Any]:
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    versions = subprocess.run(
        [sys.executable, "-c", "import importlib.metadata as m; print(m.version('xllamacpp'))"],
        capture_output=True, text=True, check=False,
    ).stdout.strip()  # fmt: skip
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "physical_cores": psutil.cpu_count(logical=False),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "xllamacpp": versions,
        "load_after": load,
    }


def table(report: dict[str, Any]) -> str:
    lines = [
        f"{report['model']}, {report['machine']['physical_cores']} cores; "
        f"load afterwards {report['machine']['load_after']}; another program takes "
        f"{report['beside_percent']} % of one",
        "",
        f"{'students':>8} {'crit.':>5} {'contender':<30}{'done':>5}{'err':>4}{'/min':>7}"
        f"{'first s':>8}{'last s':>8}{'ttft50':>7}{'ttft95':>7}{'prompt tokens':>15}{'ratio':>7}"
        f"{'out':>6}{'MiB':>6}",
    ]
    for row in report["results"]:
        counted = f"{row['prompt_tokens']}/{row['least_prompt_tokens']}"
        lines.append(
            f"{row['students']:>8} {row['criteria']:>5} {row['contender']:<30}"
            f"{row['completed']:>5}{row['errors']:>4}{row['completed_per_minute']:>7}"
            f"{row['first_answer_s']:>8}{row['last_answer_s']:>8}{row['first_token_p50_s']:>7}"
            f"{row['first_token_p95_s']:>7}{counted:>15}{row['prompt_token_ratio'] or '-':>7}"
            f"{row['output_tokens_per_feedback'] or '-':>6}{row['memory_mib']:>6}"
        )
    lines.append("")
    lines.extend(
        f"{each['students']} students, {each['criteria']} criteria: ours is "
        f"{each['times_as_fast']} times as fast as {each['ours_against']} "
        f"({each['times_as_fast_with_priming']} with the priming counted), which processed "
        f"{each['times_the_prompt_tokens']} times as many prompt tokens"
        for each in report["comparisons"]
    )
    if report["search"]:
        search = report["search"]
        lines.append(
            f"by hand: {search['completed_per_minute']} completed a minute by slots; "
            f"ours is {search['ours_against_best']} of the best"
        )
    return "\n".join(lines)


def say(options: argparse.Namespace, text: str) -> None:
    """How far it is, for people; standard output is the result."""
    if not options.quick or not options.json:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
