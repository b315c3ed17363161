"""Why a fit is what it is, as codes with numbers. The sentences are ``fit.reason.<code>``."""

from collections.abc import Iterator

from launcher.catalog.schema import CatalogModel
from launcher.fit.budget import Budget, counts_as_own, usable_gpus
from launcher.fit.speed import OUTPUT_TOKENS, SLOWER_FACTOR
from launcher.fit.types import MemoryNeed, Reason, SpeedEstimate, Verdict
from launcher.hardware.profile import Gpu, MachineProfile
from launcher.units import MIB

WEAK_DUTCH_RANK = 3.0
"""From this score on, a model makes too many mistakes in Dutch to help a student."""

SMALLEST_USEFUL_BYTES = 700 * MIB
"""No model below this size in the catalog is meant for real work."""

ENGINE_BUILDS = {"nvidia": "CUDA", "amd": "Vulkan", "intel": "Vulkan", "apple": "Metal"}

ON_GPU: tuple[Verdict, ...] = ("full_gpu", "partial")


def too_big(
    need: MemoryNeed,
    room: Budget,
    context_tokens: int,
    fewer_slots: int | None = None,
) -> Iterator[Reason]:
    """Not enough memory: what is too big, and what would fit. ``need`` is that of the fewest slots
    that may be taken; ``fewer_slots`` would fit where that number was fixed."""
    if room.bytes is None:
        return
    if fewer_slots is not None:
        yield Reason(
            code="too_many_slots",
            params={"slots": fewer_slots, "short_bytes": need.total_bytes - room.bytes},
        )
        return
    without_context = need.weights_bytes + need.compute_bytes
    left = room.bytes - without_context
    shorter = int(context_tokens * left / need.kv_cache_bytes) // 256 * 256 if left > 0 else 0
    fits_shorter = shorter >= 512
    if fits_shorter:
        yield Reason(
            code="context_too_big",
            params={
                "context_tokens": context_tokens,
                "fitting_tokens": min(shorter, context_tokens - 256),
                "short_bytes": need.total_bytes - room.bytes,
            },
        )
    else:
        yield Reason(
            code="weights_too_big",
            params={"needed_bytes": need.total_bytes, "free_bytes": room.bytes},
        )
    fitting = room.bytes - need.kv_cache_bytes - need.compute_bytes
    if fitting >= SMALLEST_USEFUL_BYTES:
        yield Reason(code="would_fit", params={"model_bytes": fitting})
    elif not fits_shorter:
        yield Reason(code="another_computer")


def of_room(need: MemoryNeed, room: Budget, verdict: Verdict, comfort: float) -> Iterator[Reason]:
    """Why it is tight."""
    if room.bytes is None:
        yield Reason(code="memory_unknown")
        return
    if verdict in ON_GPU:
        return
    if room.now_bytes is not None and need.total_bytes > room.now_bytes:
        yield Reason(
            code="close_programs",
            params={
                "needed_bytes": need.total_bytes,
                "now_bytes": room.now_bytes,
                "short_bytes": need.total_bytes - room.now_bytes,
            },
        )
    elif need.total_bytes > comfort * room.bytes:
        yield Reason(
            code="near_limit",
            params={"needed_bytes": need.total_bytes, "free_bytes": room.bytes},
        )


def of_placement(
    model: CatalogModel,
    machine: MachineProfile,
    gpu: Gpu | None,
    gpu_layers: int,
    slots: int,
    wanted_slots: int,
    busy: bool = False,
) -> Iterator[Reason]:
    """What runs where, and what stands in the way of something faster.

    ``busy``: it was already said that the GPU is in use by others.
    """
    if gpu is not None and gpu_layers > 0:
        yield Reason(
            code="partial_offload",
            params={"gpu": gpu.name, "layers": gpu_layers, "of": model.shape.layers or 0},
        )
    cards = len(usable_gpus(machine))
    if gpu is not None and cards > 1:
        yield Reason(code="one_of_gpus", params={"gpu": gpu.name, "count": cards})
    if slots < wanted_slots:
        yield Reason(code="fewer_slots", params={"slots": slots, "wanted": wanted_slots})
    if gpu is None and not busy:
        yield from _gpu_not_used(machine)
    if machine.on_battery.value:
        yield Reason(code="on_battery")


def _gpu_not_used(machine: MachineProfile) -> Iterator[Reason]:
    """Of the largest GPU with memory of its own: why it does not help."""
    own = [gpu for gpu in machine.gpus if counts_as_own(gpu)]
    gpu = max(own, key=lambda gpu: gpu.memory_total_bytes.value or 0, default=None)
    if gpu is None:
        return
    if gpu.driver is None:
        yield Reason(code="driver_missing", params={"gpu": gpu.name})
    elif gpu.usable is False:
        build = ENGINE_BUILDS.get(gpu.vendor, "Vulkan")
        yield Reason(code="gpu_needs_build", params={"gpu": gpu.name, "build": build})
    elif gpu.usable is None:
        yield Reason(code="gpu_unknown", params={"gpu": gpu.name})
    elif gpu.memory_total_bytes.value is None:
        yield Reason(code="gpu_memory_unknown", params={"gpu": gpu.name})
    else:
        memory = gpu.memory_total_bytes.value
        yield Reason(code="gpu_too_small", params={"gpu": gpu.name, "gpu_bytes": memory})


def of_speed(
    speed: SpeedEstimate, usable: bool | None, one_limit_s: float, class_limit_s: float
) -> Iterator[Reason]:
    """Whether a class can wait for it."""
    if usable is None:
        yield Reason(code="speed_unknown")
        return
    one, last = speed.one_feedback_s.likely, speed.class_last_s.likely
    rate = speed.decode_tokens_per_s.likely
    if one is None and rate is not None:
        one = OUTPUT_TOKENS / rate  # At least: reading the prompt comes on top.
    if one is not None and one > one_limit_s:
        yield Reason(code="slow_one", params={"one_s": one})
    elif last is not None and last > class_limit_s:
        yield Reason(code="slow_class", params={"last_s": last, "students": speed.students})


def slower_than_predicted(measured: float | None, expected: float | None) -> Reason | None:
    """When this computer gives less than half of what was predicted: something is in its way.

    Windows moves a model out of video memory without a word; a laptop on battery or that is too
    hot slows down.
    """
    if measured is None or expected is None or measured >= SLOWER_FACTOR * expected:
        return None
    return Reason(
        code="slower_than_predicted",
        params={"measured_rate": measured, "expected_rate": expected},
    )


def of_model(model: CatalogModel, language: str) -> Iterator[Reason]:
    """What a teacher has to know of the model itself."""
    if model.status == "practice":
        yield Reason(code="practice_only")
        return
    if model.status == "own":
        yield Reason(code="own_model")
        return
    if language == "nl":
        if model.dutch_rank is None:
            yield Reason(code="dutch_unmeasured")
        elif model.dutch_rank >= WEAK_DUTCH_RANK:
            yield Reason(code="dutch_weak")
    if model.thinking_always:
        yield Reason(code="thinks_always")
