"""Memory, disk, battery, and what surrounds this process."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import psutil

from launcher.files import nearest_existing
from launcher.hardware.cgroup import CgroupLimits
from launcher.hardware.profile import Probed, Surroundings, reported, unknown


def memory(limits: CgroupLimits) -> tuple[Probed[int], Probed[int]]:
    """Total and available memory; available is the smaller of the system's and the group's."""
    seen = psutil.virtual_memory()
    total = reported(int(seen.total), "psutil")
    free, source = int(seen.available), "psutil"
    if limits.memory_bytes is not None and limits.memory_used_bytes is not None:
        left = max(0, limits.memory_bytes - limits.memory_used_bytes)
        if left < free:
            free, source = left, "cgroup"
    return total, Probed(value=free, source=source, confidence="measured")


def memory_limit(limits: CgroupLimits) -> Probed[int]:
    return Probed(value=limits.memory_bytes, source="cgroup", confidence="measured")


def disk_free(folder: Path) -> Probed[int]:
    """Free on the volume where ``folder`` is, or will be."""
    free = shutil.disk_usage(nearest_existing(folder.absolute())).free
    return Probed(value=free, source="disk usage", confidence="measured")


def on_battery() -> Probed[bool]:
    read = getattr(psutil, "sensors_battery", None)
    if read is None:
        return unknown("psutil: not on this system")
    battery = read()
    if battery is None:
        return reported(False, "psutil: no battery")
    plugged = battery.power_plugged
    return reported(None if plugged is None else not plugged, "psutil")


def surroundings(
    limits: CgroupLimits, root: Path = Path("/"), environ: Mapping[str, str] = os.environ
) -> Surroundings:
    """A container, Windows' Linux, or a computer of its own."""
    if (root / ".dockerenv").exists() or (root / "run/.containerenv").exists():
        return "container"
    if "KUBERNETES_SERVICE_HOST" in environ or environ.get("container"):
        return "container"
    if "microsoft" in _text(root / "proc/sys/kernel/osrelease").lower():
        return "wsl"
    groups = _text(root / "proc/1/cgroup")
    if any(word in groups for word in ("docker", "kubepods", "containerd", "lxc", "libpod")):
        return "container"
    # A desktop session has no memory limit of its own; a limited group is somebody's container.
    return "container" if limits.memory_bytes is not None else "desktop"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
