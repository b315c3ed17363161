"""A lesson whose engine is much slower than its plan said: the real engine, a plan that lies."""

import json
import threading
from dataclasses import asdict
from pathlib import Path

import pytest
import requests

from launcher.engines.common import SETTINGS_VARIABLE
from launcher.events import Event, Notice
from launcher.fit.types import Range, SpeedEstimate
from launcher.services.spec import ServiceSpec
from tests.services.lessons import PATIENCE_S, real_engine, running_lesson, wait

RATE = Range(low=1e6, likely=1e6, high=1e6)
SPEED = SpeedEstimate(
    decode_tokens_per_s=RATE,
    one_feedback_s=RATE,
    class_first_s=RATE,
    class_last_s=RATE,
    students=2,
    basis="estimate",
    class_tokens_per_s=RATE,
    prompt_tokens_per_s=RATE,
)
FAR_TOO_FAST = {"slots": 2, "practice": False, "speed": asdict(SPEED)}


def write(engine: ServiceSpec, key: str, tokens: int) -> None:
    response = requests.post(
        engine.health_url.replace("/health", "/completion"),
        json={"prompt": [100] * 8, "n_predict": tokens, "ignore_eos": True},
        headers={"Authorization": f"Bearer {key}"},
        timeout=PATIENCE_S,
    )
    assert response.json()["tokens_predicted"] == tokens


@pytest.mark.engine
def test_the_teacher_hears_of_it(home: Path, starter_model: Path) -> None:
    engine = real_engine(starter_model, home / "logs")
    key = json.loads(engine.env[SETTINGS_VARIABLE])["api_key"]
    with running_lesson(home, (engine,), plan=FAR_TOO_FAST, engine_key=key) as lesson:
        lesson.wait_for_state("ready")
        client = lesson.client
        assert client.state()["notices"] == []
        events: list[Event] = []
        follower = threading.Thread(target=lambda: events.extend(client.events()))
        follower.start()

        def told() -> bool:
            # The host looks now and then, and wants to see enough work.
            write(engine, key, 60)
            return bool(client.state()["notices"])

        wait(told, "never told", lesson)
        (notice,) = client.state()["notices"]
        client.stop()
        follower.join(PATIENCE_S)
    assert notice["code"] == "host.slow"
    assert notice["params"]["times"] > 100
    assert [event.code for event in events if isinstance(event, Notice)] == ["host.slow"]
