"""What a file turned into, and what of it was left out."""

from dataclasses import dataclass
from typing import Literal

from launcher.i18n import Translator
from launcher.units import MIB

Kind = Literal["text", "markdown", "docx", "pdf"]

KINDS: dict[str, Kind] = {".txt": "text", ".md": "markdown", ".docx": "docx", ".pdf": "pdf"}
ACCEPTED_EXTENSIONS = tuple(KINDS)
MAX_UPLOAD_BYTES = 10 * MIB
"""The gateway stops larger bodies too; this is the limit for who calls us directly."""

LEFT_OUT_CODES = (
    "images",
    "tables",
    "notes",
    "comments",
    "deleted",
    "formulas",
    "margins",
    "pages_without_text",
    "repeated_lines",
    "rest",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """``code`` is one of `LEFT_OUT_CODES`; ``count`` how many (of ``rest``: words)."""

    code: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedText:
    """The text of a file. A paragraph can hold line feeds of its own, such as a poem or code."""

    kind: Kind
    paragraphs: tuple[str, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def text(self) -> str:
        return "\n\n".join(self.paragraphs)


def left_out_sentences(uploaded: UploadedText, t: Translator) -> tuple[str, ...]:
    """What to tell the student, one sentence for each kind of thing that was left out."""
    return tuple(
        t.plural(f"uploads.left_out.{item.code}", item.count) for item in uploaded.left_out
    )
