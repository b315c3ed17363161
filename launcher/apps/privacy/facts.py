"""Organisations that tell where somebody is, and what is told of somebody's health and belief.

What may be one is found by its form or in a list of words; whether it tells something of a private
person is weighed, as with names.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from launcher.apps.privacy import cues
from launcher.apps.privacy.evidence import is_relation
from launcher.apps.privacy.surroundings import Surroundings
from launcher.apps.privacy.terms import longest, terms
from launcher.apps.privacy.weights import confidence, weigh

FactKind = Literal["organisation", "health", "belief"]
_JOINED = cues.word_set(
    "van de het den der 't t s ter ten op aan of the voor for en and & la le du des"
)
_MOST_WORDS = 7
_MOST = 4
_BREATH_WORDS = 5
_THEY = cues.word_set("hij zij ze hem haar zijn he she him her his die")
_PEOPLE = cues.word_set(
    """
    mensen patienten jongeren kinderen leerlingen studenten ouderen vrouwen mannen moslims
    christenen people patients children students women men adults muslims christians persons anyone
    someone    iemand everyone iedereen who die
    """
)
_HAVING = cues.word_set(
    """
    heb heeft had hebben hadden kreeg krijgt krijg gekregen lijdt leed slikt slik gebruikt gebruik
    have has had got gets suffers suffered takes took diagnosed ben is was am are were werd wordt
    zit ligt lag zat herstelt overleed stierf gestorven died mag kan
    """
)
_PLACED = cues.word_set(
    """
    stage stages bpv stagebedrijf leerbedrijf stageplek werk werkte werkt bijbaan school opleiding
    studeer student leerling klas zit train speel lid club vereniging internship placement intern
    work worked job study attend attended play joined member volunteer vrijwilliger employer company
    opdrachtgever klant client mentor begeleider supervisor collega stageverslag solliciteer baan
    """
)


@dataclass(slots=True, kw_only=True)
class Fact:
    """Tokens ``first`` to ``last`` may tell something of a private person."""

    kind: FactKind
    first: int
    last: int
    term: str
    """The entry of the list that it was found by; for an organisation its last word."""


class Facts(Surroundings):
    def facts(self, *kinds: FactKind) -> list[Fact]:
        """What may be one of these kinds, in the order of the text."""
        found: list[Fact] = []
        for kind in kinds:
            found += self._organisations() if kind == "organisation" else self._terms(kind)
        return sorted(found, key=lambda fact: fact.first)

    def _free(self, at: int) -> bool:
        token = self.tokens[at]
        return not token.code and not any(self.taken[token.start : token.end])

    def _terms(self, kind: Literal["health", "belief"]) -> Iterator[Fact]:
        at = 0
        while at < len(self.tokens):
            found = longest(terms(kind), self.tokens, at) if self._free(at) else None
            if found is None:
                at += 1
                continue
            count, term = found
            yield Fact(kind=kind, first=at, last=at + count - 1, term=term)
            at += count

    def _organisations(self) -> Iterator[Fact]:
        at = 0
        while at < len(self.tokens):
            last = self._run(at)
            if last is None:
                at += 1
                continue
            first = at
            while first < last and self.tokens[first].first and self._loose(first):
                first += 1
            if first and self._sort(first - 1):
                first -= 1
            yield Fact(kind="organisation", first=first, last=last, term=self.tokens[last].key)
            at = last + 1

    def _sort(self, at: int) -> bool:
        """Whether the word is what a place is, in small letters: "kapsalon"."""
        token = self.tokens[at]
        near = self.tokens[at + 1].gap in {" ", ' "', " '", " ‘", " “"}
        return near and not token.cap and self._free(at) and _is_sort(token.key)

    def _loose(self, at: int) -> bool:
        key = self.tokens[at].key
        return key in self.lists.words and key not in {"de", "het", "the", "'t"}

    def _run(self, at: int) -> int | None:
        """The last of a run of words with a capital that starts at ``at``."""
        tokens = self.tokens
        if not tokens[at].cap or not self._free(at) or tokens[at].text == "I":
            return None
        last = step = at
        while step + 1 < len(tokens) and step - at < _MOST_WORDS:
            step += 1
            gap = tokens[step].gap.removeprefix("'s").removeprefix("’s")
            if gap not in {" ", " & ", "-", " '", " ’", ". ", "."} or not self._free(step):
                break
            if gap in {". ", "."} and len(tokens[step - 1].text) > 3:
                break
            if tokens[step].cap:
                last = step
            elif tokens[step].key not in _JOINED:
                break
        return last

    def found_facts(
        self, *kinds: FactKind, people: Sequence[int] = ()
    ) -> Iterator[tuple[FactKind, int, int, float]]:
        """(kind, start, end, confidence) of what tells something; ``people`` as below.

        What is told in one breath is one finding: "een longontsteking gehad en nu opgenomen".
        """
        facts = self.facts(*kinds)
        last: tuple[Fact, float] | None = None
        for fact, features in zip(facts, self.fact_features(facts, people), strict=True):
            score = weigh(fact.kind, features)
            if score <= 0:
                continue
            if last and self._in_one_breath(last[0], fact):
                last[0].last = max(last[0].last, fact.last)
                last = last[0], max(last[1], score)
                continue
            if last:
                yield last[0].kind, *self.place(last[0]), confidence(last[1])
            last = fact, score
        if last:
            yield last[0].kind, *self.place(last[0]), confidence(last[1])

    def _in_one_breath(self, one: Fact, other: Fact) -> bool:
        near = other.first - one.last <= _BREATH_WORDS
        same = self.tokens[one.first].sentence == self.tokens[other.first].sentence
        return near and same and one.kind == other.kind != "organisation"

    def place(self, fact: Fact) -> tuple[int, int]:
        """Where it stands in the text."""
        return self.tokens[fact.first].start, self.tokens[fact.last].end

    # --- what is seen ---------------------------------------------------------------------------

    def fact_features(self, facts: Sequence[Fact], people: Sequence[int] = ()) -> list[set[str]]:
        """One set of features for each fact; ``people`` are tokens with a private name."""
        named = Counter(self.tokens[at].sentence for at in people)
        counts = Counter((fact.kind, fact.term) for fact in facts)
        kinds = Counter(fact.kind for fact in facts)
        return [
            {
                "any",
                *self.of_text,
                *self.around(fact.first, fact.last),
                *self._looks(fact),
                *self._whose(fact, named),
                f"count={min(counts[fact.kind, fact.term], _MOST)}",
                f"all={min(kinds[fact.kind], 9) // 2}",
            }
            for fact in facts
        ]

    def _looks(self, fact: Fact) -> Iterator[str]:
        tokens = self.tokens[fact.first : fact.last + 1]
        yield f"term={fact.term}"
        yield f"words={min(len(tokens), _MOST)}"
        if fact.kind != "organisation":
            return
        for token in tokens:
            yield f"holds={token.key}"
            yield f"ending={token.key[-4:]}"
            yield from (f"holds:{name}" for name in self.lists_of(token.key))
        yield f"head={'+'.join(self.lists_of(tokens[0].key))} {min(len(tokens), 3)}"
        yield from (f"tail={token.key[-size:]}" for token in tokens[-1:] for size in (3, 5))
        if tokens[0].first:
            yield "opens"
        if len(tokens[0].text) > 1 and tokens[0].text.isupper():
            yield "capitals"
        if any(_is_sort(token.key) for token in tokens):
            yield "sort"
        if any(self.figure[at] for at in range(fact.first, fact.last + 1)):
            yield "figure"
        if any(self.blocked[at] for at in range(fact.first, fact.last + 1)):
            yield "known"

    def _whose(self, fact: Fact, named: Counter[int]) -> Iterator[str]:
        """Of whom it is told: the writer, somebody near, people in general."""
        sentence = self.tokens[fact.first].sentence
        keys, before = self.keys_of(sentence), self.keys_of(sentence - 1)
        line = self.text.rfind("\n", 0, self.tokens[fact.first].start) + 1
        for seen, name in (
            (sentence in self.own_sentences, "own"),
            ({sentence - 1, sentence + 1} & self.own_sentences, "own beside"),
            (keys & cues.OWN_POSSESSIVES, "of writer"),
            (named[sentence], "named"),
            (named[sentence - 1], "named before"),
            (named.total(), "named somewhere"),
            (keys & _THEY, "they"),
            (keys & _PEOPLE, "people"),
            (keys & _HAVING, "having"),
            (keys & _PLACED, "placed"),
            (before & _PLACED, "placed before"),
            (any(is_relation(key) for key in keys), "relation"),
            (any(is_relation(key) for key in before), "relation before"),
            (any(char.isdigit() for char in self.written(sentence)), "digits"),
            ("%" in self.written(sentence), "percent"),
            ("?" in self.written(sentence), "question"),
            (":" in self.text[line : self.tokens[fact.first].start], "label"),
            (self.source[self.tokens[fact.first].start], "source"),
        ):  # fmt: skip
            if seen:
                yield f"#{name}"
        whose = (
            sentence in self.own_sentences,
            bool(named[sentence] or named[sentence - 1]),
            bool(keys & _PEOPLE),
            bool(keys & _HAVING),
        )
        yield f"whose={whose}"


_SORTS_WORDS = """
basisschool obs cbs rkbs school jenaplanschool montessorischool vrijeschool praktijkschool vso sbo
huisartsenpraktijk tandartspraktijk fysio fysiotherapie apotheek dierenkliniek garage autobedrijf
kapsalon salon firma hotel hostel hospice camping manege boerderij zorgboerderij zorgcentrum
zorghuis woonzorg verpleeghuis ziekenhuis stichting woonstichting buurthuis buurtteam wijkcentrum
jeugdcentrum scouting vv sv hc fc vc kv av bc zpc tc mhc rkvv gtv hv ac judoschool dansschool
balletschool muziekschool rijschool sportschool zwemschool moskee parochie kerk gemeente synagoge
tempel kringloopwinkel drukkerij uitzendbureau kwekerij tuincentrum lunchroom eetcafe pizzeria
toko bistro brasserie restaurant eethuis snackbar cafetaria ijssalon koffiebar traiteur slagerij
bakkerij bloemist strandpaviljoen schaakclub tennisclub roeiclub fanfare harmonie koor toneelgroep
studio radio werf scheepswerf atelier bso peuterspeelzaal kinderdagverblijf kinderopvang nursery
clinic bakery butcher hairdresser church parish club academy gym team hospital museum poppenmuseum
"""
_SORTS = frozenset(_SORTS_WORDS.split())
_SORT_ENDS = (
    "bedrijf", "praktijk", "kliniek", "handel", "vereniging", "bureau", "verzorging", "houderij",
    "centrum", "winkel", "opvang", "club", "school", "makerij", "zaak", "college", "lyceum",
    "gymnasium", "kerk",
)  # fmt: skip


def _is_sort(key: str) -> bool:
    return key in _SORTS or (len(key) > 6 and key.endswith(_SORT_ENDS))
