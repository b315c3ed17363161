"""Where a key stands in a TOML file.

``tomllib`` gives values without their lines, so this follows the same grammar just far enough to
know the line of every table header and key. It expects text that ``tomllib`` accepted.
"""

import re
import tomllib
from collections.abc import Iterator
from typing import Any

Path = tuple[str | int, ...]

_BARE_OR_QUOTED = r"""(?:[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*')"""
_KEY = rf"{_BARE_OR_QUOTED}(?:\s*\.\s*{_BARE_OR_QUOTED})*"
_TABLE = re.compile(rf"\s*\[\s*({_KEY})\s*\]")
_ARRAY_TABLE = re.compile(rf"\s*\[\[\s*({_KEY})\s*\]\]")
_ASSIGNMENT = re.compile(rf"\s*({_KEY})\s*=")
_TOKEN = re.compile(
    r'''"""(?:[^\\]|\\.)*?"{3,5}'''
    r"""|'''.*?'{3,5}"""
    r'''|"(?:[^"\\\n]|\\.)*"'''
    r"""|'[^'\n]*'"""
    r"""|\#[^\n]*|[\[\]{}]""",
    re.DOTALL,
)


def key_lines(text: str) -> dict[Path, int]:
    """The line (from 1) of every key path; list items of ``[[table]]`` count from 0."""
    lines: dict[Path, int] = {}
    counters: dict[Path, int] = {}
    table: Path = ()
    for number, statement in _statements(text):
        if header := _ARRAY_TABLE.match(statement):
            path = _resolve(_keys(header[1]), counters)
            counters[path] = counters.get(path, -1) + 1
            lines.setdefault(path, number)
            table = (*path, counters[path])
            lines[table] = number
        elif header := _TABLE.match(statement):
            table = _resolve(_keys(header[1]), counters)
            if table in counters:
                table = (*table, counters[table])
            lines.setdefault(table, number)
        elif assignment := _ASSIGNMENT.match(statement):
            path = table
            for key in _keys(assignment[1]):
                path = (*path, key)
                lines.setdefault(path, number)
    return lines


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """The line of ``path``, or of the nearest part of it that has one; else the first line."""
    for end in range(len(path), 0, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return 1


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Each logical line with its number: strings and brackets may run over several."""
    start = position = depth = 0
    while position < len(text):
        newline = text.find("\n", position)
        newline = len(text) if newline < 0 else newline
        token = _TOKEN.search(text, position)
        if token and token.start() < newline:
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
            position = token.end()
            continue
        position = newline + 1
        if depth <= 0:
            yield text.count("\n", 0, start) + 1, text[start:newline]
            start, depth = position, 0
    if start < len(text):
        yield text.count("\n", 0, start) + 1, text[start:]


def _keys(dotted: str) -> list[str]:
    """The parts of a dotted key, unquoted by the real parser."""
    value: Any = tomllib.loads(f"{dotted} = 0")
    keys: list[str] = []
    while isinstance(value, dict):
        key, value = next(iter(value.items()))
        keys.append(key)
    return keys


def _resolve(keys: list[str], counters: dict[Path, int]) -> Path:
    """A header inside ``[[table]]`` belongs to the latest item of that table."""
    path: Path = ()
    for key in keys:
        if path in counters:
            path = (*path, counters[path])
        path = (*path, key)
    return path
