"""What the readers make of files, without the process around them."""

import io

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher import jobs
from launcher.apps.uploads import confine
from launcher.apps.uploads.findings import Unreadable, tidy
from launcher.apps.uploads.pdf import read_pdf, to_paragraphs, without_repeated_lines
from launcher.apps.uploads.plain import read_plain
from launcher.apps.uploads.reader import MAX_WORDS, answer, parser_of
from launcher.apps.uploads.word import read_docx
from tests.unit.uploads.hostile import (
    CONTENT_TYPES,
    SENTENCE,
    W,
    document_xml,
    paragraph,
    real_word,
    text_pdf,
    word,
    zipped,
)

LONG = (
    "Het zwembad in ons dorp is oud en lekt aan alle kanten. Daarom komen er minder mensen",
    "zwemmen dan vroeger. Dat is jammer, want bewegen houdt iedereen gezond en vrolijk, en",
    "kinderen leren er veilig zwem-",
    "men.",
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_letters_survive(encoding: str) -> None:
    paragraphs, _ = read_plain("Één café\r\n\r\nGeïnd: € 5".encode(encoding), markdown=False)
    assert paragraphs == ["Één café", "Geïnd: € 5"]


def test_wrapped_lines_are_joined_and_a_poem_is_not() -> None:
    wrapped = "\n".join(LONG[:2]) + "\nook oma.\n\nIk loop\nover straat\nnaar huis"
    paragraphs, _ = read_plain(wrapped.encode(), markdown=False)
    assert paragraphs == [" ".join(LONG[:2]) + " ook oma.", "Ik loop\nover straat\nnaar huis"]


def test_markdown_keeps_lists_headings_and_code() -> None:
    source = (
        "# Titel\nEen zin die\nverder gaat.\n- punt een\n- punt twee\n\n```py\na = 1\n\nb = 2\n```"
    )
    paragraphs, _ = read_plain(source.encode(), markdown=True)
    assert paragraphs == [
        "# Titel\nEen zin die verder gaat.\n- punt een\n- punt twee",
        "```py\na = 1\n\nb = 2\n```",
    ]


def test_word_gives_paragraphs_breaks_lists_and_cells() -> None:
    document = docx.Document()
    document.add_heading("Mijn verslag", 1)
    line = document.add_paragraph("Eerste regel")
    line.add_run().add_break()
    line.add_run("tweede\tregel")
    document.add_paragraph("een punt", style="List Bullet")
    table = document.add_table(1, 2)
    table.cell(0, 0).text, table.cell(0, 1).text = "links", "rechts"
    document.sections[0].header.paragraphs[0].text = "Naam van de leerling"
    buffer = io.BytesIO()
    document.save(buffer)
    paragraphs, left_out = read_docx(buffer.getvalue())
    assert paragraphs == [
        "Mijn verslag", "Eerste regel\ntweede regel", "- een punt", "links", "rechts",
    ]  # fmt: skip
    assert left_out == {"tables": 1, "margins": 1}


def test_deleted_text_is_left_out_and_said() -> None:
    body = f"<w:p><w:del><w:r><w:delText>weg</w:delText></w:r></w:del></w:p>{paragraph('blijft')}"
    assert read_docx(word(body)) == (["blijft"], {"deleted": 1})


def test_strict_word() -> None:
    strict = "http://purl.oclc.org/ooxml/wordprocessingml/main"
    document = document_xml(paragraph("x")).replace(W, strict)
    parts = {"[Content_Types].xml": CONTENT_TYPES, "word/document.xml": document}
    assert read_docx(zipped(parts))[0] == ["x"]


def test_text_stands_where_the_relations_say() -> None:
    relations = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Target="/word/main2.xml" Type="http://schemas.openxmlformats.org/'
        'officeDocument/2006/relationships/officeDocument"/></Relationships>'
    )
    other = word(
        paragraph("niet hier"),
        **{
            "_rels__.rels": relations,
            "word__main2.xml": f'<w:document xmlns:w="{W}"><w:body>{paragraph("hier")}</w:body>'
            "</w:document>",
        },
    )
    assert read_docx(other)[0] == ["hier"]


