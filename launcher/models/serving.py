"""Share models with a colleague's laptop: a small server that only gives whole, known files.

It knows one kind of address, ``/sha256/<hash>``, and answers only for a file that is in the catalog
and in the library. There is no list, no name and no path to ask for, and nothing can be sent to it.
The colleague's Paadje checks every byte against its own catalog.
"""

import re
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

from launcher.catalog.schema import CatalogModel
from launcher.errors import PaadjeError
from launcher.events import Notice, Report
from launcher.models.library import Library

if TYPE_CHECKING:
    from zeroconf import Zeroconf

SERVICE_TYPE = "_paadje-models._tcp.local."
FIRST_PORT = 42100
MOST_CONNECTIONS = 16
MOST_PER_ADDRESS = 6
SOCKET_TIMEOUT_S = 20.0

_PATH = re.compile(r"/sha256/([0-9a-f]{64})")
_RANGE = re.compile(r"bytes=([0-9]{1,18})-([0-9]{0,18})")


def shared_files(library: Library, models: Sequence[CatalogModel]) -> dict[str, Path]:
    """What may be shared, by sha256: files of the catalog, unchanged since they were verified."""
    known = {model.file.sha256 for model in models if model.file is not None}
    return {
        entry.sha256: entry.path
        for entry in library.entries()
        if entry.present and entry.sha256 in known
    }


@contextmanager
def serve_models(
    files: Callable[[], dict[str, Path]], *, address: str, port: int, report: Report
) -> Iterator[str]:
    """Share while the block runs; gives the address of the server.

    Raises ``models.cannot_share`` when the address cannot be listened on.
    """
    try:
        server = _Server((address, port), _Handler)
    except OSError as error:
        raise PaadjeError(
            "models.cannot_share", address=address, port=port, detail=str(error)
        ) from error
    server.files, server.report = files, report
    threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True).start()
    port = server.server_address[1]
    announcer = announce(address, port)
    try:
        yield f"http://{address}:{port}"
    finally:
        if announcer is not None:
            announcer.close()
        server.shutdown()
        server.server_close()


def announce(address: str, port: int) -> "Zeroconf | None":
    """Tell the network where we are, under a name that says nothing of anybody; None where that
    is not possible: the address can still be typed."""
    import socket

    try:
        from zeroconf import Error, ServiceInfo, Zeroconf
    except ImportError:  # It has no wheel for Intel Macs.
        return None

    name = f"Paadje {secrets.token_hex(3)}"
    info = ServiceInfo(
        SERVICE_TYPE,
        f"{name}.{SERVICE_TYPE}",
        addresses=[socket.inet_aton(address)],
        port=port,
        properties={"v": "1"},
        server=f"{name.lower().replace(' ', '-')}.local.",
    )
    zeroconf = None
    try:
        zeroconf = Zeroconf(interfaces=[address])
        zeroconf.register_service(info)
    except (OSError, Error):
        if zeroconf is not None:
            zeroconf.close()
        return None
    return zeroconf


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    files: Callable[[], dict[str, Path]]
    report: Report

    def __init__(self, *arguments: Any) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, int] = {}
        super().__init__(*arguments)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Refuse before a thread is made: nobody can fill this laptop with connections."""
        with self._lock:
            mine = self._open.get(client_address[0], 0)
            if mine >= MOST_PER_ADDRESS or sum(self._open.values()) >= MOST_CONNECTIONS:
                return False
            self._open[client_address[0]] = mine + 1
        return True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                left = self._open[client_address[0]] - 1
                self._open[client_address[0]] = left
                if not left:
                    del self._open[client_address[0]]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A colleague who closes the laptop is nothing to tell."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SOCKET_TIMEOUT_S
    server: _Server

    def version_string(self) -> str:
        return "paadje"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Who fetched what is not kept."""

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        match = _PATH.fullmatch(self.path)
        path = self.server.files().get(match[1]) if match else None
        if path is None:
            self._refuse(404)
            return
        try:
            file = path.open("rb")
        except OSError:
            self._refuse(404)
            return
        with file:
            size = file.seek(0, 2)
            piece = _piece(self.headers.get("Range"), size)
            if piece is None:
                self._refuse(416, {"Content-Range": f"bytes */{size}"})
                return
            start, end = piece
            self.send_response(200 if (start, end) == (0, size) else 206)
            if (start, end) != (0, size):
                self.send_header("Content-Range", f"bytes {start}-{end - 1}/{size}")
            self.send_header("Accept-Ranges", "bytes")
            self.send_header("Content-Type", "application/octet-stream")
            self.send_header("Content-Length", str(end - start))
            self.end_headers()
            if with_body:
                if start == 0:
                    self.server.report(
                        Notice(
                            code="models.shared",
                            params={"file": path.name, "address": self.client_address[0]},
                        )
                    )
                self.wfile.flush()
                self.connection.sendfile(file, offset=start, count=end - start)

    def _refuse(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()


def _piece(asked: str | None, size: int) -> tuple[int, int] | None:
    """The bytes that were asked for; the whole file when that cannot be understood, None when
    there are no such bytes (RFC 9110, 14.2)."""
    match = _RANGE.fullmatch(asked or "")
    if match is None:
        return 0, size
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    return (start, end) if start < end else None
