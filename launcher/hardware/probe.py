"""Ask every part of the computer at the same time, and wait for none longer than a second.

A probe that is late, that fails or that finds nothing leaves its value unknown.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from launcher.hardware import amd, apple, cpu, intel, machine, nvidia, speed, windows
from launcher.hardware.cgroup import CgroupLimits, read_limits
from launcher.hardware.profile import Gpu, MachineProfile, OperatingSystem, unknown

PROBE_TIMEOUT_S = 1.0

Probe = Callable[[], Any]

FOREIGN_TROUBLE = (
    OSError,
    ValueError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    ImportError,
)
"""What drivers, system files and missing parts raise; a probe that meets it found nothing."""


def probe_machine(models_dir: Path) -> MachineProfile:
    """This computer. Takes at most 1.5 seconds, and never raises for what it cannot find."""
    system = _system()
    version, architecture = _version_and_architecture()
    limits = read_limits() if system == "linux" else CgroupLimits()
    found = run_probes(_probes(system, limits, models_dir))

    def value(name: str) -> Any:
        answer = found[name]
        return unknown(f"{name}: no answer") if answer is None else answer

    total, available = found["memory"] or (unknown("no answer"), unknown("no answer"))
    bandwidth, flops = found["speed"] or (unknown("no answer"), unknown("no answer"))
    surroundings, limit = machine.surroundings(limits), machine.memory_limit(limits)
    return MachineProfile(
        os=system,
        os_version=version,
        architecture=architecture.lower(),
        surroundings=surroundings,
        cpu_name=value("cpu_name"),
        cpu_features=value("cpu_features"),
        physical_cores=value("cores"),
        memory_total_bytes=total,
        memory_available_bytes=available,
        memory_limit_bytes=limit,
        memory_bandwidth_bytes_per_s=bandwidth,
        compute_flops=flops,
        disk_free_bytes=value("disk"),
        on_battery=value("battery"),
        gpus=merge_gpus(*(found[name] or () for name in found if name.startswith("gpu_"))),
    )


def _probes(system: OperatingSystem, limits: CgroupLimits, models_dir: Path) -> dict[str, Probe]:
    probes: dict[str, Probe] = {
        "cpu_name": lambda: cpu.cpu_name(system),
        "cpu_features": lambda: cpu.cpu_features(system),
        "cores": lambda: cpu.physical_cores(system, limits.cpu_quota),
        "memory": lambda: machine.memory(limits),
        "disk": lambda: machine.disk_free(models_dir),
        "battery": machine.on_battery,
        "speed": speed.measure,
        "gpu_nvidia": nvidia.gpus,
    }
    if system == "linux":
        probes["gpu_amd"] = amd.gpus
        probes["gpu_intel"] = intel.gpus
        probes["gpu_nvidia_without_driver"] = nvidia.cards_on_the_bus
    elif system == "macos":
        probes["gpu_apple"] = apple.gpus
    elif system == "windows":
        probes["gpu_windows"] = windows.gpus
    return probes


def run_probes(probes: Mapping[str, Probe], timeout_s: float = PROBE_TIMEOUT_S) -> dict[str, Any]:
    """Run all at once; None for each that failed or was late.

    A late one is left behind in a daemon thread: a driver call cannot be interrupted.
    """
    answers: dict[str, Any] = dict.fromkeys(probes)

    def run(probe: Probe, box: list[Any]) -> None:
        try:
            box.append(probe())
        except FOREIGN_TROUBLE:
            pass

    boxes: dict[str, list[Any]] = {name: [] for name in probes}
    threads = {
        name: threading.Thread(
            target=run, args=(probe, boxes[name]), name=f"probe-{name}", daemon=True
        )
        for name, probe in probes.items()
    }
    deadline = time.monotonic() + timeout_s
    for thread in threads.values():
        thread.start()
    for name, thread in threads.items():
        thread.join(max(0.0, deadline - time.monotonic()))
        if boxes[name]:
            answers[name] = boxes[name][0]
    return answers


def merge_gpus(*found: tuple[Gpu, ...]) -> tuple[Gpu, ...]:
    """Every GPU once: where a driver described NVIDIA's, the bare finds of them are dropped."""
    every = [gpu for group in found for gpu in group]
    driven = {gpu.vendor for gpu in every if gpu.driver is not None}
    kept = [gpu for gpu in every if gpu.driver is not None or gpu.vendor not in driven]
    return tuple(sorted(kept, key=lambda gpu: -(gpu.memory_total_bytes.value or 0)))


def _version_and_architecture() -> tuple[str, str]:
    """Of the system. Python's `platform` asks Windows through WMI, which may take seconds."""
    if sys.platform == "win32":
        version = sys.getwindowsversion()
        names = ("PROCESSOR_ARCHITEW6432", "PROCESSOR_ARCHITECTURE")
        architecture = next((os.environ[name] for name in names if os.environ.get(name)), "")
        return f"{version.major}.{version.minor}.{version.build}", architecture
    told = os.uname()
    return told.release, told.machine


def _system() -> OperatingSystem:
    return {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")  # type: ignore[return-value]
