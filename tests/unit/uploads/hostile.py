"""Files that do harm, and plain ones to compare them with. All are made here, none is found."""

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping

import docx

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
CONTENT_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
SENTENCE = "Ons dorp heeft een nieuw zwembad nodig, want zwemmen houdt mensen gezond."


def document_xml(body: str, *, before: str = "") -> str:
    root = f'<w:document xmlns:w="{W}">'
    return f'<?xml version="1.0"?>{before}{root}<w:body>{body}</w:body></w:document>'


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def zipped(parts: Mapping[str, str | bytes], *, level: int = 9) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def word(body: str, *, before: str = "", **more: str | bytes) -> bytes:
    """A small docx of our own; ``more`` are other parts, ``__`` in a name for ``/``."""
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "word/document.xml": document_xml(body, before=before),
    }
    return zipped(parts | {name.replace("__", "/"): content for name, content in more.items()})


def real_word(*paragraphs: str) -> bytes:
    """As an editor writes it."""
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def pdf(objects: Mapping[int, bytes], *, trailer: bytes = b"", root: int = 1) -> bytes:
    """A PDF with a right table of offsets. ``trailer`` is added to the trailer's dictionary."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = {}
    for number, content in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number, offset in offsets.items():
        out += b"%d 1\n%010d 00000 n \n" % (number, offset)
    out += b"trailer\n<< /Size %d /Root %d 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        max(objects) + 1, root, trailer, start,
    )  # fmt: skip
    return bytes(out)


def stream(content: bytes, *, packed: bool = False) -> bytes:
    how = b""
    if packed:
        content, how = zlib.compress(content, 9), b" /Filter /FlateDecode"
    return b"<< /Length %d%s >>\nstream\n%s\nendstream" % (len(content), how, content)


FONT = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /Contents %d 0 R /Resources << /Font << /F1 5 0 R >> >> >>"


def text_pdf(*pages: list[str], trailer: bytes = b"") -> bytes:
    """A PDF with these lines on its pages."""
    objects = {1: b"<< /Type /Catalog /Pages 2 0 R >>", 5: FONT}
    kids = []
    for at, lines in enumerate(pages):
        page, content = 10 + 2 * at, 11 + 2 * at
        shown = b" ".join(
            b"(%s) Tj 0 -14 Td" % line.encode("cp1252").replace(b"(", b"\\(").replace(b")", b"\\)")
            for line in lines
        )
        objects[page] = PAGE % content
        objects[content] = stream(b"BT /F1 11 Tf 50 780 Td %s ET" % shown)
        kids.append(b"%d 0 R" % page)
    objects[2] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), b" ".join(kids))
    return pdf(objects, trailer=trailer)


def encrypted_pdf() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(text_pdf([SENTENCE]))))
    writer.encrypt("open sesam", algorithm="RC4-128")
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def old_container(stream_name: str) -> bytes:
    """The head of an OLE container that names one stream: an old or a locked Word file."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream_name.encode("utf-16-le") * 2


def flagged_zip() -> bytes:
    """A docx whose parts say that they are encrypted, as some zip programs make them."""
    data = bytearray(word(paragraph(SENTENCE)))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(mark)
        while start >= 0:
            data[start + at] |= 1
            start = data.find(mark, start + 4)
    return bytes(data)


def lying_zip() -> bytes:
    """A part that unpacks to 60 MB and says that it is 2 KB."""
    data = bytearray(word(paragraph("a" * 60_000_000)))
    small = (2_000).to_bytes(4, "little")
    name = b"word/document.xml"
    data[data.rfind(name) - 46 + 24 : data.rfind(name) - 46 + 28] = small
    data[data.find(name) - 30 + 22 : data.find(name) - 30 + 26] = small
    return bytes(data)


def laughs(parameter: bool = False) -> str:
    if parameter:
        return '<!DOCTYPE d [<!ENTITY % a SYSTEM "http://127.0.0.1:9/a"> %a;]>'
    rows = "".join('<!ENTITY l{} "{}">'.format(n, f"&l{n - 1};" * 10) for n in range(1, 10))
    return f'<!DOCTYPE d [<!ENTITY l0 "ha">{rows}]>'


