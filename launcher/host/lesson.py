"""One lesson from its specification to its end: programs, files, control API, signals."""

import asyncio
import contextlib
import dataclasses
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn

from launcher.engines.primed import seal
from launcher.engines.registry import DEFAULT_ENGINE, ENGINES
from launcher.errors import PaadjeError
from launcher.events import Event, Notice, ServiceChanged
from launcher.files import read_json_object, write_private_json
from launcher.host.api import EventHub, control_app
from launcher.host.pace import LOOK_EVERY_S as PACE_EVERY_S
from launcher.host.pace import Counts, Pace, Slow
from launcher.host.projector import SharingPages, with_sharing
from launcher.host.sharing_control import SharingControl
from launcher.host.supervisor import Reason, Supervisor
from launcher.host.surroundings import LOOK_EVERY_S, Watch
from launcher.services.ports import LOOPBACK
from launcher.services.spec import LessonSpec, ServiceSpec
from launcher.services.state import (
    ENDED_FILE,
    GATEWAY_STATUS_FILE,
    STATUS_FILE,
    LessonRecord,
    erase_lesson_files,
    record_of_process,
    write_record,
)

LESSON = "lesson"
"""The name under which events tell about the lesson as a whole."""

_log = logging.getLogger("launcher.host")

_CLOSE_WITHIN_S = 2
_TELL_FOR_S = 180.0


