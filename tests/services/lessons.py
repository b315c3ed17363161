"""Lessons for tests: the real engine or a stand-in, beside stand-ins for an app and a gateway."""

import os
import secrets
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

from launcher import catalog
from launcher.engines.protocol import EngineSettings
from launcher.engines.registry import get_engine
from launcher.files import write_private_json
from launcher.models.library import Library
from launcher.services import process, state
from launcher.services.control import ControlClient
from launcher.services.detach import spawn_detached
from launcher.services.ports import free_port
from launcher.services.spec import (
    EngineEntry,
    LessonSpec,
    ServiceKind,
    ServiceSpec,
    ShareEntry,
    spec_to_dict,
)

FAKE_SERVICE = str(Path(__file__).with_name("fake_service.py"))
PATIENCE_S = 60.0


def give_practice_model(models_dir: Path, starter_model: Path) -> None:
    """As if it had been installed."""
    file = catalog.load_catalog().practice_model().file
    assert file is not None
    library = Library(models_dir)
    library.folder.mkdir(parents=True)
    try:
        os.link(starter_model, library.target(file))
    except OSError:  # Another disk.
        library.target(file).write_bytes(starter_model.read_bytes())
    assert library.adopt(file)


def engine_settings(model: Path, **changes: Any) -> EngineSettings:
    values: dict[str, Any] = {
        "model_path": model,
        "model_id": "starter",
        "port": free_port(),
        "api_key": secrets.token_urlsafe(24),
        "context_tokens": 1024,
        "slots": 2,
        "threads": 1,
        "gpu_layers": 0,
        **changes,
    }
    return EngineSettings(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningEngine:
    """A real engine without a host."""

    child: process.Child
    settings: EngineSettings
    engine_id: str

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    @property
    def key(self) -> str:
        return self.settings.api_key

    def prompt_tokens(self) -> int:
        """How many it has processed since it started."""
        return int(get_engine(self.engine_id).metrics(self.url, self.key)["prompt_tokens"])


@contextmanager
def engine_running(
    model: Path, logs: Path, *, engine_id: str = "xllamacpp", **changes: Any
) -> Iterator[RunningEngine]:
    settings = engine_settings(model, **changes)
    command = get_engine(engine_id).command(settings)
    child = process.spawn(command.argv, command.env, logs / "engine.log")

    def ready() -> bool:
        if child.exit_code() is not None:
            return True
        try:
            return requests.get(command.health_url, timeout=5).status_code == 200
        except requests.RequestException:
            return False

    try:
        assert process.wait_for(ready, PATIENCE_S), child.log_tail()
        assert child.exit_code() is None, child.log_tail()
        yield RunningEngine(child=child, settings=settings, engine_id=engine_id)
    finally:
        process.stop(child, 5)


def real_engine(model: Path, logs: Path, **changes: Any) -> ServiceSpec:
    command = get_engine("xllamacpp").command(engine_settings(model, **changes))
    return ServiceSpec(
        id="engine",
        kind="engine",
        argv=command.argv,
        env=dict(command.env),
        health_url=command.health_url,
        log_file=str(logs / "engine.log"),
    )


def fake(name: str, kind: ServiceKind, logs: Path, how: str = "", **changes: Any) -> ServiceSpec:
    port = free_port()
    values: dict[str, Any] = {
        "id": name,
        "kind": kind,
        "argv": (sys.executable, FAKE_SERVICE, str(port), how),
        "env": {"FAKE_KEY": "{data_key}"},
        "health_url": f"http://127.0.0.1:{port}/health",
        "log_file": str(logs / f"{name}.log"),
        "stop_grace_s": 2.0,
        **changes,
    }
    return ServiceSpec(**values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A lesson whose host was started by a test."""

    spec: LessonSpec
    folder: Path
    host_pid: int
    log_file: Path

    @property
    def record(self) -> state.LessonRecord:
        record = state.read_record(self.folder / "state.json")
        assert record is not None, self.log_file.read_text()
        return record

    @property
    def client(self) -> ControlClient:
        return ControlClient(self.record)

    def wait_for_record(self) -> None:
        path = self.folder / "state.json"
        wait(lambda: state.read_record(path) is not None, "no state.json", self)

    def wait_for_state(self, *wanted: str) -> dict[str, Any]:
        self.wait_for_record()
        client = self.client
        found: dict[str, Any] = {}

        def there() -> bool:
            found.clear()
            found.update(client.state())
            return found["state"] in wanted

        wait(there, f"never {wanted}", self, found)
        return found

    def children(self) -> dict[str, psutil.Process]:
        """The programs of the host, by the id of their service."""
        by_program = {}
        for child in psutil.Process(self.host_pid).children():
            try:
                line = child.cmdline()
            except psutil.Error:
                continue  # It ended while we looked.
            for service in self.spec.services:
                if line[1:] == list(service.argv)[1:]:
                    by_program[service.id] = child
        return by_program

    def ports(self) -> list[int]:
        urls = [service.health_url for service in self.spec.services]
        return [self.record.control_port, *(int(url.split(":")[2].split("/")[0]) for url in urls)]


def wait(condition: Callable[[], bool], why: str, running: Running, *more: object) -> None:
    if not process.wait_for(condition, PATIENCE_S):
        raise AssertionError(f"{why}; {more}\n{running.log_file.read_text()}")


@contextmanager
def running_lesson(
    home: Path,
    services: tuple[ServiceSpec, ...],
    *,
    plan: Mapping[str, Any] | None = None,
    engine_key: str = "",
) -> Iterator[Running]:
    """Start a host for these services; whatever is left of it afterwards is ended."""
    folder = home / "data" / "lessons" / "les-1"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "secret.db").write_text("encrypted")
    spec = LessonSpec(
        id="les-1",
        lang="nl",
        created_at="2026-01-01T09:00:00+00:00",
        folder=str(folder),
        control_port=free_port(),
        control_token=secrets.token_urlsafe(24),
        services=services,
        engine=EngineEntry(
            url=services[0].health_url.removesuffix("/health"),
            key=engine_key,
            model="m",
            model_name="M",
            slots=2,
            context_tokens=1024,
        ),
        apps=(),
        share=ShareEntry(
            mode="local", address="127.0.0.1", port=1, interface="lo", token="t", code="c"
        ),
        plan={"engine": "xllamacpp", **(plan or {})},
    )
    write_private_json(folder / "spec.json", spec_to_dict(spec))
    log_file = home / "logs" / "host.log"
    pid = spawn_detached(
        (sys.executable, "-X", "utf8", "-m", "launcher.host", str(folder / "spec.json")),
        {},
        log_file,
    )
    family: list[psutil.Process] = []
    try:
        yield Running(spec=spec, folder=folder, host_pid=pid, log_file=log_file)
    finally:
        try:
            host = psutil.Process(pid)
            family = [host, *host.children(recursive=True)]
        except psutil.Error:
            pass
        for each in family:
            try:
                each.kill()
            except psutil.Error:
                pass
        psutil.wait_procs(family, timeout=10)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def all_gone(processes: list[psutil.Process]) -> bool:
    """Whether none runs any more; psutil compares start times."""
    return not any(
        each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes
    )


def environment_of(pid: int) -> dict[str, str]:
    return psutil.Process(pid).environ() if pid != os.getpid() else dict(os.environ)
