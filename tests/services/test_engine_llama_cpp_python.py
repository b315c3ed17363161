"""The engine llama-cpp-python, where it is installed: it is compiled, and no part of the tests."""

import asyncio
import json
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
import requests

from launcher.apps.classroom.engine import EngineClient
from launcher.apps.feedback_companion.checks import NO_SENTENCE
from launcher.apps.feedback_companion.prompts import reply_schema
from launcher.apps.feedback_companion.sentences import split_sentences
from launcher.engines.registry import get_engine
from launcher.services import process
from tests.services.lessons import RunningEngine, engine_running, engine_settings

pytestmark = pytest.mark.engine

ID = "llama-cpp-python"
SCHEMA = {
    "type": "object",
    "properties": {"ok": {"enum": [True, False]}, "n": {"enum": [1, 2]}},
    "required": ["ok", "n"],
    "additionalProperties": False,
}


def need_it() -> None:
    # Not `require`: the extra is compiled for 20 minutes, which no test run does by itself.
    if find_spec("llama_cpp") is None:
        pytest.skip("llama-cpp-python is an optional extra that has to be compiled")


@pytest.fixture(scope="module")
def engine(
    starter_model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningEngine]:
    need_it()
    logs = tmp_path_factory.mktemp("llama")
    with engine_running(starter_model, logs, engine_id=ID, slots=1) as running:
        yield running


async def test_requests_wait_for_each_other_and_all_are_answered(engine: RunningEngine) -> None:
    client = EngineClient(engine.url, engine.key)

    async def ask(number: int) -> str:
        reply = await client.complete(
            [{"role": "user", "content": f"Answer in JSON. Number {number}."}],
            max_tokens=40,
            temperature=0,
            schema=SCHEMA,
            slot=0,
        )
        return reply.text

    replies = await asyncio.gather(*(ask(number) for number in range(8)))
    await client.close()
    assert len(replies) == 8
    assert all('"ok"' in reply and '"n"' in reply for reply in replies)
    counts = get_engine(ID).metrics(engine.url, engine.key)
    assert counts["slots"] == 1
    assert counts["prompt_tokens"] > 8
    assert counts["output_tokens"] > 8 * 5


async def test_the_schema_of_a_comment_is_kept_to_and_an_unreadable_one_harms_nobody(
    engine: RunningEngine,
) -> None:
    unreadable = {"type": "string", "pattern": "^a\\.$"}
    refused = requests.post(
        f"{engine.url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {engine.key}"},
        json={
            "messages": [{"role": "user", "content": "Hi"}],
            "response_format": {"type": "json_schema", "json_schema": {"schema": unreadable}},
        },
        timeout=60,
    )
    assert refused.status_code >= 400

    client = EngineClient(engine.url, engine.key)
    reply = await client.complete(
        [{"role": "user", "content": "Look at [s1] Dogs are nice."}],
        max_tokens=400,
        temperature=0,
        schema=reply_schema(split_sentences("Dogs are nice.")),
        slot=0,
    )
    await client.close()
    assert json.loads(reply.text)["s"] in ("s1", NO_SENTENCE)


def test_only_health_is_open_without_the_key_and_no_page_may_read_it(
    engine: RunningEngine,
) -> None:
    assert requests.get(f"{engine.url}/health", timeout=10).status_code == 200
    for path in ("/counts", "/v1/models"):
        assert requests.get(f"{engine.url}{path}", timeout=10).status_code == 401
    answer = requests.get(
        f"{engine.url}/health", headers={"Origin": "http://evil.test"}, timeout=10
    )
    assert "access-control-allow-origin" not in answer.headers
    assert engine.key not in engine.child.log_file.read_text(errors="replace")


def test_a_damaged_model_is_told_as_such(starter_model: Path, tmp_path: Path) -> None:
    need_it()
    damaged = tmp_path / "damaged.gguf"
    with starter_model.open("rb") as file:
        damaged.write_bytes(file.read(1_000_000))
    command = get_engine(ID).command(engine_settings(damaged, slots=1))
    child = process.spawn(command.argv, command.env, tmp_path / "engine.log")
    assert child.popen.wait(60) != 0
    process.end_family(child)
    assert get_engine(ID).explain_failure(child.log_tail())[0] == "engines.model_unreadable"
