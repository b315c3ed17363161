"""The header of a model file that is still on a server, by range requests.

A header takes 1 to 15 MB. It is asked for in pieces that grow from 2 MB, and never beyond 32 MB.
"""

import io
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, cast

from launcher.catalog.schema import HuggingFaceSource, ModelFile
from launcher.downloads.failures import connection_error, host_of, status_error
from launcher.downloads.http import new_session
from launcher.downloads.stream import Retry
from launcher.errors import PaadjeError
from launcher.events import Cancel
from launcher.models.gguf import GgufHeader, join_headers, parse_header
from launcher.units import KIB, MIB

FIRST_BYTES = 2 * MIB
MOST_BYTES = 32 * MIB
WITHIN_S = 30.0
"""For the whole header: a server that drips is given up."""
READ_TIMEOUT_S = 10.0
_BLOCK_BYTES = 64 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class RemotePart:
    """One file of a model: where it is, and how large it has to be."""

    url: str
    name: str
    size_bytes: int


def read_remote_header(
    parts: Sequence[RemotePart],
    *,
    headers: Mapping[str, str],
    cancel: Cancel,
    within_s: float = WITHIN_S,
) -> GgufHeader:
    """The header of a model in one file or in several, read part by part.

    Raises what the server's refusal means (``models.unreachable``, ``models.not_found``, ...),
    ``models.range_refused`` from a server that only gives whole files, ``models.not_gguf`` and
    ``models.gguf_broken``.
    """
    deadline = time.monotonic() + within_s
    return join_headers(
        [
            parse_header(
                cast(BinaryIO, _Growing(part, headers, deadline, cancel)),
                name=part.name,
                file_bytes=part.size_bytes,
                most_bytes=MOST_BYTES,
            )
            for part in parts
        ]
    )


def header_of_model(
    file: ModelFile, *, hf_endpoint: str, environ: Mapping[str, str], cancel: Cancel
) -> GgufHeader:
    """The header of a catalog's file, from the Hub. Raises `PaadjeError` as above, and
    ``models.not_found`` for a file that is not on the Hub."""
    from launcher.models.sources.huggingface import endpoint_of, file_url, request_headers

    for source in file.sources:
        if isinstance(source, HuggingFaceSource):
            endpoint = endpoint_of(hf_endpoint, environ).rstrip("/")
            url = file_url(source, endpoint, source.revision)
            part = RemotePart(url=url, name=file.name, size_bytes=file.size_bytes)
            return read_remote_header(
                [part], headers=request_headers(endpoint, environ), cancel=cancel
            )
    raise PaadjeError("models.not_found", host="-", detail=file.name)


class _Growing:
    """The beginning of a remote file as something to read and seek; fetches what is asked for."""

    def __init__(
        self, part: RemotePart, headers: Mapping[str, str], deadline: float, cancel: Cancel
    ) -> None:
        self.data = bytearray()
        self._part = part
        self._headers = headers
        self._deadline = deadline
        self._cancel = cancel
        self._place = 0
        self._most = min(MOST_BYTES, part.size_bytes)

    def read(self, count: int) -> bytes:
        end = self._place + count
        while len(self.data) < min(end, self._most):
            self._grow(end)
        piece = bytes(self.data[self._place : end])
        self._place += len(piece)
        return piece

    def seek(self, place: int, whence: int = io.SEEK_SET) -> int:
        self._place = place
        return place

    def _grow(self, needed: int) -> None:
        have = len(self.data)
        target = max(FIRST_BYTES, 2 * have)
        while target < needed:
            target *= 2
        target = min(target, self._most)
        before = have
        for block in self._fetch(have, target):
            self.data += block
        if len(self.data) == before:
            name = self._part.name
            raise PaadjeError("models.gguf_broken", file=name, detail="the header is cut off")

    def _fetch(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes from ``start`` up to ``end``; fewer when the server stops early."""
        import requests

        host = host_of(self._part.url)
        with new_session(self._part.url) as session:
            asked = {**self._headers, "Range": f"bytes={start}-{end - 1}"}
            try:
                with session.get(
                    self._part.url, headers=asked, stream=True, timeout=READ_TIMEOUT_S
                ) as answer:
                    if answer.status_code not in (200, 206):
                        raise _final(status_error(answer, host))
                    expected = f"bytes {start}-"
                    right = answer.headers.get("Content-Range", "").startswith(expected)
                    # Whole files are only of use at their beginning; the wrong piece never is.
                    if not right and (answer.status_code == 206 or start):
                        raise PaadjeError("models.range_refused", host=host)
                    left = end - start
                    for block in answer.iter_content(_BLOCK_BYTES):
                        self._check(host)
                        yield block[:left]
                        left -= len(block)
                        if left <= 0:
                            return
            except requests.RequestException as error:
                raise _final(connection_error(error, host)) from error

    def _check(self, host: str) -> None:
        self._cancel.check()
        if time.monotonic() > self._deadline:
            raise PaadjeError("models.unreachable", host=host, detail="the header took too long")


def _final(error: PaadjeError | Retry) -> PaadjeError:
    """There is no second attempt here: a plan can do without."""
    return error.error if isinstance(error, Retry) else error
