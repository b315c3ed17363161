"""What a short measurement on this computer says of every model: the constants of the roofline."""

from collections.abc import Iterable
from dataclasses import dataclass

from launcher.catalog.schema import CatalogModel
from launcher.fit.speed import (
    LAYER_OVERHEAD_S,
    TYPICAL_LAYERS,
    Constants,
    bytes_read,
    kernels,
)

FAR = 4.0
"""A measurement of a model that many times larger or smaller says less: caches tell on small ones,
and so do the fixed costs of each layer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the engine did: tokens per second, prompt of one, output of one, output of ``slots``."""

    prompt_tokens_per_s: float
    decode_tokens_per_s: float
    class_tokens_per_s: float
    slots: int
    kv_bytes_read: float = 0.0
    """Keys and values that one token of one student read, on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Holds for one device, driver and engine, on mains power.

    ``expected_tokens_per_s`` is what was predicted for the same model before it was measured.
    """

    device: str
    driver: str
    engine: str
    model: str
    model_bytes: int
    measured: Measured
    constants: Constants
    expected_tokens_per_s: float | None
    measured_at: str
    quantization: str = ""


def solve(model: CatalogModel, measured: Measured) -> Constants | None:
    """The constants that give back what was measured; None for a model of unknown size."""
    parameters = model.active_parameters or model.parameters
    if parameters is None or model.file is None:
        return None
    single = 1 / measured.decode_tokens_per_s
    overhead = LAYER_OVERHEAD_S * (model.shape.layers or TYPICAL_LAYERS)
    # A model so small that the overhead is all there is tells nothing of the bandwidth.
    reading = single - overhead if single > 2 * overhead else single
    bandwidth = (bytes_read(model, 1) + measured.kv_bytes_read) / reading
    compute = measured.prompt_tokens_per_s * 2 * parameters
    cost = None
    if measured.slots > 1:
        together = measured.slots / measured.class_tokens_per_s
        amount = bytes_read(model, measured.slots) + measured.slots * measured.kv_bytes_read
        more = together - amount / bandwidth - (single - reading)
        cost = max(0.0, more) * measured.prompt_tokens_per_s / (measured.slots - 1)
    return Constants(bandwidth=bandwidth, compute=compute, batch_cost=cost)


def nearest(
    calibrations: Iterable[Calibration], model: CatalogModel, device: str
) -> Calibration | None:
    """The measurement of this very model, or else, on ``device``, one of its kind of quantization
    before others, and of those the nearest in size."""
    mine = [known for known in calibrations if known.device == device]
    if not mine or model.file is None:
        return None
    size = model.file.size_bytes

    def distance(known: Calibration) -> tuple[bool, bool, float]:
        ratio = known.model_bytes / size
        return known.model != model.id, not _of_its_kind(known, model), max(ratio, 1 / ratio)

    return min(mine, key=distance)


def is_far(known: Calibration, model: CatalogModel) -> bool:
    """Whether ``known`` is too unlike ``model`` to narrow its estimate."""
    if model.file is None or not _of_its_kind(known, model):
        return True
    ratio = known.model_bytes / model.file.size_bytes
    return not 1 / FAR <= ratio <= FAR


def _of_its_kind(known: Calibration, model: CatalogModel) -> bool:
    """On a processor each kind of quantization has kernels of its own, some of them twice as fast
    as others (measured: ``benchmarks/fit.py``, "transfer"); on a GPU the kinds differ little."""
    on_gpu = bool(known.driver)
    return on_gpu or kernels(known.quantization) == kernels(model.quantization)
