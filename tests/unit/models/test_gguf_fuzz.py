"""Hostile headers: whatever stands in them, an answer or a clear error, in little memory."""

import struct
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from launcher.errors import PaadjeError
from launcher.models.gguf import GgufHeader, read_header
from launcher.models.shape import shape_of
from launcher.units import MIB
from tests.unit.models import making

WHOLE = making.small_gguf()
KNOWN = {"models.not_gguf", "models.gguf_broken"}
fuzz = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def read(folder: Path, data: bytes) -> GgufHeader | None:
    """The header, or None for an error that is known. Anything else is a failure."""
    file = folder / "m.gguf"
    file.write_bytes(data)
    try:
        return read_header(file)
    except PaadjeError as error:
        if error.code not in KNOWN:
            raise
        return None


@fuzz
@given(changes=st.lists(st.tuples(st.integers(0, len(WHOLE) - 1), st.integers(0, 255)), max_size=8))
def test_changed_bytes(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    data = bytearray(WHOLE)
    for place, value in changes:
        data[place] = value
    read(tmp_path, bytes(data))


@pytest.mark.parametrize("length", range(len(WHOLE)))
def test_cut_off_anywhere(tmp_path: Path, length: int) -> None:
    assert read(tmp_path, WHOLE[:length]) is None


@fuzz
@given(
    place=st.integers(4, len(WHOLE) - 8), count=st.sampled_from([2**16, 2**31, 2**63, 2**64 - 1])
)
def test_absurd_counts_anywhere(tmp_path: Path, place: int, count: int) -> None:
    data = WHOLE[:place] + struct.pack("<Q", count) + WHOLE[place + 8 :]
    tracemalloc.start()
    try:
        read(tmp_path, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * MIB


@fuzz
@given(data=st.binary(max_size=400))
def test_noise_after_a_right_beginning(tmp_path: Path, data: bytes) -> None:
    read(tmp_path, making.head(3, 2) + data)


NUMBERS = st.one_of(
    st.integers(-(2**40), 2**62),
    st.floats(),
    st.booleans(),
    st.text(max_size=4),
    st.lists(st.integers(-5, 2**40), max_size=5),
)
NAMES = [
    "block_count", "attention.head_count", "attention.head_count_kv", "embedding_length",
    "attention.key_length", "attention.value_length", "attention.key_length_mla",
    "attention.kv_lora_rank", "attention.sliding_window", "attention.shared_kv_layers",
    "attention.sliding_window_pattern", "full_attention_interval", "ssm.state_size",
    "ssm.inner_size", "ssm.group_count", "ssm.conv_kernel", "shortconv.l_cache", "wkv.head_size",
    "expert_count", "expert_used_count", "expert_feed_forward_length", "feed_forward_length",
]  # fmt: skip


@fuzz
@given(
    arch=st.sampled_from(["llama", "gemma3", "mamba2", "falcon-h1", "qwen35", "rwkv7", "", "x"]),
    values=st.dictionaries(st.sampled_from(NAMES), NUMBERS),
)
def test_a_shape_is_made_of_any_numbers(arch: str, values: dict[str, object]) -> None:
    shape = shape_of(arch, {f"{arch}.{name}": value for name, value in values.items()})  # type: ignore[misc]
    assert all(value is None or value >= 0 for _, value in shape)
