"""The servers that `classroom.py` compares, each as a process of its own."""

import contextlib
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests

from launcher.engines.protocol import EngineSettings
from launcher.engines.registry import get_engine
from launcher.services import process
from launcher.services.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
CONTEXT_TOKENS = 2560
"""For each slot: the rubric, a text and its feedback."""

DEFAULT_SERVER = """
import os, sys, time, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.port = sys.argv[1], int(sys.argv[2])
params.n_parallel, params.kv_unified = 4, True  # What llama-server makes of "auto".
params.endpoint_metrics = True
server = xllamacpp.Server(params)
time.sleep(1e9)
"""


BUSY_PROGRAM = """
import sys, time
busy_s = min(int(sys.argv[1]), 100) / 100 * 0.05
while True:
    begin = time.perf_counter()
    while time.perf_counter() - begin < busy_s:
        pass
    time.sleep(0.05 - busy_s)
"""


class Memory:
    """The most memory that a program used, looked at ten times a second."""

    def __init__(self, pid: int) -> None:
        self.most_bytes = 0
        self._process = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._over.wait(0.1):
            with contextlib.suppress(psutil.Error):
                self.most_bytes = max(self.most_bytes, self._process.memory_info().rss)

    def stop(self) -> int:
        self._over.set()
        self._thread.join()
        return self.most_bytes


@dataclass(slots=True, kw_only=True)
class Server:
    """An engine that runs."""

    url: str
    key: str
    pid: int
    log_file: Path
    count: Callable[[], int]
    """Prompt tokens processed since it started."""


@contextlib.contextmanager
def started(
    argv: Sequence[str], env: dict[str, str], health_url: str, folder: Path
) -> Iterator[process.Child]:
    child = process.spawn(argv, env, folder / f"{secrets.token_hex(4)}.log")

    def ready() -> bool:
        if child.exit_code() is not None:
            raise SystemExit(f"the engine ended: {child.log_tail()}")
        with contextlib.suppress(requests.RequestException):
            return requests.get(health_url, timeout=2).status_code in (200, 401)
        return False

    try:
        if not process.wait_for(ready, 300):
            raise SystemExit("the engine never became ready")
        yield child
    finally:
        process.stop(child, 5)


@contextlib.contextmanager
def our_server(
    engine_id: str,
    model: Path,
    folder: Path,
    slots: int,
    threads: int,
    *,
    python: str | None = None,
) -> Iterator[Server]:
    """``python`` is the interpreter that has the engine, when that is not this one."""
    engine = get_engine(engine_id)
    settings = EngineSettings(
        model_path=model,
        model_id="model",
        port=free_port(),
        api_key=secrets.token_urlsafe(24),
        context_tokens=CONTEXT_TOKENS,
        slots=slots,
        threads=threads,
        gpu_layers=-1 if "--gpu" in sys.argv else 0,
        slot_dir=folder / f"slots-{secrets.token_hex(4)}",
    )
    command = engine.command(settings)
    url = command.health_url.removesuffix("/health")
    argv, env = command.argv, dict(command.env)
    if python is not None:
        argv, env = (python, *argv[1:]), env | {"PYTHONPATH": str(ROOT)}
    with started(argv, env, command.health_url, folder) as child:
        yield Server(
            url=url,
            key=settings.api_key,
            pid=child.pid,
            log_file=child.log_file,
            count=lambda: int(engine.metrics(url, settings.api_key)["prompt_tokens"]),
        )


@contextlib.contextmanager
def other_program(percent: int) -> Iterator[None]:
    """Something else that this computer does: ``percent`` of one processor, in bits of 50 ms."""
    if not percent:
        yield
        return
    with subprocess.Popen((sys.executable, "-c", BUSY_PROGRAM, str(percent))) as program:
        try:
            yield
        finally:
            program.kill()


def calm() -> dict[str, str]:
    return {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "1000"} if "--calm" in sys.argv else {}


@contextlib.contextmanager
def default_server(model: Path, folder: Path) -> Iterator[Server]:
    """llama.cpp's server as it comes."""
    port = free_port()
    argv = (sys.executable, "-c", DEFAULT_SERVER, str(model), str(port))
    url = f"http://127.0.0.1:{port}"
    with started(argv, calm(), f"{url}/health", folder) as child:
        yield Server(
            url=url,
            key="",
            pid=child.pid,
            log_file=child.log_file,
            count=lambda: int(get_engine("xllamacpp").metrics(url, "")["prompt_tokens"]),
        )


@contextlib.contextmanager
def default_llama_cpp_python(
    python: str, model: Path, folder: Path, threads: int
) -> Iterator[Server]:
    """llama-cpp-python's server as it comes, with a context that holds the prompt."""
    port = free_port()
    argv = (
        *(python, "-m", "llama_cpp.server", "--model", str(model), "--port", str(port)),
        *("--n_ctx", str(CONTEXT_TOKENS), "--n_threads", str(threads)),
        *("--n_threads_batch", str(threads)),
    )
    url = f"http://127.0.0.1:{port}"
    with started(argv, calm(), f"{url}/v1/models", folder) as child:
        yield Server(
            url=url,
            key="",
            pid=child.pid,
            log_file=child.log_file,
            count=lambda: _prompt_tokens_in(child.log_file),
        )


def _prompt_tokens_in(log_file: Path) -> int:
    """llama.cpp's own report after each request: ``prompt eval time = … / N tokens``."""
    total = 0
    for line in log_file.read_text(errors="replace").splitlines():
        if "prompt eval time" in line and "/" in line:
            total += int(line.partition("/")[2].split()[0])
    return total
