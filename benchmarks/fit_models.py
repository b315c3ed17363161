"""Models with zeros for weights and the starter model's vocabulary, to measure with."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import gguf
from gguf import GGMLQuantizationType as Kind

TOKENIZER = "tokenizer.ggml."
TOKENS = f"{TOKENIZER}tokens"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A dense model; with ``window`` one whose layers but each sixth see the last tokens only."""

    layers: int
    width: int
    feed_forward: int
    heads: int
    kv_heads: int
    head_dim: int
    kind: Kind
    quantization: str
    window: int | None = None


SHAPES = {
    "dense 0.3B Q4_K": Shape(
        layers=24, width=1024, feed_forward=2816, heads=16, kv_heads=4, head_dim=64,
        kind=Kind.Q4_K, quantization="Q4_K_M",
    ),
    "dense 0.6B Q4_0": Shape(
        layers=28, width=1024, feed_forward=3072, heads=16, kv_heads=8, head_dim=128,
        kind=Kind.Q4_0, quantization="Q4_0",
    ),
    "dense 0.6B Q4_K": Shape(
        layers=28, width=1024, feed_forward=3072, heads=16, kv_heads=8, head_dim=128,
        kind=Kind.Q4_K, quantization="Q4_K_M",
    ),
    "sliding 1B Q4_K": Shape(
        layers=26, width=1280, feed_forward=6912, heads=4, kv_heads=1, head_dim=256,
        kind=Kind.Q4_K, quantization="Q4_K_M", window=512,
    ),
    "dense 1B Q8_0": Shape(
        layers=16, width=2048, feed_forward=8192, heads=32, kv_heads=8, head_dim=64,
        kind=Kind.Q8_0, quantization="Q8_0",
    ),
}  # fmt: skip


TINY = Shape(
    layers=2, width=256, feed_forward=256, heads=4, kv_heads=4, head_dim=64,
    kind=Kind.Q4_0, quantization="Q4_0",
)  # fmt: skip
"""As good as nothing: what the engine holds beside it is the engine's own."""


def make_model(path: Path, shape: Shape, starter: Path, *, vocabulary_size: int = 0) -> Path:
    """Write a file whose weights are a hole: read as zeros, and as slow as any other numbers.

    With ``vocabulary_size`` the starter model's vocabulary is filled up to so many entries.
    """
    arch = "gemma3" if shape.window else "llama"
    writer = gguf.GGUFWriter(path, arch)
    vocabulary = _copy_vocabulary(writer, starter, vocabulary_size)
    writer.add_block_count(shape.layers)
    writer.add_context_length(32768)
    writer.add_embedding_length(shape.width)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(shape.kv_heads)
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_rope_dimension_count(shape.head_dim)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocabulary)
    if shape.window:
        writer.add_sliding_window(shape.window)
    total = 0
    for name, dims in _tensors(shape, vocabulary):
        kind = Kind.F32 if len(dims) == 1 else shape.kind
        block, size = gguf.GGML_QUANT_SIZES[kind]
        count = 1
        for dim in dims:
            count *= dim
        n_bytes = count // block * size
        writer.add_tensor_info(f"{name}.weight", dims[::-1], _float32(), n_bytes, raw_dtype=kind)
        total += -(-n_bytes // 32) * 32
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    with path.open("r+b") as file:
        file.truncate(-(-path.stat().st_size // 32) * 32 + total)
    return path


def _copy_vocabulary(writer: gguf.GGUFWriter, starter: Path, size: int) -> int:
    vocabulary = _vocabulary(starter)
    entries = next(len(value) for name, value, _, _ in vocabulary if name == TOKENS)
    more = max(0, size - entries)
    for name, value, kind, sub in vocabulary:
        filled = value
        if name == TOKENS:
            filled = [*value, *(f"filler{number}" for number in range(more))]
        elif name in (f"{TOKENIZER}token_type", f"{TOKENIZER}scores"):
            filled = [*value, *value[-1:] * more]
        writer.add_key_value(name, filled, kind, sub_type=sub)
    return entries + more


@cache
def _vocabulary(starter: Path) -> list[tuple[str, Any, Any, Any]]:
    found = []
    for name, field in gguf.GGUFReader(starter).fields.items():
        if name.startswith("tokenizer."):
            kind = field.types[0]
            sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            found.append((name, field.contents(), kind, sub))
    return found


def _tensors(shape: Shape, vocabulary: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    width, dim = shape.width, shape.head_dim
    yield "token_embd", (width, vocabulary)
    yield "output_norm", (width,)
    if not shape.window:
        yield "output", (width, vocabulary)
    for layer in range(shape.layers):
        b = f"blk.{layer}"
        yield f"{b}.attn_norm", (width,)
        yield f"{b}.attn_q", (width, shape.heads * dim)
        yield f"{b}.attn_k", (width, shape.kv_heads * dim)
        yield f"{b}.attn_v", (width, shape.kv_heads * dim)
        yield f"{b}.attn_output", (shape.heads * dim, width)
        yield f"{b}.ffn_norm", (width,)
        if shape.window:
            yield f"{b}.attn_q_norm", (dim,)
            yield f"{b}.attn_k_norm", (dim,)
            yield f"{b}.post_attention_norm", (width,)
            yield f"{b}.post_ffw_norm", (width,)
        yield f"{b}.ffn_gate", (width, shape.feed_forward)
        yield f"{b}.ffn_up", (width, shape.feed_forward)
        yield f"{b}.ffn_down", (shape.feed_forward, width)


def _float32() -> Any:
    import numpy as np

    return np.float32
