"""Thirty students hand in at once: places, waits, taking turns, and a program that is killed."""

import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.web.support import (
    DUTCH_TEXT,
    App,
    FakeEngine,
    app_with_real_engine,
    hand_in,
    wait_until,
)

CLASS = 30
SECONDS = {"second": 1.0, "minute": 60.0, "hour": 3600.0}


def seen(app: App, number: int) -> dict[str, Any]:
    with app.student(f"student-{number}", "en") as student:
        found: dict[str, Any] = student.get("/api/me").json()
        return found


def all_hand_in(app: App) -> None:
    for number in range(CLASS):
        with app.student(f"student-{number}", "en") as student:
            text = f"{DUTCH_TEXT} Dit schreef ik als nummer {number}."
            assert hand_in(student, text=text).status_code == 201


def waiting_order(app: App) -> list[int]:
    """The students who wait, by the place that each of them sees."""
    views = {number: seen(app, number) for number in range(CLASS)}
    waits = [n for n, view in views.items() if view["state"] == "queued"]
    order = sorted(waits, key=lambda number: int(views[number]["ahead"]))
    assert [views[number]["ahead"] for number in order] == list(range(len(order)))
    return order


def test_places_survive_a_kill_and_nobody_starves(app: App, engine: FakeEngine) -> None:
    engine.gate.clear()
    all_hand_in(app)
    wait_until(lambda: len(engine.requests) == app.slots)
    before = waiting_order(app)
    assert before == list(range(app.slots, CLASS))
    app.kill()
    app.start()
    # What was being read is read again, before the others.
    assert waiting_order(app) == before
    done: list[int] = []
    engine.gate.set()
    with app.teacher() as teacher:

        def finished() -> bool:
            texts = teacher.get("/api/status").json()["texts"]
            done.append(sum(text["state"] == "review" for text in texts))
            return done[-1] == CLASS

        wait_until(finished)
        assert done == sorted(done)
        texts = teacher.get("/api/status").json()["texts"]
        assert len(texts) == CLASS
    for number in range(CLASS):
        assert seen(app, number)["state"] == "review"


def test_a_pause_holds_thirty_and_they_keep_their_places(app: App, engine: FakeEngine) -> None:
    with app.teacher() as teacher:
        teacher.post("/api/pause", json={"paused": True})
        all_hand_in(app)
        order = waiting_order(app)
        assert order == list(range(CLASS))
        with app.student("student-3", "en") as student:
            student.post("/api/withdraw", json={})
        assert waiting_order(app) == [number for number in order if number != 3]
        assert engine.requests == []
        teacher.post("/api/pause", json={"paused": False})
        wait_until(lambda: teacher.get("/api/status").json()["counts"]["review"] == CLASS - 1)


def told_s(view: dict[str, Any]) -> float | None:
    """The wait that a student reads, in seconds."""
    found = re.findall(r"(\d+) (second|minute|hour)", view["explanation"])
    return sum(int(count) * SECONDS[unit] for count, unit in found) if found else None


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_wait_that_students_read_is_true(
    starter_model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """At most 30 % beside the truth (the median), from the third finished text on."""
    told: dict[int, float] = {}
    errors: list[float] = []
    with app_with_real_engine(starter_model, tmp_path) as app:
        all_hand_in(app)
        with app.teacher() as teacher:

            def read() -> int:
                return int(teacher.get("/api/status").json()["counts"]["review"])

            wait_until(lambda: read() >= 3, timeout_s=1800)
            asked_at = time.monotonic()
            for number in range(CLASS):
                view = seen(app, number)
                wait_s = told_s(view) if view["state"] == "queued" else None
                if wait_s is not None:
                    told[number] = wait_s
            finished: dict[int, float] = {}

            def all_read() -> bool:
                for number in set(told) - set(finished):
                    if seen(app, number)["state"] == "review":
                        finished[number] = time.monotonic() - asked_at
                return len(finished) == len(told)

            wait_until(all_read, timeout_s=3000)
        for number, expected in told.items():
            errors.append(abs(expected - finished[number]) / finished[number])
    assert len(errors) >= 20
    with capsys.disabled():
        sys.stdout.write(
            f"\nwait that {len(errors)} students read after three texts, beside the truth: median "
            f"{statistics.median(errors):.0%}, worst {max(errors):.0%}\n"
        )
    assert statistics.median(errors) <= 0.30
