"""A scripted engine, the real engine, and the real program of Feedback Companion."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from launcher.sharing.contract import (
    GATEWAY_KEY_HEADER,
    LANGUAGE_HEADER,
    NICKNAME_HEADER,
    STUDENT_HEADER,
)
from tests.services.lessons import engine_running

TEACHER_TOKEN = "teacher-token-of-the-test"
GATEWAY_KEY = "gateway-key-of-the-test"
DUTCH_TEXT = (
    "Ik vind dat er op onze school later begonnen moet worden met de lessen. Veel leerlingen zijn "
    "om acht uur nog moe en letten dan niet op. Uit onderzoek blijkt dat pubers een ander "
    "slaapritme hebben. Als de school om negen uur begint, komen er minder leerlingen te laat.\n\n"
    "Sommige mensen zeggen dat de middag dan te lang wordt. Dat vind ik geen goed argument, want "
    "je kunt de pauzes korter maken. Daarom is het beter om later te beginnen. Ik hoop dat de "
    "directie hier goed over nadenkt."
)
GOOD_REPLY = json.dumps(
    {
        "s": "s2",
        "k": "improve",
        "o": "Je schrijft dat leerlingen moe zijn.",
        "e": "De lezer weet nog niet hoe je dat weet.",
        "q": "Welk voorbeeld laat zien dat leerlingen moe zijn?",
    }
)


def good_reply(body: dict[str, Any]) -> str:
    """A reply as from a good model: about a sentence that the schema still offers."""
    schema = body["response_format"]["json_schema"]["schema"]
    if "steps" in schema.get("properties", {}):
        return json.dumps({"steps": ["Zoek een voorbeeld van leerlingen die moe zijn."]})
    if "anyOf" not in schema:  # A rough note, which is only written out.
        note = body["messages"][-1]["content"].split("<note>\n")[1].split("\n</note>")[0]
        return json.dumps({"o": f"Kijk hier nog eens naar: {note}."})
    options = schema["anyOf"]
    ids = [one for option in options for one in option["properties"]["s"].get("enum", [])]
    kinds = options[0]["properties"]["k"]["enum"]
    if "s2" in ids:
        return GOOD_REPLY if "improve" in kinds else GOOD_REPLY.replace("improve", kinds[0])
    text = body["messages"][-1]["content"]
    found = re.search(rf"\[{ids[0]}\] (.*)", text)
    assert found is not None
    word = max(re.findall(r"[a-z]+", found[1]), key=len)
    reply = {"s": ids[0], "k": "question", "o": f"Je schrijft hier over ‘{word}’.", "e": ""}
    return json.dumps({**reply, "q": f"Wat bedoel je precies met ‘{word}’?"})


def wait_until(condition: Callable[[], Any], *, timeout_s: float = 60) -> Any:
    """What ``condition`` gives as soon as that is true."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class FakeEngine:
    """Speaks as much of the engine's HTTP as we use. ``reply`` makes an answer from a request.

    Instead of text it may give "DROP" (the connection ends halfway), "REFUSE" or "BUSY".
    """

    reply: Callable[[dict[str, Any]], str] = good_reply
    requests: list[dict[str, Any]] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    gate: threading.Event = field(default_factory=threading.Event)
    unfinished: Callable[[], None] = lambda: None
    """Called when an answer was sent but for its end."""

    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "FakeEngine":
        engine = self
        self.gate.set()

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args: object) -> None:
                pass

            def do_GET(self) -> None:
                self._answer(200, b'{"status":"ok"}')

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                if self.path == "/tokenize":
                    tokens = {"tokens": list(range(len(body["content"]) // 4))}
                    self._answer(200, json.dumps(tokens).encode())
                    return
                if self.path != "/v1/chat/completions":
                    self._answer(404, b"{}")  # As an engine without slots to save.
                    return
                engine.requests.append(body)
                engine.gate.wait(30)
                text = engine.reply(body)
                if text in ("REFUSE", "BUSY"):
                    self._answer(400 if text == "REFUSE" else 503, b"{}")
                    return
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                if text == "DROP":
                    self.wfile.write(b'data: {"choices":[{"delta":{"content":"{"}}]}\n\n')
                    return
                for at in range(0, len(text), 7):
                    self._event({"choices": [{"delta": {"content": text[at : at + 7]}}]})
                engine.unfinished()
                self._event({"choices": [{"delta": {}, "finish_reason": "stop"}]})
                self.wfile.write(b"data: [DONE]\n\n")

            def _event(self, value: object) -> None:
                self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")

            def _answer(self, status: int, body: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        ThreadingHTTPServer.allow_reuse_address = True
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@dataclass
class App:
    """The real program with its two sides."""

    folder: Path
    engine_url: str
    engine_key: str = "engine-key-of-the-test"
    model: str = "A model for the test"
    lang: str = "nl"
    slots: int = 2
    context_tokens: int = 4096
    port: int = field(default_factory=free_port)
    teacher_port: int = field(default_factory=free_port)
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def teacher_url(self) -> str:
        return f"http://127.0.0.1:{self.teacher_port}"

    def start(self) -> "App":
        environment = {
            **os.environ,
            "APP_PORT": str(self.port),
            "APP_TEACHER_PORT": str(self.teacher_port),
            "APP_TEACHER_TOKEN": TEACHER_TOKEN,
            "APP_GATEWAY_KEY": GATEWAY_KEY,
            "APP_ENGINE_URL": self.engine_url,
            "APP_ENGINE_KEY": self.engine_key,
            "APP_MODEL": self.model,
            "APP_SLOTS": str(self.slots),
            "APP_CONTEXT_TOKENS": str(self.context_tokens),
            "APP_DATA_DIR": str(self.folder / "data"),
            "APP_DATA_KEY": "5a" * 32,
            "APP_LOG_FILE": str(self.folder / "logs" / "app.log"),
            "APP_LANG": self.lang,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "launcher.apps.feedback_companion"],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._is_up)
        return self

    def _is_up(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, "the app did not start"
        try:
            for port in (self.port, self.teacher_port):
                httpx.get(f"http://127.0.0.1:{port}/health").raise_for_status()
        except httpx.HTTPError:
            return False
        return True

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdin is not None
        self.process.stdin.close()

    def stop(self) -> int:
        """As the host does it: the lifeline ends."""
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            return self.process.wait(10)
        finally:
            self.process.kill()

    @contextlib.contextmanager
    def student(self, name: str = "student-1", lang: str = "nl") -> Iterator[httpx.Client]:
        with httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}",
            headers=student_headers(name, lang),
            timeout=30,
        ) as client:
            yield client

    @contextlib.contextmanager
    def teacher(self) -> Iterator[httpx.Client]:
        with httpx.Client(
            base_url=self.teacher_url, headers={"origin": self.teacher_url}, timeout=30
        ) as client:
            assert client.post("/session", json={"token": TEACHER_TOKEN}).status_code == 204
            yield client


def student_headers(name: str = "student-1", lang: str = "nl") -> dict[str, str]:
    return {
        GATEWAY_KEY_HEADER: GATEWAY_KEY,
        STUDENT_HEADER: name,
        NICKNAME_HEADER: "Blije%20Otter",
        LANGUAGE_HEADER: lang,
    }


def choose(client: httpx.Client, *, with_ai: bool = True) -> httpx.Response:
    """As the page does it: the notice that was shown, and the choice."""
    found = re.search(r'data-notice="(\w+)"', client.get("/").text)
    assert found is not None
    body = {"notice": found[1], "with_ai": with_ai, "consent": with_ai}
    return client.post("/api/notice", json=body)


def hand_in(client: httpx.Client, **changes: Any) -> httpx.Response:
    body = {"text": DUTCH_TEXT, "lang": "nl", "with_ai": True, "consent": True, **changes}
    choose(client, with_ai=body["with_ai"])
    return client.post("/api/submit", json=body)


def wait_for_state(client: httpx.Client, state: str, *, timeout_s: float = 60) -> dict[str, Any]:
    def view() -> dict[str, Any] | None:
        found: dict[str, Any] = client.get("/api/me").json()
        return found if found["state"] == state else None

    found: dict[str, Any] = wait_until(view, timeout_s=timeout_s)
    return found


@contextlib.contextmanager
def app_with_real_engine(model: Path, folder: Path) -> Iterator[App]:
    """The app, beside the engine as a lesson runs it."""
    with engine_running(model, folder, context_tokens=4096, threads=2) as engine:
        app = App(
            folder=folder, engine_url=engine.url, engine_key=engine.key, model="SmolLM2 135M"
        ).start()
        try:
            yield app
        finally:
            app.stop()
