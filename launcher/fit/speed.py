"""How fast, from what the memory and the processor can move: a roofline.

One token for one student reads all weights once: t = bytes / (0.92 bandwidth) + 80 us x layers.
A bandwidth or a processing speed that is not known gives no number at all.
"""

from dataclasses import dataclass

from launcher.catalog.schema import CatalogModel, ModelShape
from launcher.fit.types import NOTHING, Basis, MemoryNeed, Range, SpeedEstimate
from launcher.hardware.profile import Gpu, MachineProfile

PROMPT_TOKENS = 1200
SHARED_PROMPT_TOKENS = 700
"""The part of the prompt that is the same for the whole class."""
OUTPUT_TOKENS = 300
"""Of one feedback."""

BANDWIDTH_SHARE = 0.92
PASCAL_BANDWIDTH_SHARE = 0.40
LAYER_OVERHEAD_S = 80e-6
TYPICAL_LAYERS = 40
"""Stands in for an unknown number: the overhead is small beside the reading."""

BATCH_COST = 3.0
"""Each further student in a step costs as much as so many tokens of a prompt."""

THINKING_FACTOR = 3.0
"""Output of a model that cannot stop thinking, against one that does not; the low end of 3-8."""

CPU_COMPUTE_SHARE = 0.4
"""What prompt processing gets of the measured matrix speed, whatever the quantization: an
assumption on the safe side. Kinds of quantization differ, and not everywhere in the same way. On
the one processor where it was measured (``benchmarks/fit.py --only kernels``) Q4_0 and Q8_0 took
1.4 and 1.6 times as long as Q4_K; so what is measured of one kind does not narrow the estimate of
another (`calibration.is_far`)."""
TENSOR_COMPUTE_SHARE = 1.5
"""Tensor cores do more than the single-precision figure that the driver reports."""
GPU_COMPUTE_SHARE = 0.6

_WITHOUT_TENSOR_CORES = ("GTX", "Quadro T", "T400", "T500", "T550", "T600", "T1000", "T1200", "MX")

FULL_GPU_RANGE = (0.75, 1.2)
PARTIAL_RANGE = (0.5, 1.5)
CPU_RANGE = (0.6, 1.4)
CALIBRATED_RANGE = (0.8, 1.25)
"""With constants that were measured here, on another model."""
MEASURED_RANGE = (0.9, 1.1)
"""Slowest and fastest against the likely speed."""

SLOWER_FACTOR = 0.5
"""Below this part of the prediction something is wrong, and is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One answer in tokens; ``shared_prompt`` of the prompt is the same for the whole class."""

    prompt: int = PROMPT_TOKENS
    shared_prompt: int = SHARED_PROMPT_TOKENS
    output: int = OUTPUT_TOKENS


FEEDBACK = Work()


