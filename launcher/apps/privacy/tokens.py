"""Words with their places, the starts of sentences, and the parts of a text that are code."""

import re
from dataclasses import dataclass

from launcher.apps.privacy.gazetteer import fold

_LETTER = r"(?:[^\W\d_]|[\u0300-\u036f\u00ad\u200b-\u200d\u2060])"
_WORD = re.compile(rf"[^\W\d_]{_LETTER}*(?:['’‑‐-]{_LETTER}+)*")
_ABBREVIATIONS_WORDS = """
dhr mevr mw mr mrs ms dr drs prof ir ing st jr sr bijv bv ca nr blz tel o.a
"""
_ABBREVIATIONS = frozenset(_ABBREVIATIONS_WORDS.split())
_END = re.compile(r"[.!?…][\"'”’)\]]*\s")
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_CODE_LINE = re.compile(
    r"[;{}]\s*$|^\s*(?:def|class|import|from|return|const|let|var|public|private|function|async"
    r"|elif|for|while|if)\b.*[(:{;=]|^\s*@\w+|^\s*(?://|#\w|/\*)|^\s*\w[\w.\[\]]*\s*=[^=]"
    r"|\w\(.*\)\s*[;{]"
)
_INLINE = re.compile(r"`[^`\n]{1,300}`")
_PROSE = re.compile(r"[a-zà-ÿ]{2,} [a-zà-ÿ]{2,} [a-zà-ÿ]{2,}")


@dataclass(slots=True, kw_only=True)
class Token:
    text: str
    start: int
    end: int
    key: str
    gap: str
    """What stands between the token before and this one."""
    cap: bool
    first: bool
    """Whether a sentence, a line or a quotation starts here."""
    sentence: int
    code: bool
    possessive: bool = False


def tokenise(text: str, code: list[tuple[int, int]]) -> list[Token]:
    tokens: list[Token] = []
    at = sentence = end = 0
    for match in _WORD.finditer(text):
        word, start = match.group(), match.start()
        while at < len(code) and code[at][1] <= start:
            at += 1
        gap = text[end:start]
        first = not tokens or _starts(gap, tokens[-1])
        if first and tokens and ("\n" in gap or _END.search(gap)):
            sentence += 1
        possessive = len(word) > 3 and word[-2:] in {"'s", "’s"}
        if possessive:
            word = word[:-2]
        end = start + len(word)
        tokens.append(
            Token(
                text=word, start=start, end=end, key=fold(word), gap=gap, cap=word[0].isupper(),
                first=first, sentence=sentence, possessive=possessive,
                code=at < len(code) and code[at][0] <= start,
            )
        )  # fmt: skip
    return tokens


def _starts(gap: str, before: Token) -> bool:
    if "\n" in gap or ":" in gap:
        return True
    if gap.startswith(".") and (before.key in _ABBREVIATIONS or len(before.text) == 1):
        return False
    return bool(_END.search(gap)) or gap.endswith(('"', "“", "„", "«", "- ", "• "))


def code_regions(text: str) -> list[tuple[int, int]]:
    """Fenced blocks, `inline` code and lines that read as code; sorted, without overlap."""
    found: list[tuple[int, int]] = []
    at, fenced = 0, False
    for line in text.splitlines(keepends=True):
        end = at + len(line)
        if _FENCE.match(line[:80]):
            fenced = not fenced
            found.append((at, end))
        elif fenced or _is_code(line):
            found.append((at, end))
        else:
            found.extend((at + m.start(), at + m.end()) for m in _INLINE.finditer(line))
        at = end
    return found


def _is_code(line: str) -> bool:
    shown = line[:300]
    return bool(_CODE_LINE.search(shown)) and not _PROSE.search(shown)
