"""Text files and Markdown: which bytes are which letters, and which lines are one paragraph."""

import codecs
import re
from itertools import pairwise

from launcher.apps.uploads.findings import Unreadable

_OWN_LINE = re.compile(r"\s*(?:[-*+•] |\d{1,3}[.)] |#{1,6} |> |\|)")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAX_CONTROL_SHARE = 0.01


def read_plain(data: bytes, *, markdown: bool) -> tuple[list[str], dict[str, int]]:
    """Paragraphs: blocks between empty lines; lines that an editor wrapped are joined again."""
    text = decode(data).replace("\r\n", "\n").replace("\r", "\n")
    paragraphs: list[str] = []
    fenced = False
    block: list[str] = []
    for line in text.split("\n"):
        if markdown and line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if line.strip() or fenced:
            block.append(line)
        elif block:
            paragraphs.append(_joined(block, markdown=markdown))
            block = []
    if block:
        paragraphs.append(_joined(block, markdown=markdown))
    return paragraphs, {}


def decode(data: bytes) -> str:
    """UTF-8 or, with their mark, UTF-16; else the code page of older Windows programs."""
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return _checked(data.decode(encoding))
            except UnicodeDecodeError:
                raise Unreadable("damaged") from None
    if b"\0" in data:
        raise Unreadable("kind_mismatch")
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _checked(data.decode("cp1252", errors="replace"))


def _checked(text: str) -> str:
    strange = sum(1 for char in text if (char < " " and char not in "\t\n\r\f") or char == "\ufffd")
    if strange > max(len(text) * _MAX_CONTROL_SHARE, 3):
        raise Unreadable("kind_mismatch")
    return text


def _joined(lines: list[str], *, markdown: bool) -> str:
    if any(line.lstrip().startswith(("```", "~~~")) for line in lines):
        return "\n".join(lines)
    if not markdown and not _is_wrapped(lines):
        return "\n".join(lines)
    text = lines[0].strip()
    for before, line in pairwise(lines):
        own = _OWN_LINE.match(line) or before.lstrip().startswith("#") or before.endswith("  ")
        text += ("\n" if own else " ") + line.strip()
    return text


def _is_wrapped(lines: list[str]) -> bool:
    """Lines of about one length, all but the last: an editor's, not the writer's."""
    widest = max(map(len, lines))
    return len(lines) > 1 and 50 <= widest <= 100 and min(map(len, lines[:-1])) > 0.6 * widest
