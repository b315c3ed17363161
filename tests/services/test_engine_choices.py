"""Lessons with an engine, an adapter or a setting that somebody chose."""

import hashlib
import json
from pathlib import Path

import pytest
import requests

from launcher.engines.common import SETTINGS_VARIABLE
from launcher.services.process import wait_for
from tests.e2e.conftest import Paadje, paadje, ready  # noqa: F401 - fixtures
from tests.services.class_of import hand_in, student, teacher
from tests.services.lessons import engine_running
from tests.services.test_engine_adapter import make_adapter

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(1200)]

APP = "feedback-companion"
START = ("start", APP, "--yes", "--share", "local", "--detach", "--json")
KEY = "the-schools-own-key"
SERVER = ("--engine", "openai-endpoint", "--json")


def test_a_lesson_with_the_schools_own_server(
    paadje: Paadje,  # noqa: F811
    starter_model: Path,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "school"
    folder.mkdir()
    paadje.environ["PAADJE_OFFLINE"] = "true"
    assert paadje("plan", APP, *SERVER).error["code"] == "engines.endpoint_missing"
    chosen = {"api_key": KEY, "model_id": "school-model", "context_tokens": 4096}
    with engine_running(starter_model, folder, **chosen) as school:
        paadje.environ |= {"PAADJE_ENGINE_URL": school.url, "PAADJE_ENGINE_API_KEY": KEY}
        plan = paadje("plan", APP, *SERVER).data
        assert (plan["files"], plan["fetch_bytes"]) == ([], 0)
        assert plan["server"] == "127.0.0.1"
        told = paadje("plan", APP, "--engine", "openai-endpoint", "--lang", "nl").out
        assert "server 127.0.0.1 van school" in told
        missing = paadje(*START, "--engine", "openai-endpoint", "--model", "another")
        assert missing.error["code"] == "engines.endpoint_no_model"

        before = school.prompt_tokens()
        done = paadje(*START, "--engine", "openai-endpoint")
        started = done.data
        assert "127.0.0.1" in done.err
        assert started["engine"]["slots"] == 4
        assert not paadje.models_dir.exists()
        pupil = student(started["share"]["join_url"])
        page = pupil.http.get("")
        assert "127.0.0.1" in page.text
        hand_in(pupil, 1)
        looking = teacher(started["apps"][0]["teacher_url"])
        try:
            texts = lambda: looking.get("/api/status")["texts"]  # noqa: E731
            assert wait_for(lambda: texts()[0]["state"] == "review", 600, interval_s=0.5), texts()
        finally:
            looking.http.close()
            pupil.http.close()
        assert school.prompt_tokens() > before
        logs = "".join(each.read_text() for each in (paadje.home / "logs").rglob("*.log"))
        assert logs
        assert KEY not in logs
        for each in paadje.processes():
            assert KEY not in " ".join(each.cmdline())
        assert paadje("stop", "--json").data["stopped"][0]["data_erased"]
        assert school.child.exit_code() is None


def test_an_adapter_and_memory_that_is_given_back_are_chosen_on_the_command_line(
    ready: Paadje,  # noqa: F811
    starter_model: Path,
    tmp_path: Path,
) -> None:
    adapter = tmp_path / "mijn aanpassing.gguf"
    make_adapter(starter_model, adapter)
    plan = ready("plan", APP, "--lora", str(adapter), "--json").data
    assert plan["adapter"] == str(adapter)
    assert adapter.name in ready("plan", APP, "--lora", str(adapter)).out
    for file, code in (
        (tmp_path / "none.gguf", "lesson.no_such_file"),
        (starter_model, "lesson.adapter_unusable"),
        (Path(__file__), "models.not_gguf"),
    ):
        assert ready("plan", APP, "--lora", str(file), "--json").error["code"] == code
    other = tmp_path / "other.gguf"
    make_adapter(starter_model, other, architecture="qwen3")
    refused = ready("plan", APP, "--lora", str(other), "--json")
    assert refused.error["code"] == "lesson.adapter_other_model"

    ready.environ["PAADJE_IDLE_UNLOAD_MINUTES"] = "1"
    started = ready(*START, "--lora", str(adapter), "--endpoint").data
    access = started["endpoint"]
    loaded = requests.get(
        access["url"].removesuffix("/v1") + "/lora-adapters",
        headers={"Authorization": f"Bearer {access['key']}"},
        timeout=10,
    ).json()
    assert [each["scale"] for each in loaded] == [1.0]
    engine = next(
        each for each in ready.processes() if "xllamacpp_server" in " ".join(each.cmdline())
    )
    settings = json.loads(engine.environ()[SETTINGS_VARIABLE])
    assert settings["idle_unload_s"] == 60
    # What was read with an adapter does not fit the model without one.
    digest = hashlib.sha256(adapter.read_bytes()).hexdigest()
    assert Path(settings["slot_dir"]).name.endswith(digest[:16])
