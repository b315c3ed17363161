"""One file over HTTP, from a given byte on."""

import io
import re
import select
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from launcher import __version__
from launcher.downloads.failures import (
    connection_error,
    host_of,
    interrupted,
    mask,
    status_error,
)
from launcher.downloads.stream import BLOCK_BYTES, Buffers, Data, Opener, Retry
from launcher.errors import PaadjeError

if TYPE_CHECKING:
    import requests

CONNECT_TIMEOUT_S = 10.0
ENOUGH_BYTES = BLOCK_BYTES // 2
"""Putting pieces together copies them: what is this large is passed on as it is."""
USER_AGENT = f"paadje/{__version__}"

_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,18})-[0-9]{1,18}/([0-9]{1,18}|\*)")
_LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Where the bytes are now, and the headers to ask with. Headers may hold a secret."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


Resolve = Callable[[], Request]
"""Called anew for each attempt: a signed address does not live long."""


@cache
def use_system_certificates() -> None:
    """Trust what this computer trusts: many schools inspect TLS with a certificate of their own."""
    import truststore

    truststore.inject_into_ssl()


def new_session(url: str) -> "requests.Session":
    """A session for ``url``, with the system's certificates and proxies.

    A proxy to the internet does not know the laptops in this building: their addresses are asked
    directly.
    """
    use_system_certificates()
    import requests

    session = requests.Session()
    session.trust_env = not _is_nearby(url)
    session.headers["User-Agent"] = USER_AGENT
    # Compressed bytes could not be resumed, and their length says nothing about the file.
    session.headers["Accept-Encoding"] = "identity"
    return session


def _is_nearby(url: str) -> bool:
    import ipaddress

    try:
        address = ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return address.is_private and not address.is_loopback


def http_opener(resolve: Resolve, *, size_bytes: int | None, read_timeout_s: float) -> Opener:
    """Opens what ``resolve`` points to; refuses what cannot be a file of ``size_bytes``."""

    def open_at(start_byte: int) -> "HttpStream":
        request = resolve()
        stream = HttpStream(request, start_byte, read_timeout_s=read_timeout_s)
        if stream.unusable_range:
            # Asked for a part and got another one, or a refusal: ask for the whole file instead.
            stream.close()
            stream = HttpStream(request, 0, read_timeout_s=read_timeout_s)
        try:
            stream.check(size_bytes)
        except BaseException:
            stream.close()
            raise
        return stream

    return open_at


class HttpLane:
    """One of several connections for the same file: it asks for a piece at a time.

    The address to which the first answer redirected is used again until it is refused.
    """

    def __init__(self, resolve: Resolve, *, size_bytes: int, read_timeout_s: float) -> None:
        self._resolve = resolve
        self._size_bytes = size_bytes
        self._read_timeout_s = read_timeout_s
        self._session: requests.Session | None = None
        self._known: Request | None = None

    def open(self, start_byte: int, end_byte: int) -> "HttpStream":
        """The bytes up to but not including ``end_byte``. Raises Retry or PaadjeError,
        ``models.range_refused`` when the server gives something else than the piece."""
        known, self._known = self._known, None
        stream = self._ask(known or self._resolve(), start_byte, end_byte)
        if known is not None and not stream.is_piece:
            stream.close()
            stream = self._ask(self._resolve(), start_byte, end_byte)
        try:
            stream.check(self._size_bytes)
            if not stream.is_piece:
                raise PaadjeError("models.range_refused", host=stream.host, detail="no 206")
        except BaseException:
            stream.close()
            raise
        self._known = stream.answered_by
        return stream

    def _ask(self, request: Request, start_byte: int, end_byte: int) -> "HttpStream":
        self._session = self._session or new_session(request.url)
        return HttpStream(
            request,
            start_byte,
            end_byte=end_byte,
            session=self._session,
            read_timeout_s=self._read_timeout_s,
        )

    def close(self) -> None:
        if self._session is not None:
            self._session.close()


