"""The real engine with the real small model, as its own program."""

import json
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from launcher.engines.protocol import EngineSettings
from launcher.engines.registry import get_engine
from launcher.engines.xllamacpp import look
from launcher.services import process
from tests.services.lessons import engine_settings

pytestmark = pytest.mark.engine

ENGINE = get_engine("xllamacpp")
SCHEMA = {
    "type": "object",
    "properties": {"ok": {"type": "boolean"}, "n": {"enum": [1, 2]}},
    "required": ["ok", "n"],
    "additionalProperties": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    child: process.Child
    settings: EngineSettings

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def ask(self, **changes: Any) -> requests.Response:
        body = {
            "messages": [{"role": "user", "content": "ZEER-GEHEIME-TEKST. Say yes."}],
            "max_tokens": 30,
            "temperature": 0,
            **changes,
        }
        return requests.post(
            f"{self.url}/v1/chat/completions",
            json=body,
            headers={"Authorization": f"Bearer {self.settings.api_key}"},
            timeout=120,
        )


def start(settings: EngineSettings, log_file: Path) -> Running:
    command = ENGINE.command(settings)
    child = process.spawn(command.argv, command.env, log_file)

    def healthy() -> bool:
        if child.exit_code() is not None:
            return True
        try:
            return requests.get(command.health_url, timeout=5).status_code == 200
        except requests.RequestException:
            return False

    assert process.wait_for(healthy, 60)
    return Running(child=child, settings=settings)


@pytest.fixture(scope="module")
def engine(starter_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("engine")
    running = start(
        engine_settings(starter_model, slot_dir=folder / "slots"), folder / "engine.log"
    )
    assert running.child.exit_code() is None, running.child.log_tail()
    yield running
    process.stop(running.child, 5)


def test_only_health_is_open_without_the_key(engine: Running) -> None:
    assert requests.get(f"{engine.url}/health", timeout=10).status_code == 200
    for path in ("/slots", "/metrics", "/props", "/v1/models"):
        assert requests.get(f"{engine.url}{path}", timeout=10).status_code == 401
        wrong = {"Authorization": "Bearer wrong"}
        assert requests.get(f"{engine.url}{path}", headers=wrong, timeout=10).status_code == 401
    answer = requests.post(f"{engine.url}/v1/chat/completions", json={}, timeout=10)
    assert answer.status_code == 401


def test_no_other_page_may_read_answers(engine: Running) -> None:
    answer = requests.options(
        f"{engine.url}/v1/chat/completions", headers={"Origin": "http://evil.test"}, timeout=10
    )
    assert answer.headers.get("Access-Control-Allow-Origin", "") == ""
    assert requests.get(engine.url, timeout=10).status_code == 404  # No page of its own.


def test_an_answer_keeps_to_the_schema_and_tells_its_counts(engine: Running) -> None:
    answer = engine.ask(
        response_format={"type": "json_schema", "json_schema": {"schema": SCHEMA}},
        id_slot=1,
        cache_prompt=True,
    ).json()
    content = answer["choices"][0]["message"]["content"]
    value = json.loads(content)
    assert isinstance(value["ok"], bool)
    assert value["n"] in (1, 2)
    assert answer["model"] == "starter"
    assert answer["timings"]["prompt_n"] > 0
    again = engine.ask(id_slot=1, cache_prompt=True).json()
    assert again["timings"]["cache_n"] > 0


def test_slots_and_context_are_what_the_plan_says(engine: Running) -> None:
    key = engine.settings.api_key
    slots = requests.get(
        f"{engine.url}/slots", headers={"Authorization": f"Bearer {key}"}, timeout=10
    ).json()
    assert [slot["n_ctx"] for slot in slots] == [engine.settings.context_tokens] * 2


def test_it_counts_tokens_and_slots(engine: Running) -> None:
    before = ENGINE.metrics(engine.url, engine.settings.api_key)
    counts = engine.ask(id_slot=0, cache_prompt=False).json()["timings"]
    after = ENGINE.metrics(f"{engine.url}/v1", engine.settings.api_key)
    assert after["slots"] == 2
    assert after["prompt_tokens"] - before["prompt_tokens"] == counts["prompt_n"]
    assert after["output_tokens"] - before["output_tokens"] == counts["predicted_n"]


def test_a_slot_is_saved_in_its_folder(engine: Running) -> None:
    engine.ask(id_slot=0, cache_prompt=True)
    answer = requests.post(
        f"{engine.url}/slots/0?action=save",
        json={"filename": "primed.bin"},
        headers={"Authorization": f"Bearer {engine.settings.api_key}"},
        timeout=30,
    )
    assert answer.status_code == 200
    assert engine.settings.slot_dir is not None
    assert (engine.settings.slot_dir / "primed.bin").is_file()


def test_neither_texts_nor_the_key_are_logged(engine: Running) -> None:
    engine.ask()
    engine.ask(messages=[{"role": "user", "content": "ZEER-GEHEIME-TEKST " * 2000}])
    log = engine.child.log_file.read_text()
    assert "GEHEIME" not in log
    assert engine.settings.api_key not in log


def test_the_key_is_not_in_the_list_of_processes(engine: Running) -> None:
    import psutil

    line = " ".join(psutil.Process(engine.child.pid).cmdline())
    assert "xllamacpp_server" in line
    assert engine.settings.api_key not in line


def test_it_leaves_at_once_also_during_a_request(starter_model: Path, tmp_path: Path) -> None:
    running = start(engine_settings(starter_model), tmp_path / "engine.log")
    ended = threading.Event()

    def long_request() -> None:
        try:
            running.ask(max_tokens=900, ignore_eos=True)
        except requests.RequestException:
            ended.set()

    thread = threading.Thread(target=long_request)
    thread.start()
    key = running.settings.api_key
    assert process.wait_for(lambda: ENGINE.metrics(running.url, key)["busy_slots"] == 1, 30)
    process.stop(running.child, 30)
    assert running.child.exit_code() != -signal.SIGKILL
    thread.join(30)
    assert ended.is_set()


def test_it_leaves_when_its_lifeline_ends(starter_model: Path, tmp_path: Path) -> None:
    running = start(engine_settings(starter_model), tmp_path / "engine.log")
    assert running.child.popen.stdin is not None
    running.child.popen.stdin.close()
    assert running.child.popen.wait(30) == 0


def failure(running: Running) -> str:
    assert running.child.popen.wait(60) == 1
    process.end_family(running.child)
    return ENGINE.explain_failure(running.child.log_tail())[0]


def test_a_damaged_model_is_told_as_such(starter_model: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    with starter_model.open("rb") as file:
        damaged.write_bytes(file.read(1_000_000))
    assert (
        failure(start(engine_settings(damaged), tmp_path / "a.log")) == "engines.model_unreadable"
    )


def test_a_missing_model_is_told_as_such(tmp_path: Path) -> None:
    running = start(engine_settings(tmp_path / "none.gguf"), tmp_path / "a.log")
    assert failure(running) == "engines.model_unreadable"


def test_a_taken_port_is_told_as_such(engine: Running, starter_model: Path, tmp_path: Path) -> None:
    settings = engine_settings(starter_model, port=engine.settings.port)
    command = ENGINE.command(settings)
    child = process.spawn(command.argv, command.env, tmp_path / "a.log")
    assert failure(Running(child=child, settings=settings)) == "engines.port_taken"


@pytest.mark.skipif(sys.platform == "win32", reason="limits are a POSIX thing")
def test_too_little_memory_is_told_as_such(starter_model: Path, tmp_path: Path) -> None:
    import resource

    limit = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (4 * 1024**3, limit[1]))
    try:
        running = start(
            engine_settings(starter_model, context_tokens=500_000, slots=2), tmp_path / "a.log"
        )
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limit)
    assert failure(running) == "engines.out_of_memory"


def test_the_installed_build_lists_its_devices() -> None:
    info = ENGINE.describe()
    assert info.installed
    assert info.problem is None
    assert info.devices
    assert "cpu" in {device.kind for device in look().devices}
    assert set(info.cpu_features) & {"avx2", "asimd"}
    assert not [name for name in sys.modules if name.startswith("xllamacpp")]
