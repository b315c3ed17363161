"""Placeholders for what the student confirmed, the same one for the same person everywhere."""

import re
from collections.abc import Iterator, Mapping, Sequence

from launcher.apps.privacy.cues import PREFIXES, TITLES
from launcher.apps.privacy.gazetteer import gazetteer
from launcher.apps.privacy.tokens import Token, code_regions, tokenise
from launcher.apps.privacy.types import Finding, Kind, Lang, Masked

PLACEHOLDERS: Mapping[Lang, Mapping[Kind, str]] = {
    "nl": {
        "name": "naam",
        "email": "e-mailadres",
        "phone": "telefoonnummer",
        "address": "adres",
        "birth_date": "geboortedatum",
        "student_number": "studentnummer",
        "bsn": "BSN",
        "iban": "rekeningnummer",
        "organisation": "organisatie",
        "health": "gezondheid",
        "belief": "overtuiging",
        "link": "link",
    },
    "en": {
        "name": "name",
        "email": "email address",
        "phone": "phone number",
        "address": "address",
        "birth_date": "date of birth",
        "student_number": "student number",
        "bsn": "BSN",
        "iban": "account number",
        "organisation": "organisation",
        "health": "health",
        "belief": "belief",
        "link": "link",
    },
}
_USED = re.compile(r"\[([^\[\]\n]{1,30}) (\d{1,6})\]")
_SHORTEST_INSIDE = 4


def spread(text: str, confirmed: Sequence[Finding]) -> tuple[Finding, ...]:
    """``confirmed`` and every other place where a part of a confirmed person or value stands."""
    taken = bytearray(len(text) + 1)
    kept: list[Finding] = []
    for finding in sorted(confirmed, key=lambda f: (f.start - f.end, f.start)):
        start, end = max(0, finding.start), min(len(text), finding.end)
        if start < end and not any(taken[start:end]):
            taken[start:end] = b"\1" * (end - start)
            kept.append(finding)
    for finding, start, end in occurrences(text, confirmed):
        for first, last in _free(text, taken, start, end):
            taken[first:last] = b"\1" * (last - first)
            kept.append(
                Finding(
                    kind=finding.kind, start=first, end=last, text=text[first:last],
                    confidence=finding.confidence, group=finding.group,
                )
            )  # fmt: skip
    return tuple(sorted(kept, key=lambda f: f.start))


