"""Hostile text in files."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from launcher.apps.documents.clean import clean, csv_cell, file_name, markdown


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", " =1", "\u200b=1", "＝1", "|cmd", "%0"],
)
def test_formulas_are_words(text: str) -> None:
    assert csv_cell(text).startswith("'")


@given(st.text())
def test_cells_are_one_line_and_no_formula(text: str) -> None:
    cell = csv_cell(text)
    assert cell[:1] not in set("=+-@\t\r\n|%")
    assert "\n" not in cell


@given(st.text())
def test_clean_text_fits_in_xml(text: str) -> None:
    found = clean(text)
    assert all(char == "\n" or char.isprintable() or char.isspace() for char in found)
    assert not set(found) & {"\x00", "\x1b", "\u202e", "\ufffe", "\ud800"}


@given(st.text(alphabet="<>[]()!*_`#|~-+=1.)\\&;:/ \nahtpsjvcripx", max_size=60))
def test_markdown_text_stays_words(text: str) -> None:
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown(text))
    tags = {tag.split(">")[0].split()[0].strip("/") for tag in html.split("<")[1:]}
    assert tags <= {"p", "br"}


@given(st.text(), st.sampled_from([".docx", ".csv"]))
def test_file_names_are_plain(title: str, extension: str) -> None:
    name = file_name(title, extension)
    assert name.endswith(extension)
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-.")
    assert 0 < len(name) <= 70
    assert not name.startswith((".", "-"))


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Betoog: é en ü!", "betoog-e-en-u.md"),
        ("../../etc/passwd", "etc-passwd.md"),
        ("CON", "x-con.md"),
        ("com1 verslag", "x-com1-verslag.md"),
        ("conclusie", "conclusie.md"),
        ("\u202e", "feedback.md"),
    ],
)
def test_file_name(title: str, name: str) -> None:
    assert file_name(title, ".md") == name


def test_csv_reads_back() -> None:
    row = ['a "b"; c', "regel\neen", "=x"]
    buffer = io.StringIO()
    csv.writer(buffer).writerow(map(csv_cell, row))
    assert next(csv.reader(io.StringIO(buffer.getvalue()))) == ['a "b"; c', "regel een", "'=x"]
