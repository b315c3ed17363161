"""The part of a file that is on disk already: ``NAME.part`` and a small note beside it.

The note says which file the part belongs to, and how its bytes lie: ``prefix`` is one run from the
first byte on, whose length is the length of the part. A transfer over several connections can add
another layout; a layout that is not known here is not trusted, and the part starts from zero.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from launcher.downloads.hashing import Hash, hash_file
from launcher.errors import PaadjeError
from launcher.events import Cancel, Report
from launcher.files import read_json_object, write_private_json

PART_SUFFIX = ".part"
BAD_SUFFIX = ".bad"
NOTE_VERSION = 1
PREFIX = "prefix"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartNote:
    """Which file a part belongs to. Nothing a server says about its own bytes is in here."""

    size_bytes: int | None
    sha256: str | None

    @staticmethod
    def read(path: Path) -> "PartNote | None":
        """The note, or None when there is none that this version understands."""
        data = read_json_object(path)
        if data is None or (data.get("version"), data.get("layout")) != (NOTE_VERSION, PREFIX):
            return None
        size, sha256 = data.get("size_bytes"), data.get("sha256")
        return PartNote(
            size_bytes=size if isinstance(size, int) else None,
            sha256=sha256 if isinstance(sha256, str) else None,
        )

    def write(self, path: Path) -> None:
        write_private_json(
            path,
            {
                "version": NOTE_VERSION,
                "layout": PREFIX,
                "size_bytes": self.size_bytes,
                "sha256": self.sha256,
            },
        )


def note_file_of(part: Path) -> Path:
    """``NAME.part.json`` for ``NAME.part``."""
    return part.with_name(part.name + ".json")


class PartFile:
    """Writes a part and its sha256 at the same time. Open it with :meth:`open`, then close it.

    ``done_bytes`` are on disk and in the hash; after a kill they are still on disk.
    """

    def __init__(self, target: Path, note: PartNote) -> None:
        self.target = target
        self.path = target.with_name(target.name + PART_SUFFIX)
        self.note = note
        self.done_bytes = 0
        self._digest: Hash = hashlib.sha256()
        self._descriptor = -1

    def open(self, *, cancel: Cancel, report: Report, step: str) -> bool:
        """Make ready to append; returns False when a part of another file had to be dropped.

        Bytes that are there from before are hashed once. Raises OSError.
        """
        self._digest = hashlib.sha256()
        self.done_bytes = 0
        self.target.parent.mkdir(parents=True, exist_ok=True)
        ours = self._belongs()
        self.note.write(note_file_of(self.path))
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(self.path, flags, 0o666)
        size = os.fstat(self._descriptor).st_size
        if not ours:
            self.restart()
        elif self.note.size_bytes is not None and size > self.note.size_bytes:
            self.restart()
            ours = False
        elif size:
            self._digest = hash_file(
                self.path, cancel=cancel, report=report, step=step, up_to_bytes=size
            )
            self.done_bytes = size
        os.lseek(self._descriptor, self.done_bytes, os.SEEK_SET)
        return ours

    def _belongs(self) -> bool:
        if not self.path.is_file() or not self.path.stat().st_size:
            return True
        return PartNote.read(note_file_of(self.path)) == self.note

    def append(self, data: bytes) -> None:
        """Write all of ``data`` at the end. Raises OSError; what was written still counts."""
        rest = memoryview(data)
        while rest:
            count = os.write(self._descriptor, rest)
            self._digest.update(rest[:count])
            self.done_bytes += count
            rest = rest[count:]

    def restart(self) -> None:
        """Throw away what is there and begin at the first byte. Raises OSError."""
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        self._digest = hashlib.sha256()
        self.done_bytes = 0

    def sha256(self) -> str:
        """The sha256 of all bytes so far."""
        return self._digest.hexdigest()

    def close(self) -> None:
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
