"""The default engine: llama.cpp's own server, through the package ``xllamacpp``.

Its library is never loaded here: a crash in native code must not take a front or the host along.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from launcher.engines.common import explain, get_text, installed_version
from launcher.engines.cpu import has_avx2, is_x86_64
from launcher.engines.own import own_program
from launcher.engines.protocol import Command, EngineInfo, EngineSettings
from launcher.hardware.profile import MachineProfile

_SPIN_BRIEFLY = {"GOMP_SPINCOUNT": "1000", "OMP_WAIT_POLICY": "passive"}
"""How threads wait for each other. Those that spin for long take the processor from the one they
wait for as soon as anything else runs; those that sleep at once lose the time of waking up.
Measured with the starter model on 2 cores, in tokens written per second for one student and for
four together:

    ================  =====================  ======================
    threads           alone on the machine   beside one busy program
    ================  =====================  ======================
    sleep at once     30 and 77              51 and 65
    spin 1000 times   97 and 141             33 and 54
    spin 4000 times   100 and 127            15 and 35
    spin (standard)   99 and 138             0.6 and 3.5
    ================  =====================  ======================

A laptop in a class is not quiet: the browser, the app and the gateway run too. Other libraries than
GNU's do not know the number, and sleep."""

_DEVICES_WITHIN_S = 60
_LOOK = """
import json, xllamacpp
print(json.dumps({
    "devices": [
        {
            "name": device["name"],
            "description": device["description"],
            "kind": device["type"].name.removeprefix("GGML_BACKEND_DEVICE_TYPE_").lower(),
            "memory_free_bytes": device["memory_free"],
            "memory_total_bytes": device["memory_total"],
        }
        for device in xllamacpp.get_device_info()
    ],
    "system": xllamacpp.get_system_info(),
}))
"""

_FEATURES = {"avx512": "avx512f", "neon": "asimd", "dotprod": "asimddp", "matmul_int8": "i8mm"}
"""llama.cpp's names of instructions, where Linux has others."""
_FEATURE = re.compile(r"\b([A-Z][A-Z0-9_]*) = 1\b")
_NOT_OF_THE_PROCESSOR = {"llamafile", "openmp", "repack", "accelerate", "kleidiai", "riscv_v"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A processor that the engine can use; ``kind`` is cpu, gpu, igpu or accel."""

    name: str
    description: str
    kind: str
    memory_free_bytes: int
    memory_total_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the installed build says of this computer; all empty when it cannot be asked."""

    devices: tuple[Device, ...] = ()
    cpu_features: tuple[str, ...] = ()


class XllamacppEngine:
    """llama.cpp with continuous batching, slots, a prompt cache and JSON schemas."""

    id = "xllamacpp"
    max_slots: int | None = None

    def describe(self) -> EngineInfo:
        """What is installed. The list of devices takes a child program the first time (0.2 s)."""
        version = installed_version("xllamacpp")
        if version is None:
            return EngineInfo(
                id=self.id, version=None, installed=False, problem="engines.not_installed"
            )
        if has_avx2() is False:
            return EngineInfo(
                id=self.id, version=version, installed=True, problem="engines.no_avx2"
            )
        seen = look()
        found = seen.devices
        return EngineInfo(
            id=self.id,
            version=version,
            installed=True,
            devices=tuple(device.description or device.name for device in found),
            device_memory_bytes=tuple(
                (device.memory_free_bytes, device.memory_total_bytes) for device in found
            ),
            cpu_features=seen.cpu_features,
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
        """How to start it."""
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
            "adapter_path": str(settings.adapter_path) if settings.adapter_path else None,
            "idle_unload_s": settings.idle_unload_s,
        }
        program = own_program("launcher.engines.xllamacpp_server", values, port=settings.port)
        slots_url = program.health_url.removesuffix("health") + "slots"
        return replace(
            program,
            env={**program.env, **_SPIN_BRIEFLY},
            # The list of slots comes from the loop that does the work. Asking for it would wake
            # a model that was unloaded.
            alive_url="" if settings.idle_unload_s else slots_url,
            alive_headers={"Authorization": f"Bearer {settings.api_key}"},
        )

    def explain_failure(self, log_tail: str) -> tuple[str, str]:
        """``engines.failed`` when no line says more."""
        return explain(log_tail)

    def metrics(self, url: str, key: str) -> dict[str, Any]:
        """``slots, busy_slots, prompt_tokens, output_tokens``: tokens since the engine started.

        ``output_s`` are the seconds of writing, summed over the slots; ``busy`` the slots at work,
        summed over the ``steps``. Raises ``engines.unreachable``.
        """
        base = url.rstrip("/").removesuffix("/v1")
        slots = json.loads(get_text(f"{base}/slots", key))
        counters = _counters(get_text(f"{base}/metrics", key))
        steps = counters.get("llamacpp:n_decode_total", 0.0)
        return {
            "slots": len(slots),
            "busy_slots": sum(1 for slot in slots if slot.get("is_processing")),
            "prompt_tokens": int(counters.get("llamacpp:prompt_tokens_total", 0)),
            "output_tokens": int(counters.get("llamacpp:tokens_predicted_total", 0)),
            "output_s": counters.get("llamacpp:tokens_predicted_seconds_total", 0.0),
            "steps": steps,
            "busy": counters.get("llamacpp:n_busy_slots_per_decode", 0.0) * steps,
        }


@lru_cache
def look() -> Seen:
    """What this build can use, asked of a child program once."""
    if installed_version("xllamacpp") is None or has_avx2() is False:
        return Seen()
    try:
        answer = subprocess.run(
            [sys.executable, "-X", "utf8", "-P", "-c", _LOOK],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DEVICES_WITHIN_S,
            check=True,
            text=True,
            encoding="utf-8",
        ).stdout
        told = json.loads(answer.splitlines()[-1])
        return Seen(
            devices=tuple(Device(**device) for device in told["devices"]),
            cpu_features=read_features(told["system"]),
        )
    except (OSError, subprocess.SubprocessError, ValueError, TypeError, LookupError):
        return Seen()


def read_features(system_info: str) -> tuple[str, ...]:
    """The instructions in llama.cpp's line ``CPU : SSE3 = 1 | AVX2 = 1 | ...``."""
    _, _, line = system_info.partition("CPU :")
    found = {name.lower() for name in _FEATURE.findall(line)} - _NOT_OF_THE_PROCESSOR
    return tuple(sorted(_FEATURES.get(name, name) for name in found))


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