def test_pdf_lines_become_paragraphs() -> None:
    paragraphs, left_out = read_pdf(text_pdf(["Mijn betoog", *LONG, "Tot slot: doe mee.", "1"]))
    assert paragraphs == [
        "Mijn betoog",
        " ".join(LONG[:3])[:-1] + "men.",
        "Tot slot: doe mee.",
    ]
    assert left_out == {"repeated_lines": 1}


def test_lines_that_return_on_every_page_go() -> None:
    pages = [["Verslag 3B", LONG[0], f"pagina {n}"] for n in range(1, 5)]
    kept, dropped = without_repeated_lines(pages)
    assert kept == [[LONG[0]]] * 4
    assert dropped == 8
    assert to_paragraphs([]) == []


def test_page_without_text_is_said() -> None:
    _, left_out = read_pdf(text_pdf([SENTENCE], []))
    assert left_out == {"pages_without_text": 1}


def test_too_many_words_are_left_out_and_counted() -> None:
    text = "\n\n".join(["woord " * 1_000] * 61)
    found = answer(parser_of("text"), io.BytesIO(text.encode()))
    assert sum(len(p.split()) for p in found["paragraphs"]) == MAX_WORDS
    assert found["left_out"] == {"rest": 1_000}


def test_hidden_characters_go() -> None:
    assert tidy("a\u202eb\x1b[31m\u200bc\u00ad\r\nd\te") == "ab[31mc\nd e"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damaged_files_give_an_answer(data: st.DataObject) -> None:
    kind, whole = data.draw(
        st.sampled_from(
            [
                ("docx", real_word(SENTENCE)),
                ("docx", word(paragraph(SENTENCE))),
                ("pdf", text_pdf([SENTENCE], [SENTENCE])),
                ("text", SENTENCE.encode()),
            ]
        )
    )
    mutated = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 8)) if mutated else 0):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    found = answer(parser_of(kind), io.BytesIO(mutated))
    assert set(found) <= {"ok", "error", "detail", "paragraphs", "left_out", "max_pages"}
    assert found["ok"] or found["error"]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2_000), st.sampled_from(["text", "markdown", "docx", "pdf"]))
def test_random_bytes_give_an_answer(data: bytes, kind: str) -> None:
    head = {"docx": b"PK\x03\x04", "pdf": b"%PDF-1.7\n"}.get(kind, b"")
    found = answer(parser_of(kind), io.BytesIO(head + data))
    assert found["ok"] or found["error"]


def test_own_words_of_a_parser_are_not_repeated() -> None:
    def parse(_: bytes) -> tuple[list[str], dict[str, int]]:
        raise ValueError("het geheim van Fatima")

    assert answer(parse, io.BytesIO()) == {"ok": False, "error": "damaged", "detail": "ValueError"}

    def refuse(_: bytes) -> tuple[list[str], dict[str, int]]:
        raise Unreadable("too_many_pages", max_pages=3)

    assert answer(refuse, io.BytesIO())["max_pages"] == 3


class FakeKernel:
    """kernel32 with what was asked of it."""

    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.limits = jobs.ExtendedLimits()

    def CreateJobObjectW(self, *_: object) -> int:  # noqa: N802 - the name in kernel32
        return 7

    def SetInformationJobObject(self, _job: int, _kind: int, limits: object, _size: int) -> bool:  # noqa: N802
        self.limits = limits._obj  # type: ignore[attr-defined]
        return True

    def GetCurrentProcess(self) -> int:  # noqa: N802
        return -1

    def AssignProcessToJobObject(self, job: int, process: int) -> bool:  # noqa: N802
        return self.works and (job, process) == (7, -1)


def test_job_object_of_windows() -> None:
    kernel = FakeKernel()
    confine.limit_by_job(kernel, cpu_s=10, memory_bytes=1_000_000)
    basic = kernel.limits.BasicLimitInformation
    assert kernel.limits.ProcessMemoryLimit == 1_000_000
    assert (basic.ActiveProcessLimit, basic.PerProcessUserTimeLimit) == (1, 110_000_000)
    with pytest.raises(OSError, match="AssignProcess"):
        confine.limit_by_job(FakeKernel(works=False), cpu_s=10, memory_bytes=1)
