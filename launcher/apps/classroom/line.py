"""The line of a class: fair between students, as many at once as the engine has slots.

Each worker owns one slot of the engine, and one job runs on one worker from begin to end, so that
a student's calls stay where their text is already in the engine's cache.
"""

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

_WEIGHT_OF_NEWEST = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job is. ``ahead`` counts the jobs that start before it; 0 while it runs.

    ``wait_s`` is until the job is done, and None as long as nothing has finished yet. It is also
    None for what waits while the line is paused, since nobody knows for how long.
    """

    running: bool
    ahead: int
    wait_s: float | None


@dataclass(slots=True, kw_only=True)
class _Running:
    started: float
    task: "asyncio.Future[None]"
    slot: int
    urgent: bool
    size: float
    cancelled: bool = False


@dataclass(slots=True)
class _Pace:
    """Seconds for each unit of size: the mean of the first jobs, and then the newest weigh most."""

    seconds: float = 0.0
    jobs: int = 0

    def learn(self, seconds: float) -> None:
        self.jobs += 1
        # The first job of all is often the slowest: the engine is still cold.
        self.seconds += max(1 / self.jobs, _WEIGHT_OF_NEWEST) * (seconds - self.seconds)


@dataclass(slots=True)
class FairLine:
    """Runs jobs by id. ``work(job, slot)`` does one job; it is cancelled with :meth:`cancel`.

    ``changed`` is called whenever somebody's place may have changed. A job that raises is logged
    by type and leaves the line: retrying is the business of ``work``.
    """

    work: Callable[[str, int], Awaitable[None]]
    slots: int
    changed: Callable[[], None] = lambda: None
    clock: Callable[[], float] = time.monotonic
    _waiting: "OrderedDict[str, deque[str]]" = field(default_factory=OrderedDict)
    _urgent: "OrderedDict[str, deque[str]]" = field(default_factory=OrderedDict)
    _running: dict[str, _Running] = field(default_factory=dict)
    _workers: dict[int, "asyncio.Task[None]"] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _sizes: dict[str, float] = field(default_factory=dict)
    _paces: dict[bool, _Pace] = field(default_factory=lambda: {False: _Pace(), True: _Pace()})
    """Apart for urgent jobs, which are of another kind and often much shorter."""

    _paused: bool = False

    def start(self) -> None:
        """Start the workers; needs a running event loop."""
        for slot in range(self.slots):
            if slot not in self._workers:
                worker = asyncio.create_task(self._serve(slot), name=f"slot-{slot}")
                self._workers[slot] = worker

    async def stop(self) -> None:
        """End the workers. Jobs that run are cut off; the caller still has them on disk."""
        workers = list(self._workers.values())
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        self._workers = {}

    def resize(self, slots: int) -> None:
        """Work on so many jobs at once from now on; what runs is finished."""
        self.slots = max(slots, 1)
        if self._workers:
            self.start()
        self._wake.set()
        self.changed()

    def add(self, job: str, owner: str, *, urgent: bool = False, size: float = 1.0) -> None:
        """Put ``job`` at the end of its owner's own line; a job that is already here stays put.

        ``urgent`` is for somebody who sits and looks at the screen, as in a chat: all such jobs
        start before the others. ``size`` says how much work it is beside other jobs: one of size
        4 is expected to take twice as long as one of size 2.
        """
        if job in self._running or job in self.order():
            return
        self._sizes[job] = size
        (self._urgent if urgent else self._waiting).setdefault(owner, deque()).append(job)
        self._wake.set()
        self.changed()

    def cancel(self, job: str) -> None:
        """Take ``job`` out, or stop it when it runs. Unknown jobs are no error."""
        for line in (self._urgent, self._waiting):
            for owner, jobs in list(line.items()):
                if job in jobs:
                    jobs.remove(job)
                    if not jobs:
                        del line[owner]
                    del self._sizes[job]
        running = self._running.get(job)
        if running is not None:
            running.cancelled = True
            running.task.cancel()
        self.changed()

    @property
    def paused(self) -> bool:
        return self._paused

    def pause(self, paused: bool) -> None:
        """While paused nothing new starts; what runs is finished."""
        self._paused = paused
        self._wake.set()
        self.changed()

    @property
    def running(self) -> int:
        return len(self._running)

    def order(self) -> list[str]:
        """The waiting jobs in the order in which they will start: one of each student in turn."""
        return [*_in_turn(self._urgent), *_in_turn(self._waiting)]

    def places(self) -> dict[str, Place]:
        """Everyone's place and expected wait, from the jobs that have finished so far."""
        now = self.clock()
        found = {}
        free_at = dict.fromkeys(range(self.slots), 0.0)
        for job, running in self._running.items():
            left, expected = None, self._expected_s(running.size, urgent=running.urgent)
            if expected is not None:
                left = max(expected - (now - running.started), expected * 0.1)
            if running.slot in free_at:  # Else nothing starts there any more.
                free_at[running.slot] = left or 0.0
            found[job] = Place(running=True, ahead=0, wait_s=left)
        urgent_jobs = len(_in_turn(self._urgent))
        for ahead, job in enumerate(self.order()):
            wait_s, expected = None, self._expected_s(self._sizes[job], urgent=ahead < urgent_jobs)
            if expected is not None and not self._paused:
                slot = min(free_at, key=free_at.__getitem__)
                wait_s = free_at[slot] = free_at[slot] + expected
            found[job] = Place(running=False, ahead=ahead, wait_s=wait_s)
        return found

    def _expected_s(self, size: float, *, urgent: bool) -> float | None:
        pace = self._paces[urgent]
        return pace.seconds * size if pace.jobs else None

    def _next(self) -> tuple[str, bool] | None:
        """The next job, and whether it is an urgent one."""
        urgent = bool(self._urgent)
        line = self._urgent or self._waiting
        if self._paused or not line:
            return None
        owner, jobs = next(iter(line.items()))
        job = jobs.popleft()
        if jobs:
            line.move_to_end(owner)
        else:
            del line[owner]
        return job, urgent

    async def _serve(self, slot: int) -> None:
        while True:
            if slot >= self.slots:
                del self._workers[slot]
                return
            chosen = self._next()
            if chosen is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            job, urgent = chosen
            task = asyncio.ensure_future(self.work(job, slot))
            running = self._running[job] = _Running(
                started=self.clock(), task=task, slot=slot, urgent=urgent, size=self._sizes.pop(job)
            )
            self.changed()
            try:
                await asyncio.wait({task})
            finally:
                if not task.done():
                    task.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await task
                del self._running[job]
            if not task.cancelled() and task.exception() is None and not running.cancelled:
                self._paces[urgent].learn((self.clock() - running.started) / running.size)
            elif not task.cancelled() and (error := task.exception()) is not None:
                log.error("job failed: %s", type(error).__name__)
            self.changed()


def _in_turn(line: "OrderedDict[str, deque[str]]") -> list[str]:
    lines = [list(jobs) for jobs in line.values()]
    return [
        jobs[turn]
        for turn in range(max(map(len, lines), default=0))
        for jobs in lines
        if turn < len(jobs)
    ]
