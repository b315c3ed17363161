"""What is seen of each mention of a possible name: all that the weights of names speak about.

A feature is a word such as ``before=mijn``. Those of :meth:`Mentions._signals` are also looked at
in the other mentions of the same word, since who is private at one place is so everywhere.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from launcher.apps.privacy import cues
from launcher.apps.privacy.candidates import Phrase
from launcher.apps.privacy.evidence import is_relation
from launcher.apps.privacy.slots import Slots
from launcher.apps.privacy.terms import is_term

_IN_SENTENCE = {
    "PUBLIC_ROLES", "WORKS", "ACADEMIC", "FICTION_WEAK", "FICTION_STRONG", "RELATIONS",
    "OWN_POSSESSIVES", "THANKS", "LAWS", "TEAM_WORK", "OWN_CIRCLES", "CRIMES", "PETS",
    "OF_PERSONS", "FAMILY",
}  # fmt: skip
_WORD = re.compile(r"[^\W_]+")
_SPACE = re.compile(r"\s")
_YEAR = re.compile(r"\b(?:1[5-9]|20)\d\d\b")
_YEAR_AFTER = re.compile(
    r"\s?(?:et al\.?|e\.a\.|en collega's|and colleagues)?,?\s?\((?:1[5-9]|20)\d\d"
)
_ET_AL = re.compile(r"\s(?:et al|e\.a\.|cum suis|c\.s\.)")
_LABEL = re.compile(r"[\s\w]*:")
_STRONG_CUE = 2.4
_MOST = 4
_MENTIONS = 30


class Mentions(Slots):
    def features(
        self, phrases: Sequence[Phrase], others: Sequence[Sequence[int]]
    ) -> list[set[str]]:
        """One set of features for each phrase; ``others`` as :func:`same_person` gives them."""
        for phrase in phrases:
            phrase.cue = max(self._private_cue(phrase.first), self._told_behind(phrase))
        signals = [set(self._signals(phrase)) for phrase in phrases]
        return [
            {
                *self._details(phrase),
                *signals[at],
                *self._elsewhere(phrase, phrases, signals, others[at]),
            }
            for at, phrase in enumerate(phrases)
        ]

    # --- of one mention -------------------------------------------------------------------------

    def _details(self, phrase: Phrase) -> Iterator[str]:
        yield "any"
        yield from self.of_text
        first, last = phrase.first, phrase.last
        yield from self.around(first, last)
        end = self.tokens[last].end
        then = _WORD.sub("w", self.text[end : end + 12])[:3]
        yield f"then={_SPACE.sub('_', then)}"
        yield from self._form(phrase)
        sentence = self.tokens[first].sentence
        own = sentence in self.own_sentences
        yield f"fiction={self.fiction} own={own}"
        heads = "+".join(self.lists_of(phrase.keys[0]))
        parts = min(len(phrase.keys), 2)
        of_text = (f"own={own}", f"fiction={self.fiction}", self.own_share)
        yield from (f"{said} head={parts} {heads}" for said in of_text)
        for place, beside in (("before1", first - 1), ("after1", last + 1)):
            yield f"{place}={self.word(beside)} head={heads}"
        yield f"count={min(max(self.counts[key] for key in phrase.keys), _MOST)}"
        yield f"cue={round(phrase.cue)}"

    def _form(self, phrase: Phrase) -> Iterator[str]:
        """What the name itself looks like."""
        keys, tokens = phrase.keys, self.tokens
        head, tail = keys[0], keys[-1]
        parts = min(len(keys), 2)
        heads, tails = self.lists_of(head), self.lists_of(tail)
        yield f"parts={min(len(keys), 3)}"
        yield f"head={parts} {'+'.join(heads)}"
        yield from (f"head={parts} {name}" for name in heads)
        if parts > 1:
            yield f"whole={'+'.join(heads)} {'+'.join(tails)}"
            yield from (f"tail={name}" for name in tails)
        prefixes = [
            tokens[at].key for at in range(phrase.first, phrase.last + 1) if at not in phrase.core
        ]
        if prefixes:
            yield from ("prefix", f"prefix={prefixes[0]}")
        if phrase.core[0] != phrase.first:
            yield "opens with prefix"
        written = tokens[phrase.core[0]].text
        if len(written) > 1 and written.isupper():
            yield "capitals"
        elif written[1:] != written[1:].lower() and "-" not in written:
            yield "camel"
        if not tokens[phrase.core[0]].cap:
            yield "low"
        if "-" in written:
            yield "hyphen"
        yield from (f"ending={tail[-size:]}" for size in (2, 3, 4))
        yield f"opening={head[:3]}"
        yield f"letters={min(len(head), 10)}"

    def _signals(self, phrase: Phrase) -> Iterator[str]:
        """What also counts for the other mentions of the same word."""
        first, last = self.tokens[phrase.first], self.tokens[phrase.last]
        sentence = first.sentence
        near = self.keys_of(sentence)
        own = sentence in self.own_sentences
        yield "#own" if own else "#not own"
        speaker = self.speakers.get(first.start, 0)
        at = self.text.rfind("\n", 0, first.start) + 1
        key = phrase.keys[0]
        for seen, name in (
            (_YEAR.search(self.written(sentence)), "#year"),
            (_LABEL.match(self.text[at : first.start + 1]), "#label"),
            (first.code, "#code"),
            (self.source[first.start], "#source"),
            (first.first, "#opens"),
            (last.possessive, "#possessive"),
            (self._genitive(last), "#genitive"),
            (phrase.initials, "#initials"),
            (len(phrase.keys) == 1, "#single"),
            (len(phrase.keys) > 1 and len(phrase.keys[-1]) == 1, "#short"),
            (phrase.cue >= _STRONG_CUE, "#cue"),
            (self._human_slot(phrase), "#human"),
            (self._human_slot(phrase, strict=True), "#strict"),
            (self._cited(phrase), "#cited"),
            (any(self.figure[part] for part in phrase.core), "#figure"),
            (set(phrase.keys) & self.figure_keys, "#figure key"),
            (key in self.lists.figures_alone, "#figure alone"),
            (set(phrase.keys) <= self.works, "#character"),
            (speaker, "#speaker"),
            (speaker > 1, "#speaks again"),
            (speaker > 1 and self.stamped, "#chats"),
            (key in self.speaker_keys, "#spoke"),
            (is_term(self.tokens[phrase.core[0]]), "#term"),
        ):  # fmt: skip
            if seen:
                yield name
        yield from (f"#list={name}" for name in self.lists_of(key))
        for name in _IN_SENTENCE:
            if near & getattr(cues, name):
                yield f"#near {name}"

    def _cited(self, phrase: Phrase) -> bool:
        start, end = self.tokens[phrase.first].start, self.tokens[phrase.last].end
        if all(self.source[start:end]):
            return True
        rest = self.text[end : end + 40]
        return bool(_YEAR_AFTER.match(rest) or _ET_AL.match(rest))

    def _told_behind(self, phrase: Phrase) -> float:
        """How strongly the words behind a name make it that of somebody near.

        "Goof, de vader van onze keeper", "Olu, my supervisor", "bij de Groot zijn toets".
        """
        tokens, after = self.tokens, phrase.last + 1
        if after + 1 >= len(tokens):
            return 0.0
        first = tokens[phrase.first]
        behind: list[str] = []
        for token in tokens[after : after + 8]:
            if behind and token.gap not in {" ", "-"}:
                break
            behind.append(token.key)
        if tokens[after].gap in {", ", " ("}:
            own = set(behind[:6]) & cues.OWN_POSSESSIVES
            related = any(is_relation(key) for key in behind[:5])
            if own and related and behind[0] in cues.ARTICLES | cues.OWN_POSSESSIVES:
                return 2.9
        theirs = behind[0] in {"zijn", "z'n", "zn", "haar", "d'r", "dr"}
        before = self._previous_key(phrase.first)
        if before in cues.PREFIXES - cues.BESIDE:
            before = self._previous_key(phrase.first, 2)
        placed = tokens[after].gap == " " and first.gap == " " and before in cues.BESIDE
        if theirs and placed and set(behind[1:2]) & cues.OF_PERSONS and not self.fiction:
            return 2.9
        return 0.0

    # --- of the other mentions ------------------------------------------------------------------

    def _elsewhere(
        self,
        phrase: Phrase,
        phrases: Sequence[Phrase],
        signals: Sequence[set[str]],
        others: Sequence[int],
    ) -> Iterator[str]:
        yield f"others={min(len(others), _MOST)}"
        for name in set().union(*(signals[other] for other in others)):
            yield f"else {name}"
        if others and phrases[others[0]].first < phrase.first:
            yield "later"
            yield f"introduced={min(len(phrases[others[0]].keys), 3)}"
            yield from (f"first {name}" for name in signals[others[0]])


def same_person(phrases: Sequence[Phrase]) -> list[list[int]]:
    """For each phrase the first others that share a word with it, in the order of the text."""
    holding: dict[str, list[int]] = defaultdict(list)
    for at, phrase in enumerate(phrases):
        for key in set(phrase.keys):
            if len(key) > 1 and len(holding[key]) < _MENTIONS:
                holding[key].append(at)
    return [
        sorted({other for key in phrase.keys for other in holding.get(key, ())} - {at})
        for at, phrase in enumerate(phrases)
    ]
