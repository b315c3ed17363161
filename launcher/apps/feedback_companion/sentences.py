"""Split a text into sentences with a number each, so that a comment can point at a real one."""

import re
import unicodedata
from dataclasses import dataclass

MAX_SENTENCE_CHARS = 320
"""A longer one, as in a text without full stops, is cut at a comma or a space."""

_ABBREVIATION_WORDS = """
a.d.h.v a.u.b bijv blz bv ca d.m.v d.w.z dhr dr drs e.d enz etc excl evt i.p.v i.v.m incl ing ir
jl m.b.t m.i mevr mr mw n.a.v n.v.t nl nr o.a o.b.v o.l.v p prof resp s.v.p st t.a.v t.o.v t/m
vgl vs z.o.z zgn e.g i.e fig jr mrs ms no sr u.s u.k vol approx dept est
"""
_ABBREVIATIONS = frozenset(_ABBREVIATION_WORDS.split())
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)")
_LINE = re.compile(r"[^\n]+")
_LAST_WORD = re.compile(r"(\S+)$")
_OPENING = "\"'“‘«(["


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """``text`` is ``whole[start:end]`` of the normalised text; ``paragraph`` counts from 0."""

    id: str
    text: str
    start: int
    end: int
    paragraph: int


def normalise(text: str) -> str:
    """One form for every text: NFC, line feeds, no control or invisible steering characters."""
    text = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    kept = (
        char
        for char in text.replace("\t", " ").replace("\u00a0", " ")
        if char == "\n" or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )
    return re.sub(r"\n{3,}", "\n\n", "".join(kept)).strip()


def split_sentences(text: str) -> tuple[Sentence, ...]:
    """The sentences of a normalised text, in order. A line break always ends a sentence."""
    found: list[Sentence] = []
    for paragraph, line in enumerate(_LINE.finditer(text)):
        start = line.start()
        for end in _sentence_ends(line.group()):
            for piece_start, piece_end in _bounded(text, start, line.start() + end):
                piece = text[piece_start:piece_end]
                if any(char.isalnum() for char in piece):
                    found.append(
                        Sentence(
                            id=f"s{len(found) + 1}",
                            text=piece,
                            start=piece_start,
                            end=piece_end,
                            paragraph=paragraph,
                        )
                    )
            start = line.start() + end
    return tuple(found)


def _sentence_ends(line: str) -> list[int]:
    ends = []
    for match in _END.finditer(line):
        rest = line[match.end() :].lstrip()
        if rest and match.group() == "." and not _ends_here(line[: match.start()]):
            continue
        if rest and rest[0].islower() and match.group()[0] in ".…":
            continue
        ends.append(match.end())
    if not ends or ends[-1] < len(line):
        ends.append(len(line))
    return ends


def _ends_here(before: str) -> bool:
    word = _LAST_WORD.search(before)
    if word is None:
        return True
    last = word.group(1).lstrip(_OPENING).lower()
    if last in _ABBREVIATIONS:
        return False
    is_initial = len(last) == 1 and last.isalpha() and word.group(1)[-1].isupper()
    is_list_number = last.isdigit() and not before[: word.start()].strip()
    return not (is_initial or is_list_number)


def _bounded(text: str, start: int, end: int) -> list[tuple[int, int]]:
    pieces = []
    while start < end:
        while start < end and text[start].isspace():
            start += 1
        stop = end
        if end - start > MAX_SENTENCE_CHARS:
            window = text[start : start + MAX_SENTENCE_CHARS]
            at = max(window.rfind(", "), window.rfind("; "))
            if at < MAX_SENTENCE_CHARS // 3:
                at = window.rfind(" ")
            stop = start + (at + 1 if at > 0 else MAX_SENTENCE_CHARS)
        trimmed = stop
        while trimmed > start and text[trimmed - 1].isspace():
            trimmed -= 1
        if trimmed > start:
            pieces.append((start, trimmed))
        start = stop
    return pieces
