"""The word lists of the privacy check, loaded once, with one way to compare words."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_DATA = Path(__file__).resolve().parent / "data"
_LETTERS = str.maketrans(
    {"ı": "i", "ø": "o", "ł": "l", "đ": "d", "’": "'", "‘": "'", "ʼ": "'", "‐": "-", "‑": "-"}
)
_UNSEEN = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


def fold(word: str) -> str:
    """Lower case without accents or invisible characters: "Yıldırım" and "YILDIRIM" are equal."""
    if word.isascii():
        return word.lower()
    word = unicodedata.normalize("NFKD", word).casefold().translate(_LETTERS)
    return "".join(c for c in word if not unicodedata.combining(c) and c not in _UNSEEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gazetteer:
    """All words are folded. ``not_names`` and ``figures`` also hold phrases, words with spaces."""

    given: frozenset[str]
    given_ambiguous: frozenset[str]
    surnames: frozenset[str]
    surnames_ambiguous: frozenset[str]
    words: frozenset[str]
    common: frozenset[str]
    """Words that both languages write without a capital; a name list wins over it."""
    not_names: frozenset[str]
    figures: frozenset[str]
    figures_alone: frozenset[str]
    longest_phrase: int
    known_given: frozenset[str]
    known_surnames: frozenset[str]
    entities: frozenset[str]
    """``not_names`` that cannot be a name either."""
    works: dict[str, frozenset[str]]
    """For each title of a book, film or game the words of the names of its characters."""
    longest_title: int


@cache
def gazetteer() -> Gazetteer:
    figures: set[str] = set()
    alone: set[str] = set()
    works: dict[str, frozenset[str]] = {}
    for line in read_data("works"):
        titles, _, names = line.partition(":")
        characters = frozenset(names.split())
        for title in titles.split("|"):
            works[title] = works.get(title, frozenset()) | characters
    for line in _lines("figures"):
        for entry in line.split("|"):
            if "*" in entry:
                alone.update(word.rstrip("*") for word in entry.split())
            else:
                figures.add(" ".join(entry.split()))
    not_names: set[str] = set()
    for line in _lines("not_names"):
        parts = line.split("|")
        if len(parts) == 1:
            not_names.update(line.split())
        for part in parts if len(parts) > 1 else []:
            words = part.split()
            # A run of single words may stand before or after a phrase on the same line.
            if len(words) > 4:
                not_names.update(words)
            else:
                not_names.add(" ".join(words))
    ambiguous = _words("given_ambiguous") | _words("given_world_ambiguous")
    surnames_ambiguous = _words("surnames_ambiguous")
    phrases = figures | not_names
    given = (_words("given_names") | _words("given_world")) - ambiguous
    surnames = (_words("surnames") | _words("surnames_world")) - surnames_ambiguous
    known_surnames = surnames | surnames_ambiguous
    return Gazetteer(
        given=given,
        given_ambiguous=ambiguous,
        surnames=surnames,
        surnames_ambiguous=surnames_ambiguous,
        words=_words("words"),
        common=_words("common"),
        not_names=frozenset(not_names),
        figures=frozenset(figures),
        figures_alone=frozenset(alone),
        longest_phrase=max(phrase.count(" ") + 1 for phrase in phrases),
        known_given=given | ambiguous,
        known_surnames=known_surnames,
        entities=frozenset(not_names - known_surnames - given),
        works=works,
        longest_title=max(title.count(" ") + 1 for title in works),
    )


def read_data(name: str, kind: str = "txt") -> list[str]:
    """The lines of a file of ``data``, without its comments."""
    text = (_DATA / f"{name}.{kind}").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _lines(name: str) -> list[str]:
    return [fold(line) for line in read_data(name)]


def _words(name: str) -> frozenset[str]:
    return frozenset(word for line in _lines(name) for word in line.split())
