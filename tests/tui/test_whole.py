"""A screen that is drawn again and again, at any moment, stays a whole screen."""

import asyncio

from textual.containers import Vertical
from textual.screen import Screen

from launcher.tui.screens.base import refill
from launcher.tui.widgets.text import Line
from tests.tui.conftest import LARGE, Start, flat, wait_until
from tests.tui.fakes import FakeUseCases

TURNS = range(12)
"""After how many turns of the loop the next wish comes: every moment of one drawing."""


def asleep(screen: Screen[object]) -> list[str]:
    """The widgets that will never answer again: Textual's pilot would wait for them for ever."""
    widgets = screen.walk_children(with_self=True)
    return [repr(one) for one in widgets if one._task is None or one._task.done()]


async def some(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


async def test_a_screen_that_is_wanted_again_in_the_middle(start_app: Start) -> None:
    async with start_app(FakeUseCases(), size=LARGE) as pilot:
        screen = pilot.app.screen
        for turns in TURNS:
            screen.show_again()
            await some(turns)
            screen.show_again()
            await wait_until(pilot, lambda: all(work.is_finished for work in pilot.app.workers))
            assert asleep(screen) == [], turns
        assert "Feedback Companion" in flat(pilot)


async def test_a_part_of_it_that_is_wanted_again_in_the_middle(start_app: Start) -> None:
    async with start_app(FakeUseCases(), size=LARGE) as pilot:
        screen = pilot.app.screen
        part = screen.query_one("#body")
        for turns in TURNS:
            first = asyncio.ensure_future(refill(part, [Vertical(Line("first"))]))
            await some(turns)
            first.cancel()
            await refill(part, [Vertical(Line("second"))])
            await pilot.pause()
            assert asleep(screen) == [], turns
            assert [line.text for line in part.query(Line)] == ["second"]
