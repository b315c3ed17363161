"""Seats: a browser that refuses cookies cannot take them all, and who works keeps theirs."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from launcher.gateway.app import NEW_SEATS_AT_ONCE, Gateway
from launcher.gateway.config import GatewayConfig
from launcher.gateway.sessions import GOES_FIRST_AFTER_S, KEPT_FOR_S, QUIET_FOR_S
from tests.gateway.harness import TOKEN, gateway_config, running_app


class Lesson:
    """A gateway in this process, with a clock that only the test moves."""

    def __init__(self, folder: Path, app_port: int = 1, **changes: Any) -> None:
        self.now = 1000.0
        self.config = gateway_config(folder, app_port, **changes)
        self.gateway = self.open()

    def open(self) -> Gateway:
        return Gateway(GatewayConfig.model_validate(self.config), ticks=lambda: self.now)

    async def crash(self) -> None:
        """And it is started again."""
        await self.gateway.proxy.close()
        self.gateway = self.open()

    def browser(self, address: str) -> httpx.AsyncClient:
        url = f"http://{self.config['hosts'][0]}"
        transport = httpx.ASGITransport(self.gateway.asgi, client=(address, 5000))
        return httpx.AsyncClient(transport=transport, base_url=url, headers={"origin": url})

    async def arrive(self, address: str = "192.168.1.50") -> tuple[httpx.AsyncClient, int]:
        """With the code, and what came of that. The next page was not asked for yet."""
        browser = self.browser(address)
        return browser, (await browser.post("/join", json={"token": TOKEN})).status_code

    async def student(self, address: str = "192.168.1.50") -> httpx.AsyncClient:
        """One whose phone keeps cookies."""
        browser, status = await self.arrive(address)
        assert status == 200
        assert await is_in(browser)
        return browser

    async def told(self, name: str) -> Any:
        await self.gateway.sessions.tidy()
        return self.gateway.status()[name]


async def is_in(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/")).status_code == 303


@pytest.fixture(scope="module")
def app_port() -> Iterator[int]:
    with running_app() as (_, port):
        yield port


async def test_a_browser_without_cookies_cannot_take_all_seats(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path, seats=10)
    students = [await lesson.student() for _ in range(4)]
    for _ in range(6):
        assert (await lesson.arrive("192.168.1.66"))[1] == 200
    # Coming back takes a phone a second, and the last of the six may be somebody.
    assert (await lesson.arrive())[1] == 403
    lesson.now += GOES_FIRST_AFTER_S
    students += [await lesson.student() for _ in range(6)]
    # All ten seats are used now, by ten students, and stay theirs however long that is.
    lesson.now += 10 * KEPT_FOR_S
    assert (await lesson.arrive())[1] == 403
    assert [await is_in(one) for one in students] == [True] * 10
    assert await lesson.told("joined") == 10


async def test_who_never_came_back_is_not_counted_for_ever(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    student = await lesson.student()
    await lesson.arrive()
    slow, _ = await lesson.arrive()
    assert await lesson.told("joined") == 3
    lesson.now += KEPT_FOR_S - 1
    assert await is_in(slow)
    lesson.now += 1
    assert await lesson.told("joined") == 2
    assert await is_in(student)
    assert await is_in(slow)


async def test_one_that_floods_leaves_room_for_the_others(tmp_path: Path) -> None:
    """It comes as often as it is let, and a class still gets in."""
    lesson = Lesson(tmp_path, seats=30)
    flood = [(await lesson.arrive("192.168.1.66"))[1] for _ in range(NEW_SEATS_AT_ONCE + 20)]
    assert flood.count(200) == 30
    assert flood[-1] == 429
    lesson.now += GOES_FIRST_AFTER_S
    for number in range(26):
        await lesson.arrive("192.168.1.66")
        await lesson.student(f"192.168.1.{100 + number}")
        lesson.now += 1


async def test_a_class_behind_one_address_gets_in_at_once(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    everyone = [await lesson.student() for _ in range(40)]
    assert (await lesson.arrive())[1] == 403
    assert all([await is_in(one) for one in everyone])


async def test_the_teacher_frees_what_nobody_uses(tmp_path: Path, app_port: int) -> None:
    lesson = Lesson(tmp_path, app_port)
    works, reads, gone = [await lesson.student() for _ in range(3)]
    assert (await works.post("/a/demo/")).status_code == 200
    assert (await reads.get("/a/demo/")).status_code == 200
    assert await lesson.told("unused") == 0
    lesson.now += QUIET_FOR_S
    assert await lesson.told("unused") == 2
    assert (await reads.get("/a/demo/")).status_code == 200
    assert await lesson.told("unused") == 1
    await lesson.gateway.free_unused()
    assert [await is_in(one) for one in (works, reads, gone)] == [True, True, False]
    # Nobody was sent away: the same phone scans again and is in.
    assert (await gone.post("/join", json={"token": TOKEN})).status_code == 200
    # Who works is remembered, also when the gateway has to start again.
    await lesson.crash()
    lesson.now += QUIET_FOR_S
    assert await lesson.told("unused") == 2


async def test_a_page_that_listens_is_in_use(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    await lesson.student()
    lesson.now += QUIET_FOR_S
    assert await lesson.told("unused") == 1
    (student,) = lesson.gateway.sessions.everyone()
    # What the proxy does for as long as a stream is open.
    lesson.gateway.proxy._open[student.id] += 1
    await lesson.gateway.free_unused()
    assert await lesson.told("unused") == 0
    assert await lesson.told("joined") == 1
