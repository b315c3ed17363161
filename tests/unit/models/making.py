"""Small GGUF files, right and wrong, made byte by byte."""

import struct


def text(value: str | bytes) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return struct.pack("<Q", len(data)) + data


def uint32(key: str, value: int) -> bytes:
    return text(key) + struct.pack("<II", 4, value)


def uint16(key: str, value: int) -> bytes:
    return text(key) + struct.pack("<IH", 2, value)


def string(key: str, value: str) -> bytes:
    return text(key) + struct.pack("<I", 8) + text(value)


def array(key: str, kind: int, length: int, items: bytes) -> bytes:
    return text(key) + struct.pack("<IIQ", 9, kind, length) + items


def tensor(name: str, dimensions: tuple[int, ...], kind: int, offset: int) -> bytes:
    sizes = struct.pack(f"<{len(dimensions)}Q", *dimensions)
    return (
        text(name) + struct.pack("<I", len(dimensions)) + sizes + struct.pack("<IQ", kind, offset)
    )


def head(keys: int, tensors: int, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, tensors, keys)


def small_gguf(*, seed: int = 0, template: bool = True) -> bytes:
    """A whole file: one Q4_1 tensor of 64 elements (40 bytes)."""
    keys = [
        string("general.architecture", "llama"),
        string("general.name", "Klein"),
        uint32("general.file_type", 3),
        uint32("llama.block_count", 2),
        uint32("llama.context_length", 2048),
        uint32("llama.embedding_length", 64),
        uint32("llama.attention.head_count", 4),
        array("llama.attention.head_count_kv", 4, 2, struct.pack("<II", 1, 2)),
        array("tokenizer.ggml.tokens", 8, 3, text("a") + text("b") + text("c")),
    ]
    if template:
        keys.append(string("tokenizer.chat_template", "{{ messages }}"))
    data = head(len(keys), 1) + b"".join(keys) + tensor("w", (64,), 3, 0)
    data += b"\0" * (-len(data) % 32)
    return data + bytes([seed]) * 40
