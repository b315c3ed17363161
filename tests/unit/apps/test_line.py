"""The line is fair, bounded, honest about waiting, and lets go of what is withdrawn."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

from launcher.apps.classroom.line import FairLine


class Work:
    """Jobs that end when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.started: list[str] = []
        self.ended: list[str] = []
        self.slots: dict[str, int] = {}
        self._gates: dict[str, asyncio.Event] = {}

    async def __call__(self, job: str, slot: int) -> None:
        self.started.append(job)
        self.slots[job] = slot
        gate = self._gates[job] = asyncio.Event()
        await gate.wait()
        self.ended.append(job)

    def finish(self, job: str) -> None:
        self._gates[job].set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def line_with(work: Work, *jobs: str, slots: int = 1) -> AsyncIterator[FairLine]:
    """A line that works on ``jobs``, each of the student that its first letter stands for."""
    line = FairLine(work, slots=slots, clock=lambda: work.now)
    for job in jobs:
        line.add(job, job[0])
    line.start()
    try:
        yield line
    finally:
        await line.stop()


async def test_students_take_turns_and_no_more_run_than_there_are_slots() -> None:
    work = Work()
    async with line_with(work, "a1", "a2", "a3", "b1", "c1") as line:
        assert line.order() == ["a1", "b1", "c1", "a2", "a3"]
        for done, job in enumerate(["a1", "b1", "c1", "a2", "a3"], start=1):
            await until(lambda done=done: len(work.started) == done)
            assert work.started[-1] == job
            assert line.running == 1
            work.finish(job)
        await until(lambda: len(work.ended) == 5)


async def test_each_worker_keeps_its_slot() -> None:
    work = Work()
    async with line_with(work, *"abc", slots=2):
        await until(lambda: len(work.started) == 2)
        assert sorted(work.slots.values()) == [0, 1]
        work.finish(work.started[1])
        await until(lambda: len(work.started) == 3)
        assert work.slots[work.started[2]] == work.slots[work.started[1]]


async def test_wait_is_unknown_at_first_and_then_follows_what_jobs_took() -> None:
    work = Work()
    async with line_with(work, *"abcde", slots=2) as line:
        await until(lambda: len(work.started) == 2)
        assert line.places()["c"].wait_s is None
        work.now = 10.0
        work.finish("a")
        await until(lambda: "c" in work.started)
        places = line.places()
        assert places["c"].running
        assert places["c"].wait_s == 10.0
        assert (places["d"].ahead, places["e"].ahead) == (0, 1)
        # b has been running for 10 s already, so d starts there in 1 s; e follows c.
        assert places["d"].wait_s == 11.0
        assert places["e"].wait_s == 20.0


async def test_withdrawn_jobs_leave_at_once_and_do_not_count_for_the_wait() -> None:
    work = Work()
    async with line_with(work, "a", "b") as line:
        await until(lambda: work.started == ["a"])
        work.now = 1000.0
        line.cancel("a")
        await until(lambda: work.started == ["a", "b"])
        assert work.ended == []
        assert line.places()["b"].wait_s is None
        line.add("c", "c")
        line.cancel("c")
        assert line.order() == []


async def test_pause_holds_what_waits_and_a_failing_job_does_not_stop_the_line() -> None:
    done: list[str] = []

    async def work(job: str, slot: int) -> None:
        if job == "bad":
            raise ValueError(job)
        done.append(job)

    line = FairLine(work, slots=1)
    line.pause(True)
    line.start()
    line.add("bad", "x")
    line.add("good", "y")
    for _ in range(20):
        await asyncio.sleep(0)
    assert line.order() == ["bad", "good"]
    line.pause(False)
    await until(lambda: done == ["good"])
    await line.stop()


async def test_who_sits_and_looks_goes_first() -> None:
    work = Work()
    async with line_with(work, "a1", "a2", "b1") as line:
        line.add("chat", "c", urgent=True)
        line.add("again", "a", urgent=True)
        assert line.order() == ["chat", "again", "a1", "b1", "a2"]
        line.cancel("again")
        for done, job in enumerate(["chat", "a1", "b1", "a2"], start=1):
            await until(lambda done=done: len(work.started) == done)
            assert work.started[-1] == job
            work.finish(job)
        await until(lambda: len(work.ended) == 4)


async def test_with_fewer_slots_what_runs_is_finished_and_no_more_start() -> None:
    work = Work()
    async with line_with(work, *"abcdef", slots=3) as line:
        await until(lambda: len(work.started) == 3)
        line.resize(1)
        assert len(line.places()) == 6
        for job in list(work.started):
            work.finish(job)
        await until(lambda: len(work.ended) == 3 and len(work.started) == 4)
        assert work.slots[work.started[3]] == 0
        assert line.running == 1
        line.resize(2)
        await until(lambda: len(work.started) == 5)
        assert work.slots[work.started[4]] == 1


async def test_short_urgent_jobs_do_not_make_the_wait_of_the_others_look_short() -> None:
    work = Work()
    async with line_with(work) as line:
        line.add("text", "a")
        await until(lambda: work.started == ["text"])
        work.now = 20.0
        work.finish("text")
        line.add("note", "teacher", urgent=True)
        await until(lambda: "note" in work.started)
        work.now = 21.0
        line.add("next", "b")
        work.finish("note")
        await until(lambda: "next" in work.started)
        assert line.places()["next"].wait_s == 20.0


async def finish_after(work: Work, job: str, seconds: float) -> None:
    await until(lambda: job in work.started)
    work.now += seconds
    work.finish(job)
    await until(lambda: job in work.ended)


async def test_a_job_that_is_more_work_is_expected_to_take_longer() -> None:
    work = Work()
    async with line_with(work) as line:
        line.add("short", "a", size=2)
        line.add("long", "b", size=5)
        line.add("left over", "c", size=1)
        await finish_after(work, "short", 20.0)
        await until(lambda: "long" in work.started)
        places = line.places()
        assert places["long"].wait_s == 50.0
        assert places["left over"].wait_s == 60.0
        await finish_after(work, "long", 50.0)
        await until(lambda: "left over" in work.started)
        assert line.places()["left over"].wait_s == 10.0


async def test_a_slow_first_job_does_not_weigh_more_than_the_next_ones() -> None:
    work = Work()
    async with line_with(work, *"abcd") as line:
        for job, seconds in (("a", 24.0), ("b", 9.0), ("c", 9.0)):
            await finish_after(work, job, seconds)
        await until(lambda: "d" in work.started)
        assert line.places()["d"].wait_s == 14.0


async def test_nobody_knows_how_long_a_pause_takes() -> None:
    work = Work()
    async with line_with(work, *"abc") as line:
        await finish_after(work, "a", 10.0)
        await until(lambda: "b" in work.started)
        line.pause(True)
        assert line.places()["b"].wait_s == 10.0
        assert line.places()["c"].wait_s is None
        line.pause(False)
        assert line.places()["c"].wait_s == 20.0


async def test_with_fewer_slots_the_wait_is_for_one_that_stays() -> None:
    work = Work()
    async with line_with(work, slots=2) as line:
        line.add("first", "z")
        await finish_after(work, "first", 10.0)
        line.add("a", "a")
        await until(lambda: "a" in work.started)
        work.now += 6.0
        line.add("b", "b")
        await until(lambda: "b" in work.started)
        line.add("c", "c")
        line.resize(1)
        stays = next(job for job in "ab" if work.slots[job] == 0)
        assert line.places()["c"].wait_s == {"a": 4.0, "b": 10.0}[stays] + 10.0