def _free(text: str, taken: bytearray, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of ``start`` to ``end`` that nothing covers yet and that hold a letter or digit."""
    at = start
    while at < end:
        if taken[at] or text[at].isspace():
            at += 1
            continue
        stop = taken.find(1, at, end)
        last = end if stop < 0 else stop
        part = text[at:last].rstrip()
        if any(char.isalnum() for char in part):
            yield at, at + len(part)
        at = last


def mask(text: str, confirmed: Sequence[Finding], *, lang: Lang) -> Masked:
    """``text`` with ``[naam 1]`` for every part of the first confirmed person, and so on.

    A number that the text already uses in such brackets is left out.
    """
    used = {(match[1], int(match[2])) for match in _USED.finditer(text)}
    numbers: dict[tuple[Kind, int], str] = {}
    counts: dict[Kind, int] = {}
    longest: dict[str, str] = {}
    parts, at = [], 0
    for finding in spread(text, confirmed):
        key = (finding.kind, finding.group)
        if key not in numbers:
            word = PLACEHOLDERS[lang][finding.kind]
            number = counts.get(finding.kind, 0) + 1
            while (word, number) in used:
                number += 1
            counts[finding.kind] = number
            numbers[key] = f"[{word} {number}]"
        placeholder = numbers[key]
        start, end = max(at, finding.start), min(len(text), finding.end)
        original = text[start:end]
        if len(original) > len(longest.get(placeholder, "")):
            longest[placeholder] = original
        parts += [text[at:start], placeholder]
        at = end
    return Masked(text="".join([*parts, text[at:]]), mapping=longest)


def occurrences(text: str, known: Sequence[Finding]) -> Iterator[tuple[Finding, int, int]]:
    """Where parts of ``known`` names and whole other values stand in ``text``, longest first."""
    tokens = tokenise(text, code_regions(text))
    owners = _name_parts(known)
    yield from _whole_values(text, known)
    yield from _inside_words(text, owners)
    at = 0
    while at < len(tokens):
        owner = _owner(tokens, at, owners)
        if owner is None:
            at += 1
            continue
        last = at
        # The parts of one person that follow each other become one placeholder.
        step = at + 1
        while step < len(tokens) and step - last <= 4 and _joined(tokens[step]):
            if tokens[step].key in owners and owners[tokens[step].key].group == owner.group:
                last = step
            elif tokens[step].key not in PREFIXES:
                break
            step += 1
        token = tokens[last]
        genitive = token.key not in owners and token.key[:-1] in owners
        first = at
        own = {t.key for t in tokenise(owner.text, [])} & PREFIXES
        while (
            first > 0 and at - first < 3 and tokens[first - 1].key in own and _joined(tokens[first])
        ):
            first -= 1
        yield owner, tokens[first].start, token.end - (1 if genitive else 0)
        at = last + 1


def _joined(token: Token) -> bool:
    return len(token.gap) <= 2 and set(token.gap) <= set(" .\u00a0'")


def _name_parts(known: Sequence[Finding]) -> dict[str, Finding]:
    owners: dict[str, Finding] = {}
    for finding in known:
        if finding.kind != "name":
            continue
        for token in tokenise(finding.text, []):
            every = [token.key, *token.key.split("-")]
            for key in every:
                if len(key) > 1 and key not in PREFIXES and key not in TITLES:
                    owners.setdefault(key, finding)
    return owners


def _owner(tokens: Sequence[Token], at: int, owners: Mapping[str, Finding]) -> Finding | None:
    token = tokens[at]
    found = owners.get(token.key)
    if found is None and token.key.endswith("s") and len(token.key) > 3:
        found = owners.get(token.key[:-1])
    if found is None and "-" in token.key:
        found = next((owners[part] for part in token.key.split("-") if part in owners), None)
    if found is None or token.cap:
        return found
    # "roos" may be a flower although Roos was confirmed; "yusuf" is Yusuf.
    lists = gazetteer()
    a_word = (
        token.key in lists.words or token.key in lists.given_ambiguous | lists.surnames_ambiguous
    )
    return None if a_word and not finding_is_low(found, token.key) else found


def finding_is_low(finding: Finding, key: str) -> bool:
    """Whether the writer wrote this part of the confirmed name without a capital too."""
    return any(t.key == key and not t.cap for t in tokenise(finding.text, []))


def _whole_values(text: str, known: Sequence[Finding]) -> Iterator[tuple[Finding, int, int]]:
    seen: set[str] = set()
    for finding in sorted(known, key=lambda f: -len(f.text)):
        value = finding.text
        if finding.kind in {"health", "belief"} or len(value) < 4 or value in seen:
            continue
        seen.add(value)
        pattern = re.compile(rf"(?<!\w){re.escape(value)}(?!\w)", re.IGNORECASE)
        if finding.kind == "name" and " " not in value:
            continue
        for match in pattern.finditer(text):
            yield finding, match.start(), match.end()


def _inside_words(text: str, owners: Mapping[str, Finding]) -> Iterator[tuple[Finding, int, int]]:
    """In "sanne.bakker@school.nl" and "verslag_SanneBakker" the name is inside a longer word."""
    long = [(key, finding) for key, finding in owners.items() if len(key) >= _SHORTEST_INSIDE]
    if not long:
        return
    for match in _compounds(text):
        low = match[0].lower()
        for key, finding in long:
            if key in low and low != key:
                yield finding, match[1], match[1] + len(match[0])
                break


_RUN = re.compile(r"\S+")


def _compounds(text: str) -> Iterator[tuple[str, int]]:
    for match in _RUN.finditer(text):
        word = match.group().strip(".,;:!?()[]\"'“”‘’*")
        compound = "@" in word or "_" in word or "/" in word or re.search(r"[a-zà-ÿ][A-ZÀ-Þ]", word)
        if word and compound:
            yield word, match.start() + match.group().find(word)
