"""Word documents: a bounded zip of bounded XML, then mammoth for what counts as text.

mammoth gets a copy that holds only the parts with text; pictures, embedded files, macros, headers
and properties are not even unpacked. Nothing that a document links to is fetched.
"""

import io
import re
import zipfile
from collections import Counter
from typing import Any
from xml.parsers import expat

import mammoth
from mammoth import documents

from launcher.apps.uploads.findings import Unreadable
from launcher.units import MIB

MAX_ENTRIES = 2_000
MAX_TOTAL_BYTES = 50 * MIB
MAX_RATIO = 100
RATIO_FROM_BYTES = MIB
"""Small parts may compress better than the limit: they cannot do harm."""

MAX_ELEMENTS = 150_000
MAX_DEPTH = 120

_TEXT_PART = re.compile(r"(?:\[Content_Types\]\.xml|(?:[^/]+/)*[^/]*\.(?:xml|rels))")
_NO_TEXT_PART = re.compile(
    r"(?:customXml|docProps)/|(?:^|/)(?:header|footer|theme|webSettings|fontTable|settings|people"
    r"|comments)\w*\.xml(?:\.rels)?$|(?:^|/)(?:glossary|theme|charts|diagrams|embeddings)/"
)
_MARGIN = re.compile(r"(?:^|/)(?:header|footer)\w*\.xml$")
_WORD_NAMESPACES = (
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "http://purl.oclc.org/ooxml/wordprocessingml/main",
)


def read_docx(data: bytes) -> tuple[list[str], dict[str, int]]:
    """(paragraphs, what was left out); raises `Unreadable`."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_archive(archive, len(data))
            parts = _text_parts(archive)
            margins = sum(bool(_MARGIN.search(name)) for name in archive.namelist())
    except zipfile.BadZipFile:
        raise Unreadable("damaged") from None
    if "[Content_Types].xml" not in parts:
        raise Unreadable("kind_mismatch")
    counts = _check_xml(parts)
    read: list[documents.Document] = []

    def keep(document: Any) -> Any:
        read.append(document)
        return document.copy(children=[])

    mammoth.convert_to_html(_packed(parts), transform_document=keep)
    paragraphs: list[str] = []
    found: Counter[str] = Counter()
    _walk(read[0], paragraphs, found)
    left_out = {
        "images": found["Image"],
        "tables": found["Table"],
        "notes": found["NoteReference"],
        "comments": counts["commentReference"],
        "deleted": counts["del"],
        "formulas": counts["oMath"],
        "margins": margins,
    }
    if found["Image"] and not any(text.strip() for text in paragraphs):
        raise Unreadable("scanned")
    return paragraphs, {code: count for code, count in left_out.items() if count}


def _check_archive(archive: zipfile.ZipFile, size_bytes: int) -> None:
    entries = archive.infolist()
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Unreadable("encrypted")
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_ENTRIES or total > min(MAX_TOTAL_BYTES, MAX_RATIO * size_bytes):
        raise Unreadable("too_complex")
    for entry in entries:
        if entry.file_size > max(RATIO_FROM_BYTES, MAX_RATIO * entry.compress_size):
            raise Unreadable("too_complex")
    if len({entry.filename for entry in entries}) < len(entries):
        raise Unreadable("damaged")


def _text_parts(archive: zipfile.ZipFile) -> dict[str, bytes]:
    """The parts that can hold text. zipfile stops each at the size that was checked above."""
    parts = {}
    for entry in archive.infolist():
        name = entry.filename
        if _TEXT_PART.fullmatch(name) and not _NO_TEXT_PART.search(name):
            if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise Unreadable("damaged")
            parts[name] = archive.read(entry)
    return parts


def _check_xml(parts: dict[str, bytes]) -> Counter[str]:
    """Count elements of Word's own; refuse document types, entities, and too deep or too many."""
    counts: Counter[str] = Counter()
    size = depth = 0

    def start(name: str, attributes: list[str]) -> None:
        nonlocal size, depth
        namespace, _, local = name.rpartition(" ")
        if namespace in _WORD_NAMESPACES or local == "oMath":
            counts[local] += 1
        size += 1 + len(attributes) // 2
        depth += 1
        if size > MAX_ELEMENTS or depth > MAX_DEPTH:
            raise Unreadable("too_complex")

    def end(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse(*_: object) -> int:
        raise Unreadable("too_complex")

    for content in parts.values():
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.ordered_attributes = True
        parser.StartElementHandler = start
        parser.EndElementHandler = end
        parser.StartDoctypeDeclHandler = refuse
        parser.EntityDeclHandler = refuse
        parser.ExternalEntityRefHandler = refuse
        depth = 0
        try:
            parser.Parse(content, True)
        except expat.ExpatError:
            raise Unreadable("damaged") from None
    return counts


def _packed(parts: dict[str, bytes]) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    buffer.seek(0)
    return buffer


def _walk(element: Any, paragraphs: list[str], found: Counter[str]) -> None:
    """Collect paragraphs in reading order; a table row gives a paragraph for each cell."""
    found[type(element).__name__] += 1
    if isinstance(element, documents.Paragraph):
        # A text box stands inside a paragraph: its own paragraphs come after it.
        inside: list[str] = []
        text = _text(element, inside, found)
        if text.strip():
            paragraphs.append(f"- {text}" if element.numbering is not None else text)
        paragraphs.extend(inside)
        return
    for child in getattr(element, "children", None) or ():
        _walk(child, paragraphs, found)


def _text(element: Any, inside: list[str], found: Counter[str]) -> str:
    pieces = []
    for child in getattr(element, "children", None) or ():
        if isinstance(child, documents.Text):
            pieces.append(child.value)
        elif isinstance(child, documents.Tab):
            pieces.append(" ")
        elif isinstance(child, documents.Break):
            pieces.append("\n")
        elif isinstance(child, documents.Paragraph | documents.Table):
            _walk(child, inside, found)
        else:
            found[type(child).__name__] += 1
            pieces.append(_text(child, inside, found))
    return "".join(pieces)
