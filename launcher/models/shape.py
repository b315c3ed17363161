"""What `fit` needs to know of a model, from the metadata and the tensors of its header.

How llama.cpp lays out its caches, for each kind of architecture it knows: which layers keep the
whole context, which the last window, which a state of fixed size, and which none of their own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from launcher.catalog.schema import ModelShape

MAX_WHOLE = 2**40
"""No count or size of a model is larger; what is, is as good as absent."""
MAX_LAYERS = 1_024
STATE_BYTES = 4
"""Recurrent states are kept in single precision."""

REPACKED_KINDS = frozenset({2, 12, 20})
"""Q4_0, Q4_K and IQ4_NL: a CPU build lays these out anew when they are multiplied with."""

SLIDING_EVERY = {
    "gemma2": 2, "gemma3": 6, "gemma3n": 5, "gpt-oss": 2, "cohere2": 4, "olmo2": 4, "exaone4": 4,
    "afmoe": 4, "smallthinker": 4, "plamo3": 8,
}  # fmt: skip
"""Where the header gives a window and no pattern: all but each so-many-th layer use it."""

RECURRENT_ALL = frozenset({"mamba", "mamba2", "rwkv6", "rwkv6qwen2", "rwkv7", "arwkv7"})
PARALLEL = frozenset({"falcon-h1"})
"""Attention and a state in every layer."""
FULL_EVERY = {"qwen3next": 4, "qwen35": 4, "qwen35moe": 4}
"""Attention in each so-many-th layer, where the header does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongValue:
    """A text or an array that was measured but not kept; ``length`` in bytes or elements."""

    length: int


Value = int | float | bool | str | list["Value"] | LongValue


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSizes:
    """Bytes of the tensors, without padding."""

    total_bytes: int = 0
    expert_bytes: int = 0
    per_layer_words_bytes: int = 0
    words_bytes: int = 0
    words_kind: int = 0
    has_output: bool = False

    @property
    def looked_up_bytes(self) -> int:
        """Tables of which each token reads one row only."""
        return self.per_layer_words_bytes + (self.words_bytes if self.has_output else 0)

    @property
    def repeated_bytes(self) -> int:
        """The table of words where it is the last layer too and is laid out anew for that."""
        repeats = not self.has_output and self.words_kind in REPACKED_KINDS
        return self.words_bytes if repeats else 0


def join_sizes(parts: Iterable[TensorSizes]) -> TensorSizes:
    """Of a model in several files; the table of words is in one of them."""
    every = list(parts)
    words = max(every, key=lambda part: part.words_bytes)
    return TensorSizes(
        total_bytes=sum(part.total_bytes for part in every),
        expert_bytes=sum(part.expert_bytes for part in every),
        per_layer_words_bytes=sum(part.per_layer_words_bytes for part in every),
        words_bytes=words.words_bytes,
        words_kind=words.words_kind,
        has_output=any(part.has_output for part in every),
    )


class TensorCount:
    """Adds up the tensors of a header, one by one."""

    def __init__(self) -> None:
        self._total = self._experts = self._per_layer = 0
        self._words: tuple[int, int] = (0, 0)
        self._has_output = False

    def add(self, name: str, kind: int, size_bytes: int) -> None:
        self._total += size_bytes
        if "_exps." in name:
            self._experts += size_bytes
        elif name == "token_embd.weight":
            self._words = (kind, size_bytes)
        elif name == "per_layer_token_embd.weight":
            self._per_layer += size_bytes
        elif name == "output.weight":
            self._has_output = True

    def sizes(self) -> TensorSizes:
        kind, words = self._words
        return TensorSizes(
            total_bytes=self._total,
            expert_bytes=self._experts,
            per_layer_words_bytes=self._per_layer,
            words_bytes=words,
            words_kind=kind,
            has_output=self._has_output,
        )


def whole(value: Value | None) -> int | None:
    """A whole number from 0; of a list that gives one for each layer, the largest."""
    if isinstance(value, list):
        numbers = [number for number in map(whole, value) if number is not None]
        return max(numbers, default=None)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_WHOLE:
        return None
    return value


def shape_of(
    architecture: str, metadata: Mapping[str, Value], sizes: TensorSizes | None = None
) -> ModelShape:
    """Whatever the header tells; None for the rest. Never raises for nonsense."""
    return _Shape(architecture, metadata).shape(sizes or TensorSizes())


