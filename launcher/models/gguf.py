"""The header of a GGUF file, read without trusting a single number in it.

The format is that of the GGUF specification (ggml, docs/gguf.md), versions 2 and 3, little-endian.
"""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from launcher.catalog.schema import ModelShape
from launcher.downloads.disk import read_failed
from launcher.errors import PaadjeError
from launcher.models.shape import (
    LongValue,
    TensorCount,
    TensorSizes,
    Value,
    join_sizes,
    shape_of,
    whole,
)
from launcher.units import KIB, MIB

MAGIC = b"GGUF"
MAX_HEADER_BYTES = 256 * MIB
"""Far above the largest vocabularies; bounds time and memory on a hostile file."""
MAX_KEYS = 16_384
MAX_TENSORS = 131_072
MAX_ELEMENTS = 4_000_000
"""Strings and nested arrays that are walked one by one, in all arrays together."""
MAX_KEY_BYTES = 1 * KIB
MAX_TEXT_BYTES = 16 * MIB
MAX_DIMENSIONS = 4
MAX_NESTING = 2
SHORT_TEXT_BYTES = 4 * KIB
"""Longer texts are known to be there, but their content is not kept."""
KEPT_ELEMENTS = 1_024
"""Longer arrays are known by their length only."""

_SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class GgufHeader:
    """What the header says."""

    version: int
    tensor_count: int
    architecture: str
    name: str | None
    file_type: int | None
    has_chat_template: bool
    shape: ModelShape
    sizes: TensorSizes
    metadata: Mapping[str, Value]