class Host:
    """Runs one lesson. ``folder`` is where its specification was found."""

    def __init__(self, spec: LessonSpec, folder: Path) -> None:
        self._spec = spec
        self._folder = folder
        self._hub = EventHub()
        self._stop = asyncio.Event()
        self._told_state = ""
        self._memory_low = False
        self._recent: dict[str, tuple[float, Notice]] = {}
        self._pace = Pace(spec.plan)
        self._engine_id = str(spec.plan.get("engine", DEFAULT_ENGINE))
        self._supervisor = Supervisor(
            spec.services,
            engine_id=self._engine_id,
            changed=self._service_changed,
            prepare=self._make_room,
        )
        self._sharing = SharingControl(
            spec,
            folder,
            send=self._supervisor.send,
            publish=self._hub.publish,
            stop=self._stop.set,
        )

    async def run(self) -> None:
        """Until the lesson is stopped; nothing of it is left running after that."""
        _on_stop_signals(self._stop.set)
        listener = _listen(self._spec.control_port)
        port = int(listener.getsockname()[1])
        server = _Server(self._config(port))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        write_record(
            LessonRecord(
                lesson=self._spec.id,
                control_port=port,
                control_token=self._spec.control_token,
                created_at=self._spec.created_at,
                folder=str(self._folder),
                **record_of_process(os.getpid()),
            )
        )
        supervising = asyncio.create_task(self._supervise())
        sharing = asyncio.create_task(self._share())
        watching = asyncio.gather(self._watch_surroundings(), self._watch_pace())
        stopping = asyncio.create_task(self._stop.wait())
        # Without its control API a lesson could not be stopped any more, so it ends with it.
        await asyncio.wait((stopping, serving), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        supervising.cancel()
        sharing.cancel()
        for task in (supervising, sharing):
            with contextlib.suppress(asyncio.CancelledError):
                await task
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        before = self._supervisor.state
        await self._supervisor.stop()
        self._write_ended(before)
        self._hub.close()
        server.should_exit = True
        await serving

    def snapshot(self) -> dict[str, Any]:
        """What ``GET /state`` answers; no secrets."""
        reason = self._supervisor.reason
        return {
            "lesson": self._spec.id,
            "state": self._supervisor.state,
            "created_at": self._spec.created_at,
            "services": dict(self._supervisor.states),
            "reason": dataclasses.asdict(reason) if reason else None,
            "joined": self._joined(),
            "memory_low": self._memory_low,
            "notices": [dataclasses.asdict(notice) for notice in self._standing()],
        }

    def _config(self, port: int) -> uvicorn.Config:
        app = control_app(
            port=port,
            token=self._spec.control_token,
            snapshot=self.snapshot,
            current=self._current_events,
            hub=self._hub,
            request_stop=self._stop.set,
        )
        pages = SharingPages(self._sharing, lang=self._spec.lang, port=port)
        token = self._spec.control_token
        return uvicorn.Config(
            with_sharing(app, pages, port=port, token=token),
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=_CLOSE_WITHIN_S,
        )

    async def _supervise(self) -> None:
        try:
            await self._supervisor.run()
        except Exception as error:  # noqa: BLE001 - the boundary of this program's work
            _log.exception("the supervisor failed")
            self._supervisor.reason = Reason(code="host.bug", detail=repr(error))
            self._service_changed("")

    async def _share(self) -> None:
        try:
            await self._sharing.run()
        except Exception:  # noqa: BLE001 - a lesson goes on when nobody watches its address
            _log.exception("watching over the sharing failed")

    async def _watch_surroundings(self) -> None:
        try:
            watch = Watch()
            while True:
                for finding in watch.look():
                    self._react(finding, watch.now.available_bytes)
                await asyncio.sleep(LOOK_EVERY_S)
        except Exception:  # noqa: BLE001 - a lesson goes on when nobody watches the memory
            _log.exception("watching over the computer failed")

    async def _watch_pace(self) -> None:
        """Tell when the engine is much slower than the plan said."""
        engine, entry = ENGINES.get(self._engine_id), self._spec.engine
        try:
            while engine is not None and self._pace.can_judge:
                await asyncio.sleep(PACE_EVERY_S)
                try:
                    told = await asyncio.to_thread(engine.metrics, entry.url, entry.key)
                except (PaadjeError, ValueError):
                    continue  # It loads, or is very busy: there is nothing to compare.
                counts = Counts.of(told)
                if counts is None:
                    return  # This engine does not tell what it takes.
                if self._pace.judge(counts) and self._pace.slow is not None:
                    _log.info("slower than predicted: %s", self._pace.slow)
                    self._hub.publish(_slow(self._pace.slow))
        except Exception:  # noqa: BLE001 - a lesson goes on when nobody watches its pace
            _log.exception("watching over the pace failed")

    def _standing(self) -> list[Notice]:
        """What is worth knowing for as long as it lasts, and what happened just now."""
        found = []
        if self._memory_low:
            found.append(Notice(code="host.memory_low"))
        if self._pace.slow is not None:
            found.append(_slow(self._pace.slow))
        now = time.monotonic()
        return [*found, *(one for at, one in self._recent.values() if now - at < _TELL_FOR_S)]

    def _react(self, finding: str, available_bytes: int) -> None:
        _log.info("%s: %d bytes of memory available", finding, available_bytes)
        if finding == "memory_critical":
            slots = self._supervisor.fewer_slots()
            if slots is not None:
                self._remember(Notice(code="host.fewer_slots", params={"slots": slots}))
            return
        if finding == "woke":
            self._remember(Notice(code="host.woke"))
            return
        self._memory_low = finding == "memory_low"
        self._hub.publish(
            Notice(code=f"host.{finding}", params={"available_bytes": available_bytes})
        )

    def _make_room(self, service: ServiceSpec) -> ServiceSpec:
        """The supervisor is there before the sharing, which tells the gateway through it."""
        return self._sharing.make_room(service)

    def _remember(self, notice: Notice) -> None:
        self._recent[notice.code] = (time.monotonic(), notice)
        self._hub.publish(notice)

    def _service_changed(self, service: str) -> None:
        if service:
            state = self._supervisor.states[service]
            self._hub.publish(ServiceChanged(service=service, state=state))
        if self._supervisor.state != self._told_state:
            self._told_state = self._supervisor.state
            _log.info("the lesson is %s", self._told_state)
            self._hub.publish(ServiceChanged(service=LESSON, state=self._told_state))
        try:
            write_private_json(self._folder / STATUS_FILE, self.snapshot())
        except OSError as error:
            _log.warning("cannot write the status: %s", error)  # A full disk ends no lesson.

    def _current_events(self) -> list[Event]:
        states = {**self._supervisor.states, LESSON: self._supervisor.state}
        return [ServiceChanged(service=name, state=state) for name, state in states.items()]

    def _joined(self) -> int | None:
        joined = (read_json_object(self._folder / GATEWAY_STATUS_FILE) or {}).get("joined")
        return joined if isinstance(joined, int) and not isinstance(joined, bool) else None

    def _write_ended(self, before: str) -> None:
        ended = self.snapshot() | {
            "before": before,
            "ended_at": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        try:
            write_private_json(self._folder / ENDED_FILE, ended)
        except OSError as error:
            _log.warning("cannot write how the lesson ended: %s", error)
        for folder in self._spec.primed_folders:
            seal(Path(folder))
        if not erase_lesson_files(self._folder):
            _log.warning("not all files of the lesson could be removed")


class _Server(uvicorn.Server):
    """uvicorn without its signal handlers: a signal has to end the programs first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _slow(slow: Slow) -> Notice:
    return Notice(code="host.slow", params={"times": round(slow.times)})


def _listen(port: int) -> socket.socket:
    """Listen on loopback; on another port when ``port`` was taken since it was chosen."""
    for each in (port, 0):
        # asyncio turns Nagle's algorithm off only where the protocol is named.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.bind((LOOPBACK, each))
        except OSError:
            listener.close()
            continue
        listener.listen()
        return listener
    raise OSError("no free port on loopback")


def _on_stop_signals(stop: Callable[[], object]) -> None:
    loop = asyncio.get_running_loop()
    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        number = getattr(signal, name, None)
        if number is None:
            continue
        try:
            loop.add_signal_handler(number, stop)
        except NotImplementedError:
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop))
