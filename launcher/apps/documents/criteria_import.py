"""Goals and criteria from a spreadsheet or from pasted text, and advice on vague ones.

What looks like a column of grades, points or levels is left out, and that is said.
"""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from launcher.apps.documents.clean import one_line
from launcher.errors import PaadjeError
from launcher.i18n import Translator

MAX_CRITERIA = 12
MAX_NAME_CHARS = 80
MAX_DESCRIPTION_CHARS = 400
MAX_QUESTIONS = 5
MAX_INPUT_CHARS = 50_000

_NAMES = {"criterium", "criterion", "naam", "name", "kort woord", "onderdeel", "aspect", "criteria"}
_DESCRIPTIONS = {
    "beschrijving", "omschrijving", "description", "uitleg", "wat ziet een lezer", "toelichting",
    "indicator", "what does a reader see",
}  # fmt: skip
_QUESTIONS = {
    "vragen",
    "hulpvragen",
    "vraag",
    "hulpvraag",
    "questions",
    "question",
    "helping questions",
}
_GRADE_COLUMN = re.compile(
    r"\b(?:cijfer|punten|score|niveau|weging|beoordeling|onvoldoende|voldoende|ruim|goed|excellent"
    r"|grade|points?|level|weight|marks?|insufficient|sufficient|good|poor|fail|pass|[o/v/g]{3,5})\b"
    r"|^\d+(?:[.,]\d+)?\s*%?$",
    re.IGNORECASE,
)
_BULLET = re.compile(r"^\s*(?:[-*•◦▪–]|\(?\d{1,2}[.)]|\(?[a-z][.)])\s+")
_SPLIT = re.compile(r"\s*(?::|\t|\s[–—-]\s)\s*")

