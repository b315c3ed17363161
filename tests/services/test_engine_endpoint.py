"""The engine for a school's own server: against a second llama.cpp, and against a hostile one."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from launcher.apps.classroom.engine import EngineClient, EngineLost
from launcher.apps.classroom.engine_slots import PrimedSlots
from launcher.engines.openai_endpoint import check_endpoint
from launcher.engines.registry import get_engine
from launcher.errors import UsageError
from launcher.services import process
from tests.services.lessons import engine_running, engine_settings

ID = "openai-endpoint"
KEY = "the-schools-own-key"
SCHEMA = {
    "type": "object",
    "properties": {"ok": {"enum": [True, False]}},
    "required": ["ok"],
    "additionalProperties": False,
}
HELLO = [{"role": "user", "content": "Hello"}]


class School(BaseHTTPRequestHandler):
    """A server that does what the test says; ``answer`` writes what comes after the headers."""

    protocol_version = "HTTP/1.0"
    models: Callable[["School"], None]
    complete: Callable[["School", dict[str, Any]], None]
    asked: list[dict[str, Any]]

    def do_GET(self) -> None:
        type(self).models(self)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).asked.append({**body, "key": self.headers.get("authorization")})
        try:
            type(self).complete(self, body)
        except OSError:
            pass  # The relay has had enough.

    def log_message(self, *_: object) -> None:
        pass

    def reply(self, status: int, kind: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def stream(self, *pieces: str) -> None:
        lines = [{"choices": [{"delta": {"content": piece}}]} for piece in pieces]
        lines.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        lines.append({"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 3}})
        body = "".join(f"data: {json.dumps(line)}\n\n" for line in lines) + "data: [DONE]\n\n"
        self.reply(200, "text/event-stream", body.encode())


def good_models(school: School) -> None:
    school.reply(200, "application/json", b'{"data": [{"id": "school-model"}]}')


def plain(school: School, body: dict[str, Any]) -> None:
    """An old server: no schemas, and an error for what it does not know."""
    if set(body) & {"cache_prompt", "chat_template_kwargs", "id_slot"}:
        school.reply(422, "application/json", b'{"error": "unknown field"}')
        return
    school.stream("I ", "say 7")


@contextmanager
def school_server(
    complete: Callable[[School, dict[str, Any]], None],
    models: Callable[[School], None] = good_models,
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    asked: list[dict[str, Any]] = []
    how = {"models": staticmethod(models), "complete": staticmethod(complete), "asked": asked}
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("This", (School,), how))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def relay(url: str, folder: Path, **changes: Any) -> Iterator[tuple[str, str, process.Child]]:
    values = {"endpoint_url": url, "endpoint_key": KEY, "model_id": "school-model", **changes}
    with engine_running(folder / "none.gguf", folder, engine_id=ID, **values) as running:
        yield running.url, running.key, running.child


async def ask(url: str, key: str, **changes: Any) -> str:
    client = EngineClient(url, key)
    try:
        return (await client.complete(HELLO, max_tokens=60, temperature=0, **changes)).text
    finally:
        await client.close()


@pytest.mark.engine
def test_a_second_llama_cpp_is_found_out_and_used(starter_model: Path, tmp_path: Path) -> None:
    folder = tmp_path / "school"
    folder.mkdir()
    with (
        engine_running(starter_model, folder, api_key=KEY, model_id="school-model") as school,
        relay(school.url, tmp_path) as (url, key, child),
    ):
        reply = asyncio.run(ask(url, key, schema=SCHEMA, slot=1))
        assert json.loads(reply)["ok"] in (True, False)
        counts = get_engine(ID).metrics(url, key)
        assert counts["schemas"] is True
        assert counts["extras"] is True
        assert counts["prompt_tokens"] > 0
        assert counts["output_tokens"] > 0
        # Its slots belong to others too: nothing is put in them.
        assert not asyncio.run(seat(url, key))
        log = child.log_file.read_text()
        assert KEY not in log
        assert key not in log


async def seat(url: str, key: str) -> bool:
    client = EngineClient(url, key)
    try:
        return await PrimedSlots(client).seat("a", (HELLO, HELLO), 0)
    finally:
        await client.close()


def test_a_plain_server_gets_only_what_it_knows(tmp_path: Path) -> None:
    with school_server(plain) as (school, asked), relay(school, tmp_path) as (url, key, _):
        assert asyncio.run(ask(url, key, schema=SCHEMA, slot=3)) == "I say 7"
        counts = get_engine(ID).metrics(url, key)
        assert (counts["schemas"], counts["extras"]) == (False, False)
        last = asked[-1]
        assert last["key"] == f"Bearer {KEY}"
        assert last["model"] == "school-model"
        assert not set(last) & {"cache_prompt", "id_slot", "response_format"}
        # Apps have a key of their own and never see the school's.
        assert requests.get(f"{url}/v1/models", timeout=10).status_code == 401
        wrong = {"Authorization": f"Bearer {KEY}"}
        assert requests.get(f"{url}/counts", headers=wrong, timeout=10).status_code == 401


def endless(school: School) -> None:
    school.send_response(200)
    school.send_header("content-type", "text/event-stream")
    school.end_headers()
    while True:
        school.wfile.write(b"x" * 65536)


HOSTILE: dict[str, Callable[[School], None]] = {
    "one line without an end": endless,
    "not a stream": lambda school: school.reply(200, "text/html", b"<script>alert(1)</script>"),
    "not JSON": lambda school: school.reply(200, "text/event-stream", b"data: {{{{\n\n"),
    "deep": lambda school: school.reply(
        200, "text/event-stream", b"data: " + b"[" * 30_000 + b"\n\n"
    ),
    "a list": lambda school: school.reply(200, "text/event-stream", b"data: [1]\n\n"),
    "packed": lambda school: school.reply(
        200, "text/event-stream", b"\x1f\x8b", content_encoding="gzip"
    ),
    "elsewhere": lambda school: school.reply(
        307, "text/plain", b"", location="http://127.0.0.1:1/v1/chat/completions"
    ),
    "an error with terminal codes": lambda school: school.reply(
        500, "text/plain", b"\x1b[31m" + KEY.encode()
    ),
    "nothing": lambda school: school.reply(200, "text/event-stream", b""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_server_that_turns_hostile_gives_no_reply_and_harms_nothing(
    name: str, tmp_path: Path
) -> None:
    hostile = threading.Event()

    def complete(school: School, body: dict[str, Any]) -> None:
        if hostile.is_set():
            HOSTILE[name](school)
        else:
            plain(school, body)

    with school_server(complete) as (school, _), relay(school, tmp_path) as (url, key, child):
        hostile.set()
        with pytest.raises(EngineLost):
            asyncio.run(ask(url, key))
        hostile.clear()
        assert asyncio.run(ask(url, key)) == "I say 7"
        log = child.log_file.read_text()
        assert "\x1b" not in log
        assert KEY not in log


@pytest.mark.parametrize(
    ("models", "code"),
    [
        (lambda s: s.reply(401, "text/plain", b""), "engines.endpoint_refused"),
        (lambda s: s.reply(200, "text/html", b"<html>"), "engines.endpoint_nonsense"),
        (lambda s: s.reply(200, "application/json", b'{"data": []}'), "engines.endpoint_no_model"),
        (lambda s: s.reply(503, "text/plain", b""), "engines.endpoint_unreachable"),
        (
            lambda s: s.reply(
                200, "application/json", b'{"data": [{"id": "other"}, {"id": "third"}]}'
            ),
            "engines.endpoint_no_model",
        ),
    ],
)
def test_why_a_server_cannot_be_used_is_told(
    models: Callable[[School], None], code: str, tmp_path: Path
) -> None:
    with school_server(plain, models) as (school, _):
        assert failure(school, tmp_path) == code


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    assert failure("http://127.0.0.1:1", tmp_path) == "engines.endpoint_unreachable"


def failure(url: str, folder: Path) -> str:
    settings = engine_settings(
        folder / "none", endpoint_url=url, endpoint_key=KEY, model_id="school-model"
    )
    command = get_engine(ID).command(settings)
    assert not [word for word in command.argv if KEY in word]
    child = process.spawn(command.argv, command.env, folder / "engine.log")
    assert child.popen.wait(60) == 1
    process.end_family(child)
    return get_engine(ID).explain_failure(child.log_tail())[0]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://ai.school.example/v1", None),
        ("http://127.0.0.1:8080", None),
        ("http://192.168.1.20:8080/v1", None),
        ("http://ai.local:8080", None),
        ("http://ai.school.example", "engines.endpoint_insecure"),
        ("http://8.8.8.8", "engines.endpoint_insecure"),
        ("ftp://ai.school.example", "engines.endpoint_invalid"),
        ("https://me:secret@ai.school.example", "engines.endpoint_invalid"),
        ("https://ai.school.example:99999", "engines.endpoint_invalid"),
        ("nonsense", "engines.endpoint_invalid"),
    ],
)
def test_which_addresses_will_do(url: str, code: str | None) -> None:
    if code is None:
        check_endpoint(url)
        return
    with pytest.raises(UsageError) as caught:
        check_endpoint(url)
    assert caught.value.code == code
    assert "secret" not in str(caught.value.params)
