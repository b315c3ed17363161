"""The processor: its name, what it can do, and how many real cores we may use."""

import math
import os
from pathlib import Path

import psutil

from launcher.hardware import apple, windows
from launcher.hardware.profile import OperatingSystem, Probed, reported, unknown

INTERESTING = frozenset(
    {"sse3", "ssse3", "sse4_1", "sse4_2", "avx", "avx2", "avx512f", "avx512_vnni", "avx_vnni"}
    | {"f16c", "fma", "bmi2", "amx_int8", "asimd", "asimddp", "i8mm", "sve"}
)
"""Linux's names of the instructions that decide whether and how fast a model runs."""


def cpu_name(system: OperatingSystem) -> Probed[str]:
    if system == "windows":
        return windows.cpu_name()
    if system == "macos":
        return apple.cpu_name()
    info = read_cpuinfo()
    name = info.get("model name") or info.get("Model") or info.get("Hardware")
    if not name:
        return unknown("/proc/cpuinfo")
    return reported(" ".join(name.split()), "/proc/cpuinfo")


def slow_cpu_name() -> Probed[str]:
    """What py-cpuinfo makes of it. It takes over a second: for when nothing else knew."""
    import cpuinfo

    return reported(cpuinfo.get_cpu_info().get("brand_raw") or None, "py-cpuinfo")


def cpu_features(system: OperatingSystem) -> Probed[tuple[str, ...]]:
    if system == "windows":
        return windows.cpu_features()
    if system == "macos":
        return apple.cpu_features()
    info = read_cpuinfo()
    flags = info.get("flags") or info.get("Features")
    if not flags:
        return unknown("/proc/cpuinfo")
    return reported(tuple(sorted(INTERESTING & set(flags.split()))), "/proc/cpuinfo")


def read_cpuinfo(root: Path = Path("/")) -> dict[str, str]:
    """The first processor's entry."""
    info: dict[str, str] = {}
    text = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    for line in text.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            info.setdefault(name.strip(), value.strip())
    return info


def physical_cores(system: OperatingSystem, quota: float | None = None) -> Probed[int]:
    """Real cores this process may use; on Apple's the fast ones, which do the work."""
    if system == "macos" and (fast := apple.performance_cores()):
        return reported(fast, "sysctl")
    if system == "linux":
        allowed = os.sched_getaffinity(0)
        cores = count_cores(allowed) or psutil.cpu_count(logical=False) or len(allowed)
        source = "affinity"
        if quota is not None and math.ceil(quota) < cores:
            cores, source = max(1, math.ceil(quota)), "cgroup"
        return reported(cores, source)
    return reported(psutil.cpu_count(logical=False) or None, "psutil")


def count_cores(cpus: set[int], root: Path = Path("/")) -> int | None:
    """Distinct cores behind these logical processors; None when the system does not say."""
    cores: set[tuple[str, str]] = set()
    for cpu in cpus:
        topology = root / f"sys/devices/system/cpu/cpu{cpu}/topology"
        try:
            package = (topology / "physical_package_id").read_text(encoding="ascii").strip()
            core = (topology / "core_id").read_text(encoding="ascii").strip()
        except OSError:
            return None
        cores.add((package, core))
    return len(cores) or None
