"""A Hugging Face Hub on loopback that can drop, lie and stall.

    with FakeHub() as hub:
        hub.add("maker/model", "model.gguf", content)
        hub.drop_after_bytes = 1000
        ...  # fetch from hub.endpoint
        assert hub.bytes_served == len(content)

``/{repo}/resolve/{revision}/{file}`` redirects to ``/cdn/{repo}/{file}?sig=...`` under another host
name (``localhost`` instead of ``127.0.0.1``), as the real one does. Every attribute below is a
fault that can be switched at any moment; numbers of times count down.
"""

import hashlib
import json
import secrets
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, quote, unquote, urlsplit

BLOCK_BYTES = 64 * 1024
WAIT_S = 60.0


@dataclass
class Refusal:
    """Answer with ``status`` so many ``times``; ``at`` is hub (before the redirect) or cdn."""

    status: int
    times: int = 1_000_000
    at: str = "cdn"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """One request as it came in."""

    method: str
    path: str
    range: str | None
    authorization: str | None


class FakeHub:
    """The server and its faults. Bytes are counted when they are sent, over all requests."""

    def __init__(self) -> None:
        self.commit = "1" * 40
        self.requests: list[Seen] = []
        self.bytes_served = 0

        self.drop_after_bytes: int | None = None
        """Close the connection after so many bytes of an answer..."""
        self.drop_times = 1_000_000
        self.stall_after_bytes: int | None = None
        """Send nothing more after so many bytes, until ``release`` is set."""
        self.release = threading.Event()
        self.stalled = threading.Event()
        self.stall_once_from: int | None = None
        """The first answer that has a byte from here on stops there."""
        self.most_connections: int | None = None
        """More answers with bytes at the same time are refused with 503."""
        self.most_at_once = 0
        self.ignore_range = False
        self.wrong_range = False
        """Answer 206 with another piece than was asked for."""
        self.announce_extra_bytes = 0
        """Lie in Content-Length and Content-Range."""
        self.no_length = False
        self.says_ranges = True
        self.pace_bytes_per_s: float | None = None
        """Each connection gets no more than this."""
        self.wrong_bytes_from: int | None = None
        """Every byte from here on is another one."""
        self.wrong_etag = False
        self.web_page = False
        """Answer everything with a login page."""
        self.single_use_signatures = False
        self.expired_times = 0
        """So many signed addresses are too old when they are used."""
        self.refusals: list[Refusal] = []

        self._files: dict[tuple[str, str], bytes] = {}
        self._signatures: set[str] = set()
        self._lock = threading.Lock()
        self._at_once = 0
        self._watched: tuple[int, threading.Event] | None = None
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.hub = self
        self.port = self._server.server_address[1]
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._cdn = f"http://localhost:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def add(self, repo: str, file: str, content: bytes) -> str:
        """Put a file on the hub; returns its sha256."""
        self._files[repo, file] = content
        return hashlib.sha256(content).hexdigest()

    def refuse(self, status: int, **more: Any) -> None:
        self.refusals.append(Refusal(status, **more))

    def use_tls(self, context: ssl.SSLContext) -> None:
        """Speak TLS from the next connection on."""
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    def url(self, repo: str, file: str) -> str:
        """The address of a file without any redirect or signature."""
        return f"{self.endpoint}/plain/{repo}/{quote(file)}"

    def ranges(self) -> list[str | None]:
        """The Range of each request for bytes, in order."""
        return [seen.range for seen in self.requests if _carries_bytes(seen)]

    def statistics(self) -> Counter[str]:
        return Counter(seen.method for seen in self.requests)

    # --- for the handler ---------------------------------------------------------------------

    def content(self, repo: str, file: str) -> bytes | None:
        return self._files.get((repo, file))

    def files_of(self, repo: str) -> list[str]:
        return [file for known, file in self._files if known == repo]

    def sign(self, repo: str, file: str) -> str:
        signature = secrets.token_urlsafe(12)
        with self._lock:
            if self.expired_times > 0:
                self.expired_times -= 1
            else:
                self._signatures.add(signature)
        return f"{self._cdn}/cdn/{repo}/{quote(file)}?sig={signature}"

    def signature_is_good(self, signature: str) -> bool:
        with self._lock:
            good = signature in self._signatures
            if self.single_use_signatures:
                self._signatures.discard(signature)
            return good

    def next_refusal(self, at: str) -> Refusal | None:
        with self._lock:
            for refusal in self.refusals:
                if refusal.at == at and refusal.times > 0:
                    refusal.times -= 1
                    return refusal
        return None

    def may_drop(self) -> bool:
        with self._lock:
            if self.drop_times <= 0:
                return False
            self.drop_times -= 1
            return True

    def count(self, sent: int) -> None:
        with self._lock:
            self.bytes_served += sent
            if self._watched is not None and self.bytes_served >= self._watched[0]:
                self._watched[1].set()

    def tell_at(self, bytes_served: int, event: threading.Event) -> None:
        """Set ``event`` as soon as so many bytes were served."""
        with self._lock:
            self._watched = (bytes_served, event)

    def stalls_in(self, start: int, end: int) -> bool:
        """Whether this answer is the one that stalls."""
        with self._lock:
            place = self.stall_once_from
            if place is None or not start <= place < end:
                return False
            self.stall_once_from = None
            return True

    @contextmanager
    def one_more(self) -> Iterator[bool]:
        """While an answer is sent; whether it may be."""
        with self._lock:
            may = self.most_connections is None or self._at_once < self.most_connections
            self._at_once += may
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield may
        finally:
            with self._lock:
                self._at_once -= may


