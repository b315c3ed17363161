"""Are the predictions true? Memory and speed as `fit` predicts them, against the real engine.

Memory: what the engine's program really holds, for models of several sizes and kinds, with several
contexts, slots and types of cache. Speed: the engine is calibrated as ``paadje bench`` does it, and
the constants then predict other work, which is measured as well; the two kinds of work take turns,
so that whatever else this computer does is shared out. Beside the starter model, models are made of
well-known shapes with zeros for weights: they take the memory and the time of real ones.

    python benchmarks/fit.py [--quick] [--json] [--rounds N]

Each speed is given by the clock on the wall and by the processor time that the engine used, spread
over its threads. On a quiet computer the two say the same; on a busy one only the second says
something of the prediction. "Transfer" is the same work, predicted from the measurement of another
of the models.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

import gguf  # noqa: E402
import psutil  # noqa: E402
from fit_models import SHAPES, TINY, make_model  # noqa: E402

from launcher import catalog, hardware  # noqa: E402
from launcher.catalog.schema import CatalogModel  # noqa: E402
from launcher.engines.protocol import EngineSettings  # noqa: E402
from launcher.engines.registry import get_engine  # noqa: E402
from launcher.events import Cancel  # noqa: E402
from launcher.fit.calibration import Measured, solve  # noqa: E402
from launcher.fit.memory import engine_process_bytes, predict_memory  # noqa: E402
from launcher.fit.speed import Constants, Known, Work, kernels, predict_speed  # noqa: E402
from launcher.lesson.measuring import EngineUnderTest, running_engine  # noqa: E402
from launcher.models.gguf import read_header  # noqa: E402
from launcher.units import MIB  # noqa: E402
from tests.conftest import STARTER_SHA256, TEST_CACHE  # noqa: E402

SETTINGS = [(1024, 4, "f16"), (4096, 2, "f16"), (2048, 8, "q8_0"), (8192, 1, "q4_0")]
"""Context of each slot, slots, type of the cache."""
LARGE_BYTES = 500_000_000
"""These are tried with two settings: they take long."""
SLOTS = 4
TIMED = 4
"""Of the models; the others take long."""
SPEED_WITHIN_S = 330.0
STARTER = TEST_CACHE / "SmolLM2-135M-Instruct.Q4_1.gguf"
SPEED_CONTEXT_TOKENS = 1024

CLOCKS = ("wall", "processor")


@dataclass(frozen=True, slots=True)
class Check:
    """Some work: each of ``students`` has a prompt of its own, and an answer."""

    name: str
    students: int
    prompt: int
    output: int


CHECKS = [
    Check("one, prompt 300, answer 64", 1, 300, 64),
    Check("one, prompt 64, answer 128", 1, 64, 128),
    Check("two at once, prompt 128, answer 64", 2, 128, 64),
    Check("class of 8, four at once, prompt 128, answer 48", 8, 128, 48),
]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--only", choices=("memory", "process", "kernels", "speed"))
    options = parser.parse_args()
    load = _load()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        models = dict(_models(folder, quick=options.quick))
        every = list(models.values())

        def wanted(part: str) -> bool:
            return options.only in (None, part)

        weighed = every if wanted("memory") else []
        memory = [row for each in weighed for row in _memory(each, folder, options.quick)]
        process = list(_process(folder, options.quick)) if wanted("process") else []
        reading = list(_kernels(folder, options.quick)) if wanted("kernels") else []
        timed = every[: 1 if options.quick else TIMED] if wanted("speed") else []
        rounds = options.rounds or (1 if options.quick else 3)
        times = _times(timed, folder, rounds, options.quick)
        speed = [row for subject, found in times for row in _speed(subject, found)]
        transfer = list(_transfer(times))
    report = {
        "process": process,
        "kernels": reading,
        "memory": memory,
        "memory_error": _errors([row["error"] for row in memory]),
        "speed": speed,
        "speed_error": {clock: _errors([row["error"][clock] for row in speed]) for clock in CLOCKS},
        "transfer": transfer,
        "transfer_error": {
            kind: {
                clock: _errors(
                    [row["error"][clock] for row in transfer if row["same_kind"] is same]
                )
                for clock in CLOCKS
            }
            for kind, same in (("same kind", True), ("other kind", False))
        },
        "machine": _machine(load),
    }
    print(json.dumps(report) if options.json else _text(report))
    return 0


# --- models -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subject:
    path: Path
    model: CatalogModel


def _models(folder: Path, *, quick: bool) -> Iterator[tuple[str, Subject]]:
    if not STARTER.is_file():
        raise SystemExit(f"the starter model ({STARTER_SHA256[:12]}) is not there: run ./test once")
    yield "starter", _subject(STARTER, "SmolLM2 135M", "Q4_1")
    for name in list(SHAPES)[: 1 if quick else None]:
        path = make_model(folder / f"{name}.gguf", SHAPES[name], STARTER)
        yield name, _subject(path, name, SHAPES[name].quantization)


def _subject(path: Path, name: str, quantization: str) -> Subject:
    header = read_header(path)
    practice = catalog.load_catalog().practice_model()
    assert practice.file is not None
    reader = gguf.GGUFReader(path)
    model = practice.model_copy(
        update={
            "id": path.stem.lower(),
            "name": name,
            "quantization": quantization,
            "parameters": sum(int(tensor.n_elements) for tensor in reader.tensors),
            "file": practice.file.model_copy(update={"size_bytes": path.stat().st_size}),
            "shape": header.shape,
        }
    )
    return Subject(path, model)


def _engine(
    subject: Subject, folder: Path, context_tokens: int, slots: int, kv_type: str = "f16"
) -> Any:
    settings = EngineSettings(
        model_path=subject.path,
        model_id="m",
        port=0,
        api_key="",
        context_tokens=context_tokens,
        slots=slots,
        threads=_threads(),
        gpu_layers=0,
        kv_type=kv_type,
        mmap=False,
    )
    return running_engine(get_engine("xllamacpp"), settings, folder / "engine.log", Cancel())


def _threads() -> int:
    return psutil.cpu_count(logical=False) or 1


# --- memory -------------------------------------------------------------------------------------


def _memory(subject: Subject, folder: Path, quick: bool) -> Iterator[dict[str, Any]]:
    large = subject.path.stat().st_size > LARGE_BYTES
    for context, slots, kv_type in SETTINGS[: 1 if quick else 2 if large else None]:
        need = predict_memory(
            subject.model, context_tokens=context, slots=slots, kv_type=kv_type
        ).total_bytes
        with _engine(subject, folder, context, slots, kv_type) as engine:
            # Whole steps, so that the buffers are used as in a lesson.
            engine.complete(512, 2)
            with ThreadPoolExecutor(slots) as pool:
                list(pool.map(lambda _: engine.complete(8, 4), range(slots)))
            real = engine.memory_bytes()
        assert real is not None
        _say(f"memory of {subject.model.name}: {need / real - 1:+.1%}")
        yield {
            "model": subject.model.name,
            "context_tokens": context,
            "slots": slots,
            "kv_type": kv_type,
            "predicted_bytes": need,
            "real_bytes": real,
            "error": need / real - 1,
        }


VOCABULARIES = (0, 131_072, 262_144)
"""That of the starter model as it is, and as large as those of many models."""


def _process(folder: Path, quick: bool) -> Iterator[dict[str, Any]]:
    """What the engine's own program holds, beside the buffers of a tiny model."""
    for size in VOCABULARIES[: 1 if quick else None]:
        path = make_model(folder / f"tiny-{size}.gguf", TINY, STARTER, vocabulary_size=size)
        subject = _subject(path, "tiny", TINY.quantization)
        program = engine_process_bytes(subject.model.shape)
        need = predict_memory(subject.model, context_tokens=256, slots=1).total_bytes
        with _engine(subject, folder, 256, 1) as engine:
            engine.complete(200, 2)
            real = engine.memory_bytes()
        assert real is not None
        yield {
            "vocabulary": subject.model.shape.vocabulary_size,
            "predicted_bytes": program,
            "real_bytes": real - (need - program),
        }


