"""Which kind of file this is: its name and its first bytes have to agree."""

from pathlib import PurePosixPath

from launcher.apps.uploads.values import ACCEPTED_EXTENSIONS, KINDS, MAX_UPLOAD_BYTES, Kind
from launcher.errors import PaadjeError
from launcher.units import MIB

_PDF = b"%PDF-"
_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_PACKAGE = "EncryptedPackage".encode("utf-16-le")
_WORD_97 = "WordDocument".encode("utf-16-le")
_BINARY = (
    _PDF, b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", _OLE, b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff",
    b"GIF8", b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"Rar!",
    b"\xfd7zXZ", b"SQLite format 3", b"\x00\x00\x01\x00", b"RIFF", b"ID3", b"OggS",
)  # fmt: skip


def kind_of(name: str, data: bytes) -> Kind:
    """The kind that extension and content agree on.

    Raises ``uploads.kind_unknown``, ``kind_mismatch``, ``old_word``, ``encrypted``, ``too_large``
    or ``empty``. The name is never put in an error: it often holds the student's own name.
    """
    if len(data) > MAX_UPLOAD_BYTES:
        raise PaadjeError("uploads.too_large", max_mb=MAX_UPLOAD_BYTES // MIB)
    extension = PurePosixPath(name.replace("\\", "/").strip()).suffix.lower()
    kind = KINDS.get(extension)
    if data.startswith(_OLE) and extension in {".doc", ".dot", ".docx"}:
        # Word keeps a document with a password in the old container, under the new extension.
        if _ENCRYPTED_PACKAGE in data:
            raise PaadjeError("uploads.encrypted")
        if extension == ".doc" or _WORD_97 in data:
            raise PaadjeError("uploads.old_word")
    if extension == ".doc":
        raise PaadjeError("uploads.old_word")
    if kind is None:
        raise PaadjeError("uploads.kind_unknown", kinds=", ".join(ACCEPTED_EXTENSIONS))
    if not data.strip():
        raise PaadjeError("uploads.empty")
    if kind == "pdf":
        fits = data.startswith(_PDF)
    elif kind == "docx":
        fits = data.startswith(_ZIP)
    else:
        fits = not data.startswith(_BINARY)
    if not fits:
        raise PaadjeError("uploads.kind_mismatch", extension=extension)
    return kind