def _carries_bytes(seen: Seen) -> bool:
    return seen.method == "GET" and seen.path.startswith(("/cdn/", "/plain/"))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    hub: FakeHub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def _answer(self, *, with_body: bool) -> None:
        hub = self.server.hub
        parts = urlsplit(self.path)
        hub.requests.append(
            Seen(
                self.command,
                parts.path,
                self.headers.get("Range"),
                self.headers.get("Authorization"),
            )
        )
        if hub.web_page:
            self._send(200, b"<html>Log in</html>", {"Content-Type": "text/html"}, with_body)
            return
        at = "cdn" if parts.path.startswith(("/cdn/", "/plain/")) else "hub"
        refusal = hub.next_refusal(at)
        if refusal is not None:
            self._send(refusal.status, b"no", refusal.headers, with_body)
        elif parts.path.startswith("/api/models/"):
            self._send_model_info(parts.path.removeprefix("/api/models/"), with_body)
        elif "/resolve/" in parts.path:
            self._redirect(parts.path, with_body)
        else:
            with hub.one_more() as may:
                if may:
                    self._send_file(parts.path, parse_qs(parts.query), with_body)
                else:
                    self._send(503, b"no", {}, with_body)

    def _send_model_info(self, rest: str, with_body: bool) -> None:
        hub = self.server.hub
        repo = rest.partition("/revision/")[0]
        files = hub.files_of(repo)
        if not files:
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"}, with_body)
            return
        info = {
            "id": repo,
            "modelId": repo,
            "sha": hub.commit,
            "siblings": [{"rfilename": file} for file in files],
        }
        kind = {"Content-Type": "application/json"}
        self._send(200, json.dumps(info).encode(), kind, with_body)

    def _redirect(self, path: str, with_body: bool) -> None:
        hub = self.server.hub
        repo, _, rest = path.strip("/").partition("/resolve/")
        file = unquote(rest.partition("/")[2])
        content = hub.content(repo, file)
        if content is None:
            self._send(404, b"no", {"X-Error-Code": "EntryNotFound"}, with_body)
            return
        sha256 = "0" * 64 if hub.wrong_etag else hashlib.sha256(content).hexdigest()
        headers = {
            "Location": hub.sign(repo, file),
            "X-Repo-Commit": hub.commit,
            "X-Linked-Size": str(len(content) + hub.announce_extra_bytes),
            "X-Linked-Etag": f'"{sha256}"',
            "ETag": f'"{sha256}"',
        }
        self._send(302, b"", headers, with_body)

    def _send_file(self, path: str, query: dict[str, list[str]], with_body: bool) -> None:
        hub = self.server.hub
        kind, _, rest = path.strip("/").partition("/")
        if kind == "cdn" and not hub.signature_is_good(query.get("sig", [""])[0]):
            self._send(403, b"expired", {}, with_body)
            return
        owner, name, file = [*unquote(rest).split("/", 2), "", ""][:3]
        content = hub.content(f"{owner}/{name}", file)
        if content is None:
            self._send(404, b"no", {}, with_body)
            return
        announced = len(content) + hub.announce_extra_bytes
        asked = self.headers.get("Range")
        headers: dict[str, str] = {"ETag": f'"{secrets.token_hex(4)}"'} if hub.wrong_etag else {}
        start, end = 0, len(content)
        if hub.says_ranges:
            headers["Accept-Ranges"] = "bytes"
        if asked and not hub.ignore_range:
            first, _, last = asked.removeprefix("bytes=").partition("-")
            start = int(first)
            end = min(int(last) + 1, end) if last else end
            if start >= len(content):
                self._send(416, b"", {"Content-Range": f"bytes */{len(content)}"}, with_body)
                return
            if hub.wrong_range:
                start = max(start - 7, 0)
            extra = announced - len(content)
            headers["Content-Range"] = f"bytes {start}-{end + extra - 1}/{announced}"
        self.send_response(206 if "Content-Range" in headers else 200)
        for key, value in headers.items():
            self.send_header(key, value)
        if hub.no_length:
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(end - start + announced - len(content)))
        self.end_headers()
        if with_body:
            self._send_bytes(content, start, end)
        if hub.announce_extra_bytes:
            self._hang_up()

    def _send_bytes(self, content: bytes, start: int, end: int) -> None:
        hub = self.server.hub
        began = time.monotonic()
        drop = hub.drop_after_bytes if hub.drop_after_bytes is not None and hub.may_drop() else None
        stalls = hub.stalls_in(start, end)
        for place, block in _blocks(content, start, end, hub.wrong_bytes_from):
            sent = place - start
            if drop is not None and sent + len(block) > drop:
                self._write(block[: drop - sent])
                self._hang_up()
                return
            stall = hub.stall_after_bytes
            if stall is not None and sent + len(block) > stall:
                self._write(block[: stall - sent])
                hub.stalled.set()
                hub.release.wait(WAIT_S)
                self._hang_up()
                return
            self._write(block)
            if stalls:
                hub.stalled.set()
                hub.release.wait(WAIT_S)
                self._hang_up()
                return
            if hub.pace_bytes_per_s:
                due = began + (sent + len(block)) / hub.pace_bytes_per_s
                hub.release.wait(max(due - time.monotonic(), 0))

    def _write(self, block: bytes | memoryview) -> None:
        self.wfile.write(block)
        self.server.hub.count(len(block))

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, body: bytes, headers: dict[str, str], with_body: bool) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def _blocks(
    content: bytes, start: int, end: int, wrong_from: int | None
) -> Iterator[tuple[int, bytes | memoryview]]:
    view = memoryview(content)[:end]
    for place in range(start, end, BLOCK_BYTES):
        block = view[place : place + BLOCK_BYTES]
        if wrong_from is None or place + len(block) <= wrong_from:
            yield place, block
        else:
            good = max(wrong_from - place, 0)
            yield place, bytes(block[:good]) + bytes(byte ^ 0xFF for byte in block[good:])


@contextmanager
def unused_port() -> Iterator[int]:
    """A port of loopback on which nothing answers while the block runs."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