def looks_like_gguf(path: Path) -> bool:
    """True when the file begins as a GGUF file does. Raises OSError when it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def read_header(path: Path) -> GgufHeader:
    """Read the header of ``path``.

    Raises ``models.not_gguf`` when the file is something else, ``models.gguf_broken`` when the
    header or the data after it is cut off or nonsense, ``models.unreadable`` when reading fails.
    """
    try:
        size = path.stat().st_size
        with path.open("rb", buffering=1 * MIB) as file:
            return parse_header(file, name=path.name, file_bytes=size)
    except OSError as error:
        raise read_failed(error, path) from error


def parse_header(
    file: BinaryIO, *, name: str, file_bytes: int, most_bytes: int = MAX_HEADER_BYTES
) -> GgufHeader:
    """Read a header from ``file``, of which only ``read`` and ``seek`` are used.

    ``file_bytes`` is how large the whole file is; no more than ``most_bytes`` of it are asked for.
    Raises ``models.not_gguf`` and ``models.gguf_broken``.
    """
    if file.read(len(MAGIC)) != MAGIC:
        raise PaadjeError("models.not_gguf", file=name)
    try:
        return _Reader(file, min(file_bytes, most_bytes)).header(file_bytes)
    except _BrokenError as error:
        raise PaadjeError("models.gguf_broken", file=name, detail=str(error)) from error


def join_headers(parts: Sequence[GgufHeader]) -> GgufHeader:
    """One model that is split over several files: the metadata of the first, all tensors.

    Raises ``models.gguf_broken`` when a part is missing.
    """
    first = parts[0]
    count = whole(first.metadata.get("split.count")) or 1
    if count != len(parts):
        name = first.name or "?"
        raise PaadjeError("models.gguf_broken", file=name, detail=f"{len(parts)} of {count} parts")
    sizes = join_sizes([part.sizes for part in parts])
    return replace(
        first,
        tensor_count=sum(part.tensor_count for part in parts),
        sizes=sizes,
        shape=shape_of(first.architecture, first.metadata, sizes),
    )


class _BrokenError(Exception):
    pass


class _Reader:
    def __init__(self, file: BinaryIO, limit: int) -> None:
        self._file = file
        self._place = len(MAGIC)
        self._limit = limit
        self._elements = 0

    def header(self, file_size: int) -> GgufHeader:
        version = self._uint32()
        if version not in (2, 3):
            raise _BrokenError(f"GGUF version {version} is not 2 or 3")
        tensor_count = self._count(MAX_TENSORS, "tensors")
        key_count = self._count(MAX_KEYS, "keys")
        metadata: dict[str, Value] = {}
        for _ in range(key_count):
            key = self._text(MAX_KEY_BYTES)
            if not isinstance(key, str):
                raise _BrokenError("a key is too long")
            metadata[key] = self._value(self._uint32(), 0)
        ends, sizes = self._tensors(tensor_count)
        alignment = whole(metadata.get("general.alignment")) or 32
        if alignment > 1 * MIB:
            raise _BrokenError(f"alignment {alignment}")
        data_start = math.ceil(self._place / alignment) * alignment
        if data_start + ends > file_size and tensor_count:
            raise _BrokenError(f"{data_start + ends} bytes announced, {file_size} bytes on disk")
        architecture = _short(metadata.get("general.architecture")) or ""
        return GgufHeader(
            version=version,
            tensor_count=tensor_count,
            architecture=architecture,
            name=_short(metadata.get("general.name")),
            file_type=whole(metadata.get("general.file_type")),
            has_chat_template="tokenizer.chat_template" in metadata,
            shape=shape_of(architecture, metadata, sizes),
            sizes=sizes,
            metadata=metadata,
        )

    def _tensors(self, count: int) -> tuple[int, TensorSizes]:
        """Where the last tensor ends, from the start of the data, and what they take."""
        sizes = _block_sizes() if count else {}
        ends = 0
        counted = TensorCount()
        for _ in range(count):
            name = self._text(MAX_KEY_BYTES)
            dimensions = self._uint32()
            if dimensions > MAX_DIMENSIONS:
                raise _BrokenError(f"a tensor with {dimensions} dimensions")
            elements = 1
            for _ in range(dimensions):
                elements *= self._uint64()
            kind = self._uint32()
            block = sizes.get(kind)
            offset = self._uint64()
            # A type newer than our list: its size is unknown, its place is not.
            size = elements // block[0] * block[1] if block else 0
            ends = max(ends, offset + size)
            counted.add(name if isinstance(name, str) else "", kind, size)
        return ends, counted.sizes()

    def _value(self, kind: int, nesting: int) -> Value:
        if kind == _STRING:
            return self._text(MAX_TEXT_BYTES)
        if kind == _ARRAY:
            return self._array(nesting + 1)
        layout = _SCALARS.get(kind)
        if layout is None:
            raise _BrokenError(f"unknown value type {kind}")
        value: int | float | bool = struct.unpack(layout, self._bytes(struct.calcsize(layout)))[0]
        return value

    def _array(self, nesting: int) -> Value:
        if nesting > MAX_NESTING:
            raise _BrokenError("arrays nested too deep")
        kind = self._uint32()
        length = self._uint64()
        layout = _SCALARS.get(kind)
        if layout is not None:
            width = struct.calcsize(layout)
            if length > KEPT_ELEMENTS:
                self._skip(length * width)
                return LongValue(length=length)
            return [item[0] for item in struct.iter_unpack(layout, self._bytes(length * width))]
        self._elements += length
        if self._elements > MAX_ELEMENTS:
            raise _BrokenError(f"arrays of {self._elements} elements")
        if length <= KEPT_ELEMENTS:
            return [self._value(kind, nesting) for _ in range(length)]
        if kind == _STRING:
            for _ in range(length):
                self._skip(self._uint64())
        else:
            for _ in range(length):
                self._value(kind, nesting)
        return LongValue(length=length)

    def _text(self, limit: int) -> str | LongValue:
        length = self._uint64()
        if length > limit:
            raise _BrokenError(f"a text of {length} bytes")
        if length > SHORT_TEXT_BYTES:
            self._skip(length)
            return LongValue(length=length)
        return self._bytes(length).decode("utf-8", errors="replace")

    def _count(self, limit: int, what: str) -> int:
        count = self._uint64()
        if count > limit:
            raise _BrokenError(f"{count} {what}")
        return count

    def _uint32(self) -> int:
        return int.from_bytes(self._bytes(4), "little")

    def _uint64(self) -> int:
        return int.from_bytes(self._bytes(8), "little")

    def _bytes(self, count: int) -> bytes:
        self._advance(count)
        data = self._file.read(count)
        if len(data) != count:
            raise _BrokenError("the header is cut off")
        return data

    def _skip(self, count: int) -> None:
        self._advance(count)
        self._file.seek(self._place)

    def _advance(self, count: int) -> None:
        self._place += count
        if self._place > self._limit:
            raise _BrokenError("the header is cut off or too long")


def _block_sizes() -> dict[int, tuple[int, int]]:
    """Elements and bytes in one block of each tensor type."""
    from gguf.constants import GGML_QUANT_SIZES

    return {int(kind): sizes for kind, sizes in GGML_QUANT_SIZES.items()}


def _short(value: Value | None) -> str | None:
    if not isinstance(value, str):
        return None
    return "".join(char for char in value if char.isprintable())[:120]