# --- speed --------------------------------------------------------------------------------------


Times = dict[str, dict[str, float]]
"""Seconds by both clocks, the middle of all rounds, by the name of the work."""


def _times(
    subjects: Sequence[Subject], folder: Path, rounds: int, quick: bool
) -> list[tuple[Subject, Times]]:
    """What the work of the calibration and of the checks took: in turns, and so are the models.

    No further round is begun that would end after `SPEED_WITHIN_S`.
    """
    checks = CHECKS[1:3] if quick else CHECKS
    times: list[dict[str, list[dict[str, float]]]] = [{} for _ in subjects]
    started = time.monotonic()
    for done in range(rounds):
        passed = time.monotonic() - started
        if done and passed * (done + 1) / done > SPEED_WITHIN_S:
            break
        for subject, mine in zip(subjects, times, strict=True):
            with _engine(subject, folder, SPEED_CONTEXT_TOKENS, SLOTS) as engine:
                _time(engine, Check("warm", SLOTS, 16, 4))
                # The calibration on both sides of the checks.
                for work in (*_calibration_work(), *checks, *_calibration_work()):
                    mine.setdefault(work.name, []).append(_time(engine, work))
            _say(f"round {done + 1} of {subject.model.name}: {time.monotonic() - started:.0f} s")
    return [
        (
            subject,
            {
                name: {clock: statistics.median(each[clock] for each in found) for clock in CLOCKS}
                for name, found in mine.items()
            },
        )
        for subject, mine in zip(subjects, times, strict=True)
    ]


