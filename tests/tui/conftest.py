"""Start the application at a size and in a language, and wait for conditions."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from launcher.tui.app import PaadjeApp
from launcher.tui.widgets.text import Line
from tests.tui.fakes import FakeUseCases

SMALL, LARGE = (80, 24), (120, 36)
WAIT_S = 20.0

Running = AbstractAsyncContextManager[Pilot[None]]
Start = Callable[..., Running]


async def wait_until(
    pilot: Pilot[None], predicate: Callable[[], object], timeout_s: float = WAIT_S
) -> None:
    """Let the application work until ``predicate`` holds."""
    loop = asyncio.get_running_loop()
    give_up_at = loop.time() + timeout_s
    while not predicate():
        assert loop.time() < give_up_at, "the condition never came true"
        await pilot.pause(0.01)
    await pilot.pause()


@pytest.fixture
def wait_for_workers() -> Callable[[Pilot[None]], Awaitable[None]]:
    """Wait until nothing runs in the background any more, and everything is drawn."""

    async def wait(pilot: Pilot[None]) -> None:
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()

    return wait


@pytest.fixture
def start_app(home: Path) -> Start:
    """Start the application with these use cases; pages that it opens are remembered."""

    @asynccontextmanager
    async def start(
        usecases: FakeUseCases,
        *,
        size: tuple[int, int] = SMALL,
        lang: str = "nl",
        browser: bool = True,
    ) -> AsyncIterator[Pilot[None]]:
        pages: list[str] = []

        def open_page(url: str) -> bool:
            pages.append(url)
            return browser

        environ = {"PAADJE_HOME": str(home), "PAADJE_LANGUAGE": lang}
        app = PaadjeApp(environ, usecases, open_page=open_page, poll_s=0.05)
        app.pages = pages  # type: ignore[attr-defined]
        try:
            async with app.run_test(size=size) as pilot:
                await wait_until(pilot, lambda: app.cards is not None)
                yield pilot
        finally:
            usecases.go.set()

    return start


def screen_name(pilot: Pilot[None]) -> str:
    return type(pilot.app.screen).__name__


def shown(pilot: Pilot[None]) -> str:
    """All text that is on the screen now."""
    screen = pilot.app.screen
    width, height = pilot.app.size
    strips = screen._compositor.render_strips()
    assert len(strips) == height
    assert all(strip.cell_length == width for strip in strips)
    return "\n".join(strip.text for strip in strips)


def flat(pilot: Pilot[None]) -> str:
    """All sentences, whatever stands beside them, and then the screen line by line."""
    screen = pilot.app.screen
    sentences = [line.text for line in screen.query(Line) if line.region.area]
    return " ".join([*sentences, *shown(pilot).split()])
