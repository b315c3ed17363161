"""The words around a place in a text, as features, and what the whole text says of itself."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache, cached_property

from launcher.apps.privacy import cues
from launcher.apps.privacy.evidence import Evidence, is_relation
from launcher.apps.privacy.gazetteer import fold
from launcher.apps.privacy.tokens import Token

_LISTS = (
    "given", "given_ambiguous", "surnames", "surnames_ambiguous", "words", "common", "not_names",
    "figures_alone", "entities",
)  # fmt: skip
_HEADINGS_WORDS = """
verslag boekverslag recensie review report reflectie reflection logboek logbook interview betoog
essay stage internship mail brief letter beste dear hoi hi verhaal story speech notulen minutes
onderzoek lab practicum film boek book feedback naam name peerfeedback sprint retrospective
beschouwing column samenvatting summary hoofdstuk chapter contract casus case gedicht poem
"""
_HEADINGS = frozenset(_HEADINGS_WORDS.split())
_MOST = 4
_LONGEST = 150
"""Words of a sentence; a text without full stops would cost the square of its length."""


@cache
def classes() -> dict[str, tuple[str, ...]]:
    """For each word the sets of :mod:`cues` that hold it."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, words in vars(cues).items():
        if isinstance(words, frozenset):
            for word in words:
                found[word].append(name)
    return {word: tuple(names) for word, names in found.items()}


class Surroundings(Evidence):
    @cached_property
    def sentences(self) -> dict[int, list[Token]]:
        found: dict[int, list[Token]] = defaultdict(list)
        for token in self.tokens:
            found[token.sentence].append(token)
        return found

    def keys_of(self, sentence: int) -> frozenset[str]:
        """The words of a sentence; none of one that is no sentence, or too long to be one."""
        if sentence not in self._keys:
            tokens = self.sentences.get(sentence, ())
            keys = (token.key for token in tokens if len(tokens) <= _LONGEST)
            self._keys[sentence] = frozenset(keys)
        return self._keys[sentence]

    def written(self, sentence: int) -> str:
        """The sentence as it stands in the text, as far as it is one."""
        tokens = self.sentences[sentence][:_LONGEST]
        return self.text[tokens[0].start : tokens[-1].end + 1]

    @cached_property
    def _keys(self) -> dict[int, frozenset[str]]:
        return {}

    @cached_property
    def own_share(self) -> str:
        share = len(self.own_sentences) / max(len(self.sentences), 1)
        return f"text own={min(int(share * 5), 4)}"

    @cached_property
    def of_text(self) -> list[str]:
        """What is the same everywhere in this text."""
        said = [f"text {name}" for name in ("fiction", "casual", "personal") if getattr(self, name)]
        said += [self.own_share, f"text talk={min(self.dialogues, _MOST)}"]
        if self.stamped:
            said.append("text stamped")
        if len(self.speakers) > _MOST:
            said.append("text script")
        if self.works:
            said.append("text work")
        heading = set(re.findall(r"\w+", fold(self.text.strip().split("\n", 1)[0])))
        return [*said, *(f"heading={word}" for word in heading & _HEADINGS)]

    def around(self, first: int, last: int) -> Iterator[str]:
        """The three words on either side of tokens ``first`` to ``last``, and the sentence."""
        for step in (1, 2, 3):
            yield from self._beside(first - step, first - step + 1, f"before{step}")
            yield from self._beside(last + step, last + step, f"after{step}")
        inside = {token.key for token in self.tokens[first : last + 1]}
        yield from (f"near={key}" for key in self.keys_of(self.tokens[first].sentence) - inside)

    def _beside(self, at: int, gap_at: int, place: str) -> Iterator[str]:
        """The word at ``at``, and what stands between it and the nearer side."""
        yield f"{place}={self.word(at)}"
        if not 0 <= at < len(self.tokens):
            return
        key = self.tokens[at].key
        yield f"{place} gap={_gap(self.tokens[gap_at].gap)}"
        yield from (f"{place}:{name}" for name in classes().get(key, ()))
        if is_relation(key):
            yield f"{place}:RELATED"

    def word(self, at: int) -> str:
        """The word itself, or that it is one with a capital of which nothing is known."""
        if not 0 <= at < len(self.tokens):
            return "END"
        token = self.tokens[at]
        name = token.cap and not token.first and token.key not in classes()
        return "CAP" if name else token.key

    def lists_of(self, key: str) -> list[str]:
        return [name for name in _LISTS if key in getattr(self.lists, name)] or ["unknown"]


def _gap(gap: str) -> str:
    if "\n" in gap:
        return "paragraph" if "\n\n" in gap else "line"
    if gap == " ":
        return "_"
    for char in '(":.,!?-/&+':
        if char in gap:
            return char
    if set(gap) & set("“”„'‘’"):
        return '"'
    return "digit" if any(char.isdigit() for char in gap) else "other"