def kids_loop() -> bytes:
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 2 /Kids [3 0 R] >>",
            3: b"<< /Type /Pages /Parent 2 0 R /Count 2 /Kids [2 0 R] >>",
        }
    )


def million_pages() -> bytes:
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1000000 /Kids [%s] >>" % (b"3 0 R " * 1_000_000),
            3: PAGE % 4,
            4: stream(b"BT /F1 11 Tf (x) Tj ET"),
            5: FONT,
        }
    )


def wide_tree() -> bytes:
    """Ten levels of ten kids, all the same objects: ten thousand million pages on two kilobytes."""
    objects = {1: b"<< /Type /Catalog /Pages 10 0 R >>", 5: FONT, 4: stream(b"BT (x) Tj ET")}
    for level in range(10):
        objects[10 + level] = b"<< /Type /Pages /Count 9999 /Kids [%s] >>" % (
            b"%d 0 R " % (11 + level) * 10
        )
    objects[20] = PAGE % 4
    return pdf(objects)


def inflating_pdf() -> bytes:
    """A page of a few kilobytes that unpacks to 500 MB."""
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            3: PAGE % 4,
            4: stream(b"BT (x) Tj ET " * 40_000_000, packed=True),
            5: FONT,
        }
    )


def twice_packed_pdf() -> bytes:
    inner = zlib.compress(b" " * 400_000_000, 9)
    content = zlib.compress(inner, 9)
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            3: PAGE % 4,
            4: b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream"
            % (len(content), content),
            5: FONT,
        }
    )


def form_loop() -> bytes:
    """A form that draws itself twice."""
    form = b"q /X Do /X Do Q"
    inside = b"/Resources << /XObject << /X 6 0 R >> >>"
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            3: b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R %s >>" % inside,
            4: stream(b"/X Do"),
            6: b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] %s /Length %d >>\nstream\n%s\n"
            b"endstream" % (inside, len(form), form),
        }
    )


def offset_loop() -> bytes:
    """A table of offsets that names itself as the table before it."""
    data = text_pdf([SENTENCE])
    start = data.index(b"xref\n0 1")
    return data.replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev %d" % start)


def both_at_once() -> bytes:
    """A PDF with a Word file behind it: whichever reader opens it, finds something."""
    return text_pdf([SENTENCE]) + real_word("Dit staat in de Word-helft van het bestand.")


def remote_template() -> bytes:
    """A Word file that wants to fetch its template and a picture from somewhere else."""
    base = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{base}/attachedTemplate" TargetMode="External" '
        'Target="http://127.0.0.1:9/t.dotm"/>'
        f'<Relationship Id="r2" Type="{base}/image" TargetMode="External" '
        'Target="http://127.0.0.1:9/p.png"/></Relationships>'
    )
    return word(paragraph(SENTENCE), **{"word___rels__document.xml.rels": relations})


def deep_array() -> bytes:
    return pdf(
        {
            1: b"<< /Type /Catalog /Pages 2 0 R >>",
            2: b"<< /Type /Pages /Count 1 /Kids " + b"[" * 200_000 + b"]" * 200_000 + b" >>",
        }
    )


def many_operators() -> bytes:
    return text_pdf(["a b"] * 200_000)


def slow_pages() -> bytes:
    """Pages that are each allowed, and together take minutes: one stream, drawn 190 times."""
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Count 190 /Kids [%s] >>" % (b"3 0 R " * 190),
        3: PAGE % 4,
        4: stream(b"BT /F1 11 Tf %s ET" % (b"(a b) Tj 0 -14 Td " * 60_000), packed=True),
        5: FONT,
    }
    return pdf(objects)


