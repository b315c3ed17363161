"""The default engine: llama.cpp's own server, through the package ``xllamacpp``.

Its library is never loaded here: a crash in native code must not take a front or the host along.
"""

import importlib.metadata
import importlib.util
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from launcher.engines.cpu import has_avx2, is_x86_64
from launcher.engines.protocol import Command, EngineInfo, EngineSettings
from launcher.engines.xllamacpp_server import NO_AVX2_LINE, SETTINGS_VARIABLE
from launcher.errors import PaadjeError
from launcher.hardware.profile import MachineProfile

_WAIT_WITHOUT_SPINNING = {"OMP_WAIT_POLICY": "passive"}
"""Threads that spin while they wait for each other take the processor from the one they wait for
as soon as anything else runs. Measured with the starter model on 2 cores, in tokens written per
second: beside other busy programs 32–43 without spinning and 1–5 with it, on a quiet machine 39–41
and 57–63. A laptop in a class is not quiet: the browser, the app and the gateway run too."""

_DEVICES_WITHIN_S = 60
_ANSWER_S = 5.0
_LIST_DEVICES = """
import json, xllamacpp
print(json.dumps([
    {
        "name": device["name"],
        "description": device["description"],
        "kind": device["type"].name.removeprefix("GGML_BACKEND_DEVICE_TYPE_").lower(),
        "memory_free_bytes": device["memory_free"],
        "memory_total_bytes": device["memory_total"],
    }
    for device in xllamacpp.get_device_info()
]))
"""

_KNOWN_FAILURES: tuple[tuple[str, str], ...] = (
    # The order decides: a shortage of memory is also reported as a model that failed to load.
    (
        r"bad_alloc|out of memory|cannot allocate memory|OutOfMemory|unable to allocate"
        r"|failed to allocate|ErrorOutOfDeviceMemory|insufficient memory",
        "engines.out_of_memory",
    ),
    (r"couldn't bind HTTP server socket|address already in use", "engines.port_taken"),
    (rf"{NO_AVX2_LINE}|SIGILL|illegal instruction", "engines.no_avx2"),
    (
        r"invalid magic|failed to open GGUF|gguf_init_from|error loading model"
        r"|unknown model architecture|failed to load model|missing tensor",
        "engines.model_unreadable",
    ),
    (r"No module named 'xllamacpp'", "engines.not_installed"),
    (r"ended by SIGKILL", "engines.killed"),
)
_TELLING = re.compile(r"^[\d.]+ E |error|failed|exception|ended by", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A processor that the engine can use; ``kind`` is cpu, gpu, igpu or accel."""

    name: str
    description: str
    kind: str
    memory_free_bytes: int
    memory_total_bytes: int


class XllamacppEngine:
    """llama.cpp with continuous batching, slots, a prompt cache and JSON schemas."""

    id = "xllamacpp"

    def describe(self) -> EngineInfo:
        """What is installed. The list of devices takes a child program the first time (0.2 s)."""
        version = _installed_version()
        if version is None:
            return EngineInfo(
                id=self.id, version=None, installed=False, problem="engines.not_installed"
            )
        if has_avx2() is False:
            return EngineInfo(
                id=self.id, version=version, installed=True, problem="engines.no_avx2"
            )
        found = devices()
        return EngineInfo(
            id=self.id,
            version=version,
            installed=True,
            devices=tuple(device.description or device.name for device in found),
            problem=None if found else "engines.broken",
        )

    def supports(self, machine: MachineProfile) -> str | None:
        """None, or the code of the reason: no build for the system, or no AVX2."""
        x86_64 = is_x86_64(machine.architecture)
        arm64 = machine.architecture.lower() in ("arm64", "aarch64")
        if not (x86_64 or (arm64 and machine.os != "windows")):
            return "engines.no_build"
        features = machine.cpu_features.value
        if x86_64 and features is not None and "avx2" not in features:
            return "engines.no_avx2"
        return None

    def command(self, settings: EngineSettings) -> Command:
        """Settings go in an environment variable: other users can read an argument list."""
        values = {
            "model_path": str(settings.model_path),
            "model_id": settings.model_id,
            "port": settings.port,
            "api_key": settings.api_key,
            "context_tokens": settings.context_tokens,
            "slots": settings.slots,
            "threads": settings.threads,
            "gpu_layers": settings.gpu_layers,
            "kv_type": settings.kv_type,
            "mmap": settings.mmap,
            "slot_dir": str(settings.slot_dir) if settings.slot_dir else None,
        }
        return Command(
            argv=(sys.executable, "-X", "utf8", "-m", "launcher.engines.xllamacpp_server"),
            env={SETTINGS_VARIABLE: json.dumps(values), **_WAIT_WITHOUT_SPINNING},
            health_url=f"http://127.0.0.1:{settings.port}/health",
        )

    def explain_failure(self, log_tail: str) -> tuple[str, str]:
        """``engines.failed`` when no line says more."""
        lines = log_tail.splitlines()
        for pattern, code in _KNOWN_FAILURES:
            for line in lines:
                if re.search(pattern, line, re.IGNORECASE):
                    return code, line.strip()
        telling = [line.strip() for line in lines if _TELLING.search(line)]
        return "engines.failed", telling[-1] if telling else ""

    def metrics(self, url: str, key: str) -> dict[str, Any]:
        """``slots, busy_slots, prompt_tokens, output_tokens``: tokens since the engine started.

        Raises ``engines.unreachable``.
        """
        base = url.rstrip("/").removesuffix("/v1")
        slots = json.loads(_get(f"{base}/slots", key))
        counters = _counters(_get(f"{base}/metrics", key))
        return {
            "slots": len(slots),
            "busy_slots": sum(1 for slot in slots if slot.get("is_processing")),
            "prompt_tokens": int(counters.get("llamacpp:prompt_tokens_total", 0)),
            "output_tokens": int(counters.get("llamacpp:tokens_predicted_total", 0)),
        }


@lru_cache
def devices() -> tuple[Device, ...]:
    """The processors this build can use, asked of a child program once; empty when that failed."""
    if _installed_version() is None or has_avx2() is False:
        return ()
    try:
        answer = subprocess.run(
            [sys.executable, "-X", "utf8", "-P", "-c", _LIST_DEVICES],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEVICES_WITHIN_S,
            check=True,
            text=True,
            encoding="utf-8",
        ).stdout
        return tuple(Device(**device) for device in json.loads(answer.splitlines()[-1]))
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, IndexError):
        return ()


def _installed_version() -> str | None:
    if importlib.util.find_spec("xllamacpp") is None:
        return None
    try:
        return importlib.metadata.version("xllamacpp")
    except importlib.metadata.PackageNotFoundError:
        return None


def _get(url: str, key: str) -> str:
    import requests

    with requests.Session() as session:
        session.trust_env = False  # No proxy for loopback.
        try:
            response = session.get(
                url, headers={"Authorization": f"Bearer {key}"}, timeout=_ANSWER_S
            )
            response.raise_for_status()
        except requests.RequestException as error:
            raise PaadjeError("engines.unreachable", detail=type(error).__name__) from error
        return response.text


def _counters(text: str) -> dict[str, float]:
    """The values of a Prometheus text page."""
    values = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name and not name.startswith("#"):
            try:
                values[name] = float(value)
            except ValueError:
                continue
    return values
