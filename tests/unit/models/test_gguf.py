"""Headers of GGUF files: right ones are understood, hostile ones end quickly with an error."""

import contextlib
import random
import struct
import tracemalloc
from pathlib import Path

import pytest

from launcher.errors import PaadjeError
from launcher.models.gguf import LongValue, read_header
from tests.unit.models import making


def write(folder: Path, data: bytes) -> Path:
    path = folder / "model.gguf"
    path.write_bytes(data)
    return path


def code_of(path: Path) -> str:
    with pytest.raises(PaadjeError) as caught:
        read_header(path)
    return caught.value.code


def test_small_file(tmp_path):
    header = read_header(write(tmp_path, making.small_gguf()))
    assert (header.version, header.tensor_count, header.sizes.total_bytes) == (3, 1, 40)
    assert (header.architecture, header.name, header.file_type) == ("llama", "Klein", 3)
    assert header.has_chat_template
    shape = header.shape
    assert (shape.layers, shape.context_tokens, shape.heads) == (2, 2048, 4)
    assert (shape.kv_heads, shape.head_dim, shape.vocabulary_size) == (2, 16, 3)


def test_the_starter_model(starter_model):
    header = read_header(starter_model)
    assert (header.architecture, header.tensor_count) == ("llama", 272)
    assert header.sizes.total_bytes == 96_576_768
    shape = header.shape
    assert (shape.layers, shape.heads, shape.kv_heads, shape.head_dim) == (30, 9, 3, 64)
    assert (shape.vocabulary_size, shape.context_tokens) == (49_152, 8_192)
    assert header.metadata["tokenizer.ggml.tokens"] == LongValue(length=49_152)
    assert header.has_chat_template


def test_cut_off_anywhere(tmp_path):
    data = making.small_gguf()
    for length in range(4, len(data)):
        assert code_of(write(tmp_path, data[:length])) == "models.gguf_broken"


@pytest.mark.parametrize("data", [b"", b"GGU", b"PK\3\4 a wheel", b"<html>log in</html>"])
def test_something_else(tmp_path, data):
    assert code_of(write(tmp_path, data)) == "models.not_gguf"


def test_missing_file_and_folder(tmp_path):
    assert code_of(tmp_path / "none.gguf") == "models.unreadable"
    assert code_of(tmp_path) == "models.unreadable"


HUGE = 2**63
HOSTILE = {
    "many keys": making.head(HUGE, 0),
    "many tensors": making.head(0, HUGE),
    "old version": making.head(0, 0, version=1),
    "big-endian": b"GGUF" + struct.pack(">IQQ", 3, 0, 0),
    "long key": making.head(1, 0) + struct.pack("<Q", HUGE),
    "long text": making.head(1, 0) + making.text("k") + struct.pack("<IQ", 8, HUGE),
    "long array": making.head(1, 0) + making.array("k", 4, HUGE, b""),
    "long array of texts": making.head(1, 0) + making.array("k", 8, HUGE, b""),
    "array in array in array": making.head(1, 0)
    + making.array("k", 9, 1, struct.pack("<IQIQIQ", 9, 1, 9, 1, 9, 1)),
    "wide array of arrays": making.head(1, 0)
    + making.array("k", 9, 3_000_000, struct.pack("<IQ", 4, 0) * 100),
    "unknown type": making.head(1, 0) + making.text("k") + struct.pack("<I", 99),
    "many dimensions": making.head(0, 1) + making.text("w") + struct.pack("<I", 2**31),
    "huge tensor": making.head(0, 1) + making.tensor("w", (HUGE, HUGE, HUGE, HUGE), 0, 0),
    "far tensor": making.head(0, 1) + making.tensor("w", (1,), 0, HUGE),
    "far tensor of a new type": making.head(0, 1) + making.tensor("w", (1,), 999, HUGE),
    "huge alignment": making.head(1, 0) + making.uint32("general.alignment", 2**31),
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
def test_hostile_headers_are_refused_in_little_memory(tmp_path, data):
    path = write(tmp_path, data + b"\0" * 1000)
    read_header(write(tmp_path, making.small_gguf()))  # Loads what is loaded once.
    path.write_bytes(data + b"\0" * 1000)
    tracemalloc.start()
    try:
        assert code_of(path) == "models.gguf_broken"
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_noise_never_gives_anything_but_a_known_error(tmp_path):
    source = random.Random(7)
    good = making.small_gguf()
    for _ in range(500):
        data = bytearray(good)
        for _ in range(source.randint(1, 4)):
            data[source.randrange(4, len(data))] = source.randrange(256)
        path = write(tmp_path, bytes(data))
        with contextlib.suppress(PaadjeError):
            read_header(path)


def test_names_cannot_steer_a_terminal(tmp_path):
    data = making.head(1, 0) + making.string("general.name", "\x1b[2Jgoed\nzo")
    assert read_header(write(tmp_path, data)).name == "[2Jgoedzo"