HOSTILE: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "zip bomb": ("a.docx", "too_complex", lambda: word(paragraph("a" * 400_000_000))),
    "zip bomb, smaller": ("a.docx", "too_complex", lambda: word(paragraph("a" * 45_000_000))),
    "many entries": ("a.docx", "too_complex", lambda: word(
        paragraph(SENTENCE), **{f"word__media__{n}.png": b"" for n in range(2_100)})),
    "size that lies": ("a.docx", "damaged", lying_zip),
    "nested zip": ("a.docx", "too_complex", lambda: word(
        paragraph("x"), word__embeddings__a=zipped({"b": b"0" * 300_000_000}, level=0))),
    "entity bomb": ("a.docx", "too_complex", lambda: word(paragraph("&l9;"), before=laughs())),
    "external entity": ("a.docx", "too_complex", lambda: word(
        paragraph("x"), before=laughs(parameter=True))),
    "entity bomb in the relations": ("a.docx", "too_complex", lambda: word(
        paragraph("x"), **{"_rels__.rels": laughs() + "<a>&l9;</a>"})),
    "million elements": ("a.docx", "too_complex", lambda: word(
        "".join(f"<w:p/>{n * 7919:x}" for n in range(1_000_000)))),
    "deep nesting": ("a.docx", "too_complex", lambda: word(
        "".join(f"<w:sdt a='{n * 7919:x}'>" for n in range(20_000)) + "</w:sdt>" * 20_000)),
    "many attributes": ("a.docx", "too_complex", lambda: word(
        "<w:p " + " ".join(f'a{n:x}="{n * 7919:x}"' for n in range(400_000)) + "/>")),
    "flagged as encrypted": ("a.docx", "encrypted", flagged_zip),
    "password of Word": ("a.docx", "encrypted", lambda: old_container("EncryptedPackage")),
    "old Word": ("a.docx", "old_word", lambda: old_container("WordDocument")),
    "zip of something else": ("a.docx", "kind_mismatch", lambda: zipped({"hello.txt": "hallo"})),
    "truncated docx": ("a.docx", "damaged", lambda: real_word(SENTENCE)[:9_000]),
    "docx called pdf": ("a.pdf", "kind_mismatch", lambda: real_word(SENTENCE)),
    "pdf called docx": ("a.docx", "kind_mismatch", lambda: text_pdf([SENTENCE])),
    "pdf called txt": ("a.txt", "kind_mismatch", lambda: text_pdf([SENTENCE])),
    "both, called docx": ("a.docx", "kind_mismatch", both_at_once),
    "program called txt": ("a.txt", "kind_mismatch", lambda: b"MZ" + bytes(range(256)) * 40),
    "bytes called txt": ("a.txt", "kind_mismatch", lambda: bytes(range(1, 256)) * 40),
    "page tree that loops": ("a.pdf", "damaged", kids_loop),
    "million pages": ("a.pdf", "too_complex", million_pages),
    "page tree that multiplies": ("a.pdf", "too_complex", wide_tree),
    "stream that inflates": ("a.pdf", "too_complex", inflating_pdf),
    "stream packed twice": ("a.pdf", "too_complex", twice_packed_pdf),
    "array too deep": ("a.pdf", "damaged", deep_array),
    "many operators": ("a.pdf", "too_complex", many_operators),
    "slow pages": ("a.pdf", "too_complex", slow_pages),
    "password": ("a.pdf", "encrypted", encrypted_pdf),
    "truncated pdf": ("a.pdf", "damaged", lambda: text_pdf([SENTENCE])[:300]),
    "no pages": ("a.pdf", "empty", lambda: text_pdf([])),
    "form that draws itself": ("a.pdf", "empty", form_loop),
    "many pages": ("a.pdf", "too_many_pages", lambda: text_pdf(*[[SENTENCE]] * 300)),
}  # fmt: skip
"""name: (file name, the error it has to give, how to make it)."""

HARMLESS: dict[str, tuple[str, str, Callable[[], bytes]]] = {
    "embedded file": ("a.docx", SENTENCE, lambda: word(
        paragraph(SENTENCE), word__embeddings__a=zipped({"b": b"0" * 900_000}))),
    "remote template": ("a.docx", SENTENCE, remote_template),
    "offsets that loop": ("a.pdf", SENTENCE, offset_loop),
    "both, called pdf": ("a.pdf", SENTENCE, both_at_once),
    "path as a name": ("../../etc/../a.TXT", SENTENCE, SENTENCE.encode),
}  # fmt: skip
"""name: (file name, the text it has to give, how to make it)."""
