"""The privacy check of a whole text, and the quick one for what a model or a teacher wrote."""

from collections.abc import Sequence

from launcher.apps.privacy.context import (
    find_named_illness,
    find_organisations,
    find_own_institutes,
    find_sensitive,
    find_told_of_others,
)
from launcher.apps.privacy.gazetteer import fold
from launcher.apps.privacy.masking import occurrences
from launcher.apps.privacy.names import find_names
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
    code = code_regions(text)
    fixed = [*find_patterns(text, lang, code), *find_organisations(text, lang)]
    if any(kind == "student_number" for kind, *_ in fixed):
        fixed += find_own_institutes(text)
    fixed = _without_overlap(fixed, len(text))
    taken = bytearray(len(text) + 1)
    for _, start, end, _ in fixed:
        taken[start:end] = b"\1" * (end - start)
    names = find_names(text, tokenise(text, code), taken)
    person = {(start, end): group for start, end, _, group in names}
    spans: list[Span] = [*fixed, *(("name", s, e, c) for s, e, c, _ in names)]
    illnesses = (find_named_illness(text, end) for _, end, _, _ in names)
    spans += [*find_sensitive(text, lang), *(span for span in illnesses if span)]
    if names:
        spans += find_told_of_others(text)
    spans = _without_overlap(spans, len(text))
    return _findings(text, spans, person)


def find_leaks(
    text: str, *, known: Sequence[Finding], lang: Lang, allowed_in: str = ""
) -> tuple[Finding, ...]:
    """The quick check of a short text that a model or a teacher wrote.

    Found are the parts of every ``known`` person or value, and whatever :func:`find_private` sees
    that does not already stand in ``allowed_in``, the text in which the student let it stand.
    """
    allowed = fold(allowed_in)
    fresh = [f for f in find_private(text, lang=lang) if not allowed or fold(f.text) not in allowed]
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
