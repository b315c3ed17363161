"""Headers of well-known models without their weights: files that are large and almost all holes.

The numbers are those of the published configurations. Vocabularies are left out: the engine then
reads their size from the header.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
from gguf import GGMLQuantizationType as Kind

Tensors = Iterator[tuple[str, tuple[int, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """``numbers`` are metadata keys behind the architecture's name; ``tensors`` names and sizes."""

    arch: str
    layers: int
    width: int
    vocabulary: int
    numbers: dict[str, Any]
    tensors: Callable[["Model"], Tensors]
    kind: Kind = Kind.Q4_K

    def __getitem__(self, key: str) -> Any:
        return self.numbers[key]


def write(folder: Path, name: str, model: Model) -> Path:
    """A sparse file with a true header and zeros for weights."""
    path = folder / f"{name}.gguf"
    writer = gguf.GGUFWriter(path, model.arch)
    values = {
        "block_count": model.layers,
        "context_length": 131072,
        "embedding_length": model.width,
        "vocab_size": model.vocabulary,
        **model.numbers,
    }
    for key, value in values.items():
        full = f"{model.arch}.{key}"
        if isinstance(value, bool):
            writer.add_bool(full, value)
        elif isinstance(value, list):
            writer.add_array(full, value)
        elif isinstance(value, float):
            writer.add_float32(full, value)
        else:
            writer.add_uint32(full, value)
    writer.add_string("tokenizer.ggml.model", "no_vocab")
    total = 0
    for tensor, dims in model.tensors(model):
        # Small and odd ones are kept whole, as real files do.
        whole = len(dims) == 1 or "conv1d" in tensor or "shortconv.conv" in tensor
        kind = Kind.F32 if whole else model.kind if dims[0] % 256 == 0 else Kind.F16
        block, size = gguf.GGML_QUANT_SIZES[kind]
        count = 1
        for dim in dims:
            count *= dim
        n_bytes = count // block * size
        writer.add_tensor_info(tensor, dims[::-1], _numpy(kind), n_bytes, raw_dtype=kind)
        total += -(-n_bytes // 32) * 32
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    start = -(-path.stat().st_size // 32) * 32
    with path.open("r+b") as file:
        file.truncate(start + total)
    return path


def _numpy(kind: Kind) -> Any:
    import numpy as np

    return np.float16 if kind == Kind.F16 else np.float32  # Only bytes would be taken apart.


# --- parts --------------------------------------------------------------------------------------


def _ends(m: Model, *, output: bool = True) -> Tensors:
    yield "token_embd", (m.width, m.vocabulary)
    yield "output_norm", (m.width,)
    if output:
        yield "output", (m.width, m.vocabulary)


def _attention(m: Model, b: str, *, heads: int, kv: int, dim: int, value: int | None = None):
    value = value or dim
    yield f"{b}.attn_norm", (m.width,)
    yield f"{b}.attn_q", (m.width, heads * dim)
    if kv:
        yield f"{b}.attn_k", (m.width, kv * dim)
        yield f"{b}.attn_v", (m.width, kv * value)
    yield f"{b}.attn_output", (heads * value, m.width)


def _feed_forward(m: Model, b: str, size: int) -> Tensors:
    yield f"{b}.ffn_norm", (m.width,)
    yield f"{b}.ffn_gate", (m.width, size)
    yield f"{b}.ffn_up", (m.width, size)
    yield f"{b}.ffn_down", (size, m.width)


def _experts(m: Model, b: str, size: int, count: int) -> Tensors:
    yield f"{b}.ffn_gate_inp", (m.width, count)
    yield f"{b}.ffn_gate_exps", (m.width, size, count)
    yield f"{b}.ffn_up_exps", (m.width, size, count)
    yield f"{b}.ffn_down_exps", (size, m.width, count)


def _norms(b: str, dim: int, names: tuple[str, ...]) -> Tensors:
    for name in names:
        yield f"{b}.{name}", (dim,)


HEADS, KV = "attention.head_count", "attention.head_count_kv"
KEY, VALUE = "attention.key_length", "attention.value_length"
FF = "feed_forward_length"
EPSILON = {"attention.layer_norm_rms_epsilon": 1e-6}
QK_NORMS = ("attn_q_norm", "attn_k_norm")


def _weights(tensors: Tensors) -> Tensors:
    for name, dims in tensors:
        bare = name.endswith(("ssm_a", "ssm_d"))
        yield (name if bare or name.endswith(".bias") else f"{name}.weight"), dims


def _dense(m: Model) -> Tensors:
    """Llama, Qwen 2 and 3, and their mixtures of experts."""
    dim = m.numbers.get(KEY, m.width // m[HEADS])
    yield from _weights(_ends(m))
    for layer in range(m.layers):
        b = f"blk.{layer}"
        yield from _weights(_attention(m, b, heads=m[HEADS], kv=m[KV], dim=dim))
        if m.arch == "qwen2":
            for name, size in (("q", m[HEADS] * dim), ("k", m[KV] * dim), ("v", m[KV] * dim)):
                yield f"{b}.attn_{name}.bias", (size,)
        if m.arch.startswith("qwen3"):
            yield from _weights(_norms(b, dim, QK_NORMS))
        if "expert_count" in m.numbers:
            yield f"{b}.ffn_norm.weight", (m.width,)
            size = m["expert_feed_forward_length"]
            yield from _weights(_experts(m, b, size, m["expert_count"]))
        else:
            yield from _weights(_feed_forward(m, b, m[FF]))


def _phi3(m: Model) -> Tensors:
    dim = m.width // m[HEADS]
    yield from _weights(_ends(m))
    for layer in range(m.layers):
        b = f"blk.{layer}"
        yield f"{b}.attn_norm.weight", (m.width,)
        yield f"{b}.attn_qkv.weight", (m.width, (m[HEADS] + 2 * m[KV]) * dim)
        yield f"{b}.attn_output.weight", (m[HEADS] * dim, m.width)
        yield f"{b}.ffn_norm.weight", (m.width,)
        yield f"{b}.ffn_up.weight", (m.width, 2 * m[FF])
        yield f"{b}.ffn_down.weight", (m[FF], m.width)


def _gemma(m: Model) -> Tensors:
    """Gemma 2 and 3."""
    yield from _weights(_ends(m, output=False))
    for layer in range(m.layers):
        b = f"blk.{layer}"
        yield from _weights(_attention(m, b, heads=m[HEADS], kv=m[KV], dim=m[KEY]))
        yield from _weights(_norms(b, m.width, ("post_attention_norm", "post_ffw_norm")))
        if m.arch == "gemma3":
            yield from _weights(_norms(b, m[KEY], QK_NORMS))
        yield from _weights(_feed_forward(m, b, m[FF]))


def _gemma3n(m: Model) -> Tensors:
    extra, copies, low = 256, 4, 64
    yield from _weights(_ends(m, output=False))
    yield "per_layer_token_embd.weight", (extra * m.layers, m.vocabulary)
    yield "per_layer_model_proj.weight", (m.width, extra * m.layers)
    yield "per_layer_proj_norm.weight", (extra,)
    yield "altup_proj.weight", (m.width, m.width, copies - 1)
    yield "altup_unembd_proj.weight", (m.width, m.width, copies - 1)
    for layer in range(m.layers):
        b = f"blk.{layer}"
        yield from _weights(_attention(m, b, heads=m[HEADS], kv=m[KV], dim=m[KEY]))
        names = ("post_attention_norm", "post_ffw_norm", "post_norm", "laurel_post_norm")
        yield from _weights(_norms(b, m.width, (*names, "altup_router_norm")))
        yield f"{b}.altup_correct_scale.weight", (m.width,)
        yield from _weights(_norms(b, m[KEY], QK_NORMS))
        yield from _weights(_feed_forward(m, b, m[FF]))
        yield f"{b}.inp_gate.weight", (m.width, extra)
        yield f"{b}.proj.weight", (extra, m.width)
        yield f"{b}.altup_correct_coef.weight", (copies, copies)
        yield f"{b}.altup_predict_coef.weight", (copies, copies * copies)
        yield f"{b}.altup_router.weight", (m.width, copies)
        yield f"{b}.laurel_l.weight", (m.width, low)
        yield f"{b}.laurel_r.weight", (low, m.width)


def _gemma4(m: Model) -> Tensors:
    extra = m["embedding_length_per_layer_input"]
    full_dim, slide_dim = m[KEY], m["attention.key_length_swa"]
    yield from _weights(_ends(m, output=False))
    yield "rope_freqs.weight", (full_dim // 2,)
    yield "per_layer_token_embd.weight", (extra * m.layers, m.vocabulary)
    yield "per_layer_model_proj.weight", (m.width, extra * m.layers)
    yield "per_layer_proj_norm.weight", (extra,)
    for layer, slides in enumerate(m["attention.sliding_window_pattern"]):
        b = f"blk.{layer}"
        dim = slide_dim if slides else full_dim
        yield from _weights(_attention(m, b, heads=m[HEADS], kv=m[KV], dim=dim))
        yield from _weights(_norms(b, m.width, ("post_attention_norm", "post_ffw_norm")))
        yield from _weights(_norms(b, m.width, ("post_norm",)))
        yield f"{b}.layer_output_scale.weight", (1,)
        yield from _weights(_norms(b, dim, QK_NORMS))
        yield from _weights(_feed_forward(m, b, m[FF]))
        yield f"{b}.inp_gate.weight", (m.width, extra)
        yield f"{b}.proj.weight", (extra, m.width)


def _gpt_oss(m: Model) -> Tensors:
    yield from _weights(_ends(m))
    heads, kv, dim, count = m[HEADS], m[KV], m[KEY], m["expert_count"]
    size = m["expert_feed_forward_length"]
    for layer in range(m.layers):
        b = f"blk.{layer}"
        yield from _weights(_attention(m, b, heads=heads, kv=kv, dim=dim))
        for name, width in (("q", heads * dim), ("k", kv * dim), ("v", kv * dim)):
            yield f"{b}.attn_{name}.bias", (width,)
        yield f"{b}.attn_output.bias", (m.width,)
        yield f"{b}.attn_sinks.weight", (heads,)
        yield f"{b}.post_attention_norm.weight", (m.width,)
        yield from _weights(_experts(m, b, size, count))
        yield f"{b}.ffn_gate_inp.bias", (count,)
        yield f"{b}.ffn_gate_exps.bias", (size, count)
        yield f"{b}.ffn_up_exps.bias", (size, count)
        yield f"{b}.ffn_down_exps.bias", (m.width, count)


def _deepseek2(m: Model) -> Tensors:
    """The small one: no low rank for queries."""
    heads, rank, rope = m[HEADS], m["attention.kv_lora_rank"], m["rope.dimension_count"]
    key, value = m["attention.key_length_mla"], m["attention.value_length_mla"]
    yield from _weights(_ends(m))
    for layer in range(m.layers):
        b = f"blk.{layer}"
        yield f"{b}.attn_norm.weight", (m.width,)
        yield f"{b}.attn_q.weight", (m.width, heads * key)
        yield f"{b}.attn_kv_a_mqa.weight", (m.width, rank + rope)
        yield f"{b}.attn_kv_a_norm.weight", (rank,)
        yield f"{b}.attn_k_b.weight", (key - rope, rank, heads)
        yield f"{b}.attn_v_b.weight", (rank, value, heads)
        yield f"{b}.attn_output.weight", (heads * value, m.width)
        if layer < m["leading_dense_block_count"]:
            yield from _weights(_feed_forward(m, b, m[FF]))
        else:
            size = m["expert_feed_forward_length"]
            yield f"{b}.ffn_norm.weight", (m.width,)
            yield from _weights(_experts(m, b, size, m["expert_count"]))
            both = size * m["expert_shared_count"]
            yield f"{b}.ffn_gate_shexp.weight", (m.width, both)
            yield f"{b}.ffn_up_shexp.weight", (m.width, both)
            yield f"{b}.ffn_down_shexp.weight", (both, m.width)


def _state_space(m: Model, b: str) -> Tensors:
    inner, state, groups = m["ssm.inner_size"], m["ssm.state_size"], m["ssm.group_count"]
    heads = m["ssm.time_step_rank"]
    convolved = inner + 2 * groups * state
    yield f"{b}.ssm_in.weight", (m.width, 2 * inner + 2 * groups * state + heads)
    yield f"{b}.ssm_conv1d.weight", (m["ssm.conv_kernel"], convolved)
    yield f"{b}.ssm_conv1d.bias", (convolved,)
    yield f"{b}.ssm_dt.bias", (heads,)
    yield f"{b}.ssm_a", (1, heads)
    yield f"{b}.ssm_d", (1, heads)
    yield f"{b}.ssm_norm.weight", (inner // groups, groups)
    yield f"{b}.ssm_out.weight", (inner, m.width)


def _mamba2(m: Model) -> Tensors:
    yield from _weights(_ends(m))
    for layer in range(m.layers):
        yield f"blk.{layer}.attn_norm.weight", (m.width,)
        yield from _state_space(m, f"blk.{layer}")


def _falcon_h1(m: Model) -> Tensors:
    yield from _weights(_ends(m))
    for layer in range(m.layers):
        b = f"blk.{layer}"
        yield from _weights(_attention(m, b, heads=m[HEADS], kv=m[KV], dim=m[KEY]))
        yield from _state_space(m, b)
        for name, dims in _weights(_feed_forward(m, b, m[FF])):
            # The engine asks for this one by its bare name.
            yield name.removesuffix(".weight") if "ffn_norm" in name else name, dims


def _granite_hybrid(m: Model) -> Tensors:
    dim = m.width // m[HEADS]
    yield from _weights(_ends(m, output=False))
    for layer, kv in enumerate(m[KV]):
        b = f"blk.{layer}"
        if kv:
            yield from _weights(_attention(m, b, heads=m[HEADS], kv=kv, dim=dim))
        else:
            yield f"{b}.attn_norm.weight", (m.width,)
            yield from _state_space(m, b)
        yield from _weights(_feed_forward(m, b, m[FF]))


def _lfm2(m: Model) -> Tensors:
    dim = m.width // m[HEADS]
    yield "token_embd.weight", (m.width, m.vocabulary)
    yield "token_embd_norm.weight", (m.width,)
    for layer, kv in enumerate(m[KV]):
        b = f"blk.{layer}"
        if kv:
            yield from _weights(_attention(m, b, heads=m[HEADS], kv=kv, dim=dim))
            yield from _weights(_norms(b, dim, QK_NORMS))
        else:
            yield f"{b}.attn_norm.weight", (m.width,)
            yield f"{b}.shortconv.conv.weight", (m["shortconv.l_cache"], m.width)
            yield f"{b}.shortconv.in_proj.weight", (m.width, 3 * m.width)
            yield f"{b}.shortconv.out_proj.weight", (m.width, m.width)
        yield from _weights(_feed_forward(m, b, m[FF]))


def _qwen35(m: Model) -> Tensors:
    heads, kv, dim, inner = m[HEADS], m[KV], m[KEY], m["ssm.inner_size"]
    state, groups, ranks = m["ssm.state_size"], m["ssm.group_count"], m["ssm.time_step_rank"]
    convolved = inner + 2 * groups * state
    yield from _weights(_ends(m))
    for layer in range(m.layers):
        b = f"blk.{layer}"
        yield f"{b}.attn_norm.weight", (m.width,)
        yield f"{b}.post_attention_norm.weight", (m.width,)
        if (layer + 1) % m["full_attention_interval"] == 0:
            yield f"{b}.attn_q.weight", (m.width, 2 * heads * dim)
            yield f"{b}.attn_k.weight", (m.width, kv * dim)
            yield f"{b}.attn_v.weight", (m.width, kv * dim)
            yield f"{b}.attn_output.weight", (heads * dim, m.width)
            yield from _weights(_norms(b, dim, QK_NORMS))
        else:
            yield f"{b}.attn_qkv.weight", (m.width, convolved)
            yield f"{b}.attn_gate.weight", (m.width, inner)
            yield f"{b}.ssm_conv1d.weight", (m["ssm.conv_kernel"], convolved)
            yield f"{b}.ssm_dt.bias", (ranks,)
            yield f"{b}.ssm_a", (ranks,)
            yield f"{b}.ssm_beta.weight", (m.width, ranks)
            yield f"{b}.ssm_alpha.weight", (m.width, ranks)
            yield f"{b}.ssm_norm.weight", (state,)
            yield f"{b}.ssm_out.weight", (inner, m.width)
        for name, dims in _weights(_feed_forward(m, b, m[FF])):
            if "ffn_norm" not in name:
                yield name, dims


# --- models -------------------------------------------------------------------------------------


def _model(arch: str, layers: int, width: int, vocabulary: int, tensors: Any, **numbers: Any):
    renamed = {key.replace("__", "."): value for key, value in numbers.items()}
    return Model(
        arch=arch,
        layers=layers,
        width=width,
        vocabulary=vocabulary,
        tensors=tensors,
        numbers={**EPSILON, **renamed},
    )


def _attn(heads: int, kv: int | list[int], dim: int | None = None) -> dict[str, Any]:
    sizes = {} if dim is None else {KEY: dim, VALUE: dim}
    return {HEADS: heads, KV: kv, **sizes}


_SSM = "ssm__conv_kernel", "ssm__inner_size", "ssm__state_size", "ssm__time_step_rank"


def _ssm(inner: int, state: int, rank: int, groups: int) -> dict[str, int]:
    sizes = dict(zip(_SSM, (4, inner, state, rank), strict=True))
    return sizes | {"ssm__group_count": groups}


_E4B_SLIDES = [(layer + 1) % 6 != 0 for layer in range(42)]
_GRANITE_KV = [4 if layer in (5, 15, 25, 35) else 0 for layer in range(40)]
_LFM_KV = [8 if layer in (2, 5, 8, 10, 12, 14) else 0 for layer in range(16)]

MODELS: dict[str, Model] = {
    "llama-3.1-8b": _model(
        "llama", 32, 4096, 128256, _dense, **_attn(32, 8), feed_forward_length=14336
    ),
    "llama-3.2-3b": _model(
        "llama", 28, 3072, 128256, _dense, **_attn(24, 8, 128), feed_forward_length=8192
    ),
    "qwen2.5-7b": _model(
        "qwen2", 28, 3584, 152064, _dense, **_attn(28, 4), feed_forward_length=18944
    ),
    "qwen3-8b": _model(
        "qwen3", 36, 4096, 151936, _dense, **_attn(32, 8, 128), feed_forward_length=12288
    ),
    "qwen3-30b-a3b": _model(
        "qwen3moe", 48, 2048, 151936, _dense, **_attn(32, 4, 128), feed_forward_length=6144,
        expert_count=128, expert_used_count=8, expert_feed_forward_length=768,
    ),
    "phi-4-mini": _model(
        "phi3", 32, 3072, 200064, _phi3, **_attn(24, 8), feed_forward_length=8192,
        rope__dimension_count=96, rope__scaling__original_context_length=4096,
        attention__sliding_window=0,
    ),
    "gemma-2-9b": _model(
        "gemma2", 42, 3584, 256000, _gemma, **_attn(16, 8, 256), feed_forward_length=14336,
        attention__sliding_window=4096,
    ),
    "gemma-3-12b": _model(
        "gemma3", 48, 3840, 262208, _gemma, **_attn(16, 8, 256), feed_forward_length=15360,
        attention__sliding_window=1024,
    ),
    "gemma-3n-e4b": _model(
        "gemma3n", 35, 2048, 262144, _gemma3n, **_attn(8, 2, 256), feed_forward_length=16384,
        attention__sliding_window=512, attention__shared_kv_layers=15,
        embedding_length_per_layer_input=256, altup__num_inputs=4, altup__active_idx=0,
        attention__sliding_window_pattern=[(layer + 1) % 5 != 0 for layer in range(35)],
    ),
    "gemma-4-e4b": _model(
        "gemma4", 42, 2560, 262144, _gemma4, **_attn(8, 2, 512), feed_forward_length=10240,
        attention__sliding_window=512, attention__shared_kv_layers=18,
        attention__key_length_swa=256, attention__value_length_swa=256,
        embedding_length_per_layer_input=256, attention__sliding_window_pattern=_E4B_SLIDES,
        rope__freq_base_swa=10000.0,
    ),
    "gpt-oss-20b": _model(
        "gpt-oss", 24, 2880, 201088, _gpt_oss, **_attn(64, 8, 64), feed_forward_length=2880,
        expert_count=32, expert_used_count=4, expert_feed_forward_length=2880,
        attention__sliding_window=128,
    ),
    "deepseek-v2-lite": _model(
        "deepseek2", 27, 2048, 102400, _deepseek2, **_attn(16, 1),
        attention__key_length=576, attention__value_length=512,
        attention__key_length_mla=192, attention__value_length_mla=128,
        attention__kv_lora_rank=512, rope__dimension_count=64, feed_forward_length=10944,
        expert_count=64, expert_used_count=6, expert_shared_count=2,
        expert_feed_forward_length=1408, leading_dense_block_count=1,
        expert_weights_scale=1.0,
    ),
    "mamba-2-2.7b": _model(
        "mamba2", 64, 2560, 50288, _mamba2, **_ssm(5120, 128, 80, 1),
        attention__head_count=0, feed_forward_length=0,
    ),
    "falcon-h1-3b": _model(
        "falcon-h1", 32, 2560, 65537, _falcon_h1, **_attn(10, 2, 128),
        feed_forward_length=10240, **_ssm(4096, 256, 32, 1),
    ),
    "granite-4-h-micro": _model(
        "granitehybrid", 40, 2048, 100352, _granite_hybrid, **_attn(32, _GRANITE_KV),
        feed_forward_length=8192, **_ssm(4096, 128, 64, 1),
        rope__dimension_count=64, attention__scale=0.015625,
    ),
    "lfm2-1.2b": _model(
        "lfm2", 16, 2048, 65536, _lfm2, **_attn(32, _LFM_KV), feed_forward_length=8192,
        shortconv__l_cache=3,
    ),
    "qwen3.5-4b": _model(
        "qwen35", 32, 2560, 248320, _qwen35, **_attn(16, 4, 256), feed_forward_length=9216,
        **_ssm(4096, 128, 32, 16), full_attention_interval=4, rope__dimension_count=64,
        rope__dimension_sections=[11, 11, 10, 0],
    ),
}  # fmt: skip
