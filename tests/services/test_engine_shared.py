"""Two apps and the teacher's own tools on one engine."""

import os
from pathlib import Path

import psutil
import pytest
import requests

from launcher import catalog, lesson
from launcher.catalog.schema import Recipe
from launcher.events import Cancel, ignore
from launcher.lesson import specification
from launcher.lesson.types import LessonSnapshot, ShareWishes
from launcher.services.process import wait_for
from tests.services.class_of import hand_in, student, teacher
from tests.services.lessons import give_practice_model, listens

pytestmark = [pytest.mark.engine, pytest.mark.slow, pytest.mark.timeout(600)]

FIRST, SECOND = "feedback-companion", "second-app"


def test_two_apps_and_a_tool_share_one_engine(
    home: Path, starter_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAADJE_OFFLINE", "true")
    context = lesson.open_context(os.environ)
    give_practice_model(context.models_dir, starter_model)

    real = catalog.load_recipe

    def load(app: str) -> Recipe:
        recipe = real(FIRST)
        return recipe if app == FIRST else recipe.model_copy(update={"id": SECOND})

    monkeypatch.setattr(specification.catalog, "load_recipe", load)
    plan = lesson.make_plan(context, FIRST)
    import dataclasses

    plans = [plan, dataclasses.replace(plan, app=SECOND)]
    running = lesson.start(
        context, plans, ShareWishes(mode="local"), report=ignore, cancel=Cancel()
    )
    try:
        assert running.services == {
            "engine": "ready",
            FIRST: "ready",
            SECOND: "ready",
            "gateway": "ready",
        }
        engines = [
            each for each in psutil.process_iter()
            if _is_engine_of(each, str(home))
        ]  # fmt: skip
        assert len(engines) == 1
        # Each app has a teacher's side and data of its own.
        for app in running.apps:
            person = teacher(app.teacher_url)
            assert person.get("/api/status")["texts"] == []
            person.http.close()
        assert len({app.teacher_url for app in running.apps}) == 2
        both_classes_get_answers(running)

        access = lesson.engine_access(context, running.lesson)
        headers = {"Authorization": f"Bearer {access.key}"}
        assert access.url.startswith("http://127.0.0.1:")
        models = requests.get(f"{access.url}/models", headers=headers, timeout=10).json()
        assert [each["id"] for each in models["data"]] == [access.model]
        answer = requests.post(
            f"{access.url}/chat/completions",
            json={"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 3},
            headers=headers,
            timeout=60,
        )
        assert answer.status_code == 200
        refused = requests.post(f"{access.url}/chat/completions", json={}, timeout=10)
        assert refused.status_code == 401
        assert access.key not in repr(access)
    finally:
        receipts = lesson.stop(context, running.lesson, report=ignore)
    assert receipts[0].data_erased
    assert not listens(int(access.url.split(":")[2].split("/")[0]))
    # What was read of the activities is kept, sealed, and nobody else's to read.
    kept = [each for each in context.paths.primed.rglob("*") if each.is_file()]
    assert {each.suffix for each in kept} <= {".bin", ".json"}
    assert any(each.suffix == ".bin" for each in kept)
    assert not [each for each in kept if each.stat().st_mode & 0o077]


def both_classes_get_answers(running: LessonSnapshot) -> None:
    """Three students in each app hand in at the same time; each teacher gets the own texts."""
    looking = {app.id: teacher(app.teacher_url) for app in running.apps}
    students = [student(running.share.join_url, app) for app in looking for _ in range(3)]
    for number, each in enumerate(students):
        hand_in(each, number)

    def all_read() -> bool:
        found = [person.get("/api/status")["texts"] for person in looking.values()]
        return [[text["state"] for text in texts] for texts in found] == [["review"] * 3] * 2

    try:
        assert wait_for(all_read, 300, interval_s=0.5)
    finally:
        for each in (*students, *looking.values()):
            each.http.close()


def _is_engine_of(process: psutil.Process, home: str) -> bool:
    try:
        return (
            process.environ().get("PAADJE_HOME") == home
            and "launcher.engines.xllamacpp_server" in process.cmdline()
        )
    except psutil.Error:
        return False
