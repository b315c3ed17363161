"""What the host makes of programs that hang or talk nonsense, full disks and short memory."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from launcher.engines.common import SETTINGS_VARIABLE
from launcher.host.supervisor import Supervisor
from launcher.services.process import wait_for
from launcher.services.spec import ServiceSpec
from tests.conftest import require
from tests.services.lessons import (
    PATIENCE_S,
    fake,
    real_engine,
    running_lesson,
    wait,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these faults are made on POSIX")


@pytest.fixture
def logs(home: Path) -> Path:
    return home / "logs" / "les-1"


def with_alive(spec: ServiceSpec, **changes: Any) -> ServiceSpec:
    import dataclasses

    url = spec.health_url.replace("/health", "/alive")
    return dataclasses.replace(spec, alive_url=url, hang_timeout_s=1.0, **changes)


@pytest.mark.parametrize("how", ["hang", "garbage"])
def test_an_engine_that_hangs_or_talks_nonsense_is_started_again_and_then_given_up(
    how: str, home: Path, logs: Path
) -> None:
    services = (with_alive(fake("engine", "engine", logs, how)), fake("app", "app", logs))
    with running_lesson(home, services) as lesson:
        found = lesson.wait_for_state("failed")
        assert found["reason"]["code"] == "engines.not_answering"
        assert (logs / "engine.log").read_text().count("fake service on") == 5


def test_an_app_that_is_halted_is_told_and_started_again(home: Path, logs: Path) -> None:
    services = (fake("engine", "engine", logs), fake("app", "app", logs, hang_timeout_s=2.0))
    with running_lesson(home, services) as lesson:
        lesson.wait_for_state("ready")
        app = lesson.children()["app"]
        app.send_signal(signal.SIGSTOP)
        wait(lambda: lesson.client.state()["services"]["app"] == "unresponsive", "not told", lesson)
        assert lesson.client.state()["state"] == "degraded"
        lesson.wait_for_state("ready")
        assert lesson.children()["app"].pid != app.pid


def test_one_that_goes_on_in_time_is_left_alone(home: Path, logs: Path) -> None:
    services = (fake("engine", "engine", logs, hang_timeout_s=120.0),)
    with running_lesson(home, services) as lesson:
        lesson.wait_for_state("ready")
        engine = lesson.children()["engine"]
        engine.send_signal(signal.SIGSTOP)
        lesson.wait_for_state("degraded")
        engine.send_signal(signal.SIGCONT)
        lesson.wait_for_state("ready")
        assert lesson.children()["engine"].pid == engine.pid


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir(parents=True)
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "none", str(folder)],
        capture_output=True,
        check=False,
    )
    require(made.returncode == 0, "no small disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_for_logs_ends_no_lesson(home: Path, logs: Path) -> None:
    with small_disk(logs, "64k"):
        services = (fake("engine", "engine", logs), fake("app", "app", logs, "noisy"))
        with running_lesson(home, services) as lesson:
            lesson.wait_for_state("ready")
            url = services[1].health_url

            def full() -> bool:
                assert requests.get(url, timeout=10).status_code == 200
                return os.statvfs(logs).f_bavail == 0

            wait(full, "the disk never got full", lesson)
            before = lesson.children()["engine"]
            before.kill()
            wait(lambda: not before.is_running(), "not killed", lesson)
            lesson.wait_for_state("ready")
            assert lesson.children()["app"].is_running()


@pytest.mark.engine
def test_an_engine_that_gets_too_little_memory_is_told_as_such(
    home: Path, logs: Path, starter_model: Path
) -> None:
    """A group of the kernel's holds the engine to less than it needs."""
    root = Path("/sys/fs/cgroup")
    group = root / "memory" / f"paadje-test-{os.getpid()}"
    limit = group / "memory.limit_in_bytes"
    if not (root / "memory").is_dir():
        group = root / f"paadje-test-{os.getpid()}"
        limit = group / "memory.max"
    try:
        group.mkdir()
        limit.write_text(str(160 * 2**20))
    except OSError:
        with contextlib.suppress(OSError):
            group.rmdir()
        require(False, "no group with a limit can be made here")
    services = (real_engine(starter_model, logs, mmap=False), fake("app", "app", logs))
    inside = f'echo $$ > {group}/cgroup.procs && exec "$@"'
    limited = with_argv(services[0], ("sh", "-c", inside, "sh", *services[0].argv))
    try:
        with running_lesson(home, (limited, services[1])) as lesson:
            found = lesson.wait_for_state("failed")
            assert found["reason"]["code"] in ("engines.killed", "engines.out_of_memory")
            wait(lambda: not lesson.children(), "children are left", lesson)
    finally:
        assert wait_for(lambda: removed(group), PATIENCE_S)


def with_argv(spec: ServiceSpec, argv: tuple[str, ...]) -> ServiceSpec:
    import dataclasses

    return dataclasses.replace(spec, argv=argv)


def removed(group: Path) -> bool:
    try:
        group.rmdir()
    except OSError:
        return not group.exists()
    return True


async def test_fewer_slots_start_the_engine_again_with_half_and_tell_the_app(
    home: Path, logs: Path
) -> None:
    import asyncio

    engine = fake("engine", "engine", logs)
    engine.env[SETTINGS_VARIABLE] = json.dumps({"slots": 4})
    told: list[str] = []
    supervisor = Supervisor(
        (engine, fake("app", "app", logs)), engine_id="xllamacpp", changed=told.append
    )
    sent: list[Any] = []
    supervisor.send = lambda service, message: sent.append((service, message))  # type: ignore[method-assign]
    running = asyncio.create_task(supervisor.run())
    try:
        await until(lambda: supervisor.state == "ready")
        first = engine_of(engine)
        assert supervisor.fewer_slots() == 2
        await until(lambda: supervisor.state != "ready")
        await until(lambda: supervisor.state == "ready")
        second = engine_of(engine)
        assert second.pid != first.pid
        assert json.loads(second.environ()[SETTINGS_VARIABLE]) == {"slots": 2}
        assert ("app", {"slots": 2}) in sent
        assert supervisor.fewer_slots() == 1
        await until(lambda: supervisor.state != "ready")
        await until(lambda: supervisor.state == "ready")
        assert supervisor.fewer_slots() is None
        assert supervisor.reason is None
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await supervisor.stop()


async def until(condition: Any) -> None:
    import asyncio

    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.02)


def engine_of(spec: ServiceSpec) -> psutil.Process:
    for child in psutil.Process().children():
        if child.cmdline()[1:] == list(spec.argv)[1:]:
            return child
    raise AssertionError("no engine runs")
