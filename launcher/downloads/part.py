"""The part of a file that is on disk already: ``NAME.part`` and a small note beside it.

The note says which file the part belongs to, and how its bytes lie. ``prefix`` is one run from the
first byte on, whose length is the length of the part: one connection needs no book-keeping.
``spans`` is what several connections brought; what is not in the note does not count. A layout that
is not known here is not trusted, and the part starts from zero.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from launcher.downloads.hashing import BLOCK_BYTES, BackgroundHash, hash_file
from launcher.downloads.spans import Span, add_span, count_bytes, front_of, usable_spans
from launcher.downloads.stream import Data
from launcher.errors import PaadjeError
from launcher.events import Cancel, Report
from launcher.files import read_json_object, write_private_json

PART_SUFFIX = ".part"
BAD_SUFFIX = ".bad"
NOTE_VERSION = 1
PREFIX = "prefix"
SPANS = "spans"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartNote:
    """Which file a part belongs to. Nothing a server says about its own bytes is in here."""

    size_bytes: int | None
    sha256: str | None

    @staticmethod
    def read(path: Path) -> "PartNote | None":
        """The note, or None when there is none that this version understands."""
        found = _read_note(path)
        return found[0] if found else None

    def write(self, path: Path) -> None:
        """The note of a ``prefix``."""
        write_private_json(path, self._data(PREFIX))

    def write_spans(self, path: Path, spans: Sequence[Span]) -> None:
        """The note of ``spans``. Not forced to the disk: after a power cut the sha256 decides."""
        temporary = path.with_name(path.name + ".tmp")
        data = {**self._data(SPANS), "spans": [list(span) for span in spans]}
        temporary.write_text(json.dumps(data), encoding="utf-8")
        os.replace(temporary, path)

    def _data(self, layout: str) -> dict[str, object]:
        return {
            "version": NOTE_VERSION,
            "layout": layout,
            "size_bytes": self.size_bytes,
            "sha256": self.sha256,
        }


def _read_note(path: Path) -> tuple[PartNote, list[Span] | None] | None:
    """The note and its spans, which are None for a ``prefix``."""
    data = read_json_object(path)
    if data is None or data.get("version") != NOTE_VERSION:
        return None
    size, sha256 = data.get("size_bytes"), data.get("sha256")
    note = PartNote(
        size_bytes=size if isinstance(size, int) else None,
        sha256=sha256 if isinstance(sha256, str) else None,
    )
    if data.get("layout") == PREFIX:
        return note, None
    spans = usable_spans(data.get("spans"), note.size_bytes or 0)
    return (note, spans) if data.get("layout") == SPANS and spans is not None else None


def bytes_in_part(part: Path) -> int:
    """How many bytes of its file a part holds."""
    try:
        size = part.stat().st_size
    except OSError:
        return 0
    found = _read_note(note_file_of(part))
    return size if found is None or found[1] is None else count_bytes(found[1])


def note_file_of(part: Path) -> Path:
    """``NAME.part.json`` for ``NAME.part``."""
    return part.with_name(part.name + ".json")


class PartFile:
    """Writes a part and its sha256 at the same time. Open it with :meth:`open`, then close it.

    ``done_bytes`` are on disk. The hash follows ``front_bytes``: those from the first byte on
    without a gap.
    """

    def __init__(self, target: Path, note: PartNote) -> None:
        self.target = target
        self.path = target.with_name(target.name + PART_SUFFIX)
        self.note = note
        self.spans: list[Span] = []
        self._in_spans = False
        self._hashed_bytes = 0
        self._digest = BackgroundHash()
        self._descriptor = -1

    @property
    def done_bytes(self) -> int:
        return count_bytes(self.spans)

    @property
    def front_bytes(self) -> int:
        return front_of(self.spans)

    def open(self, *, cancel: Cancel, report: Report, step: str) -> bool:
        """Make ready to write; returns False when a part of another file was moved out of the way.

        Bytes that are there from before are hashed once. Raises OSError.
        """
        self._forget()
        self.target.parent.mkdir(parents=True, exist_ok=True)
        ours = self._belongs()
        if not ours:
            self._move_away()
        found = _read_note(note_file_of(self.path)) if ours else None
        if found is None:
            self.note.write(note_file_of(self.path))
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(self.path, flags, 0o666)
        size = os.fstat(self._descriptor).st_size
        if found is not None and found[1] is not None:
            self._in_spans = True
            self.spans = [(start, min(end, size)) for start, end in found[1] if start < size]
        elif self.note.size_bytes is not None and size > self.note.size_bytes:
            self.restart()
            return False
        elif size:
            self.spans = [(0, size)]
        front = self._hashed_bytes = self.front_bytes
        if front:
            known = hash_file(self.path, cancel=cancel, report=report, step=step, up_to_bytes=front)
            self._digest = BackgroundHash(known)
        return ours

    def _belongs(self) -> bool:
        if not self.path.is_file() or not self.path.stat().st_size:
            return True
        return PartNote.read(note_file_of(self.path)) == self.note

    def _move_away(self) -> None:
        """Only the user removes what was fetched, also when the catalog has another file now."""
        for number in range(1, 1000):
            away = self.target.with_name(f"{self.target.name}.{number}{PART_SUFFIX}")
            if not away.exists():
                break
        os.replace(self.path, away)
        if note_file_of(self.path).is_file():
            os.replace(note_file_of(self.path), note_file_of(away))

    def append(self, data: Data) -> None:
        """Write all of ``data`` at the end. Raises OSError; what was written still counts."""
        self.write_at(self.done_bytes, data)

    def write_at(self, place: int, data: Data) -> None:
        """Write all of ``data`` at ``place``. Raises OSError; what was written still counts."""
        os.lseek(self._descriptor, place, os.SEEK_SET)
        rest = memoryview(data)
        while rest:
            count = os.write(self._descriptor, rest)
            if place == self._hashed_bytes:
                self._digest.update(rest[:count])
                self._hashed_bytes += count
            self.spans = add_span(self.spans, place, place + count)
            place += count
            rest = rest[count:]

    def follow(self, cancel: Cancel) -> None:
        """Hash what other connections brought ahead and the front has reached: just written, so
        read from memory. Raises OSError, Cancelled."""
        front = self.front_bytes
        os.lseek(self._descriptor, self._hashed_bytes, os.SEEK_SET)
        while self._hashed_bytes < front:
            cancel.check()
            block = os.read(self._descriptor, min(BLOCK_BYTES, front - self._hashed_bytes))
            if not block:
                raise OSError(5, "the part became shorter")
            self._digest.update(block)
            self._hashed_bytes += len(block)

    @property
    def in_spans(self) -> bool:
        """Whether the bytes may lie apart; then :meth:`save_spans` keeps the books."""
        return self._in_spans

    def save_spans(self) -> None:
        """From here on the note says which bytes are there. Raises OSError."""
        self._in_spans = True
        self.note.write_spans(note_file_of(self.path), self.spans)

    def join(self) -> None:
        """Back to one run from the first byte on; what lies behind a gap is given up."""
        os.ftruncate(self._descriptor, self.front_bytes)
        self.spans = [(0, self.front_bytes)] if self.front_bytes else []
        self._in_spans = False
        self.note.write(note_file_of(self.path))

    def restart(self) -> None:
        """Throw away what is there and begin at the first byte. Raises OSError."""
        os.ftruncate(self._descriptor, 0)
        if self._in_spans:
            self.note.write(note_file_of(self.path))
        self._forget()

    def _forget(self) -> None:
        self._digest.close()
        self._digest = BackgroundHash()
        self._hashed_bytes = 0
        self._in_spans = False
        self.spans = []

    def sha256(self) -> str:
        """The sha256 of all bytes up to the first gap."""
        return self._digest.hexdigest()

    def close(self) -> None:
        self._digest.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def finish(self) -> Path:
        """The part becomes the file, in one step. Raises OSError."""
        os.fsync(self._descriptor)
        self.close()
        os.replace(self.path, self.target)
        note_file_of(self.path).unlink(missing_ok=True)
        return self.target

    def set_aside(self) -> Path:
        """Rename a part with wrong bytes, so that nobody uses it or goes on with it."""
        self.close()
        bad = self.target.with_name(self.target.name + BAD_SUFFIX)
        os.replace(self.path, bad)
        note_file_of(self.path).unlink(missing_ok=True)
        return bad


def hash_mismatch(file: str, *, expected: str, found: str) -> PaadjeError:
    """``models.hash_mismatch`` with both hashes, also in the detail."""
    return PaadjeError(
        "models.hash_mismatch",
        file=file,
        expected=expected,
        found=found,
        detail=f"sha256 expected {expected}, found {found}",
    )
