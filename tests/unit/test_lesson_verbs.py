"""What the commands about running lessons decide and say."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from launcher import lesson
from launcher.__main__ import main
from launcher.lesson import running
from launcher.lesson.library import ModelEntry
from launcher.lesson.types import LessonSnapshot, StopReceipt
from tests.tui.fakes import UNCLEAN, make_lesson

SECOND = make_lesson(lesson="2026-01-12-second")


@pytest.fixture
def runs(home: object, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str | None]]:
    """These lessons are there; what was asked to stop is remembered."""

    def there_are(*lessons: LessonSnapshot) -> list[str | None]:
        asked: list[str | None] = []

        def stop(context: Any, wanted: str | None, **_: Any) -> tuple[StopReceipt, ...]:
            asked.append(wanted)
            return tuple(
                StopReceipt(lesson=one.lesson, ended=tuple(one.services), data_erased=True)
                for one in lessons
            )

        monkeypatch.setattr(running, "status", lambda context: lessons)
        monkeypatch.setattr(lesson, "stop", stop)
        return asked

    return there_are


def test_what_is_left_of_a_lesson_does_not_stand_in_the_way_of_stop(
    runs: Callable[..., list[str | None]], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = runs(make_lesson(), UNCLEAN)
    assert main(["stop", "--lang", "nl"]) == 0
    assert asked == [None]
    said = capsys.readouterr().out
    assert f"Les {make_lesson().lesson} is gestopt." in said
    assert f"Wat er van les {UNCLEAN.lesson} over was, is opgeruimd." in said


def test_between_two_lessons_stop_asks_which(
    runs: Callable[..., list[str | None]], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = runs(make_lesson(), SECOND)
    assert main(["stop", "--json", "--lang", "nl"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "lesson.which_to_stop"
    assert "--all" in error["advice"]
    assert not asked
    assert main(["stop", "--all"]) == 0
    assert asked == [None]


def test_models_are_listed_with_the_name_that_commands_take(
    home: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = ModelEntry(name="A.gguf", size_bytes=1, sha256="0", complete=True, model="a-small-one")
    monkeypatch.setattr(lesson, "list_models", lambda context: (entry,))
    assert main(["models", "--lang", "nl"]) == 0
    assert "Naam voor --model: a-small-one" in capsys.readouterr().out
