"""The library: the model files in one folder, readably named, with an index beside them.

The index remembers of each file its sha256 and the size and time it had when that was computed, so
that asking "is it here?" costs one look at the folder. There are no symbolic links.
"""

import os
import shutil
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from launcher.catalog.schema import ModelFile
from launcher.downloads.disk import check_room, read_failed, write_failed
from launcher.downloads.hashing import sha256_of
from launcher.downloads.locks import exclusive, lock_file_of
from launcher.downloads.part import BAD_SUFFIX, PART_SUFFIX, PartNote, bytes_in_part, note_file_of
from launcher.errors import PaadjeError
from launcher.events import Cancel, Report, ignore
from launcher.files import read_json_object, write_private_json
from launcher.models.gguf import GgufHeader, looks_like_gguf, read_header
from launcher.models.shape import whole
from launcher.units import MIB

INDEX = "index.json"
INDEX_VERSION = 1
INDEX_WAIT_S = 10.0
MAX_NAME_BYTES = 180
"""File systems allow 255 bytes for a name; the part and its note need some of them."""

Origin = Literal["catalog", "added", "found"]
PartialKind = Literal["partial", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryEntry:
    """One model file. ``present`` is False when the file was deleted or changed behind our back."""

    name: str
    path: Path
    size_bytes: int
    sha256: str
    origin: Origin
    added_at: str
    present: bool
    last_used_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """A file that is not a model yet: half of a transfer, or set aside because it was wrong."""

    name: str
    path: Path
    kind: PartialKind
    size_bytes: int
    total_bytes: int | None


class Library:
    """The model files in ``folder``, which need not exist yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def target(self, file: ModelFile) -> Path:
        """Where ``file`` is or will be."""
        return self.folder / file.name

    def find(self, file: ModelFile) -> Path | None:
        """The verified file, under its own or another name; None when it has to be fetched.

        Cheap: nothing is read but the index and the size and time of the file.
        """
        for entry in self.entries():
            if entry.present and (entry.sha256, entry.size_bytes) == (file.sha256, file.size_bytes):
                return entry.path
        return None

    def missing_bytes(self, file: ModelFile) -> int:
        """How many bytes of ``file`` have to be fetched still."""
        if self.find(file) is not None:
            return 0
        part = self.target(file).with_name(file.name + PART_SUFFIX)
        return max(file.size_bytes - bytes_in_part(part), 0)

    def check_quick(self, file: ModelFile, *, cancel: Cancel | None = None) -> Path:
        """The path of a file that may be used; for the moment a lesson starts.

        Size and first bytes are looked at. Only when the file changed since it was verified is it
        read as a whole. Raises ``models.missing``, ``models.incomplete`` or ``models.corrupt``.
        """
        path = self.find(file)
        if path is None:
            path = self.target(file)
            self._refuse_wrong_size(file, path)
            if not self._verify(file.sha256, path, cancel=cancel or Cancel(), report=ignore):
                raise PaadjeError("models.corrupt", file=path.name)
        try:
            good = looks_like_gguf(path)
        except OSError as error:
            raise read_failed(error, path) from error
        if not good:
            raise PaadjeError("models.corrupt", file=path.name, detail="no GGUF magic")
        self._mark_used(path.name)
        return path

    def _mark_used(self, name: str) -> None:
        """Remember when a lesson last used this file; a disk that is full does not stop it."""
        try:
            with self._index_lock():
                index = self._read_index()
                if name in index:
                    index[name]["last_used_at"] = _now()
                    self._write_index(index)
        except PaadjeError:
            return

    def adopt(
        self, file: ModelFile, *, cancel: Cancel | None = None, report: Report = ignore
    ) -> Path | None:
        """Take a file into the index that lies in the folder already; None when it is wrong."""
        path = self.target(file)
        if not path.is_file() or path.stat().st_size != file.size_bytes:
            return None
        good = self._verify(file.sha256, path, cancel=cancel or Cancel(), report=report)
        return path if good else None

    def entries(self) -> tuple[LibraryEntry, ...]:
        """Every model file in the index, by name."""
        return tuple(
            self._entry(name, record) for name, record in sorted(self._read_index().items())
        )

    def header(self, name: str) -> GgufHeader:
        """The header of a file in the library."""
        return read_header(self._known(name))

    def partials(self) -> tuple[Partial, ...]:
        """Files that are not finished, or were set aside."""
        found = []
        for path in _files_in(self.folder):
            kind: PartialKind
            if path.name.endswith(PART_SUFFIX):
                kind = "partial"
                note = PartNote.read(note_file_of(path))
                total = note.size_bytes if note else None
            elif path.name.endswith(BAD_SUFFIX):
                kind, total = "bad", None
            else:
                continue
            found.append(
                Partial(
                    name=path.name,
                    path=path,
                    kind=kind,
                    size_bytes=bytes_in_part(path),
                    total_bytes=total,
                )
            )
        return tuple(sorted(found, key=lambda partial: partial.name))

    def add(
        self, path: Path, *, cancel: Cancel | None = None, report: Report = ignore
    ) -> LibraryEntry:
        """Take in a GGUF file that the user has: by hard link where possible, else as a copy.

        Raises ``models.not_gguf``, ``models.gguf_broken``, ``models.gguf_split`` for a part of a
        model, or ``models.unreadable``; a file that is in the library already is not taken in
        twice.
        """
        cancel = cancel or Cancel()
        if (whole(read_header(path).metadata.get("split.count")) or 1) > 1:
            raise PaadjeError("models.gguf_split", file=path.name)
        source = path.resolve()
        try:
            sha256 = sha256_of(source, cancel=cancel, report=report)
            size = source.stat().st_size
        except OSError as error:
            raise read_failed(error, source) from error
        for entry in self.entries():
            if entry.present and entry.sha256 == sha256:
                return entry
        lies_here = source.parent == self.folder.resolve()
        target = source if lies_here else self._free_name(_safe_name(path.name))
        with exclusive(lock_file_of(target), busy_name=target.name):
            try:
                if not lies_here:
                    _link_or_copy(source, target, size, cancel)
            except OSError as error:
                raise write_failed(error, target, missing_bytes=size) from error
            self.record(target, sha256, origin="added")
        return next(entry for entry in self.entries() if entry.name == target.name)

    def remove(self, name: str) -> int:
        """Delete a model file or a partial; returns the bytes that came free.

        Raises ``models.unknown_name``, or ``models.in_use`` where the system refuses.
        """
        with exclusive(lock_file_of(self.folder / _stem(name)), busy_name=name):
            path = self._known(name)
            try:
                freed = path.stat().st_size if path.exists() else 0
                path.unlink(missing_ok=True)
                note_file_of(path).unlink(missing_ok=True)
            except OSError as error:
                raise PaadjeError(
                    "models.in_use", file=name, detail=f"{type(error).__name__}: {error.strerror}"
                ) from error
            with self._index_lock():
                index = self._read_index()
                if index.pop(name, None) is not None:
                    self._write_index(index)
        return freed

    def record(self, path: Path, sha256: str, *, origin: Origin) -> None:
        """Write into the index that ``path`` has these bytes; the caller has just computed it."""
        status = path.stat()
        with self._index_lock():
            index = self._read_index()
            index[path.name] = {
                "size_bytes": status.st_size,
                "sha256": sha256,
                "mtime_ns": status.st_mtime_ns,
                "origin": origin,
                "added_at": _now(),
            }
            self._write_index(index)

    def _verify(self, expected: str, path: Path, *, cancel: Cancel, report: Report) -> bool:
        try:
            found = sha256_of(path, cancel=cancel, report=report)
        except OSError as error:
            raise read_failed(error, path) from error
        if found != expected:
            with self._index_lock():
                index = self._read_index()
                if index.pop(path.name, None) is not None:
                    self._write_index(index)
            return False
        known = next((entry for entry in self.entries() if entry.name == path.name), None)
        if known is None or not known.present or known.sha256 != found:
            self.record(path, found, origin=known.origin if known else "found")
        return True

    def _refuse_wrong_size(self, file: ModelFile, path: Path) -> None:
        try:
            size = path.stat().st_size
        except FileNotFoundError:
            part = path.with_name(path.name + PART_SUFFIX)
            code = "models.incomplete" if part.is_file() else "models.missing"
            raise PaadjeError(code, file=path.name) from None
        except OSError as error:
            raise read_failed(error, path) from error
        if size != file.size_bytes:
            code = "models.incomplete" if size < file.size_bytes else "models.corrupt"
            raise PaadjeError(
                code, file=path.name, detail=f"{size} bytes instead of {file.size_bytes}"
            )

    def _known(self, name: str) -> Path:
        names = {entry.name for entry in self.entries()}
        names.update(partial.name for partial in self.partials())
        if name not in names:
            raise PaadjeError("models.unknown_name", file=name)
        return self.folder / name

    def _entry(self, name: str, record: dict[str, Any]) -> LibraryEntry:
        path = self.folder / name
        try:
            status = path.stat()
            present = (status.st_size, status.st_mtime_ns) == (
                record["size_bytes"],
                record["mtime_ns"],
            )
        except OSError:
            present = False
        return LibraryEntry(
            name=name,
            path=path,
            size_bytes=record["size_bytes"],
            sha256=record["sha256"],
            origin=record["origin"],
            added_at=record["added_at"],
            present=present,
            last_used_at=record.get("last_used_at"),
        )

    def _free_name(self, name: str) -> Path:
        """A name in the folder that no other file has."""
        stem = name.removesuffix(".gguf")
        candidates = (name, *(f"{stem}-{number}.gguf" for number in range(2, 1000)))
        taken = {path.name.casefold() for path in _files_in(self.folder)}
        return self.folder / next(each for each in candidates if each.casefold() not in taken)

    @contextmanager
    def _index_lock(self) -> Iterator[None]:
        index = self.folder / INDEX
        with exclusive(lock_file_of(index), busy_name=INDEX, timeout_s=INDEX_WAIT_S):
            yield

    def _read_index(self) -> dict[str, dict[str, Any]]:
        data = read_json_object(self.folder / INDEX) or {}
        files = data.get("files")
        if data.get("version") != INDEX_VERSION or not isinstance(files, dict):
            return {}
        return {name: record for name, record in files.items() if _usable(name, record)}

    def _write_index(self, files: dict[str, dict[str, Any]]) -> None:
        try:
            write_private_json(
                self.folder / INDEX,
                {"version": INDEX_VERSION, "files": dict(sorted(files.items()))},
            )
        except OSError as error:
            raise write_failed(error, self.folder / INDEX, missing_bytes=None) from error


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _usable(name: object, record: object) -> bool:
    """An index is a file that others can write: what does not fit is left out, and found again."""
    kinds = {"size_bytes": int, "sha256": str, "mtime_ns": int, "origin": str, "added_at": str}
    return (
        isinstance(name, str)
        and Path(name).name == name
        and isinstance(record, dict)
        and all(isinstance(record.get(key), kind) for key, kind in kinds.items())
        and isinstance(record.get("last_used_at"), str | None)
    )


def _files_in(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.is_file()]
    except OSError:
        return []


def _stem(name: str) -> str:
    """The file a partial belongs to."""
    return Path(name).name.removesuffix(PART_SUFFIX).removesuffix(BAD_SUFFIX)


def _safe_name(name: str) -> str:
    """The user's own name for the file, without what some system would not accept."""
    name = unicodedata.normalize("NFC", name)
    stem = name[: -len(".gguf")] if name.lower().endswith(".gguf") else name
    stem = "".join(char for char in stem if char.isprintable() and char not in '<>:"/\\|?*').strip(
        " ."
    )
    stem = stem.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip(" .")
    return f"{stem or 'model'}.gguf"


def _link_or_copy(source: Path, target: Path, size: int, cancel: Cancel) -> None:
    try:
        os.link(source, target)
        return
    except OSError:
        pass  # Another disk, or a file system without hard links.
    check_room(target.parent, size)
    part = target.with_name(target.name + PART_SUFFIX)
    try:
        with source.open("rb") as reader, part.open("wb") as writer:
            while block := reader.read(4 * MIB):
                cancel.check()
                writer.write(block)
        shutil.copystat(source, part)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
