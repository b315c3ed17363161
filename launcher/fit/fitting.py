"""Whether and how this computer can run one model for this class."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from launcher.catalog.schema import CatalogModel
from launcher.fit import reasons
from launcher.fit.budget import (
    Budget,
    disk_needed_bytes,
    gpu_budget,
    memory_budget,
    usable_gpu,
)
from launcher.fit.memory import predict_memory
from launcher.fit.speed import OUTPUT_TOKENS, Known, predict_speed, unknown_speed
from launcher.fit.types import Fit, MemoryNeed, Reason, SpeedEstimate, Verdict
from launcher.hardware.profile import Gpu, MachineProfile, unknown

DEFAULT_SLOTS = 4
DEFAULT_KV_TYPE = "f16"
KnownSpeeds = tuple[Known | None, Known | None]
"""What was measured of the processor, and of the GPU."""

UNKNOWN_THREADS = 2
"""Where the cores could not be counted: the least that every computer has."""

COMFORT = 0.85
"""Up to this part of the room it fits well; above it, it fits tightly."""

ONE_FEEDBACK_LIMIT_S = 180.0
CLASS_LIMIT_S = 20 * 60.0
"""What a class can wait: three minutes for one, and within the lesson for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What decides the memory beside the model and the slots. ``context_tokens`` for each slot."""

    context_tokens: int
    kv_type: str
    in_use_bytes: int

    def need(self, model: CatalogModel, slots: int, *, gpu: bool = False) -> MemoryNeed:
        return predict_memory(
            model,
            context_tokens=self.context_tokens,
            slots=slots,
            kv_type=self.kv_type,
            gpu=gpu,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placement:
    """One way to run the model here."""

    verdict: Verdict
    gpu: Gpu | None
    gpu_layers: int
    gpu_share: float
    slots: int
    memory: MemoryNeed
    room: Budget


def fit_model(
    model: CatalogModel,
    machine: MachineProfile,
    *,
    students: int,
    context_tokens: int,
    language: str,
    slots: int | None = None,
    missing_bytes: int | None = None,
    measured_tokens_per_s: float | None = None,
    known: KnownSpeeds = (None, None),
    class_limit_s: float = CLASS_LIMIT_S,
    in_use_bytes: int = 0,
    kv_type: str = DEFAULT_KV_TYPE,
) -> Fit:
    """How ``model`` runs on ``machine`` for a class of ``students``.

    ``context_tokens`` is for each slot. ``missing_bytes`` is what is still to be fetched of the
    file (None: all of it). ``slots`` fixes the number; otherwise it is 4, not more than the
    students, and fewer where memory is short. ``known`` is what was measured of the processor and
    of the GPU. ``class_limit_s`` is how long the class may wait for its last answer.
    ``in_use_bytes`` is held by models that already run here: it is not counted twice. ``kv_type``
    is how the cache is kept.
    """
    layout = Layout(context_tokens=context_tokens, kv_type=kv_type, in_use_bytes=in_use_bytes)
    wanted = max(1, min(slots or DEFAULT_SLOTS, students))
    obstacles = tuple(_obstacles(model, machine, context_tokens, missing_bytes))
    if model.file is None:
        nothing = MemoryNeed(weights_bytes=0, kv_cache_bytes=0, compute_bytes=0, basis="unknown")
        room = memory_budget(machine, in_use_bytes)
        return _no(model, machine, nothing, room, students, context_tokens, wanted, obstacles)
    placements = [
        placement
        for count in ([wanted] if slots else range(wanted, 0, -1))
        for placement in _placements(model, machine, layout, count)
    ]
    if obstacles or not placements:
        room = memory_budget(machine, in_use_bytes)
        need = layout.need(model, wanted)
        if not placements:
            fewer = _fewer_slots(model, machine, layout, wanted)
            need = layout.need(model, wanted if fewer else slots or 1)
            obstacles += tuple(reasons.too_big(need, room, context_tokens, fewer))
        return _no(model, machine, need, room, students, context_tokens, wanted, obstacles)

    def timed(placement: _Placement, *, use_known: bool = True) -> SpeedEstimate:
        return predict_speed(
            model,
            machine,
            memory=placement.memory,
            context_tokens=context_tokens,
            slots=placement.slots,
            students=students,
            gpu=placement.gpu,
            gpu_share=placement.gpu_share,
            measured_tokens_per_s=measured_tokens_per_s,
            on_processor=known[0] if use_known else None,
            on_graphics=known[1] if use_known else None,
        )

    chosen, speed = min(
        ((placement, timed(placement)) for placement in placements), key=_placement_order
    )
    usable = is_usable(speed, class_limit_s)
    slower = None
    if speed.basis == "measured":
        rate = speed.decode_tokens_per_s.likely
        expected = timed(chosen, use_known=False).decode_tokens_per_s.likely
        slower = reasons.slower_than_predicted(rate, expected)
    busy = tuple(_busy_gpu(model, machine, layout, chosen))
    return Fit(
        model=model.id,
        verdict=chosen.verdict,
        usable=usable,
        memory=chosen.memory,
        memory_free_bytes=chosen.room.bytes,
        speed=speed,
        context_tokens=context_tokens,
        slots=chosen.slots,
        gpu_layers=chosen.gpu_layers,
        threads=machine.physical_cores.value or UNKNOWN_THREADS,
        reasons=(
            *reasons.of_room(chosen.memory, chosen.room, chosen.verdict, COMFORT),
            *busy,
            *reasons.of_placement(
                model, machine, chosen.gpu, chosen.gpu_layers, chosen.slots, wanted, bool(busy)
            ),
            *reasons.of_speed(speed, usable, ONE_FEEDBACK_LIMIT_S, class_limit_s),
            *([slower] if slower else []),
            *reasons.of_model(model, language),
        ),
    )


def is_usable(speed: SpeedEstimate, class_limit_s: float = CLASS_LIMIT_S) -> bool | None:
    """Whether a class can wait that long; None when it is not known."""
    rate = speed.decode_tokens_per_s.likely
    if rate is not None and OUTPUT_TOKENS / rate > ONE_FEEDBACK_LIMIT_S:
        return False  # However fast the prompt is read.
    one, last = speed.one_feedback_s.likely, speed.class_last_s.likely
    if one is None or last is None:
        return None
    return one <= ONE_FEEDBACK_LIMIT_S and last <= class_limit_s


def _placements(
    model: CatalogModel, machine: MachineProfile, layout: Layout, slots: int
) -> Iterator[_Placement]:
    """On the GPU in full, in part, or on the processor: whichever there is room for."""
    main = memory_budget(machine, layout.in_use_bytes)
    gpu = usable_gpu(machine)
    if gpu is not None:
        need = layout.need(model, slots, gpu=True)
        room = gpu_budget(gpu, machine)
        if room.bytes is not None and need.total_bytes <= room.bytes:
            comfortable = need.total_bytes <= COMFORT * room.bytes
            yield _Placement(
                verdict="full_gpu" if comfortable else "tight",
                gpu=gpu,
                gpu_layers=-1,
                gpu_share=1.0,
                slots=slots,
                memory=need,
                room=room,
            )
        elif gpu.vendor != "apple" and (split := _split(model, need, room, main)):
            layers, on_gpu, both = split
            yield _Placement(
                verdict="partial",
                gpu=gpu,
                gpu_layers=on_gpu,
                gpu_share=on_gpu / layers,
                slots=slots,
                memory=need,
                room=Budget(bytes=both, now_bytes=None),
            )
    need = layout.need(model, slots)
    if main.bytes is not None and need.total_bytes > main.bytes:
        return
    comfortable = (
        main.bytes is not None
        and need.total_bytes <= COMFORT * main.bytes
        and (main.now_bytes is None or need.total_bytes <= main.now_bytes)
    )
    yield _Placement(
        verdict="cpu" if comfortable else "tight",
        gpu=None,
        gpu_layers=0,
        gpu_share=0.0,
        slots=slots,
        memory=need,
        room=main,
    )


def _busy_gpu(
    model: CatalogModel, machine: MachineProfile, layout: Layout, chosen: _Placement
) -> Iterator[Reason]:
    """When the model would be on the GPU as a whole, but other programs hold its memory now."""
    gpu = usable_gpu(machine)
    if gpu is None or chosen.gpu_share >= 1:
        return
    need = layout.need(model, chosen.slots, gpu=True).total_bytes
    nobody = replace(gpu, memory_free_bytes=unknown("if it were empty"))
    now, empty = gpu_budget(gpu, machine).bytes, gpu_budget(nobody, machine).bytes
    if now is not None and empty is not None and now < need <= empty:
        yield Reason(code="gpu_busy", params={"gpu": gpu.name, "short_bytes": need - now})


def _split(
    model: CatalogModel, need: MemoryNeed, room: Budget, main: Budget
) -> tuple[int, int, int] | None:
    """The model's layers, how many of them go on the GPU, and the room of both together.

    None when that cannot be said, or when the rest does not fit in main memory with ease.
    """
    layers = model.shape.layers
    if layers is None or room.bytes is None or main.bytes is None:
        return None
    per_layer = (need.weights_bytes + need.kv_cache_bytes) / layers
    on_gpu = min(layers - 1, math.floor((room.bytes - need.compute_bytes) / per_layer))
    rest = (layers - on_gpu) * per_layer
    now = main.bytes if main.now_bytes is None else main.now_bytes
    if on_gpu < 1 or rest > min(COMFORT * main.bytes, now):
        return None
    return layers, on_gpu, room.bytes + main.bytes


def _placement_order(pair: tuple[_Placement, SpeedEstimate]) -> tuple[int, int, float, int]:
    """Full on the GPU, then comfortable, then tight; the more slots, the better."""
    placement, speed = pair
    group = {"full_gpu": 0, "partial": 2, "cpu": 2, "tight": 3, "no": 4}[placement.verdict]
    if placement.verdict == "tight" and placement.gpu is not None:
        group = 1
    last = speed.class_last_s.likely
    # With equal slots the GPU's share wins where the speed is unknown: it is what people bought.
    return group, -placement.slots, math.inf if last is None else last, -placement.gpu_layers


def _obstacles(
    model: CatalogModel,
    machine: MachineProfile,
    context_tokens: int,
    missing_bytes: int | None,
) -> Iterator[Reason]:
    """What memory does not decide: a withheld model, the context, the processor, the disk."""
    if model.file is None:
        yield Reason(code="withheld")
        return
    longest = model.shape.context_tokens
    if longest is not None and context_tokens > longest:
        yield Reason(
            code="context_beyond_model",
            params={"needed_tokens": context_tokens, "most_tokens": longest},
        )
    features = machine.cpu_features.value
    intel_like = machine.architecture in ("x86_64", "amd64")
    if intel_like and features is not None and "avx2" not in features:
        yield Reason(code="no_avx2")
    needed = disk_needed_bytes(model.file.size_bytes, missing_bytes)
    free = machine.disk_free_bytes.value
    if free is not None and needed > free:
        yield Reason(
            code="disk_short",
            params={"needed_bytes": needed, "free_bytes": free, "short_bytes": needed - free},
        )


def _no(
    model: CatalogModel,
    machine: MachineProfile,
    need: MemoryNeed,
    room: Budget,
    students: int,
    context_tokens: int,
    slots: int,
    why: tuple[Reason, ...],
) -> Fit:
    return Fit(
        model=model.id,
        verdict="no",
        usable=None,
        memory=need,
        memory_free_bytes=room.bytes,
        speed=unknown_speed(students),
        context_tokens=context_tokens,
        slots=slots,
        gpu_layers=0,
        threads=machine.physical_cores.value or UNKNOWN_THREADS,
        reasons=(*why, *(r for r in reasons.of_model(model, "") if r.code == "practice_only")),
    )


def _fewer_slots(
    model: CatalogModel, machine: MachineProfile, layout: Layout, slots: int
) -> int | None:
    """The most slots that would fit, fewer than ``slots``."""
    for count in range(slots - 1, 0, -1):
        if any(_placements(model, machine, layout, count)):
            return count
    return None
