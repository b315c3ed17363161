"""What was measured on this computer, kept for every later plan."""

import dataclasses
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from launcher import catalog, fit
from launcher.catalog.schema import CatalogModel
from launcher.engines.protocol import Engine, EngineSettings
from launcher.errors import UsageError
from launcher.events import Cancel, Report, StepFinished, StepStarted
from launcher.files import read_json_object, write_private_json
from launcher.fit.budget import usable_gpu
from launcher.fit.calibration import Calibration, Measured, is_far, nearest, solve
from launcher.fit.speed import Known
from launcher.fit.types import Fit, Reason, SpeedEstimate
from launcher.hardware.profile import MachineProfile, Probed
from launcher.lesson.measuring import measure
from launcher.lesson.types import Context
from launcher.models.library import Library

BENCH_CONTEXT_TOKENS = 1024
"""Room for a prompt of 512 tokens and an answer: memory for no more than is measured."""

STEP = "fit.measure"
MOST_KEPT = 50
UNKNOWN_DEVICE = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """Everything measured here. ``best`` is the fastest that each processor was seen to be."""

    calibrations: tuple[Calibration, ...] = ()
    best: dict[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRow:
    """One model on this computer. Rates in tokens per second, times in seconds, for ``students``.

    ``speed`` is what the calibration now says of a real feedback; ``stored`` is False on battery.
    """

    model: str
    name: str
    practice: bool
    memory_bytes: int | None
    predicted_memory_bytes: int
    prompt_tokens_per_s: float
    decode_tokens_per_s: float
    class_tokens_per_s: float
    slots: int
    speed: SpeedEstimate
    expected_tokens_per_s: float | None
    stored: bool
    reasons: tuple[Reason, ...]


def load(context: Context) -> Store:
    """What was stored; nothing when there is nothing, or nothing that can be read."""
    data = read_json_object(_file(context))
    if data is None:
        return Store()
    try:
        return TypeAdapter(Store).validate_python(data)
    except ValidationError:
        return Store()


def device_names(machine: MachineProfile) -> tuple[str, str | None]:
    """The processor, and the GPU that would be used."""
    gpu = usable_gpu(machine)
    return machine.cpu_name.value or UNKNOWN_DEVICE, None if gpu is None else gpu.name


def known_speeds(
    store: Store, machine: MachineProfile, engine: Engine, model: CatalogModel
) -> tuple[Known | None, Known | None]:
    """Constants for the processor and for the GPU, from measurements with this driver and engine.

    On battery none: they were measured on mains power, and a laptop then is slower.
    """
    if machine.on_battery.value:
        return None, None
    gpu = usable_gpu(machine)
    version = engine_version(engine)
    processor, graphics = device_names(machine)

    def find(device: str | None, driver: str) -> Known | None:
        if device is None:
            return None
        valid = (c for c in store.calibrations if c.driver == driver and c.engine == version)
        found = nearest(valid, model, device)
        if found is None:
            return None
        exact = found.model == model.id
        return Known(constants=found.constants, exact=exact, near=not is_far(found, model))

    return find(processor, ""), find(graphics, (gpu.driver if gpu else None) or "")


def exact_measurement(
    store: Store, machine: MachineProfile, engine: Engine, model: str
) -> Calibration | None:
    """The measurement of this model on a device of this computer."""
    names, version = device_names(machine), engine_version(engine)
    for known in store.calibrations:
        if known.model == model and known.device in names and known.engine == version:
            return known
    return None


def engine_version(engine: Engine) -> str:
    return f"{engine.id} {engine.describe().version or ''}".strip()


def with_best_seen(context: Context, machine: MachineProfile) -> MachineProfile:
    """The machine with the fastest memory and processor that this computer was ever seen to have:
    a busy moment says nothing of what it can do. Keeps what is better than was known."""
    bandwidth, flops = machine.memory_bandwidth_bytes_per_s, machine.compute_flops
    if machine.on_battery.value:
        return machine
    name = machine.cpu_name.value or UNKNOWN_DEVICE
    store = load(context)
    old_bandwidth, old_flops = store.best.get(name, (0.0, 0.0))
    best = (max(bandwidth.value or 0.0, old_bandwidth), max(flops.value or 0.0, old_flops))
    if best[0] > old_bandwidth * 1.02 or best[1] > old_flops * 1.02:
        _save(context, replace(store, best={**store.best, name: best}))
    return replace(
        machine,
        memory_bandwidth_bytes_per_s=_better(bandwidth, best[0]),
        compute_flops=_better(flops, best[1]),
    )


def is_calibrated(context: Context, machine: MachineProfile, engine: Engine, model: str) -> bool:
    return exact_measurement(load(context), machine, engine, model) is not None


def bench_model(
    context: Context,
    engine: Engine,
    machine: MachineProfile,
    model: CatalogModel,
    *,
    students: int,
    report: Report,
    cancel: Cancel,
) -> BenchRow:
    """Measure one model that is on this computer, and keep what it says.

    Takes about ten seconds after loading. Raises `UsageError` ``fit.bench_not_installed``, and
    ``fit.bench_no_room`` when the model does not fit.
    """
    path = Library(context.models_dir).find(model.file) if model.file else None
    if path is None:
        raise UsageError("fit.bench_not_installed", model=model.name)
    store = load(context)
    guess = fit.fit_model(
        model, machine, students=students, context_tokens=BENCH_CONTEXT_TOKENS,
        language=context.lang, missing_bytes=0,
    )  # fmt: skip
    if guess.verdict == "no":
        raise UsageError("fit.bench_no_room", model=model.name)
    report(StepStarted(step=STEP, params={"model": model.name}))
    settings = EngineSettings(
        model_path=path,
        model_id=model.id,
        port=0,
        api_key="",
        context_tokens=BENCH_CONTEXT_TOKENS,
        slots=guess.slots,
        threads=guess.threads,
        gpu_layers=guess.gpu_layers,
        mmap=False,
    )
    run = measure(engine, settings, context.paths.logs / "bench.log", cancel)
    measured = replace(run.measured, kv_bytes_read=_kv_bytes_read(guess))
    stored = _keep(context, store, engine, machine, model, guess, measured)
    report(StepFinished(step=STEP))
    after = fit.fit_model(
        model, machine, students=students, context_tokens=BENCH_CONTEXT_TOKENS,
        language=context.lang, missing_bytes=0, slots=guess.slots,
        measured_tokens_per_s=None if stored else measured.decode_tokens_per_s,
        known=known_speeds(load(context), machine, engine, model) if stored else (None, None),
    )  # fmt: skip
    expected = guess.speed.decode_tokens_per_s.likely
    slow = fit.slower_than_predicted(measured.decode_tokens_per_s, expected)
    return BenchRow(
        model=model.id,
        name=model.name,
        practice=model.status == "practice",
        memory_bytes=run.memory_bytes,
        predicted_memory_bytes=guess.memory.total_bytes,
        prompt_tokens_per_s=measured.prompt_tokens_per_s,
        decode_tokens_per_s=measured.decode_tokens_per_s,
        class_tokens_per_s=measured.class_tokens_per_s,
        slots=measured.slots,
        speed=after.speed,
        expected_tokens_per_s=expected,
        stored=stored,
        reasons=(
            *([slow] if slow else []),
            *([Reason(code="on_battery")] if machine.on_battery.value else []),
            *([Reason(code="practice_only")] if model.status == "practice" else []),
        ),
    )


def installed_models(context: Context) -> tuple[CatalogModel, ...]:
    """The chat models of the catalog whose files are here, the largest first."""
    library = Library(context.models_dir)
    found = [
        model
        for model in catalog.load_catalog().models
        if model.role == "chat" and model.file is not None and library.find(model.file) is not None
    ]
    return tuple(sorted(found, key=lambda model: -(model.file.size_bytes if model.file else 0)))


def _keep(
    context: Context,
    store: Store,
    engine: Engine,
    machine: MachineProfile,
    model: CatalogModel,
    guess: Fit,
    measured: Measured,
) -> bool:
    if machine.on_battery.value or model.file is None or guess.gpu_layers > 0:
        return False  # Half on each device says nothing of either.
    constants = solve(model, measured)
    if constants is None:
        return False
    on_gpu = guess.gpu_layers == -1
    processor, graphics = device_names(machine)
    gpu = usable_gpu(machine)
    new = Calibration(
        device=(graphics or UNKNOWN_DEVICE) if on_gpu else processor,
        driver=((gpu.driver if gpu else None) or "") if on_gpu else "",
        engine=engine_version(engine),
        model=model.id,
        model_bytes=model.file.size_bytes,
        measured=measured,
        constants=constants,
        expected_tokens_per_s=guess.speed.decode_tokens_per_s.likely,
        measured_at=time.strftime("%Y-%m-%d"),
        quantization=model.quantization or "",
    )
    others = [c for c in store.calibrations if (c.device, c.model) != (new.device, new.model)]
    return _save(context, replace(store, calibrations=(new, *others)[:MOST_KEPT]))


def _kv_bytes_read(guess: Fit) -> float:
    """Keys and values of half of what was written, for one student."""
    return guess.memory.kv_cache_bytes / (guess.slots * guess.context_tokens) * 48


def _better(probed: Probed[float], best: float) -> Probed[float]:
    if probed.value is not None and probed.value >= best:
        return probed
    if not best:
        return probed
    return Probed(value=best, source="best seen on this computer", confidence="measured")


def _save(context: Context, store: Store) -> bool:
    """Whether it could be kept; a plan is made all the same where nothing can be written."""
    try:
        write_private_json(_file(context), dataclasses.asdict(store))
    except OSError:
        return False
    return True


def _file(context: Context) -> Path:
    return context.paths.data / "measured.json"
