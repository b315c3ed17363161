"""PROGRAM: read one file from standard input, write its text as JSON to standard output.

Started by `launcher.apps.uploads.reading` with one argument, a JSON object: ``kind``, ``cpu_s`` and
``memory_bytes``. The answer is ``{"ok": true, "paragraphs": [...], "left_out": {...}}`` or
``{"ok": false, "error": code, "detail": name of what went wrong}``.
"""

import json
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

from launcher.apps.uploads.confine import forbid_reaching_out, limit_resources
from launcher.apps.uploads.findings import Unreadable, tidy

Parse = Callable[[bytes], tuple[list[str], dict[str, int]]]

MAX_WORDS = 60_000
"""More than any context holds. What comes after is left out, and that is said."""


def main(arguments: list[str]) -> int:
    order = json.loads(arguments[0])
    limit_resources(cpu_s=order["cpu_s"], memory_bytes=order["memory_bytes"])
    parse = parser_of(order["kind"])
    forbid_reaching_out()
    sys.stdout.write(json.dumps(answer(parse, sys.stdin.buffer)))
    sys.stdout.flush()
    return 0


def parser_of(kind: str) -> Parse:
    """The parser for a kind of file; importing it is the last that may touch the disk."""
    if kind == "docx":
        from launcher.apps.uploads.word import read_docx

        return read_docx
    if kind == "pdf":
        from launcher.apps.uploads.pdf import read_pdf

        return read_pdf
    from launcher.apps.uploads.plain import read_plain

    return partial(read_plain, markdown=kind == "markdown")


def answer(parse: Parse, source: BinaryIO) -> dict[str, Any]:
    """What to tell the process that asked. Never raises, whatever the file does to a parser."""
    try:
        return _read(parse, source.read())
    except Unreadable as error:
        return {"ok": False, "error": error.code, **error.params}
    except (MemoryError, RecursionError) as error:
        return {"ok": False, "error": "too_complex", "detail": type(error).__name__}
    except Exception as error:  # noqa: BLE001 - the boundary of a program that reads hostile files
        # Only the kind of error: its words can quote the student's text.
        return {"ok": False, "error": "damaged", "detail": type(error).__name__}


def _read(parse: Parse, data: bytes) -> dict[str, Any]:
    paragraphs, left_out = parse(data)
    kept: list[str] = []
    words = 0
    for paragraph in filter(None, (tidy(text) for text in paragraphs)):
        length = len(paragraph.split())
        if words >= MAX_WORDS or words + length > MAX_WORDS:
            left_out["rest"] = left_out.get("rest", 0) + length
            words = MAX_WORDS
            continue
        words += length
        kept.append(paragraph)
    if not any(char.isalnum() for text in kept for char in text):
        raise Unreadable("too_complex" if left_out.get("rest") else "empty")
    return {"ok": True, "paragraphs": kept, "left_out": left_out}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
