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

PROCESS_BYTES = 41 * MIB
VOCABULARY_ENTRY_BYTES = 210
"""The engine's own program in main memory beside the model's buffers, and what each entry of the
vocabulary adds to it (measured by ``benchmarks/fit.py --only process``: 28 MiB with the library
and no model; 51, 67 and 93 MiB with a model of 49, 131 and 262 thousand entries)."""

TYPICAL_VOCABULARY = 150_000
"""Where the header was not read: most models of today have 128 to 262 thousand entries."""

PROJECTOR_LEAST, PROJECTOR_MOST = 300 * MIB, 1536 * MIB
"""Working memory of a projector for pictures, beside its file: half of it, within these."""

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
    model: CatalogModel,
    *,
    context_tokens: int,
    slots: int,
    kv_type: str = "f16",
    gpu: bool = False,
    unified: bool = False,
    projector_bytes: int = 0,
) -> MemoryNeed:
    """What ``model`` takes with ``slots`` sequences of ``context_tokens`` each, in bytes.

    ``gpu``: on a GPU the engine's own program does not count, nor what only a CPU build keeps in
    two forms. ``unified``: one cache for all slots. ``projector_bytes``: the file that adds
    pictures, when it is loaded too. The model must have a file.
    Raises `ValueError` for a card without one, and `KeyError` for an unknown ``kv_type``.
    """
    if model.file is None:
        raise ValueError(f"{model.id} has no file")
    shape = model.shape
    kv_cache = kv_cache_bytes(shape, context_tokens, slots, kv_type, unified=unified)
    if kv_cache is None:
        per_token = _kv_per_token_guess(model) * KV_ELEMENT_BYTES[kv_type] / KV_ELEMENT_BYTES["f16"]
        kv_cache = round(per_token * slots * cells_per_slot(context_tokens, slots))
    compute = compute_bytes(shape, context_tokens, slots, unified=unified)
    if compute is None:
        small = (model.parameters or model.file.size_bytes) <= _COMPUTE_SMALL_PARAMETERS
        compute = _COMPUTE_SMALL_BYTES if small else _COMPUTE_LARGE_BYTES
    if projector_bytes:
        compute += round(min(max(projector_bytes / 2, PROJECTOR_LEAST), PROJECTOR_MOST))
    return MemoryNeed(
        weights_bytes=model.file.size_bytes
        + projector_bytes
        + (0 if gpu else shape.repeated_bytes or 0),
        kv_cache_bytes=kv_cache,
        compute_bytes=compute + (0 if gpu else engine_process_bytes(shape)),
        basis="estimate",
    )


def engine_process_bytes(shape: ModelShape) -> int:
    """The engine's own program, with this model's vocabulary."""
    return PROCESS_BYTES + VOCABULARY_ENTRY_BYTES * (shape.vocabulary_size or TYPICAL_VOCABULARY)


def cells_per_slot(context_tokens: int, slots: int) -> int:
    return _pad(-(-_pad(context_tokens * slots) // slots))


def kv_cache_bytes(
    shape: ModelShape,
    context_tokens: int,
    slots: int,
    kv_type: str = "f16",
    *,
    unified: bool = False,
) -> int | None:
    """Keys, values and states of all slots; None when the shape leaves something out."""
    element = KV_ELEMENT_BYTES[kv_type]
    full, sliding = _values_per_token(shape)
    if full is None or sliding is None:
        return None
    if unified:
        streams, cells = 1, _pad(context_tokens * slots)
    else:
        streams, cells = slots, cells_per_slot(context_tokens, slots)
    values = full * cells
    if sliding:
        if shape.sliding_window_tokens is None:
            return None
        values += sliding * _sliding_cells(shape.sliding_window_tokens, cells, slots, unified)
    states = slots * (shape.recurrent_bytes_per_slot or 0)  # Always in single precision.
    return round(streams * values * element + states)


def compute_bytes(
    shape: ModelShape, context_tokens: int, slots: int, *, unified: bool = False
) -> int | None:
    """The buffers of one step: 4u (3.42 FF + 3.42 Q + 0.56 cells); None for an unknown shape.

    A recurrent layer takes 4.16 x its inputs (measured on Mamba 2), and the wider kind of layer
    decides, because the buffers of one layer serve the next.
    """
    query = (shape.heads or 0) * (shape.head_dim or 0)
    wide = 0.0
    if shape.feed_forward_size is not None and query:
        wide = 3.42 * (shape.feed_forward_size + query)
    if shape.recurrent_width is not None:
        wide = max(wide, 4.16 * shape.recurrent_width)
    if not wide:
        return None
    cells = _pad(context_tokens * slots) if unified else cells_per_slot(context_tokens, slots)
    if shape.full_values_per_token == 0:
        cells = 0
    if shape.sliding_window_tokens and shape.sliding_layers:
        cells += _sliding_cells(shape.sliding_window_tokens, cells, slots, unified)
    return round(4 * MICRO_BATCH * (wide + 0.56 * cells))


def _values_per_token(shape: ModelShape) -> tuple[int | None, int | None]:
    """Keys and values of one token: in layers that keep all of the context, and in the others."""
    full, sliding = shape.full_values_per_token, shape.sliding_values_per_token
    full_layers = shape.layers if shape.full_layers is None else shape.full_layers
    if full is None and None not in (full_layers, shape.kv_heads, shape.head_dim):
        full = (full_layers or 0) * 2 * (shape.kv_heads or 0) * (shape.head_dim or 0)
    if sliding is None and not shape.sliding_layers:
        sliding = 0
    elif sliding is None and None not in (shape.sliding_kv_heads, shape.sliding_head_dim):
        each = 2 * (shape.sliding_kv_heads or 0) * (shape.sliding_head_dim or 0)
        sliding = (shape.sliding_layers or 0) * each
    return full, sliding


def _sliding_cells(window: int, cells: int, slots: int, unified: bool) -> int:
    return _pad(min(cells, window * (slots if unified else 1) + MICRO_BATCH))


def _kv_per_token_guess(model: CatalogModel) -> int:
    if model.parameters is not None:
        for parameters, per_token in _KV_PER_TOKEN:
            if model.parameters <= parameters:
                return per_token
    return _KV_PER_TOKEN_LARGEST


def _pad(cells: int) -> int:
    return -(-cells // CELL_STEP) * CELL_STEP
