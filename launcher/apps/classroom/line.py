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

    ``wait_s`` is until the job is done, and None as long as nothing has finished yet.
    """

    running: bool
    ahead: int
    wait_s: float | None


@dataclass(slots=True, kw_only=True)
class _Running:
    started: float
    task: "asyncio.Task[None]"
    cancelled: bool = False


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
    _running: dict[str, _Running] = field(default_factory=dict)
    _workers: list["asyncio.Task[None]"] = field(default_factory=list)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _average_s: float | None = None
    _paused: bool = False

    def start(self) -> None:
        """Start the workers; needs a running event loop."""
        self._workers = [
            asyncio.create_task(self._serve(slot), name=f"slot-{slot}")
            for slot in range(self.slots)
        ]

    async def stop(self) -> None:
        """End the workers. Jobs that run are cut off; the caller still has them on disk."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        self._workers = []

    def add(self, job: str, owner: str) -> None:
        """Put ``job`` at the end of its owner's own line; a job that is already here stays put."""
        if job in self._running or job in self.order():
            return
        self._waiting.setdefault(owner, deque()).append(job)
        self._wake.set()
        self.changed()

    def cancel(self, job: str) -> None:
        """Take ``job`` out, or stop it when it runs. Unknown jobs are no error."""
        for owner, jobs in list(self._waiting.items()):
            if job in jobs:
                jobs.remove(job)
                if not jobs:
                    del self._waiting[owner]
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
        lines = [list(jobs) for jobs in self._waiting.values()]
        return [
            line[turn]
            for turn in range(max(map(len, lines), default=0))
            for line in lines
            if turn < len(line)
        ]

    def places(self) -> dict[str, Place]:
        """Everyone's place and expected wait, from the jobs that have finished so far."""
        now, average = self.clock(), self._average_s
        found = {}
        free_at = [0.0] * (self.slots - len(self._running))
        for job, running in self._running.items():
            left = None
            if average is not None:
                left = max(average - (now - running.started), average * 0.1)
            free_at.append(left or 0.0)
            found[job] = Place(running=True, ahead=0, wait_s=left)
        for ahead, job in enumerate(self.order()):
            wait_s = None
            if average is not None and free_at:
                free_at.sort()
                wait_s = free_at[0] + average
                free_at[0] = wait_s
            found[job] = Place(running=False, ahead=ahead, wait_s=wait_s)
        return found

    def _next(self) -> str | None:
        if self._paused or not self._waiting:
            return None
        owner, jobs = next(iter(self._waiting.items()))
        job = jobs.popleft()
        if jobs:
            self._waiting.move_to_end(owner)
        else:
            del self._waiting[owner]
        return job

    async def _serve(self, slot: int) -> None:
        while True:
            job = self._next()
            if job is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            task = asyncio.ensure_future(self._run(job, slot))
            running = self._running[job] = _Running(started=self.clock(), task=task)
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
                self._learn(self.clock() - running.started)
            elif not task.cancelled() and (error := task.exception()) is not None:
                log.error("job failed: %s", type(error).__name__)
            self.changed()

    async def _run(self, job: str, slot: int) -> None:
        await self.work(job, slot)

    def _learn(self, seconds: float) -> None:
        old = self._average_s
        weight = _WEIGHT_OF_NEWEST
        self._average_s = seconds if old is None else old + weight * (seconds - old)
