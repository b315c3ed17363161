"""Names of private persons: possible names, weighed by all that is seen of each mention."""

from collections import defaultdict
from collections.abc import Sequence

from launcher.apps.privacy import cues
from launcher.apps.privacy.candidates import Phrase
from launcher.apps.privacy.features import Mentions, same_person
from launcher.apps.privacy.second_look import look_again, table
from launcher.apps.privacy.terms import is_term
from launcher.apps.privacy.weights import confidence, weigh

SHARED = 0.7
"""How much of the weight of a mention comes from all mentions of that word together."""

_SHORT_TOKENS = 30
_SHORT_LINE = -0.6
"""A sentence or two say little of whose name it is; then it is better to ask."""
_FULL_LINE = -3.5
_GIVEN_LINE = -1.5


class Names(Mentions):
    def found(self, *, leaks: bool = False) -> list[tuple[int, int, float, int]]:
        """(start, end, confidence, person) of each name of a private person.

        With ``leaks`` also what only may be one, for a short text in which no name should stand.
        """
        phrases = self.phrases()
        others = same_person(phrases)
        features = self.features(phrases, others)
        first = shared([weigh("name", each) for each in features], others)
        for phrase, score in zip(phrases, look_again(table(features, first, others)), strict=True):
            phrase.score = score
        accepted = [phrase for phrase in phrases if phrase.score > self._line(phrase, leaks)]
        accepted = sorted([*accepted, *self._met_again(phrases, accepted)], key=lambda p: p.first)
        _group(accepted)
        return [
            (
                self.tokens[p.first].start,
                self.end(p),
                confidence(p.score),
                p.group,
            )
            for p in accepted
        ]

    def _line(self, phrase: Phrase, leaks: bool) -> float:
        """Above which a possible name is taken for one."""
        known = any(self.figure[at] for at in phrase.core) or is_term(self.tokens[phrase.core[0]])
        if known:
            return 0.0
        if leaks and len(phrase.keys) > 1 and phrase.keys[0] in self.known_given:
            return _FULL_LINE
        if leaks and phrase.keys[0] in self.lists.given:
            return _GIVEN_LINE
        return _SHORT_LINE if len(self.tokens) < _SHORT_TOKENS else 0.0

    def _met_again(self, phrases: list[Phrase], accepted: list[Phrase]) -> list[Phrase]:
        """Later mentions that no phrase gives: "Every Christmas Pim", and "kim" in hasty texts."""
        called = {p.keys[0] for p in accepted if p.keys[0] in self.known_given}
        kept = {p.first for p in accepted}
        found = []
        for phrase in phrases:
            last = phrase.keys[-1]
            words = all(
                key in self.lists.common or key in self.entities for key in phrase.keys[:-1]
            )
            if phrase.first not in kept and len(phrase.keys) > 1 and words and last in called:
                found.append(phrase.core[-1])
        if self.casual or self.speakers:
            covered = {at for p in phrases for at in range(p.first, p.last + 1)}
            known = called | (self.speaker_keys & {p.keys[0] for p in accepted})
            found += [
                at
                for at, token in enumerate(self.tokens)
                if token.key in known and at not in covered and self._usable(at)
                and not token.code and token.key not in self.lists.words and len(token.key) > 2
                and self._previous_key(at) not in cues.ARTICLES
            ]  # fmt: skip
        return [
            Phrase(first=at, last=at, core=[at], score=1.0, keys=[self._bare(self.tokens[at])])
            for at in found
        ]

    def end(self, phrase: Phrase) -> int:
        token = self.tokens[phrase.last]
        bare = token.end - 1 if self._genitive(token) else token.end
        # "Koen B." keeps its full stop.
        single = len(token.text) == 1 and len(phrase.core) > 1 and self.text[bare : bare + 1] == "."
        return bare + 1 if single else bare


def shared(scores: Sequence[float], others: Sequence[Sequence[int]]) -> list[float]:
    """Each score drawn towards the mean of it and those of ``others``, its other mentions."""
    return [
        score + SHARED * (sum(scores[i] for i in (at, *others[at])) / (1 + len(others[at])) - score)
        for at, score in enumerate(scores)
    ]


def _group(phrases: list[Phrase]) -> None:
    """One number for all mentions of a person; full names first, then their parts."""
    by_full: dict[tuple[str, str], int] = {}
    by_part: dict[str, list[int]] = defaultdict(list)
    count = 0
    for phrase in sorted(phrases, key=lambda p: (-min(len(p.keys), 2), p.first)):
        keys = phrase.keys
        if len(keys) > 1:
            full = (keys[0], keys[-1])
            if full not in by_full:
                by_full[full], count = count, count + 1
                for key in keys:
                    by_part[key].append(by_full[full])
            phrase.group = by_full[full]
            continue
        if not by_part[keys[0]]:
            by_part[keys[0]].append(count)
            count += 1
        phrase.group = by_part[keys[0]][0]
