"""Start the programs of a lesson in order, keep them running, and end them in theirs."""

import asyncio
import dataclasses
import logging
import secrets
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from launcher.engines.common import with_slots
from launcher.engines.registry import ENGINES
from launcher.errors import PaadjeError
from launcher.host.pulse import LOOK_EVERY_S as PULSE_EVERY_S
from launcher.host.pulse import Pulse, look_at
from launcher.services import logfiles
from launcher.services.policy import RestartPolicy
from launcher.services.process import Child, end_family, spawn, stop
from launcher.services.readiness import wait_ready
from launcher.services.spec import ServiceKind, ServiceSpec
from launcher.services.states import LessonState, ServiceState

_log = logging.getLogger("launcher.host")

_LOOK_EVERY_S = 0.1
_LOOKS_PER_TRIM = 20
_DATA_KEY_BYTES = 32
_ENDS: Mapping[ServiceKind, int] = {"app": 0, "gateway": 1, "engine": 2}
"""Apps end first: what they say last, that the lesson is over, still reaches the class."""
_WORTH_ANOTHER_TRY = ("host.crash_loop", "engines.killed")
"""Before a service was ever ready, only these may go away by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a lesson failed, in the shape of `lesson.types.Why`; ``code`` is an error's code."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    detail: str = ""


class Supervisor:
    """The programs of one lesson. ``changed(service)`` is called after every change of a state."""

    def __init__(
        self,
        services: tuple[ServiceSpec, ...],
        *,
        engine_id: str,
        changed: Callable[[str], None],
        prepare: Callable[[ServiceSpec], ServiceSpec] = lambda spec: spec,
    ) -> None:
        """``prepare`` has the last word on how a program is started, each time again."""
        self._prepare = prepare
        self._specs = services
        self._engine_id = engine_id
        self._changed = changed
        self._data_key = secrets.token_hex(_DATA_KEY_BYTES)
        self._children: dict[str, Child] = {}
        self._replaced: set[str] = set()
        self._slots: int | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._phase: LessonState = "preparing"
        self._was_ready = False
        self.states: dict[str, ServiceState] = {spec.id: "waiting" for spec in services}
        self.reason: Reason | None = None

    @property
    def state(self) -> LessonState:
        """The state of the lesson as a whole."""
        if self._phase in ("stopping", "stopped", "preparing"):
            return self._phase
        if self.reason is not None:
            return "failed"
        if all(state == "ready" for state in self.states.values()):
            return "ready"
        return "degraded" if self._was_ready else "starting"

    async def run(self) -> None:
        """Start everything and watch over it, until it is cancelled or nothing is left to watch.

        A failure before the lesson was ready ends all its programs, to free their memory. After
        that the others go on: what students and teacher have on their screens stays there.
        """
        self._phase = "starting"
        for spec in self._specs:
            ready = asyncio.Event()
            self._tasks.append(asyncio.create_task(self._run_service(spec, ready)))
            waiting = asyncio.create_task(ready.wait())
            # An earlier service may be given up while this one starts.
            await asyncio.wait((waiting, *self._tasks), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if self.reason is not None:
                await self._end_all()
                return
            for task in self._tasks:
                if task.done():
                    task.result()  # A bug: raise it here.
        self._was_ready = True
        await asyncio.gather(*self._tasks)

    def send(self, service: str, message: Mapping[str, object]) -> None:
        """A message on the lifeline of a program; one that is not running hears nothing."""
        child = self._children.get(service)
        if child is not None:
            child.send(message)

    def fewer_slots(self) -> int | None:
        """Start the engine again with half of its slots, which frees memory; how many they are.

        None when it has only one, or cannot do with fewer.
        """
        for number, spec in enumerate(self._specs):
            changed = with_slots(spec.env) if spec.kind == "engine" else None
            if changed is not None and spec.id in self._children:
                env, self._slots = changed
                fewer = dataclasses.replace(spec, env=env)
                self._specs = (*self._specs[:number], fewer, *self._specs[number + 1 :])
                self._replaced.add(spec.id)
                self._tell_slots()
                return self._slots
        return None

    def _tell_slots(self) -> None:
        for spec in self._specs:
            if spec.kind == "app" and self._slots is not None:
                self.send(spec.id, {"slots": self._slots})

    async def stop(self) -> None:
        """End all programs. Nothing runs when this returns."""
        self._phase = "stopping"
        self._changed("")
        await self._end_all()
        self._phase = "stopped"
        self._changed("")

    async def _end_all(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for spec in sorted(self._specs, key=lambda spec: _ENDS[spec.kind]):
            child = self._children.get(spec.id)
            if child is not None:
                self._set(spec, "stopping")
                await asyncio.to_thread(stop, child, spec.stop_grace_s)
                self._children.pop(spec.id, None)
            if self.states[spec.id] != "failed":
                self._set(spec, "stopped")

    async def _run_service(self, spec: ServiceSpec, ready: asyncio.Event) -> None:
        policy = RestartPolicy()
        while True:
            current = next(each for each in self._specs if each.id == spec.id)
            reason = await self._run_once(self._prepare(current), policy, ready)
            if reason is None:
                self._set(spec, "restarting")
                continue
            delay_s = policy.crashed()
            _log.warning("%s ended: %s", spec.id, reason.code)
            hopeless = not ready.is_set() and reason.code not in _WORTH_ANOTHER_TRY
            if delay_s is None or hopeless:
                self.reason = self.reason or reason
                self._set(spec, "failed")
                return
            self._set(spec, "restarting")
            await asyncio.sleep(delay_s)

    async def _run_once(
        self, spec: ServiceSpec, policy: RestartPolicy, ready: asyncio.Event
    ) -> Reason | None:
        """Start the program and stay until it ends; why it ended, None when that was wanted."""
        if not ready.is_set():
            self._set(spec, "starting")
        policy.started()
        env = {
            name: value.replace("{data_key}", self._data_key) for name, value in spec.env.items()
        }
        try:
            child = spawn(spec.argv, env, Path(spec.log_file))
        except PaadjeError as error:
            return Reason(
                code="host.cannot_start", params={"service": spec.id}, detail=error.detail
            )
        self._children[spec.id] = child
        late = stuck = False
        self._replaced.discard(spec.id)
        try:
            await wait_ready(
                spec.health_url,
                headers=spec.health_headers,
                timeout_s=spec.ready_timeout_s,
                exit_code=child.exit_code,
            )
        except PaadjeError as error:
            late = error.code == "services.not_ready"
        else:
            self._set(spec, "ready")
            ready.set()
            self._tell_slots()
            stuck = not await self._until_it_ends(spec, child)
        exit_code = child.exit_code()
        await asyncio.to_thread(end_family, child)
        self._children.pop(spec.id, None)
        if spec.id in self._replaced:
            return None
        if stuck:
            code = "engines.not_answering" if spec.kind == "engine" else "host.not_answering"
            params = {} if spec.kind == "engine" else {"service": spec.id}
            return Reason(code=code, params=params, detail=last_line(child.log_tail()))
        if late:
            return Reason(
                code="host.not_ready",
                params={"service": spec.id, "seconds": round(spec.ready_timeout_s)},
                detail=last_line(child.log_tail()),
            )
        return self._explain(spec, child, exit_code)

    async def _until_it_ends(self, spec: ServiceSpec, child: Child) -> bool:
        """Whether it ended by itself or was to end; False when it is stuck."""
        watching = asyncio.create_task(self._until_stuck(spec, child))
        try:
            while child.exit_code() is None and spec.id not in self._replaced:
                if watching.done():
                    watching.result()
                    return False
                await asyncio.sleep(_LOOK_EVERY_S)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        return True

    async def _until_stuck(self, spec: ServiceSpec, child: Child) -> None:
        import httpx

        pulse = Pulse(hang_timeout_s=spec.hang_timeout_s, busy_timeout_s=spec.busy_timeout_s)
        # A program that hangs must not leave us with connections that hang.
        limits = httpx.Limits(max_keepalive_connections=0)
        looks = 0
        async with httpx.AsyncClient(trust_env=False, limits=limits) as client:
            while (health := pulse.judge(await look_at(client, spec, child.pid))) != "stuck":
                if child.exit_code() is None:
                    self._set(spec, "ready" if health == "well" else "unresponsive")
                looks += 1
                if looks % _LOOKS_PER_TRIM == 0:
                    logfiles.trim(child.log_file)
                await asyncio.sleep(PULSE_EVERY_S)

    def _explain(self, spec: ServiceSpec, child: Child, exit_code: int | None) -> Reason:
        ended = f"ended by {_exit_name(exit_code)}"
        tail = child.log_tail()
        engine = ENGINES.get(self._engine_id)
        if spec.kind == "engine" and engine is not None:
            code, line = engine.explain_failure(f"{tail}\n{ended}")
            if code != "engines.failed":
                return Reason(code=code, detail=line)
        words = " – ".join(each for each in (last_line(tail), ended) if each)
        return Reason(code="host.crash_loop", params={"service": spec.id}, detail=words)

    def _set(self, spec: ServiceSpec, state: ServiceState) -> None:
        if self.states[spec.id] == state:
            return
        self.states[spec.id] = state
        _log.info("%s is %s", spec.id, state)
        self._changed(spec.id)


def last_line(tail: str) -> str:
    """What a program said last: of a traceback that is the error. ``paadje logs`` has the rest."""
    said = [line.strip() for line in tail.splitlines() if line.strip()]
    return said[-1] if said else ""


def _exit_name(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        try:
            return signal.Signals(-exit_code).name
        except ValueError:
            return f"signal {-exit_code}"
    return f"exit code {exit_code}"
