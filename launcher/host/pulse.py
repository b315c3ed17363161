"""Whether a program that runs still does its work, and what to think of it when it is silent.

A program that loads, or reads a long prompt on a slow processor, may be silent for a while and is
not stuck: it uses the processor, or waits for its turn. One that sleeps and does not answer is,
and so is one that answers and makes no sense, however busy it looks.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import psutil

from launcher.services.spec import ServiceSpec

if TYPE_CHECKING:
    import httpx

Health = Literal["well", "unresponsive", "stuck"]

LOOK_EVERY_S = 0.25
ANSWER_WITHIN_S = 0.6
"""Two looks without an answer, and the pauses before them, take less than two seconds."""
_LATE_S = 0.15
_USED_S = 0.03
_AT_WORK = (psutil.STATUS_RUNNING, psutil.STATUS_DISK_SLEEP)
_WOKE_AFTER_S = 5.0
_PATIENCE_LOOKS = 2
"""One look may go wrong when the computer is very busy."""
_TOLD_AFTER_PART = 0.125
"""Of the time after which it is stuck: a graphics card may keep a program waiting for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen of a program at one moment. ``cpu_s`` is what it has used in all.

    ``stopped`` is a program that somebody has halted: it needs no second look. ``garbled`` is one
    that answered, with something that cannot be read.
    """

    at: float
    answered: bool
    cpu_s: float
    asleep: bool
    stopped: bool = False
    garbled: bool = False


class Pulse:
    """Makes up its mind from looks; pure, so that it can be tested without waiting."""

    def __init__(self, *, hang_timeout_s: float, busy_timeout_s: float) -> None:
        self._hang_timeout_s = hang_timeout_s
        self._busy_timeout_s = busy_timeout_s
        self._last: Look | None = None
        self._silent_since: float | None = None
        self._idle_since: float | None = None
        self._idle_looks = 0

    def judge(self, look: Look) -> Health:
        """Call it with each look in order."""
        last, self._last = self._last, look
        if look.answered:
            self._silent_since = self._idle_since = None
            self._idle_looks = 0
            return "well"
        if last is None or look.at - last.at > _WOKE_AFTER_S:
            # The computer slept, or we were not given a turn ourselves: begin again.
            self._silent_since, self._idle_since = look.at, None
            self._idle_looks = 0
            return "well"
        if self._silent_since is None:
            self._silent_since = last.at
        if look.garbled or (look.asleep and look.cpu_s - last.cpu_s < _USED_S):
            self._idle_since = last.at if self._idle_since is None else self._idle_since
            self._idle_looks += 1
        else:
            self._idle_since, self._idle_looks = None, 0
        if look.at - self._silent_since >= self._busy_timeout_s:
            return "stuck"
        if self._idle_since is None:
            return "well"
        idle_s = look.at - self._idle_since
        if idle_s >= self._hang_timeout_s:
            return "stuck"
        told = idle_s >= self._hang_timeout_s * _TOLD_AFTER_PART
        if look.stopped or (told and self._idle_looks >= _PATIENCE_LOOKS):
            return "unresponsive"
        return "well"


async def look_at(
    client: "httpx.AsyncClient",
    spec: ServiceSpec,
    pid: int,
    clock: Callable[[], float] = time.monotonic,
) -> Look:
    """Ask a program for a sign of life. A program that is gone is told by its exit code."""
    begin = clock()
    # Our own asking wakes the program for a moment, so its state before that counts as well.
    worked_before = _at_work(pid)
    answer = await _answer_of(client, spec)
    we_were_late = clock() - begin > ANSWER_WITHIN_S + _LATE_S
    cpu_s, asleep, stopped = 0.0, False, False
    try:
        process = psutil.Process(pid)
        times = process.cpu_times()
        cpu_s = times.user + times.system
        status = process.status()
        # When we got no turn ourselves, the answer may lie there unread.
        asleep = not (worked_before and status in _AT_WORK) and not we_were_late
        stopped = status in (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
    except psutil.Error:
        pass
    return Look(
        at=clock(),
        answered=answer == "good",
        cpu_s=cpu_s,
        asleep=asleep,
        stopped=stopped,
        garbled=answer == "garbled",
    )


def _at_work(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() in _AT_WORK
    except psutil.Error:
        return False


async def _answer_of(
    client: "httpx.AsyncClient", spec: ServiceSpec
) -> Literal["good", "none", "garbled"]:
    import httpx

    url = spec.alive_url or spec.health_url
    headers = spec.alive_headers if spec.alive_url else spec.health_headers
    try:
        response = await client.get(url, headers=dict(headers), timeout=ANSWER_WITHIN_S)
        if response.status_code != 200:
            return "none"
        if spec.alive_url:
            response.json()
    except (httpx.RemoteProtocolError, httpx.DecodingError, ValueError):
        return "garbled"
    except httpx.HTTPError:
        return "none"
    return "good"