def _speed(subject: Subject, times: Times) -> Iterator[dict[str, Any]]:
    """Other work of the model that was measured."""
    constants = {clock: _solve(subject.model, times, clock) for clock in CLOCKS}
    for check in CHECKS:
        if check.name in times:
            row = _compared(subject.model, check, constants, times[check.name], exact=True)
            _say(f"{row['model']}, {row['work']}: {row['error']}")
            yield row


def _transfer(times: Sequence[tuple[Subject, Times]]) -> Iterator[dict[str, Any]]:
    """The same work of another model than the one that was measured."""
    for known, known_times in times:
        constants = {clock: _solve(known.model, known_times, clock) for clock in CLOCKS}
        for other, other_times in times:
            if other is not known:
                for check in CHECKS:
                    measured = other_times[check.name]
                    row = _compared(other.model, check, constants, measured, exact=False)
                    yield row | {
                        "calibrated_on": known.model.name,
                        "same_kind": kernels(known.model.quantization)
                        == kernels(other.model.quantization),
                    }


def _compared(
    model: CatalogModel,
    check: Check,
    constants: dict[str, Constants],
    measured: dict[str, float],
    *,
    exact: bool,
) -> dict[str, Any]:
    said = {clock: _predict(model, check, constants[clock], exact=exact) for clock in CLOCKS}
    return {
        "model": model.name,
        "work": check.name,
        "predicted_s": said,
        "measured_s": measured,
        "error": {clock: said[clock] / measured[clock] - 1 for clock in CLOCKS},
    }


def _kernels(folder: Path, quick: bool) -> Iterator[dict[str, Any]]:
    """Reading one prompt, by the same model in several kinds of quantization."""
    first: dict[str, float] = {}
    for kind in ("Q4_K", "Q4_0", "Q8_0", "Q6_K", "Q5_K", "Q4_1")[: 2 if quick else None]:
        shape = replace(SHAPES["dense 0.3B Q4_K"], kind=gguf.GGMLQuantizationType[kind])
        path = make_model(folder / f"{kind}.gguf", shape, STARTER)
        with _engine(_subject(path, kind, kind), folder, 512, 1) as engine:
            _time(engine, Check("warm", 1, 64, 1))
            times = [_time(engine, Check("read", 1, 256, 1)) for _ in range(1 if quick else 3)]
        middle = {clock: statistics.median(each[clock] for each in times) for clock in CLOCKS}
        first = first or middle
        yield {"kind": kind, "rate": {clock: first[clock] / middle[clock] for clock in CLOCKS}}


def _calibration_work() -> list[Check]:
    return [
        Check("read", 1, 512, 1),
        Check("write", 1, 16, 65),
        Check("write together", SLOTS, 16, 65),
    ]


def _time(engine: EngineUnderTest, work: Check) -> dict[str, float]:
    """Seconds for all of the work, by both clocks."""
    used, started = _used(engine), time.perf_counter()
    with ThreadPoolExecutor(min(work.students, SLOTS)) as pool:
        list(pool.map(lambda _: engine.complete(work.prompt, work.output), range(work.students)))
    wall = time.perf_counter() - started
    return {"wall": wall, "processor": (_used(engine) - used) / _threads()}


def _used(engine: EngineUnderTest) -> float:
    spent = psutil.Process(engine.pid).cpu_times()
    return float(spent.user + spent.system)


def _solve(model: CatalogModel, times: Times, clock: str) -> Constants:
    """As the calibration does, from the times of whole answers."""
    single = (times["write"][clock] - 16 * times["read"][clock] / 512) / 64
    read = times["read"][clock] - single
    together = (times["write together"][clock] - SLOTS * 16 * read / 512) / 64
    measured = Measured(
        prompt_tokens_per_s=512 / read,
        decode_tokens_per_s=1 / single,
        class_tokens_per_s=SLOTS / together,
        slots=SLOTS,
        kv_bytes_read=_kv_bytes_per_token(model) * 48,
    )
    found = solve(model, measured)
    assert found is not None
    return found