class HttpStream:
    """One answer to one request."""

    def __init__(
        self,
        request: Request,
        start_byte: int,
        *,
        read_timeout_s: float,
        end_byte: int | None = None,
        session: "requests.Session | None" = None,
    ) -> None:
        self.host = host_of(request.url)
        self._request = request
        self._failure: Retry | None = None
        self._owns_session = session is None
        self._session = session or new_session(request.url)
        try:
            self._answer = self._get(request, start_byte, end_byte, read_timeout_s)
        except BaseException:
            if self._owns_session:
                self._session.close()
            raise
        self.start_byte = start_byte
        # Decoding copies every byte, also where there is nothing to decode.
        self._is_encoded = "Content-Encoding" in self._answer.headers
        # A connection that is used again has to be read through all layers.
        self._body = _body_of(self._answer) if self._owns_session else None
        self._buffers = Buffers()
        self.total_bytes: int | None = None
        self.unusable_range = False
        self._read_headers(start_byte)

    @property
    def is_piece(self) -> bool:
        """Whether this is the piece that was asked for."""
        return self._answer.status_code == 206 and not self.unusable_range

    @property
    def gives_pieces(self) -> bool:
        """Whether the server would give any piece of this file."""
        accepts = self._answer.headers.get("Accept-Ranges", "").strip().lower() == "bytes"
        return self.is_piece or (self._answer.status_code == 200 and accepts)

    @property
    def answered_by(self) -> Request:
        """Where the answer came from; what is secret is for the host that was asked only."""
        headers = self._request.headers if host_of(self._answer.url) == self.host else {}
        return Request(url=self._answer.url, headers=headers)

    def _get(
        self, request: Request, start_byte: int, end_byte: int | None, read_timeout_s: float
    ) -> "requests.Response":
        import requests

        headers = dict(request.headers)
        if end_byte is not None:
            headers["Range"] = f"bytes={start_byte}-{end_byte - 1}"
        elif start_byte:
            headers["Range"] = f"bytes={start_byte}-"
        try:
            return self._session.get(
                request.url,
                headers=headers,
                stream=True,
                timeout=(CONNECT_TIMEOUT_S, read_timeout_s),
            )
        except requests.RequestException as error:
            raise connection_error(error, self.host) from None

    def _read_headers(self, start_byte: int) -> None:
        answer = self._answer
        if answer.status_code == 206:
            match = _CONTENT_RANGE.fullmatch(answer.headers.get("Content-Range", ""))
            if match is None or int(match[1]) != start_byte:
                self.unusable_range = True
            elif match[2] != "*":
                self.total_bytes = int(match[2])
        elif answer.status_code == 416 and start_byte:
            self.unusable_range = True
        else:
            self.start_byte = 0
            length = answer.headers.get("Content-Length", "")
            if _LENGTH.fullmatch(length) and not answer.headers.get("Content-Encoding"):
                self.total_bytes = int(length)

    def check(self, size_bytes: int | None) -> None:
        """Raise when this answer is a refusal, or cannot be a file of ``size_bytes``."""
        if self._answer.status_code not in (200, 206):
            raise status_error(self._answer, self.host)
        if self.unusable_range:
            raise PaadjeError("models.range_refused", host=self.host, detail="wrong Content-Range")
        if size_bytes is None or self.total_bytes == size_bytes:
            return
        kind = self._answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind == "text/html":
            # A login page of the network or a filter answers 200 to everything.
            raise PaadjeError("models.web_page", host=self.host, detail=f"Content-Type {kind}")
        if self.total_bytes is not None:
            raise PaadjeError(
                "models.wrong_size",
                host=self.host,
                detail=f"{self.total_bytes} bytes announced, {size_bytes} bytes expected",
            )

    def read(self) -> Data:
        """What is here now, at most a block. Waits only when there is nothing."""
        if self._failure is not None:
            raise self._failure
        if self._body is not None:
            return self._fill(self._body)
        data = self._read_some()
        if not data or len(data) >= ENOUGH_BYTES or not self._more_is_here():
            return data
        pieces, count = [data], len(data)
        while count < ENOUGH_BYTES and self._more_is_here():
            try:
                data = self._read_some()
            except Retry as failure:
                self._failure = failure  # Told after what came before it.
                break
            if not data:
                break
            pieces.append(data)
            count += len(data)
        return b"".join(pieces)

    def _fill(self, body: "_Body") -> memoryview:
        """As :meth:`read`, into memory that was used before."""
        view = self._buffers.take()[: body.left]
        count = 0
        while count < len(view) and (not count or self._more_is_here()):
            try:
                got = body.file.readinto1(view[count:])
            except (OSError, ValueError) as error:
                failure = interrupted(self.host, f"{type(error).__name__}: {mask(str(error))}")
                if not count:
                    raise failure from None
                self._failure = failure  # Told after what came before it.
                break
            if not got:
                if not count:
                    raise interrupted(self.host, f"{body.left} bytes missing")
                break
            count += got
            body.left -= got
        return view[:count]

    def _read_some(self) -> bytes:
        import urllib3

        try:
            data: bytes = self._answer.raw.read1(BLOCK_BYTES, decode_content=self._is_encoded)
        except (urllib3.exceptions.HTTPError, OSError, ValueError, AttributeError) as error:
            # ValueError and AttributeError: urllib3 when another thread has shut the socket down.
            raise interrupted(self.host, f"{type(error).__name__}: {mask(str(error))}") from None
        return data

    def _more_is_here(self) -> bool:
        """Whether more bytes have arrived. Fewer, larger blocks cost less on a fast network."""
        try:
            return bool(select.select([self._answer.raw.fileno()], [], [], 0)[0])
        except (OSError, ValueError, AttributeError):
            return False

    def interrupt(self) -> None:
        with suppress(OSError, ValueError, RuntimeError):
            self._answer.raw.shutdown()

    def close(self) -> None:
        self._answer.close()
        if self._owns_session:
            self._session.close()


@dataclass(slots=True)
class _Body:
    """What comes in over a connection, and how much of it is this file's."""

    file: io.BufferedReader
    left: int


def _body_of(answer: "requests.Response") -> _Body | None:
    """The body without the layers around it, which copy each byte; None where they are needed."""
    inner = getattr(answer.raw, "_original_response", None)
    file, length = getattr(inner, "fp", None), getattr(inner, "length", None)
    if not isinstance(file, io.BufferedReader) or not isinstance(length, int):
        return None
    return None if "Content-Encoding" in answer.headers else _Body(file, length)
