"""Starts that cannot be, starts beside each other, and what a lesson leaves behind."""

import os
import threading
import time
from pathlib import Path

import psutil
import pytest
from filelock import FileLock, Timeout

from launcher import lesson
from launcher.errors import PaadjeError
from launcher.events import Cancel, ignore
from launcher.lesson import starting
from launcher.lesson.types import Context, ShareWishes
from launcher.services.process import wait_for
from tests.services.lessons import give_practice_model

APP = "feedback-companion"


@pytest.fixture
def context(home: Path, starter_model: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("PAADJE_OFFLINE", "true")
    context = lesson.open_context(os.environ)
    give_practice_model(context.models_dir, starter_model)
    return context


def start(context: Context, ends_in_s: float) -> None:
    plan = lesson.make_plan(context, APP)
    share = ShareWishes(mode="local", ends_at=time.time() + ends_in_s)
    lesson.start(context, [plan], share, report=ignore, cancel=Cancel())


@pytest.mark.engine
@pytest.mark.parametrize(
    ("ends_in_s", "code"),
    [(-30.0, "lesson.end_in_the_past"), (8.1 * 3600, "lesson.too_long")],
)
def test_an_end_that_cannot_be_is_refused_before_anything_starts(
    context: Context, ends_in_s: float, code: str
) -> None:
    with pytest.raises(PaadjeError) as caught:
        start(context, ends_in_s)
    assert caught.value.code == code
    assert not list(context.paths.lessons.iterdir())


@pytest.mark.engine
def test_a_lesson_whose_end_comes_before_it_is_ready_says_so(context: Context, home: Path) -> None:
    with pytest.raises(PaadjeError) as caught:
        start(context, 1.0)
    assert caught.value.code == "lesson.ended_at_start"
    assert wait_for(lambda: not programs_in(home), 30)
    assert not list(context.paths.lessons.iterdir())


def programs_in(home: Path) -> list[int]:
    found = []
    for each in psutil.process_iter():
        try:
            own = each.environ().get("PAADJE_HOME") == str(home) and each.pid != os.getpid()
            if own and each.status() != psutil.STATUS_ZOMBIE:
                found.append(each.pid)
        except (psutil.Error, OSError):
            continue
    return found


def test_starts_take_turns_and_leave_no_lock(home: Path) -> None:
    context = lesson.open_context(os.environ)
    context.paths.lessons.mkdir(parents=True)
    inside: list[int] = []
    met: list[int] = []

    def begin() -> None:
        with starting._alone(context):
            inside.append(1)
            met.append(len(inside))
            with pytest.raises(Timeout), FileLock(context.paths.lessons / ".starting", timeout=0):
                inside.append(1)
            inside.pop()

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert met == [1] * 6
    assert not list(context.paths.lessons.iterdir())