@dataclass(frozen=True, slots=True, kw_only=True)
class Constants:
    """Of one device, as measured: bytes and operations per second that a model gets, and what
    each further student in a step costs, in tokens of a prompt (None: not measured)."""

    bandwidth: float
    compute: float
    batch_cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was measured here: ``exact`` on this very model, ``near`` on one of about its size."""

    constants: Constants
    exact: bool
    near: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Device:
    """``bandwidth`` in bytes and ``compute`` in operations per second, as a model gets them."""

    bandwidth: float | None
    compute: float | None


def unknown_speed(students: int) -> SpeedEstimate:
    return SpeedEstimate(
        decode_tokens_per_s=NOTHING,
        one_feedback_s=NOTHING,
        class_first_s=NOTHING,
        class_last_s=NOTHING,
        students=students,
        basis="unknown",
    )


def predict_speed(
    model: CatalogModel,
    machine: MachineProfile,
    *,
    memory: MemoryNeed,
    context_tokens: int,
    slots: int,
    students: int,
    gpu: Gpu | None = None,
    gpu_share: float = 0.0,
    measured_tokens_per_s: float | None = None,
    on_processor: Known | None = None,
    on_graphics: Known | None = None,
    work: Work = FEEDBACK,
) -> SpeedEstimate:
    """Speed with a part ``gpu_share`` (0 to 1) of the layers on ``gpu``.

    ``measured_tokens_per_s`` is what this model gave one student on this computer: it scales all
    of the prediction, which is then called measured. ``on_processor`` and ``on_graphics`` are
    constants that a calibration found: they take the place of the assumed ones.
    """
    if gpu is None or gpu_share <= 0:
        gpu, gpu_share = None, 0.0
    processor, graphics = _processor(machine), _graphics(gpu)
    known = on_graphics if gpu_share >= 1 else on_processor if gpu is None else None
    if on_processor is not None:
        processor = _as_measured(on_processor)
    if on_graphics is not None and gpu is not None:
        graphics = _as_measured(on_graphics)
    per_sequence = memory.kv_cache_bytes / max(1, slots * context_tokens)
    per_sequence *= work.prompt + work.output / 2
    shares = ((graphics, gpu_share), (processor, 1 - gpu_share))
    layers = model.shape.layers or TYPICAL_LAYERS

    def reading_s(batch: int) -> float | None:
        """Seconds to read everything that one token of each of ``batch`` students needs."""
        amount = bytes_read(model, batch) + batch * per_sequence
        total = LAYER_OVERHEAD_S * layers
        for device, share in shares:
            if share > 0:
                if device.bandwidth is None:
                    return None
                total += share * amount / device.bandwidth
        return total

    single = reading_s(1)
    prompt_speed = _prompt_speed(model, shares)
    if single is not None and prompt_speed is not None:
        prompt_speed = max(prompt_speed, 1 / single)  # At worst, token by token.
    bounds = CPU_RANGE if gpu is None else FULL_GPU_RANGE if gpu_share >= 1 else PARTIAL_RANGE
    basis: Basis = "estimate"
    scale = 1.0
    if known is not None and known.exact:
        bounds, basis = MEASURED_RANGE, "measured"
    elif known is not None and known.near:
        bounds = CALIBRATED_RANGE
    cost, most = BATCH_COST, 0.5
    if known is not None and known.constants.batch_cost is not None:
        cost, most = known.constants.batch_cost, 1.0
    if measured_tokens_per_s:
        bounds, basis = MEASURED_RANGE, "measured"
        if single is not None:
            scale = measured_tokens_per_s * single
        else:
            single = 1 / measured_tokens_per_s
    if single is None:
        return unknown_speed(students)

    def rates(per_s: float) -> Range:
        likely = per_s * scale
        return Range(low=likely * bounds[0], likely=likely, high=likely * bounds[1])

    decode = rates(1 / single)
    batch = max(1, min(slots, students))
    together = single
    if batch > 1 and prompt_speed is not None:
        reading = reading_s(batch) or batch * single
        step = reading + (batch - 1) * cost / prompt_speed
        step = max(step, batch / (most * prompt_speed))  # The gain has an end.
        together = min(step, batch * single)  # At worst, one after the other.
    if prompt_speed is None:
        return SpeedEstimate(
            decode_tokens_per_s=decode,
            one_feedback_s=NOTHING,
            class_first_s=NOTHING,
            class_last_s=NOTHING,
            students=students,
            basis=basis,
        )
    output = work.output * (THINKING_FACTOR if model.thinking_always else 1)
    own = work.prompt - work.shared_prompt
    one = work.prompt / prompt_speed + output * single
    first = (work.shared_prompt + batch * own) / prompt_speed + output * together
    rounds = -(-students // batch)
    last = (work.shared_prompt + students * own) / prompt_speed + rounds * output * together

    def times(seconds: float) -> Range:
        likely = seconds / scale
        return Range(low=likely / bounds[1], likely=likely, high=likely / bounds[0])

    return SpeedEstimate(
        decode_tokens_per_s=decode,
        one_feedback_s=times(one),
        class_first_s=times(first),
        class_last_s=times(last),
        students=students,
        basis=basis,
        class_tokens_per_s=rates(batch / together),
        prompt_tokens_per_s=rates(prompt_speed),
    )


def bytes_read(model: CatalogModel, batch: int) -> float:
    """Weights that one step for ``batch`` students reads.

    Mixture of experts: the shared weights, and 1 - (1 - k/n)^B of the experts.
    """
    size = model.file.size_bytes if model.file else 0
    if model.shape.expert_bytes is not None:
        return _from_header(model.shape, size, batch)
    if model.parameters is None or model.active_parameters is None:
        return float(size - (model.shape.looked_up_bytes or 0))
    active = min(1.0, model.active_parameters / model.parameters)
    experts = model.shape.experts
    if experts is None:
        return size * active
    used = model.shape.experts_used
    one = used / experts if used else active
    if one >= 1:
        return float(size)
    shared = max(0.0, (active - one) / (1 - one))
    return size * (shared + (1 - shared) * (1 - (1 - one) ** batch))


def _from_header(shape: ModelShape, size: int, batch: int) -> float:
    """Where the header says which weights are experts."""
    experts = shape.expert_bytes or 0
    shared = size - experts - (shape.looked_up_bytes or 0)
    if not shape.experts or not shape.experts_used:
        return float(shared + experts)
    used = min(1.0, shape.experts_used / shape.experts)
    return shared + experts * (1 - (1 - used) ** batch)


def kernels(quantization: str | None) -> str:
    """The kind of quantization that decides which kernels run: Q4_K of Q4_K_M, Q4_0 of Q4_0."""
    return (quantization or "").upper().removeprefix("UD-")[:4]


def _as_measured(known: Known) -> _Device:
    return _Device(bandwidth=known.constants.bandwidth, compute=known.constants.compute)


def _prompt_speed(model: CatalogModel, shares: tuple[tuple[_Device, float], ...]) -> float | None:
    """Tokens per second of reading a prompt: operations / (2 x parameters used per token)."""
    parameters = model.active_parameters or model.parameters
    if parameters is None:
        return None
    seconds = 0.0
    for device, share in shares:
        if share > 0:
            if device.compute is None:
                return None
            seconds += share * 2 * parameters / device.compute
    return 1 / seconds


def _processor(machine: MachineProfile) -> _Device:
    bandwidth = machine.memory_bandwidth_bytes_per_s.value
    flops = machine.compute_flops.value
    return _Device(
        bandwidth=bandwidth * BANDWIDTH_SHARE if bandwidth else None,
        compute=flops * CPU_COMPUTE_SHARE if flops else None,
    )


def _graphics(gpu: Gpu | None) -> _Device:
    if gpu is None:
        return _Device(bandwidth=None, compute=None)
    bandwidth, flops = gpu.bandwidth_bytes_per_s.value, gpu.compute_flops.value
    pascal = (gpu.capability or "").startswith("6.")
    tensor = (
        gpu.vendor == "nvidia"
        and float(gpu.capability or 0) >= 7
        and not any(name in gpu.name for name in _WITHOUT_TENSOR_CORES)
    )
    share = PASCAL_BANDWIDTH_SHARE if pascal else BANDWIDTH_SHARE
    return _Device(
        bandwidth=bandwidth * share if bandwidth else None,
        compute=flops * (TENSOR_COMPUTE_SHARE if tensor else GPU_COMPUTE_SHARE) if flops else None,
    )
