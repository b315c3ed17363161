"""How easy Dutch sentences read: the formula of Flesch, fitted to Dutch by Douma.

    reading ease = 206.84 − 77 × syllables / words − 0.93 × words / sentences

W.H. Douma, *De leesbaarheid van landbouwbladen*, Wageningen 1960. His scale: 70–80 is fairly easy
and 60–70 ordinary (both end of primary school), 45–60 fairly hard, below 45 hard. No formula
measures a level of the European framework; B1 is about simple words and short sentences, and those
are what it counts. We therefore ask of the Dutch interface: at least `B1_READING_EASE` for all of
it together and for each domain, on average at most `B1_WORDS_PER_SENTENCE` words a sentence, and we
list the worst sentences for a person to judge. It measures our own texts, never a student's.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from launcher.i18n.translator import LOCALES

B1_READING_EASE = 70.0
B1_WORDS_PER_SENTENCE = 12.0
INTERFACE_DOMAINS = ("fc", "gateway", "tui")
MIN_WORDS = 4
"""A button of one word is no sentence; it would hide the real ones."""

MIN_WORDS_LISTED = 8
"""One long word makes any short sentence look hard: those would fill the list of worst ones."""

_VOWELS = re.compile(
    r"e(?=um\b)|aai|ooi|oei|eeu|ieu|eau|aa|ee|oo|uu|ie|oe|eu|ui|ei|ij|au|ou|ai|oi"
    r"|[aeiouáàâéèêíìîóòôúùûäëïöü]|y(?![aeiou])"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+|\n+")
_NOT_PROSE = re.compile(r"nickname\.(?:kinds|animals)$")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceEase:
    text: str
    reading_ease: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Readability:
    """``reading_ease`` of all sentences together; ``worst`` holds the hardest, hardest first."""

    reading_ease: float
    words: int
    sentences: int
    syllables: int
    worst: tuple[SentenceEase, ...]

    @property
    def words_per_sentence(self) -> float:
        return self.words / max(self.sentences, 1)

    @property
    def reads_as_b1(self) -> bool:
        return (
            self.reading_ease >= B1_READING_EASE
            and self.words_per_sentence <= B1_WORDS_PER_SENTENCE
        )


def count_syllables(word: str) -> int:
    """Groups of vowels as Dutch says them; at least one."""
    return max(len(_VOWELS.findall(word.lower())), 1)


def reading_ease(words: int, sentences: int, syllables: int) -> float:
    """The formula above; 0 words give 0."""
    if not words or not sentences:
        return 0.0
    return 206.84 - 77 * syllables / words - 0.93 * words / sentences


def measure(texts: Iterable[str], *, worst: int = 10) -> Readability:
    """The figure of Dutch texts. Sentences below `MIN_WORDS` words are not counted."""
    words = sentences = syllables = 0
    found: list[SentenceEase] = []
    for text in texts:
        for sentence in split(text):
            own = _WORD.findall(sentence)
            if len(own) < MIN_WORDS:
                continue
            count = sum(map(count_syllables, own))
            words, sentences, syllables = words + len(own), sentences + 1, syllables + count
            if len(own) >= MIN_WORDS_LISTED:
                ease = reading_ease(len(own), 1, count)
                found.append(SentenceEase(text=sentence, reading_ease=ease))
    found.sort(key=lambda item: item.reading_ease)
    return Readability(
        reading_ease=reading_ease(words, sentences, syllables),
        words=words,
        sentences=sentences,
        syllables=syllables,
        worst=tuple(found[:worst]),
    )


def split(text: str) -> list[str]:
    return [part.strip() for part in _SENTENCE.split(text) if part.strip()]


@lru_cache
def interface_texts(domains: Sequence[str] = INTERFACE_DOMAINS) -> tuple[str, ...]:
    """The Dutch sentences of these catalogs, each once; what is filled in counts as one word."""
    from babel.messages.mofile import read_mo
    from babel.messages.pofile import read_po

    texts: dict[str, None] = {}
    for domain in domains:
        source = LOCALES / "nl" / "LC_MESSAGES" / f"{domain}.po"
        # An installed copy carries the compiled catalogs only.
        read, path = (read_po, source) if source.is_file() else (read_mo, source.with_suffix(".mo"))
        with path.open("rb") as file:
            catalog = read(file)
        for message in catalog:
            key = message.id if isinstance(message.id, str) else message.id[0]
            if not key or _NOT_PROSE.search(key):
                continue
            strings = message.string
            for text in (strings,) if isinstance(strings, str) else strings or ():
                texts[re.sub(r"\{[^}]*\}", "dit", text or "")] = None
    return tuple(texts)


def interface_readability(domains: Sequence[str] = INTERFACE_DOMAINS) -> Readability:
    return measure(interface_texts(tuple(domains)))
