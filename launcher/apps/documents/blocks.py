"""A document as plain values, and its three forms: DOCX, Markdown and HTML."""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from html import escape

from launcher.apps.documents.clean import clean, markdown, one_line

MAX_CELL_CHARS = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    text: str
    style: str = "normal"
    """``normal``, ``quote`` (somebody's own words) or ``note`` (a statement with its source)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    items: tuple[str, ...]
    boxes: bool = False
    """An empty box to tick instead of a dot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Every row has as many cells as ``header``."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


Block = Heading | Paragraph | Bullets | Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """``marks`` are facts for machines, such as ``ai_generated``; people read them in a block."""

    title: str
    lang: str
    made_on: datetime
    blocks: tuple[Block, ...]
    marks: Mapping[str, str | bool] = field(default_factory=dict)


def midnight(day: object) -> datetime:
    """A date as a moment, for the properties of a file: no time of day is kept."""
    return datetime.combine(day, time())  # type: ignore[arg-type]


def to_markdown(document: Document) -> str:
    """With the marks as front matter; every value is a JSON string, which is YAML too."""
    lines = []
    if document.marks:
        lines += ["---"]
        lines += [f"{name}: {_mark(value)}" for name, value in document.marks.items()]
        lines += ["---", ""]
    lines += [f"# {markdown(one_line(document.title))}", ""]
    for block in document.blocks:
        lines += [*_markdown_lines(block), ""]
    return "\n".join(lines).rstrip() + "\n"


def _mark(value: str | bool) -> str:
    return json.dumps(value if isinstance(value, bool) else one_line(value), ensure_ascii=False)


def _markdown_lines(block: Block) -> list[str]:
    if isinstance(block, Heading):
        return [f"{'#' * (block.level + 1)} {markdown(one_line(block.text))}"]
    if isinstance(block, Bullets):
        box = "[ ] " if block.boxes else ""
        return [f"- {box}{markdown(one_line(item))}" for item in block.items]
    if isinstance(block, Table):
        rows = [[markdown(one_line(cell)) for cell in row] for row in (block.header, *block.rows)]
        rows.insert(1, ["---"] * len(block.header))
        return [f"| {' | '.join(row)} |" for row in rows]
    text = markdown(block.text)
    if block.style == "normal":
        return text.replace("\n", "  \n").split("\n")
    return [f"> {line}".rstrip() for line in text.replace("\n", "  \n").split("\n")]


_STYLE = """
body { font: 17px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
body { color: #1b1b1b; background: #fff }
table { border-collapse: collapse; width: 100% }
th, td { border: 1px solid #767676; padding: .35rem .5rem; text-align: left; vertical-align: top }
blockquote { border-left: 4px solid #767676; margin: 0; padding: .2rem 1rem }
ul.boxes { list-style: "☐  " }
"""


def to_html(document: Document) -> str:
    """A page that stands alone: no script, nothing from elsewhere."""
    body = "\n".join(_html(block) for block in document.blocks)
    marks = "".join(
        f'<meta name="{escape(name)}" content="{escape(_plain(value))}">'
        for name, value in document.marks.items()
    )
    title = escape(one_line(document.title))
    return (
        f'<!doctype html>\n<html lang="{escape(document.lang)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"{marks}<title>{title}</title><style>{_STYLE}</style></head>\n"
        f"<body><main><h1>{title}</h1>\n{body}\n</main></body></html>\n"
    )


def _plain(value: str | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else one_line(value)


def _html(block: Block) -> str:
    if isinstance(block, Heading):
        level = min(block.level + 1, 6)
        return f"<h{level}>{escape(one_line(block.text))}</h{level}>"
    if isinstance(block, Bullets):
        items = "".join(f"<li>{escape(one_line(item))}</li>" for item in block.items)
        return f"<ul{' class=' + chr(34) + 'boxes' + chr(34) if block.boxes else ''}>{items}</ul>"
    if isinstance(block, Table):
        head = "".join(f'<th scope="col">{escape(one_line(cell))}</th>' for cell in block.header)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(one_line(cell))}</td>' for cell in row)}</tr>"
            for row in block.rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    text = escape(clean(block.text)).replace("\n", "<br>")
    return f"<p>{text}</p>" if block.style == "normal" else f"<blockquote>{text}</blockquote>"


def to_docx(document: Document) -> bytes:
    """A Word file. The author is Paadje: no name of a person is in the file."""
    import docx

    file = docx.Document()
    properties = file.core_properties
    properties.title = one_line(document.title)[:250]
    properties.author = properties.last_modified_by = "Paadje"
    properties.language = document.lang
    properties.created = properties.modified = document.made_on
    properties.comments = ""
    marks = (f"{name}={_plain(value)}" for name, value in document.marks.items())
    properties.keywords = "; ".join(marks)[:250]
    file.add_heading(one_line(document.title), level=0)
    for block in document.blocks:
        if isinstance(block, Heading):
            file.add_heading(one_line(block.text), level=min(block.level, 9))
        elif isinstance(block, Bullets):
            for item in block.items:
                text = f"☐ {one_line(item)}" if block.boxes else one_line(item)
                file.add_paragraph(text, style="List Paragraph" if block.boxes else "List Bullet")
        elif isinstance(block, Table):
            _add_table(file, block.header, block.rows)
        else:
            style = {"quote": "Quote", "note": "Intense Quote"}.get(block.style)
            file.add_paragraph(clean(block.text), style=style)
    buffer = io.BytesIO()
    file.save(buffer)
    return buffer.getvalue()


def _add_table(file: object, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = file.add_table(rows=1, cols=len(header), style="Table Grid")  # type: ignore[attr-defined]
    for cell, text in zip(table.rows[0].cells, header, strict=True):
        cell.paragraphs[0].add_run(one_line(text)).bold = True
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = clean(text)[:MAX_CELL_CHARS]
