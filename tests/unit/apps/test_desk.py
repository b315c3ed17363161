"""The desk goes on after a full disk: a text that was taken in is read as soon as there is room."""

import asyncio
from pathlib import Path

import pytest

from launcher.apps.classroom.engine import EngineClient
from launcher.apps.feedback_companion.config import Config
from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.store import Store
from launcher.apps.feedback_companion.values import Submission
from launcher.errors import PaadjeError
from tests.unit.apps.test_line import until
from tests.unit.apps.test_store import KEY, store

__all__ = ["store"]


def config(folder: Path) -> Config:
    return Config(
        port=1,
        teacher_port=2,
        teacher_token="t",
        gateway_key="g",
        engine_url="http://127.0.0.1:9",
        engine_key="e",
        model="A model",
        model_sha256="",
        slots=1,
        context_tokens=4096,
        data_dir=folder,
        data_key=KEY,
        log_file=None,
        lang="nl",
        practice=False,
    )


class Reading:
    """Reads nothing; the first time there is no room to save what was read."""

    engine_lost = False

    def __init__(self) -> None:
        self.read_ids: list[str] = []

    async def read(self, submission: Submission, slot: int) -> None:
        self.read_ids.append(submission.id)
        if len(self.read_ids) == 1:
            raise PaadjeError("fc.not_saved")

    async def stop(self) -> None:
        pass


async def test_a_text_that_a_full_disk_stopped_is_read_when_there_is_room(
    store: Store, tmp_path: Path
) -> None:
    desk = Desk(config(tmp_path), store, EngineClient("http://127.0.0.1:9", "e"), clock=lambda: 2.0)
    await desk._reading.stop()
    reading = desk._reading = Reading()  # type: ignore[assignment]
    desk.look()
    desk.line.start()
    await until(lambda: bool(reading.read_ids) and not desk.line.running)
    assert desk.line.order() == []
    desk.look()
    desk.look()  # Twice makes no second place in the line.
    await until(lambda: store.submission("sub-student-1").state == "review")  # type: ignore[union-attr]
    assert reading.read_ids == ["sub-student-1"] * 2
    await desk.line.stop()


async def test_the_clock_goes_on_when_nothing_can_be_saved(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("launcher.apps.feedback_companion.desk._LOOK_S", 0.0)
    week_s = 7 * 24 * 3600.0
    desk = Desk(
        config(tmp_path), store, EngineClient("http://127.0.0.1:9", "e"), clock=lambda: 2.0 + week_s
    )
    looks, withdraw = [], store.withdraw

    def full(submission_id: str, *, event: str = "withdrawn") -> None:
        looks.append(submission_id)
        if len(looks) < 3:
            raise PaadjeError("fc.not_saved")
        withdraw(submission_id, event=event)

    monkeypatch.setattr(store, "withdraw", full)
    clock = asyncio.create_task(desk._look_at_the_clock())
    await until(lambda: store.submissions() == [])
    assert len(looks) == 3
    clock.cancel()
    await asyncio.gather(clock, return_exceptions=True)
    await desk._reading.stop()
