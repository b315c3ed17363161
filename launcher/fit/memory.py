"""How much memory a model takes, from its shape: the closed formulas.

They hold for llama.cpp with a split KV cache, `swa_full` off, flash attention on and one logit row
per slot. Where the engine itself can tell, its own answer is better.
"""

from launcher.catalog.schema import CatalogModel, ModelShape
from launcher.fit.types import MemoryNeed
from launcher.units import KIB, MIB

KV_ELEMENT_BYTES = {"f16": 2.0, "q8_0": 34 / 32, "q5_0": 22 / 32, "q4_0": 18 / 32}
"""Bytes of one value in the KV cache: a block's size / the values in it."""

CELL_STEP = 256
"""llama.cpp rounds the cells of a KV cache up to this."""

MICRO_BATCH = 512
"""Tokens that llama.cpp computes at once (`n_ubatch`, left at its default)."""

ENGINE_PROCESS_BYTES = 64 * MIB
"""The engine's own program in main memory, without a model (measured: 50 MiB and an interpreter's
modules)."""

_KV_PER_TOKEN = (
    (3_500_000_000, 112 * KIB),
    (10_000_000_000, 168 * KIB),
    (40_000_000_000, 256 * KIB),
)
"""For an unknown shape: the most, in f16, that dense models up to so many parameters take."""
_KV_PER_TOKEN_LARGEST = 320 * KIB

_COMPUTE_SMALL_BYTES, _COMPUTE_LARGE_BYTES = 256 * MIB, 512 * MIB
_COMPUTE_SMALL_PARAMETERS = 16_000_000_000


def predict_memory(
    model: CatalogModel, *, context_tokens: int, slots: int, kv_type: str = "f16", gpu: bool = False
) -> MemoryNeed:
    """What ``model`` takes with ``slots`` sequences of ``context_tokens`` each, in bytes.

    ``gpu``: on a GPU the engine's own program does not count. The model must have a file.
    Raises `ValueError` for a card without one, and `KeyError` for an unknown ``kv_type``.
    """
    if model.file is None:
        raise ValueError(f"{model.id} has no file")
    kv_cache = kv_cache_bytes(model.shape, context_tokens, slots, kv_type)
    if kv_cache is None:
        per_token = _kv_per_token_guess(model) * KV_ELEMENT_BYTES[kv_type] / KV_ELEMENT_BYTES["f16"]
        kv_cache = round(per_token * slots * cells_per_slot(context_tokens, slots))
    compute = compute_bytes(model.shape, context_tokens, slots)
    if compute is None:
        small = (model.parameters or model.file.size_bytes) <= _COMPUTE_SMALL_PARAMETERS
        compute = _COMPUTE_SMALL_BYTES if small else _COMPUTE_LARGE_BYTES
    return MemoryNeed(
        weights_bytes=model.file.size_bytes,
        kv_cache_bytes=kv_cache,
        compute_bytes=compute + (0 if gpu else ENGINE_PROCESS_BYTES),
        basis="estimate",
    )


def cells_per_slot(context_tokens: int, slots: int) -> int:
    return _pad(-(-_pad(context_tokens * slots) // slots))


def kv_cache_bytes(
    shape: ModelShape, context_tokens: int, slots: int, kv_type: str = "f16"
) -> int | None:
    """Keys and values of all slots; None when the shape leaves something out."""
    element = KV_ELEMENT_BYTES[kv_type]
    full_layers = shape.layers if shape.full_layers is None else shape.full_layers
    if full_layers is None or shape.kv_heads is None or shape.head_dim is None:
        return None
    cells = cells_per_slot(context_tokens, slots)
    values = full_layers * cells * 2 * shape.kv_heads * shape.head_dim
    if shape.sliding_layers:
        window, heads, dim = (
            shape.sliding_window_tokens,
            shape.sliding_kv_heads,
            shape.sliding_head_dim,
        )
        if window is None or heads is None or dim is None:
            return None
        kept = _pad(min(cells, window + MICRO_BATCH))
        values += shape.sliding_layers * kept * 2 * heads * dim
    return round(slots * (values * element + (shape.recurrent_bytes_per_slot or 0)))


def compute_bytes(shape: ModelShape, context_tokens: int, slots: int) -> int | None:
    """The buffers of one step: 4u (3.42 FF + 3.42 Q + 0.56 cells); None for an unknown shape."""
    if shape.feed_forward_size is None or shape.heads is None or shape.head_dim is None:
        return None
    wide = 3.42 * (shape.feed_forward_size + shape.heads * shape.head_dim)
    return round(4 * MICRO_BATCH * (wide + 0.56 * cells_per_slot(context_tokens, slots)))


def _kv_per_token_guess(model: CatalogModel) -> int:
    if model.parameters is not None:
        for parameters, per_token in _KV_PER_TOKEN:
            if model.parameters <= parameters:
                return per_token
    return _KV_PER_TOKEN_LARGEST


def _pad(cells: int) -> int:
    return -(-cells // CELL_STEP) * CELL_STEP
