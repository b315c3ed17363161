"""A file, a folder, a USB stick or an address that the user points at."""

import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

from launcher.catalog.schema import HuggingFaceSource, ModelFile
from launcher.downloads.disk import read_failed
from launcher.downloads.stream import BLOCK_BYTES, Retry
from launcher.downloads.transfer import receive
from launcher.errors import PaadjeError
from launcher.events import Cancel
from launcher.models.sources import FETCH_STEP, Order

NOT_HERE = frozenset({"models.not_found", "models.wrong_size", "models.web_page", "models.refused"})
"""A mirror says so for an address that it does not use."""
MAX_DEPTH = 6
MAX_FOLDERS = 20_000
"""A whole disk may be pointed at by mistake; looking ends somewhere."""


def is_address(place: str) -> bool:
    return place.lower().startswith(("http://", "https://"))


def fetch_from_place(place: str, order: Order) -> None:
    """Fetch the file from where the user says it is.

    Raises ``models.place_missing`` when there is no such place, ``models.not_in_place`` when the
    file is not in it; the sha256 decides about what is found.
    """
    if is_address(place):
        _fetch_address(place, order)
        return
    path = Path(place).expanduser()
    if path.is_file():
        copy_file(path, order)
        return
    if not path.is_dir():
        raise PaadjeError("models.place_missing", place=place)
    wrong: PaadjeError | None = None
    for candidate in find_candidates(path, order):
        try:
            copy_file(candidate, order)
        except PaadjeError as error:
            if error.code not in ("models.hash_mismatch", "models.wrong_size"):
                raise
            wrong = error
        else:
            return
    raise wrong or PaadjeError("models.not_in_place", place=place, file=order.file.name)


def find_candidates(folder: Path, order: Order) -> list[Path]:
    """Files of the right size; those with the right name first."""
    names = {order.file.name.casefold()}
    names.update(
        Path(source.file if source.kind == "huggingface" else source.member).name.casefold()
        for source in order.file.sources
    )
    size = order.file.size_bytes
    found = [path for path, its_size in _files_below(folder, order.cancel) if its_size == size]
    return sorted(found, key=lambda path: (path.name.casefold() not in names, str(path)))


def sizes_in(place: str) -> frozenset[int]:
    """The sizes of the file or of all files at ``place``: what could be fetched from there."""
    path = Path(place).expanduser()
    try:
        if path.is_file():
            return frozenset({path.stat().st_size})
    except OSError:
        return frozenset()
    return frozenset(size for _, size in _files_below(path, Cancel()))


def _files_below(folder: Path, cancel: Cancel) -> Iterator[tuple[Path, int]]:
    # Breadth first: the file is more likely near the top of a stick than deep in it.
    level = [folder]
    visited = 0
    for _ in range(MAX_DEPTH + 1):
        below: list[Path] = []
        for place in level:
            cancel.check()
            visited += 1
            if visited > MAX_FOLDERS:
                return
            try:
                with os.scandir(place) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            below.append(Path(entry.path))
                        elif entry.is_file():
                            yield Path(entry.path), entry.stat().st_size
            except OSError:
                continue  # A folder that may not be read holds nothing for us.
        level = below


def copy_file(path: Path, order: Order) -> None:
    """Copy one local file by the same transfer: it resumes, verifies, and can be stopped."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise read_failed(error, path) from error
    if size != order.file.size_bytes:
        raise PaadjeError(
            "models.wrong_size",
            host=path.name,
            detail=f"{size} bytes, {order.file.size_bytes} bytes expected",
        )
    receive(
        lambda start_byte: _FileStream(path, start_byte),
        target=order.target,
        size_bytes=order.file.size_bytes,
        sha256=order.file.sha256,
        report=order.report,
        cancel=order.cancel,
        step=FETCH_STEP,
        patience=order.patience,
    )


def addresses_at(url: str, file: ModelFile) -> tuple[str, ...]:
    """Where the file can be on a mirror: the address itself when it names a file, else what a
    colleague's Paadje, a plain folder and a copy of the Hub would call it."""
    parts = urlsplit(url)
    if parts.path.lower().endswith(".gguf") or parts.query:
        return (url,)
    base = url.rstrip("/")
    on_hub = [
        f"{source.repo}/resolve/{source.revision or 'main'}/{source.file}"
        for source in file.sources
        if isinstance(source, HuggingFaceSource)
    ]
    below = dict.fromkeys((f"sha256/{file.sha256}", file.name, *on_hub))
    return tuple(f"{base}/{quote(path)}" for path in below)


def _fetch_address(url: str, order: Order) -> None:
    """Raises the error of the last address that was tried."""
    addresses = addresses_at(url, order.file)
    for place, address in enumerate(addresses, start=1):
        try:
            order.fetch(address)
        except PaadjeError as error:
            if place == len(addresses) or error.code not in NOT_HERE:
                raise
        else:
            return


class _FileStream:
    """A file on this computer as a source of bytes."""

    gives_pieces = False  # One reader is as fast as the disk.

    def __init__(self, path: Path, start_byte: int) -> None:
        self._path = path
        self.start_byte = start_byte
        try:
            self._file = path.open("rb", buffering=0)
            self._file.seek(start_byte)
            self.total_bytes: int | None = path.stat().st_size
        except OSError as error:
            raise read_failed(error, path) from error

    def read(self) -> bytes:
        try:
            return self._file.read(BLOCK_BYTES)
        except OSError as error:
            # A stick that was pulled out may come back.
            raise Retry(read_failed(error, self._path)) from error

    def interrupt(self) -> None:
        """Reading a local file ends by itself."""

    def close(self) -> None:
        self._file.close()
