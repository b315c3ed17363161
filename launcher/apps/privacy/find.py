"""The privacy check of a whole text, and the quick one for what a model or a teacher wrote."""

from collections.abc import Iterable, Sequence

from launcher.apps.privacy.facts import Facts
from launcher.apps.privacy.gazetteer import fold
from launcher.apps.privacy.masking import occurrences
from launcher.apps.privacy.names import Names
from launcher.apps.privacy.patterns import Span, find_patterns
from launcher.apps.privacy.tokens import code_regions, tokenise
from launcher.apps.privacy.types import Finding, Kind, Lang

_RANK: dict[Kind, int] = {
    "email": 0,
    "iban": 1,
    "bsn": 2,
    "birth_date": 3,
    "student_number": 4,
    "phone": 5,
    "link": 6,
    "address": 7,
    "organisation": 8,
    "name": 9,
    "health": 10,
    "belief": 11,
}


def find_private(text: str, *, lang: Lang) -> tuple[Finding, ...]:
    """What may say who the writer or someone else is, in the order of the text, without overlap.

    ``lang`` is the language of the text; words of both languages are always understood.
    """
    return _find(text, lang, leaks=False)


def _find(text: str, lang: Lang, *, leaks: bool) -> tuple[Finding, ...]:
    reader, spans = read(text, lang)
    names = reader.found(leaks=leaks)
    # "Van Loenhout Techniek" may be a name or a company: what is surer counts.
    for kind, start, end, sure in reader.found_facts("organisation"):
        met = [name for name in names if name[0] < end and start < name[1]]
        if all(sure >= name[2] for name in met):
            spans.append((kind, start, end, sure))
            names = [name for name in names if name not in met]
    person = {(start, end): group for start, end, _, group in names}
    spans += (("name", start, end, sure) for start, end, sure, _ in names)
    spans += reader.found_facts("health", "belief", people=reader.tokens_in(person))
    return _findings(text, _without_overlap(spans, len(text)), person)


class Reader(Names, Facts):
    """One text, and all that is looked for in it."""

    def tokens_in(self, places: Iterable[tuple[int, int]]) -> list[int]:
        """The first token of each place."""
        starts = {start for start, _ in places}
        return [at for at, token in enumerate(self.tokens) if token.start in starts]

    def in_story(self, at: int) -> bool:
        """Whether a character of a book or film stands there, far from what the writer says."""
        sentence = next((t.sentence for t in self.tokens if t.end > at), -1)
        return self.fiction and not {sentence - 1, sentence, sentence + 1} & self.own_sentences


def read(text: str, lang: Lang) -> tuple[Reader, list[Span]]:
    """The reader of a text, and what was found by its form alone."""
    code = code_regions(text)
    fixed = _without_overlap(find_patterns(text, lang, code), len(text))
    taken = bytearray(len(text) + 1)
    for _, start, end, _ in fixed:
        taken[start:end] = b"\1" * (end - start)
    reader = Reader(text, tokenise(text, code), taken)
    nobodys = {
        span
        for span in fixed
        if (span[0] == "address" and reader.in_story(span[1]))
        or (span[0] != "link" and _within(span[1], code) and not reader.in_comment(span[1]))
    }
    for _, start, end, _ in nobodys:
        taken[start:end] = bytes(end - start)
    return reader, [span for span in fixed if span not in nobodys]


def _within(at: int, regions: list[tuple[int, int]]) -> bool:
    return any(start <= at < end for start, end in regions)


def find_leaks(
    text: str, *, known: Sequence[Finding], lang: Lang, allowed_in: str = ""
) -> tuple[Finding, ...]:
    """The quick check of a short text that a model or a teacher wrote.

    Found are the parts of every ``known`` person or value, and whatever may be private and does not
    already stand in ``allowed_in``, the text in which the student let it stand.
    """
    allowed = fold(allowed_in)
    seen = _find(text, lang, leaks=True)
    fresh = [f for f in seen if not allowed or fold(f.text) not in allowed]
    spans: list[Span] = [(f.kind, start, end, 0.99) for f, start, end in occurrences(text, known)]
    spans = _without_overlap(
        [*spans, *((f.kind, f.start, f.end, f.confidence) for f in fresh)], len(text)
    )
    return _findings(text, spans, {(f.start, f.end): f.group for f in fresh if f.kind == "name"})


def _without_overlap(spans: list[Span], length: int) -> list[Span]:
    taken = bytearray(length + 1)
    kept = []
    for span in sorted(spans, key=lambda s: (_RANK[s[0]], s[1] - s[2], s[1])):
        kind, start, end, confidence = span
        if any(taken[start:end]):
            # A cue of health or belief may surround a name; what is left of it still tells.
            if kind not in {"health", "belief"} or taken[end - 1]:
                continue
            start = taken.rfind(1, start, end) + 1
        if end > start:
            taken[start:end] = b"\1" * (end - start)
            kept.append((kind, start, end, confidence))
    return sorted(kept, key=lambda s: s[1])


def _findings(
    text: str, spans: Sequence[Span], person: dict[tuple[int, int], int]
) -> tuple[Finding, ...]:
    groups: dict[object, int] = {}
    found = []
    for kind, start, end, confidence in spans:
        value: object = (kind, fold(text[start:end]))
        if kind == "name" and (start, end) in person:
            value = person[start, end]
        group = groups.setdefault(value, len(groups))
        found.append(
            Finding(
                kind=kind, start=start, end=end, text=text[start:end],
                confidence=confidence, group=group,
            )
        )  # fmt: skip
    return tuple(found)