_VAGUE_WORDS = """
goed goede beter best mooi mooie netjes nette duidelijk duidelijke helder heldere voldoende
passend passende juist juiste correct correcte kwaliteit professioneel professionele adequaat
adequate sterk sterke interessant interessante origineel originele verzorgd verzorgde logisch
logische relevant relevante volledig volledige diepgang creatief creatieve good better nice neat
clear proper appropriate quality professional strong interesting original logical complete depth
creative well
"""
_VAGUE = frozenset(_VAGUE_WORDS.split())
_UNSEEN = re.compile(
    r"\b(?:begrijpt?|snapt?|weet|weten|kent|kennen|beseft|beheerst|heeft inzicht|is zich bewust"
    r"|understands?|knows?|realis(?:e|es)|is aware|masters?|has insight)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"\b(?:gemotiveerd\w*|ijverig\w*|enthousiast\w*|slim\w*|talent\w*|inzet|houding|karakter"
    r"|motivat\w*|hard-?working|enthusias\w*|smart|talented|attitude|effort|personality)\b",
    re.IGNORECASE,
)
_READER = re.compile(
    r"\b(?:lezers?|iemand|ander(?:en)?|klasgenoot|klant|gebruiker|publiek"
    r"|readers?|someone|others?|classmate|client|user|audience)\b",
    re.IGNORECASE,
)
_JOINED = re.compile(r",?\s+(?:en|and|evenals|alsook|as well as)\b|;|,", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCriterion:
    name: str
    description: str = ""
    questions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportNote:
    """Something that was left out or cut: ``documents.import.<code>`` with ``words``."""

    code: str
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedCriteria:
    criteria: tuple[ImportedCriterion, ...]
    notes: tuple[ImportNote, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VagueCriterion:
    """``code``: no_description, short, vague_words, unseen, person or several."""

    code: str
    words: str = ""


def import_csv(data: bytes) -> ImportedCriteria:
    """Criteria from a CSV file: name, description and helping questions.

    Any of ``;`` ``,`` and tab may separate; a first row with names of columns is recognised; more
    questions stand in more columns, or behind a ``|``. Raises ``documents.import_empty``.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    text = text[:MAX_INPUT_CHARS].replace("\0", "")
    lines = text.splitlines()
    delimiter = max(";\t,", key=lambda mark: sum(line.count(mark) for line in lines[:20]))
    try:
        rows = [row for row in csv.reader(lines, delimiter=delimiter) if any(map(str.strip, row))]
    except csv.Error:
        rows = [[line] for line in lines]
    return _from_rows(rows)


def import_text(text: str) -> ImportedCriteria:
    """Criteria from pasted text: one a line, ``name: description``; questions end in a ``?``.

    A table that was copied from a word processor or spreadsheet has tabs, and is read as one.
    """
    text = text[:MAX_INPUT_CHARS]
    lines = [line for line in text.splitlines() if line.strip()]
    if lines and sum("\t" in line for line in lines) * 2 > len(lines):
        return _from_rows([line.split("\t") for line in lines])
    found: list[list[str]] = []
    for line in lines:
        words = one_line(_BULLET.sub("", line))
        if words.endswith("?") and found:
            found[-1].append(words)
            continue
        name, *rest = _SPLIT.split(words, maxsplit=1)
        if not rest and len(name) > MAX_NAME_CHARS:
            name, rest = " ".join(name.split()[:3]), [name]
        found.append([name, rest[0] if rest else ""])
    return _criteria(found, [])


def _from_rows(rows: list[list[str]]) -> ImportedCriteria:
    notes: list[ImportNote] = []
    if not rows:
        raise PaadjeError("documents.import_empty")
    head = [one_line(cell).lower() for cell in rows[0]]
    if any(cell in _NAMES | _DESCRIPTIONS for cell in head):
        left = [cell for cell in head if cell and _GRADE_COLUMN.search(cell)]
        columns = [_column(head, known) for known in (_NAMES, _DESCRIPTIONS)]
        questions = [at for at, cell in enumerate(head) if cell.rstrip(" 0123456789") in _QUESTIONS]
        used = {at for at in (*columns, *questions) if at is not None}
        free = [at for at, cell in enumerate(head) if at not in used and cell not in left]
        name_at = columns[0] if columns[0] is not None else (free.pop(0) if free else None)
        description_at = columns[1] if columns[1] is not None else (free.pop(0) if free else None)
        if left:
            notes.append(ImportNote(code="grades_left_out", words=", ".join(left)[:120]))
        picked = [
            [_cell(row, name_at), _cell(row, description_at)]
            + [part for at in questions for part in _cell(row, at).split("|")]
            for row in rows[1:]
        ]
    else:
        picked = [
            [_cell(row, 0), _cell(row, 1)]
            + [part for cell in row[2:] for part in cell.split("|") if part.strip().endswith("?")]
            for row in rows
        ]
        other = [
            cell
            for row in rows
            for cell in row[2:]
            if cell.strip() and not cell.strip().endswith("?")
        ]
        if other:
            notes.append(ImportNote(code="columns_left_out", words=str(len(other))))
    return _criteria(picked, notes)


def _column(head: Sequence[str], known: set[str]) -> int | None:
    return next((at for at, cell in enumerate(head) if cell in known), None)


def _cell(row: Sequence[str], at: int | None) -> str:
    return row[at] if at is not None and at < len(row) else ""


def _criteria(rows: Sequence[Sequence[str]], notes: list[ImportNote]) -> ImportedCriteria:
    criteria: list[ImportedCriterion] = []
    seen: set[str] = set()
    for row in rows:
        name, description, *questions = (one_line(cell) for cell in row)
        if not name and description:
            name = " ".join(description.split()[:3])
        if not any(char.isalpha() for char in name):
            continue
        if _GRADE_COLUMN.fullmatch(name):
            notes.append(ImportNote(code="grades_left_out", words=name))
            continue
        if name.lower() in seen:
            notes.append(ImportNote(code="double", words=name[:MAX_NAME_CHARS]))
            continue
        seen.add(name.lower())
        if len(name) > MAX_NAME_CHARS or len(description) > MAX_DESCRIPTION_CHARS:
            notes.append(ImportNote(code="cut", words=name[:MAX_NAME_CHARS]))
        criteria.append(
            ImportedCriterion(
                name=name[:MAX_NAME_CHARS].strip(),
                description=description[:MAX_DESCRIPTION_CHARS].strip(),
                questions=tuple(q[:200] for q in questions if q.endswith("?"))[:MAX_QUESTIONS],
            )
        )
    if not criteria:
        raise PaadjeError("documents.import_empty")
    if len(criteria) > MAX_CRITERIA:
        notes.append(ImportNote(code="too_many", words=str(len(criteria) - MAX_CRITERIA)))
    return ImportedCriteria(criteria=tuple(criteria[:MAX_CRITERIA]), notes=tuple(notes))


def vague_criterion(criterion: ImportedCriterion) -> tuple[VagueCriterion, ...]:
    """Why a reader could not see whether this succeeded: advice, never a refusal."""
    description = criterion.description
    words = [word.lower() for word in _WORD.findall(description)]
    if not words:
        return (VagueCriterion(code="no_description"),)
    found: list[VagueCriterion] = []
    if len(words) < 4:
        found.append(VagueCriterion(code="short"))
    vague = [word for word in words if word in _VAGUE]
    # One such word in a sentence that also says what to see does no harm.
    if vague and len(words) - len(vague) < 6:
        found.append(VagueCriterion(code="vague_words", words=", ".join(dict.fromkeys(vague))))
    unseen = _UNSEEN.search(description)
    # What a reader knows can be seen: it is in the text. What the writer knows cannot.
    if unseen and not _READER.search(description[: unseen.start()]):
        found.append(VagueCriterion(code="unseen", words=unseen.group()))
    if person := _PERSON.search(description):
        found.append(VagueCriterion(code="person", words=person.group()))
    if len(_JOINED.findall(description)) >= 3 or len(words) > 30:
        found.append(VagueCriterion(code="several"))
    return tuple(found)


def vague_sentences(criterion: ImportedCriterion, t: Translator) -> tuple[str, ...]:
    return tuple(
        t(f"documents.vague.{item.code}", words=item.words) for item in vague_criterion(criterion)
    )


def note_sentences(imported: ImportedCriteria, t: Translator) -> tuple[str, ...]:
    return tuple(t(f"documents.import.{note.code}", words=note.words) for note in imported.notes)
