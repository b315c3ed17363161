"""Names and first bytes have to agree."""

import pytest

from launcher.apps.uploads.kinds import kind_of
from launcher.apps.uploads.values import MAX_UPLOAD_BYTES
from launcher.errors import PaadjeError
from launcher.i18n import describe_error
from tests.unit.uploads.hostile import SENTENCE, old_container, real_word, text_pdf


@pytest.mark.parametrize(
    ("name", "kind"), [("a.txt", "text"), ("A.TXT ", "text"), ("b.md", "markdown")]
)
def test_text(name: str, kind: str) -> None:
    assert kind_of(name, b"hallo") == kind


def test_word_and_pdf() -> None:
    assert kind_of("mijn.verslag.docx", real_word(SENTENCE)) == "docx"
    assert kind_of("C:\\map\\verslag.PDF", text_pdf([SENTENCE])) == "pdf"


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("a.odt", b"PK\x03\x04", "kind_unknown"),
        ("", b"x", "kind_unknown"),
        ("docx", b"PK\x03\x04", "kind_unknown"),
        ("a.docx.exe", b"MZ", "kind_unknown"),
        ("a.pdf", b" \n%PDF-1.7", "kind_mismatch"),
        ("a.docx", b"x" * 30, "kind_mismatch"),
        ("a.md", b"{\\rtf1 hallo}", "kind_mismatch"),
        ("a.txt", b" \n\t ", "empty"),
        ("a.doc", old_container("WordDocument"), "old_word"),
        ("a.doc", b"whatever", "old_word"),
        ("a.doc", old_container("EncryptedPackage"), "encrypted"),
        ("a.txt", b"a" * (MAX_UPLOAD_BYTES + 1), "too_large"),
    ],
)
def test_refused(name: str, data: bytes, code: str) -> None:
    with pytest.raises(PaadjeError) as caught:
        kind_of(name, data)
    assert caught.value.code == f"uploads.{code}"


def test_the_name_is_in_no_error() -> None:
    with pytest.raises(PaadjeError) as caught:
        kind_of("Fatima de Vries.odt", b"x")
    for lang in ("nl", "en"):
        text = describe_error(caught.value, lang)
        assert "Fatima" not in f"{caught.value} {text.message} {text.advice} {text.detail}"
        assert ".docx" in text.advice
