"""The compliance folder: what a school needs to decide, in Dutch and English, as DOCX and Markdown.

The prose stands in ``texts/<name>.<lang>.md``, in a small part of Markdown: headings, paragraphs,
``- `` and ``- [ ] `` lists and tables. A line that starts with ``@`` is filled in:

    @purpose  @notice  @fields  @recall  @legal NAME  @all_legal
"""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from launcher.apps.documents import legal
from launcher.apps.documents.blocks import (
    Block,
    Bullets,
    Document,
    Heading,
    Paragraph,
    Table,
    midnight,
    to_docx,
    to_markdown,
)
from launcher.apps.documents.measured import recall_sentence
from launcher.apps.documents.values import ComplianceFacts
from launcher.i18n import LANGUAGES, Translator, translator

TEXTS = Path(__file__).with_name("texts")
NAMES = (
    "0-read-first",
    "1-notice",
    "2-assessment",
    "3-dpia-input",
    "4-teacher-briefing",
    "5-student-card",
    "6-teacher-checklist",
)
NOTICE = ("ai", "place", "kept", "seen")
PLACES = ("where", "reads", "runs", "stays")
"""What differs when the model runs on a server of the school."""

FIELDS = (
    "nickname", "text", "own_question", "suggestions", "choices", "version_two", "reflection",
    "client_said", "rough_notes", "seen", "activity", "audit", "figures",
)  # fmt: skip
"""Everything that is kept, each with who, why and how long: ``documents.field.<name>.*``."""


def compliance_folder(facts: ComplianceFacts) -> dict[str, bytes]:
    """Path → content, for both languages; paths use ``/``."""
    folder: dict[str, bytes] = {}
    for lang in LANGUAGES:
        for name in NAMES:
            document = compliance_document(name, facts, lang)
            folder[f"{lang}/{name}.docx"] = to_docx(document)
            folder[f"{lang}/{name}.md"] = to_markdown(document).encode()
    return folder


def compliance_zip(facts: ComplianceFacts) -> bytes:
    """The folder as one file to download."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in compliance_folder(facts).items():
            day = facts.made_on
            archive.writestr(
                zipfile.ZipInfo(path, (day.year, day.month, day.day, 0, 0, 0)), content
            )
    return buffer.getvalue()


def compliance_document(name: str, facts: ComplianceFacts, lang: str) -> Document:
    t = translator(lang)
    values = {
        "model": facts.model,
        "version": facts.version,
        "retention": t.plural("documents.retention.days", facts.retention_days)
        if facts.retention_days
        else t("documents.retention.lesson"),
        "date": t.day(facts.made_on),
    }
    place = "server" if facts.server else "laptop"
    for said in PLACES:
        key = f"documents.place.{place}.{said}"
        values[said] = t(key, server=facts.server, retention=values["retention"])
    title, *blocks = _parse((TEXTS / f"{name}.{lang}.md").read_text("utf-8"), facts, values, t)
    assert isinstance(title, Heading)
    return Document(
        title=title.text,
        lang=lang,
        made_on=midnight(facts.made_on),
        blocks=tuple(blocks),
        marks={"paadje": facts.version},
    )


def _parse(
    source: str, facts: ComplianceFacts, values: dict[str, str], t: Translator
) -> Iterator[Block]:
    for chunk in source.strip().split("\n\n"):
        lines = chunk.strip().split("\n")
        first = lines[0]
        if first.startswith("@"):
            for line in lines:
                yield from _filled(line[1:].split(), facts, t)
        elif first.startswith("#"):
            marks, _, text = first.partition(" ")
            if text.startswith("@legal "):
                text = legal.statement(text.split()[1], t.lang).text
            yield Heading(level=max(len(marks) - 1, 1), text=text.format_map(values))
        elif first.startswith("- "):
            boxes = first.startswith("- [ ] ")
            cut = 6 if boxes else 2
            yield Bullets(items=tuple(line[cut:].format_map(values) for line in lines), boxes=boxes)
        elif first.startswith("|"):
            rows = [
                tuple(cell.strip().format_map(values) for cell in line.strip("|").split("|"))
                for line in lines
                if not line.startswith("|---")
            ]
            yield Table(header=rows[0], rows=tuple(rows[1:]))
        else:
            yield Paragraph(text=" ".join(lines).format_map(values))


def _filled(words: list[str], facts: ComplianceFacts, t: Translator) -> Iterator[Block]:
    match words:
        case ["purpose"]:
            yield Paragraph(text=t("fc.purpose"), style="quote")
        case ["notice"]:
            for part in NOTICE:
                shown = "server" if part == "place" and facts.server else part
                yield Heading(level=1, text=t(f"fc.notice.{shown}.title"))
                said = t(f"fc.notice.{shown}.text", model=facts.model, server=facts.server)
                yield Paragraph(text=said)
            yield Paragraph(text=t("fc.notice.private"))
        case ["fields"]:
            columns = ("what", "why", "who", "how_long")
            yield Table(
                header=tuple(t(f"documents.field.{column}") for column in columns),
                rows=tuple(
                    tuple(t(f"documents.field.{name}.{column}") for column in columns)
                    for name in FIELDS
                ),
            )
        case ["recall"]:
            yield Paragraph(text=recall_sentence(facts.privacy, t))
        case ["legal", name]:
            yield Paragraph(text=legal.shown(name, t.lang), style="note")
        case ["all_legal"]:
            for name in legal.statement_ids():
                if not name.endswith("_title"):
                    yield Paragraph(text=legal.shown(name, t.lang), style="note")
        case _:
            raise ValueError(f"unknown line: @{' '.join(words)}")