def _predict(model: CatalogModel, check: Check, constants: Constants, *, exact: bool) -> float:
    need = predict_memory(model, context_tokens=SPEED_CONTEXT_TOKENS, slots=SLOTS)
    speed = predict_speed(
        model,
        _MACHINE,
        memory=need,
        context_tokens=SPEED_CONTEXT_TOKENS,
        slots=SLOTS,
        students=check.students,
        on_processor=Known(constants=constants, exact=exact, near=True),
        work=Work(prompt=check.prompt, shared_prompt=0, output=check.output),
    )
    assert speed.class_last_s.likely is not None
    return speed.class_last_s.likely


def _kv_bytes_per_token(model: CatalogModel) -> float:
    need = predict_memory(model, context_tokens=SPEED_CONTEXT_TOKENS, slots=SLOTS)
    return need.kv_cache_bytes / (SPEED_CONTEXT_TOKENS * SLOTS)


_MACHINE = hardware.probe_machine(ROOT)

# --- the report ---------------------------------------------------------------------------------


def _errors(errors: Sequence[float]) -> dict[str, float]:
    sizes = [abs(error) for error in errors] or [0.0]
    return {"median": statistics.median(sizes), "worst": max(sizes), "count": len(errors)}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _load() -> float | None:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _machine(load_before: float | None) -> dict[str, Any]:
    return {
        "system": platform.system(),
        "processor": _MACHINE.cpu_name.value,
        "physical_cores": _threads(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
        "xllamacpp": version("xllamacpp"),
        "load_before": load_before,
        "load_after": _load(),
    }


def _text(report: dict[str, Any]) -> str:
    machine = report["machine"]
    lines = [
        f"{machine['processor']}, {machine['physical_cores']} cores, xllamacpp "
        f"{machine['xllamacpp']}, load {machine['load_before']} before, {machine['load_after']} "
        "after"
    ]
    if report["memory"]:
        lines += [
            "",
            f"{'memory':<16}{'context':>8}{'slots':>6}{'cache':>6}{'predicted':>11}{'real':>11}"
            f"{'error':>8}",
        ]
    lines += [
        f"{row['model']:<16}{row['context_tokens']:>8}{row['slots']:>6}{row['kv_type']:>6}"
        f"{row['predicted_bytes'] / MIB:>7.0f} MiB{row['real_bytes'] / MIB:>7.0f} MiB"
        f"{row['error']:>+8.1%}"
        for row in report["memory"]
    ]
    lines += _summary("memory", report["memory_error"])
    lines += [
        f"the engine's program with {row['vocabulary']} entries: predicted "
        f"{row['predicted_bytes'] / MIB:.0f} MiB, real {row['real_bytes'] / MIB:.0f} MiB"
        for row in report["process"]
    ]
    lines += [
        f"reading a prompt in {row['kind']}: {row['rate']['wall']:.2f} times as fast as in Q4_K, "
        f"{row['rate']['processor']:.2f} by processor time"
        for row in report["kernels"]
    ]
    lines += _speed_table("speed", report["speed"])
    for clock in CLOCKS:
        lines += _summary(f"speed by {clock} time", report["speed_error"][clock])
    lines += _speed_table("transfer", report["transfer"])
    for kind, errors in report["transfer_error"].items():
        for clock in CLOCKS:
            lines += _summary(f"{kind} of quantization, by {clock} time", errors[clock])
    return "\n".join(lines)


def _speed_table(part: str, rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    if rows:
        yield ""
        yield (
            f"{part:<16}{'work':<50}{'predicted':>10}{'measured':>10}{'error':>8}"
            f"{'by processor time':>19}"
        )
    for row in rows:
        known = f", known from {row['calibrated_on']}" if "calibrated_on" in row else ""
        yield (
            f"{row['model']:<16}{row['work']:<50}{row['predicted_s']['wall']:>8.1f} s"
            f"{row['measured_s']['wall']:>8.1f} s{row['error']['wall']:>+8.1%}"
            f"{row['error']['processor']:>+19.1%}{known}"
        )


def _summary(what: str, found: dict[str, float]) -> Iterator[str]:
    if found["count"]:
        yield (
            f"{what}: median error {found['median']:.1%}, worst {found['worst']:.1%}, "
            f"{found['count']} runs"
        )


if __name__ == "__main__":
    sys.exit(main())