class _Shape:
    def __init__(self, architecture: str, metadata: Mapping[str, Value]) -> None:
        self._architecture = architecture
        self._metadata = metadata

    def _number(self, name: str) -> int | None:
        return whole(self._metadata.get(f"{self._architecture}.{name}")) or None

    def _each(self, name: str, layer: int, default: int | None) -> int | None:
        """A number that may differ from layer to layer."""
        value = self._metadata.get(f"{self._architecture}.{name}")
        if isinstance(value, list):
            return whole(value[layer]) if layer < len(value) else default
        found = whole(value)
        return default if found is None else found

    def shape(self, sizes: TensorSizes) -> ModelShape:
        heads = self._number("attention.head_count")
        width = self._number("embedding_length")
        head_dim = self._number("attention.key_length")
        if head_dim is None and heads and width:
            head_dim = width // heads or None
        layers = self._number("block_count")
        kept = self._caches(layers, heads, head_dim) if layers and layers <= MAX_LAYERS else None
        used, expert = self._number("expert_used_count"), self._number("expert_feed_forward_length")
        wide = max(self._number("feed_forward_length") or 0, (used or 0) * (expert or 0))
        has_state = kept is not None and kept.states > 0
        latent = self._number("attention.key_length_mla")
        return ModelShape(
            layers=layers,
            heads=heads,
            kv_heads=self._number("attention.head_count_kv") or heads,
            # The latent is wider than the queries that the step's buffers hold.
            head_dim=latent or head_dim,
            embedding_size=width,
            vocabulary_size=self._vocabulary(),
            feed_forward_size=wide or None,
            context_tokens=self._number("context_length"),
            full_layers=kept and kept.full,
            sliding_layers=kept and kept.sliding,
            sliding_window_tokens=self._number("attention.sliding_window"),
            full_values_per_token=kept and kept.full_values,
            sliding_values_per_token=kept and kept.sliding_values,
            recurrent_bytes_per_slot=kept and kept.states * self._state_bytes(),
            recurrent_width=self._state_width() or None if has_state else None,
            experts=self._number("expert_count"),
            experts_used=used,
            expert_bytes=sizes.expert_bytes or None,
            looked_up_bytes=sizes.looked_up_bytes or None,
            repeated_bytes=sizes.repeated_bytes or None,
        )

    def _vocabulary(self) -> int | None:
        tokens = self._metadata.get("tokenizer.ggml.tokens")
        if isinstance(tokens, LongValue):
            return tokens.length or None
        if isinstance(tokens, list):
            return len(tokens) or None
        return self._number("vocab_size")

    def _caches(self, layers: int, heads: int | None, head_dim: int | None) -> "_Caches | None":
        caches = _Caches()
        own = layers - (self._number("attention.shared_kv_layers") or 0)
        value_dim = self._number("attention.value_length") or head_dim
        latent = self._number("attention.key_length_mla") and self._number("attention.kv_lora_rank")
        for layer in range(layers):
            state = self._keeps_state(layer)
            caches.states += state
            if state and self._architecture not in PARALLEL:
                continue
            if layer >= own:
                continue
            kv_heads = self._each("attention.head_count_kv", layer, heads)
            slides = self._slides(layer)
            key, value = head_dim, value_dim
            if slides:
                key = self._number("attention.key_length_swa") or key
                value = self._number("attention.value_length_swa") or value
            if kv_heads is None or key is None or value is None:
                return None
            values = key if latent else kv_heads * (key + value)
            if slides:
                caches.sliding += 1
                caches.sliding_values += values
            else:
                caches.full += 1
                caches.full_values += values
        return caches

    def _slides(self, layer: int) -> bool:
        if not self._number("attention.sliding_window"):
            return False
        pattern = self._metadata.get(f"{self._architecture}.attention.sliding_window_pattern")
        if isinstance(pattern, list):
            return layer < len(pattern) and bool(pattern[layer])
        every = SLIDING_EVERY.get(self._architecture, 0)
        if isinstance(pattern, int) and not isinstance(pattern, bool) and pattern > 0:
            every = pattern
        return every > 0 and layer % every < every - 1

    def _keeps_state(self, layer: int) -> bool:
        if self._architecture in RECURRENT_ALL or self._architecture in PARALLEL:
            return True
        if self._architecture in FULL_EVERY:
            every = self._number("full_attention_interval") or FULL_EVERY[self._architecture]
            return (layer + 1) % every != 0
        has_states = self._number("ssm.state_size") or self._number("shortconv.l_cache")
        return bool(has_states) and self._each("attention.head_count_kv", layer, None) == 0

    def _state_bytes(self) -> int:
        """Of one recurrent layer: the last inputs of its convolution, and its state."""
        width = self._number("embedding_length") or 0
        if reach := self._number("shortconv.l_cache"):
            return (reach - 1) * width * STATE_BYTES
        if head := self._number("wkv.head_size"):
            shifts = 1 if "qwen" in self._architecture or "arwkv" in self._architecture else 2
            return width * (shifts + head) * STATE_BYTES
        inner, state = self._number("ssm.inner_size") or 0, self._number("ssm.state_size") or 0
        reach = self._number("ssm.conv_kernel") or 1
        groups = self._number("ssm.group_count") or 0
        return ((reach - 1) * (inner + 2 * groups * state) + inner * state) * STATE_BYTES

    def _state_width(self) -> int:
        if self._number("shortconv.l_cache"):
            return 3 * (self._number("embedding_length") or 0)
        inner, state = self._number("ssm.inner_size") or 0, self._number("ssm.state_size") or 0
        return 2 * (inner + (self._number("ssm.group_count") or 0) * state)


@dataclass(slots=True)
class _Caches:
    """Layers of each kind, and the values of one token in all of that kind."""

    full: int = 0
    full_values: int = 0
    sliding: int = 0
    sliding_values: int = 0
    states: int = 0
