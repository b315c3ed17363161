"""The app with a scripted engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.web.support import App, FakeEngine


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    made = FakeEngine().start()
    yield made
    made.gate.set()
    made.stop()


@pytest.fixture
def app(engine: FakeEngine, tmp_path: Path) -> Iterator[App]:
    made = App(folder=tmp_path / "app", engine_url=engine.url).start()
    yield made
    made.stop()
