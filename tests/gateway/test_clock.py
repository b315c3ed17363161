"""The clock of a lesson and its ports: with a clock, and with other programs, of the test's own."""

import asyncio
import dataclasses
import json
import socket
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from launcher.events import Event, Notice
from launcher.files import write_private_json
from launcher.host import sharing_control
from launcher.host.sharing_control import SharingControl
from launcher.services.ports import free_port
from tests.gateway.harness import TOKEN, UpstreamApp
from tests.gateway.lesson import RunningLesson

END = 2_000_000_000.0


class Lesson:
    """`SharingControl` without a host, at a moment that the test sets."""

    def __init__(self, folder: Path, **share: Any) -> None:
        self.now = END - 3600
        self.events: list[Event] = []
        self.ended: list[bool] = []
        made = RunningLesson(folder, 1, expires_at=END + 3600, ends_at=END, **share)
        self.control = SharingControl(
            made.spec,
            folder,
            send=lambda service, message: None,
            publish=self.events.append,
            stop=lambda: self.ended.append(True),
            clock=lambda: self.now,
        )

    @property
    def told(self) -> list[tuple[str, object]]:
        notices = [one for one in self.events if isinstance(one, Notice)]
        return [(one.code, one.params.get("minutes")) for one in notices]

    async def at(self, moment: float, until: Callable[[], bool]) -> None:
        self.now = moment
        async with asyncio.timeout(20):
            while not until():
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing_control, "LOOK_EVERY_S", 0.02)


async def test_it_warns_five_and_one_minute_before_the_end_and_then_stops(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    running = asyncio.create_task(lesson.control.run())
    try:
        looks = 0

        def looked_again() -> bool:
            nonlocal looks
            looks += 1
            return looks > 20

        await lesson.at(END - 301, looked_again)
        assert lesson.told == []
        assert lesson.control.view()["alarms"] == []
        await lesson.at(END - 300, lambda: len(lesson.told) == 1)
        alarm = {"code": "host.ends_soon", "params": {"minutes": 5}}
        assert lesson.control.view()["alarms"] == [alarm]
        await lesson.at(END - 60, lambda: len(lesson.told) == 2)
        assert not lesson.ended
        await lesson.at(END, lambda: bool(lesson.ended))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    warned = [("host.ends_soon", 5), ("host.ends_soon", 1)]
    assert lesson.told[:2] == warned
    assert set(lesson.told[2:]) == {("host.time_is_up", None)}


async def test_more_time_warns_again(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    running = asyncio.create_task(lesson.control.run())
    try:
        await lesson.at(END - 200, lambda: len(lesson.told) == 1)
        # What is told once and what stays on the screen are the same number.
        (alarm,) = lesson.control.view()["alarms"]
        assert (alarm["code"], alarm["params"]["minutes"]) == lesson.told[0]
        await lesson.control.do({"do": "end", "minutes": 10})
        assert lesson.control.view()["seconds_left"] == 600
        await lesson.at(END - 200 + 300, lambda: len(lesson.told) == 2)
        await lesson.control.do({"do": "end"})
        assert lesson.control.view()["seconds_left"] is None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert lesson.told == [("host.ends_soon", 4), ("host.ends_soon", 5)]
    assert not lesson.ended


def taken(port: int) -> socket.socket:
    """Another program that listens there."""
    other = socket.socket()
    other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    other.bind(("127.0.0.1", port))
    other.listen()
    return other


def test_a_port_that_was_taken_meanwhile_gives_way_and_the_code_follows(
    upstream: tuple[UpstreamApp, int], tmp_path: Path
) -> None:
    port = free_port()
    with (
        closing(taken(port)),
        RunningLesson(tmp_path, upstream[1], port=port) as lesson,
    ):
        view = lesson.client.sharing()
        assert view["port"] > port
        assert f":{view['port']}/j#" in view["join_url"]
        assert lesson.share()["port"] == view["port"]
        origin = {"origin": view["url"]}
        joined = httpx.post(
            f"{view['url']}/join", json={"token": TOKEN}, headers=origin, trust_env=False
        )
        assert joined.status_code == 200


def test_the_port_stays_when_the_gateway_starts_again(
    upstream: tuple[UpstreamApp, int], tmp_path: Path
) -> None:
    """The code on the board may not change because of a crash."""
    with RunningLesson(tmp_path, upstream[1]) as lesson:
        before = lesson.client.sharing()
        version = lesson.gateway_status()["version"]
        student = lesson.visitor(before["url"])
        assert student.post("/join", json={"token": TOKEN}).status_code == 200
        lesson.end_gateway()
        deadline = time.monotonic() + 20
        answer = 0
        while answer != 200:
            assert time.monotonic() < deadline
            try:
                answer = student.get("/a/demo/").status_code
            except httpx.TransportError:
                answer = 0
        assert lesson.client.sharing()["join_url"] == before["join_url"]
        assert lesson.gateway_status()["version"] == version


def control_of(made: RunningLesson) -> SharingControl:
    """By itself: it tells nobody anything."""
    return SharingControl(
        made.spec,
        made.folder,
        send=lambda service, message: None,
        publish=lambda event: None,
        stop=lambda: None,
    )


def test_the_own_port_of_an_app_gives_way_too(tmp_path: Path) -> None:
    own = free_port()
    with closing(taken(own)):
        made = RunningLesson(tmp_path, 1)
        made.config["apps"][0]["own_port"] = own
        write_private_json(tmp_path / "gateway.json", made.config)
        control = control_of(made)
        (service,) = made.spec.services
        assert control.make_room(service) == service
        config = json.loads((tmp_path / "gateway.json").read_text())
        moved = config["apps"][0]["own_port"]
        assert moved > own
        assert moved != made.spec.share.port
        assert ["127.0.0.1", moved] in config["bind"]
        assert f"127.0.0.1:{moved}" in config["hosts"]


def test_where_nothing_is_taken_nothing_changes(tmp_path: Path) -> None:
    made = RunningLesson(tmp_path, 1)
    before = (tmp_path / "gateway.json").read_bytes()
    control = control_of(made)
    (service,) = made.spec.services
    assert control.make_room(service) == service
    other = dataclasses.replace(service, id="engine")
    assert control.make_room(other) is other
    assert (tmp_path / "gateway.json").read_bytes() == before
