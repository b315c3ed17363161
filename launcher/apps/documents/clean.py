"""Hostile text, made harmless for each kind of file. The words stay; what could act does not."""

import re
import unicodedata

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_FORMULA = frozenset("=+-@|%＝＋－＠｜")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&!$^{}])")
_SCHEME = re.compile(r"\b(https?|ftp|mailto|javascript|data):", re.IGNORECASE)
_LINE_START = re.compile(r"^(\s*)(?:([-+=:])|(\d+)([.)]))", re.MULTILINE)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:-|$)")


def clean(text: str) -> str:
    """Without control, steering or unassigned characters, so that XML and terminals can hold it."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        char
        for char in text.replace("\t", " ").replace("\u2028", "\n").replace("\u2029", "\n")
        if char == "\n" or unicodedata.category(char) not in _HIDDEN
    ).strip()


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def markdown(text: str) -> str:
    """``text`` as words in Markdown: no headings, links, HTML or tables of its own."""
    escaped = _MARKDOWN.sub(r"\\\1", clean(text))
    escaped = _SCHEME.sub(r"\1\\:", escaped)
    return _LINE_START.sub(
        lambda m: f"{m[1]}\\{m[2]}" if m[2] else f"{m[1]}{m[3]}\\{m[4]}", escaped
    )


def csv_cell(text: str) -> str:
    """One line that no spreadsheet takes for a formula."""
    cell = one_line(text)
    return f"'{cell}" if cell[:1] in _FORMULA else cell


def file_name(title: str, extension: str, *, fallback: str = "feedback") -> str:
    """A name of at most 60 plain characters that every system accepts; ``extension`` has a dot."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-") or fallback
    return f"{'x-' if _RESERVED.match(stem) else ''}{stem}{extension}"
