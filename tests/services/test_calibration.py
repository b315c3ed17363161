"""Measuring the real engine with the real small model, and what is kept of it."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from launcher import catalog, lesson
from launcher.catalog.schema import CatalogModel
from launcher.engines import dry_run
from launcher.engines.registry import get_engine
from launcher.errors import Cancelled, PaadjeError, UsageError
from launcher.events import Cancel, Event, Notice, StepStarted, ignore
from launcher.hardware.profile import MachineProfile, Probed, unknown
from launcher.lesson import benching, calibration
from launcher.lesson.calibration import BenchRow
from launcher.lesson.here import Here
from launcher.lesson.types import Context
from launcher.models.library import Library
from launcher.units import MIB
from tests.unit.fit.computers import machine as recorded

PRACTICE = catalog.load_catalog().practice_model()
ENGINE = get_engine("xllamacpp")


@pytest.fixture
def context(home: Path) -> Context:
    return lesson.open_context({"PAADJE_HOME": str(home), "PATH": ""}, lang="nl")


@pytest.fixture
def here(context: Context, starter_model: Path) -> Context:
    """A home in which the practice model is installed."""
    Library(context.models_dir).add(starter_model, report=ignore, cancel=Cancel())
    return context


def probed(value: Any) -> Probed[Any]:
    return Probed(value=value, source="test", confidence="measured")


@pytest.mark.engine
def test_a_bench_measures_keeps_and_is_used_by_the_next_plan(here: Context) -> None:
    seen: list[Event] = []
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    (row,) = lesson.bench(here, students=6, report=seen.append, cancel=Cancel())
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    assert (row.model, row.practice, row.slots) == (PRACTICE.id, True, 4)
    assert row.prompt_tokens_per_s > 0
    assert row.decode_tokens_per_s > 0
    assert row.class_tokens_per_s > 0
    assert row.memory_bytes == pytest.approx(row.predicted_memory_bytes, rel=0.12)
    assert row.speed.basis == "measured"
    assert row.speed.class_last_s.likely is not None
    assert row.stored
    assert StepStarted(step="fit.measure", params={"model": PRACTICE.name}) in seen

    plan = lesson.make_plan(
        here, "feedback-companion", lesson_wishes(model=PRACTICE.id, students=6)
    )
    assert plan.speed.basis == "measured"
    (kept,) = calibration.load(here).calibrations
    assert kept.model == PRACTICE.id
    assert kept.measured.decode_tokens_per_s == row.decode_tokens_per_s
    assert "gemeten op deze computer" in " ".join(lesson.explain_plan(here, plan))


def lesson_wishes(**changes: Any) -> Any:
    from launcher.lesson.types import PlanWishes

    return PlanWishes(**changes)


@pytest.mark.engine
def test_on_battery_it_is_measured_and_not_kept(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    probe = Here.machine

    def on_battery(self: Here, engine: Any) -> MachineProfile:
        return replace(probe(self, engine), on_battery=probed(True))

    monkeypatch.setattr(Here, "machine", on_battery)
    (row,) = lesson.bench(here, PRACTICE.id, report=ignore, cancel=Cancel())
    assert not row.stored
    assert "on_battery" in {reason.code for reason in row.reasons}
    assert calibration.load(here).calibrations == ()


def test_nothing_is_measured_while_a_class_works(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.lesson.benching.live_lessons", lambda _: (object(),))
    with pytest.raises(PaadjeError, match="bench_in_lesson"):
        lesson.bench(context, report=ignore, cancel=Cancel())


def test_what_is_not_here_is_not_measured(context: Context) -> None:
    with pytest.raises(UsageError, match="bench_nothing"):
        lesson.bench(context, report=ignore, cancel=Cancel())
    with pytest.raises(UsageError, match="bench_not_installed"):
        lesson.bench(context, PRACTICE.id, report=ignore, cancel=Cancel())
    with pytest.raises(UsageError, match=r"no_such_model|unknown_model"):
        lesson.bench(context, "gpt-9", report=ignore, cancel=Cancel())


@pytest.mark.engine
def test_it_can_be_stopped_and_leaves_no_engine(here: Context) -> None:
    cancel = Cancel()

    def stop(event: Event) -> None:
        if isinstance(event, StepStarted):
            cancel.request()

    before = {child.pid for child in psutil.Process().children(recursive=True)}
    with pytest.raises(Cancelled):
        lesson.bench(here, report=stop, cancel=cancel)
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before
    assert calibration.load(here).calibrations == ()


# --- after an install ---------------------------------------------------------------------------


def a_row(**changes: Any) -> BenchRow:
    from launcher.fit.speed import unknown_speed

    values: dict[str, Any] = {
        "model": "m", "name": "M", "practice": False, "memory_bytes": 1,
        "predicted_memory_bytes": 1, "prompt_tokens_per_s": 1.0, "decode_tokens_per_s": 1.0,
        "class_tokens_per_s": 1.0, "slots": 4, "speed": unknown_speed(28),
        "expected_tokens_per_s": None, "stored": True, "reasons": (),
    }  # fmt: skip
    return BenchRow(**(values | changes))


def test_an_install_measures_once_and_never_the_practice_model(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def bench(context: Context, model: str, **_: Any) -> tuple[BenchRow, ...]:
        asked.append(model)
        return (a_row(),)

    monkeypatch.setattr(benching, "bench", bench)
    plan = lesson.make_plan(here, "feedback-companion", lesson_wishes(model=PRACTICE.id))
    lesson.calibrate(here, plan, report=ignore, cancel=Cancel())
    assert asked == []
    real = replace(plan, practice=False)
    lesson.calibrate(here, real, report=ignore, cancel=Cancel())
    assert asked == [PRACTICE.id]
    monkeypatch.setattr(benching, "is_calibrated", lambda *_: True)
    lesson.calibrate(here, real, report=ignore, cancel=Cancel())
    assert asked == [PRACTICE.id]


def test_a_measurement_that_fails_does_not_spoil_an_install(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bench(*_: Any, **__: Any) -> tuple[BenchRow, ...]:
        raise PaadjeError("engines.out_of_memory")

    monkeypatch.setattr(benching, "bench", bench)
    plan = lesson.make_plan(here, "feedback-companion", lesson_wishes(model=PRACTICE.id))
    seen: list[Event] = []
    lesson.calibrate(here, replace(plan, practice=False), report=seen.append, cancel=Cancel())
    assert seen == [Notice(code="fit.not_measured", params={"why": "engines.out_of_memory"})]


# --- what is kept -------------------------------------------------------------------------------


def measured(model: CatalogModel) -> calibration.Calibration:
    from launcher.fit.calibration import Calibration, Measured
    from launcher.fit.speed import Constants

    assert model.file is not None
    return Calibration(
        device="cpu", driver="", engine=calibration.engine_version(ENGINE), model=model.id,
        model_bytes=model.file.size_bytes,
        measured=Measured(
            prompt_tokens_per_s=100, decode_tokens_per_s=10, class_tokens_per_s=20, slots=4
        ),
        constants=Constants(bandwidth=1e9, compute=1e10, batch_cost=2.0),
        expected_tokens_per_s=12.0, measured_at="2026-01-01",
    )  # fmt: skip


def a_machine(context: Context, **changes: Any) -> MachineProfile:
    from launcher.hardware import probe_machine

    return replace(
        probe_machine(context.models_dir), cpu_name=probed("cpu"), gpus=(),
        on_battery=probed(False), **changes,
    )  # fmt: skip


def store(context: Context, value: calibration.Store) -> None:
    calibration._save(context, value)


def test_a_measurement_counts_for_its_device_engine_and_power(context: Context) -> None:
    kept = measured(PRACTICE)
    store(context, calibration.Store(calibrations=(kept,)))
    machine = a_machine(context)

    def found(where: MachineProfile) -> bool:
        return (
            calibration.known_speeds(calibration.load(context), where, ENGINE, PRACTICE)[0]
            is not None
        )

    assert found(machine)
    assert not found(replace(machine, cpu_name=probed("another")))
    assert not found(replace(machine, on_battery=probed(True)))
    store(context, calibration.Store(calibrations=(replace(kept, engine="older"),)))
    assert not found(machine)


@pytest.mark.parametrize("text", ["", "[]", '{"calibrations": 3}', '{"best": {"x": ["nan"]}}'])
def test_a_damaged_file_is_no_measurement(context: Context, text: str) -> None:
    file = context.paths.data / "measured.json"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    assert calibration.load(context) == calibration.Store()


def test_a_busy_moment_does_not_make_the_computer_slower(context: Context) -> None:
    quiet = a_machine(
        context, memory_bandwidth_bytes_per_s=probed(30e9), compute_flops=probed(400e9)
    )
    busy = replace(quiet, memory_bandwidth_bytes_per_s=probed(6e9), compute_flops=unknown("late"))
    assert calibration.with_best_seen(context, quiet) == quiet
    better = calibration.with_best_seen(context, busy)
    assert better.memory_bandwidth_bytes_per_s.value == 30e9
    assert better.compute_flops.value == 400e9
    other = replace(busy, cpu_name=probed("another"))
    assert calibration.with_best_seen(context, other).compute_flops.value is None
    on_battery = replace(busy, on_battery=probed(True))
    assert calibration.with_best_seen(context, on_battery) == on_battery
    kept = json.loads((context.paths.data / "measured.json").read_text())
    assert kept["best"]["cpu"] == [30e9, 400e9]


# --- the engine's own word on memory ------------------------------------------------------------


@pytest.mark.engine
def test_the_engine_tells_the_memory_of_a_model_that_is_here(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    wishes = lesson_wishes(model=PRACTICE.id)
    plan = lesson.make_plan(here, "feedback-companion", wishes)
    assert plan.memory.basis == "measured"
    monkeypatch.setattr("launcher.lesson.here.dry_run", None)  # It is remembered.
    assert lesson.make_plan(here, "feedback-companion", wishes).memory == plan.memory
    monkeypatch.setattr(Here, "engine_memory", lambda *_: None)
    formula = lesson.make_plan(here, "feedback-companion", wishes).memory
    assert formula.basis == "estimate"
    assert formula.total_bytes == pytest.approx(plan.memory.total_bytes, rel=0.05)


def test_where_the_engine_cannot_tell_the_formula_does(
    here: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise PaadjeError("fit.dry_run_failed")

    monkeypatch.setattr("launcher.lesson.here.dry_run", fail)
    plan = lesson.make_plan(here, "feedback-companion", lesson_wishes(model=PRACTICE.id))
    assert plan.memory.basis == "estimate"
    assert plan.verdict != "no"


def pretend_cards(monkeypatch: pytest.MonkeyPatch, asked: Path, rows: list[str]) -> None:
    """An engine that lays a model out on graphics that this computer does not have."""
    script = (
        "import pathlib, sys\n"
        f"pathlib.Path({str(asked)!r}).write_text(sys.argv[1])\n"
        f"print({chr(10).join(['memory breakdown [MiB] | total free self', *rows])!r})\n"
        "print('common_fit_params: done', flush=True)\n"
    )
    monkeypatch.setattr(dry_run, "_program", lambda: [sys.executable, "-c", script])
    monkeypatch.setattr(Here, "machine", lambda *_: recorded("linux-32gb-rx7800xt"))


CARD = "|   - Vulkan0 (RX 7800 XT) | 16368 = 15800 + (  391 =    90 +      180 +     121) + 177 |"
HOST = "|   - Host                 |                    36 =    27 +        0 +       9         |"


def test_on_a_card_the_engine_tells_what_the_card_holds(
    here: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = tmp_path / "asked.json"
    pretend_cards(monkeypatch, asked, [CARD, HOST])
    plan = lesson.make_plan(here, "feedback-companion", lesson_wishes(model=PRACTICE.id))
    assert plan.verdict == "full_gpu"
    assert json.loads(asked.read_text())["gpu_layers"] == -1
    assert plan.memory.basis == "measured"
    found = (plan.memory.weights_bytes, plan.memory.kv_cache_bytes, plan.memory.compute_bytes)
    assert found == (90 * MIB, 180 * MIB, 121 * MIB)


def test_a_card_that_the_engine_does_not_use_is_no_measurement(
    here: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend_cards(monkeypatch, tmp_path / "asked.json", [HOST])
    plan = lesson.make_plan(here, "feedback-companion", lesson_wishes(model=PRACTICE.id))
    assert plan.memory.basis == "estimate"
