"""The number of slots is measured on this computer, and the plan uses it."""

import os
from pathlib import Path

import pytest

from launcher import catalog, lesson
from launcher.engines.registry import get_engine
from launcher.events import Cancel, ignore
from launcher.lesson.slots import (
    calibrate_slots,
    calibrated_slots,
    choose_slots,
    settings_for,
)
from launcher.models.library import Library


def test_the_smallest_that_is_as_good_as_the_best() -> None:
    assert choose_slots({1: 30.0, 2: 30.5, 4: 29.0, 8: 30.6}) == 1
    assert choose_slots({1: 20.0, 2: 30.0, 4: 40.0, 8: 41.0}) == 4
    assert choose_slots({1: 20.0, 2: 10.0}) == 1


@pytest.mark.engine
def test_it_is_measured_with_the_real_engine_and_used_by_the_plan(
    home: Path, starter_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAADJE_OFFLINE", "true")
    context = lesson.open_context(os.environ)
    model = catalog.load_catalog().practice_model()
    assert model.file is not None
    library = Library(context.models_dir)
    library.folder.mkdir(parents=True)
    os.link(starter_model, library.target(model.file))
    assert library.adopt(model.file)
    engine = get_engine("xllamacpp")
    assert calibrated_slots(context, engine, model.id) is None
    before = lesson.make_plan(context, "feedback-companion").slots
    settings = settings_for(context, model.id, slots=2)
    choice = calibrate_slots(context, settings, report=ignore, cancel=Cancel())
    assert set(choice.feedbacks_per_minute) == {1, 2}
    assert all(speed > 0 for speed in choice.feedbacks_per_minute.values())
    assert calibrated_slots(context, engine, model.id) == choice.slots
    after = lesson.make_plan(context, "feedback-companion").slots
    assert after == min(before, choice.slots)
