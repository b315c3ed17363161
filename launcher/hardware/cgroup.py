"""The limits that a container or a service manager puts on this process (cgroups v1 and v2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NO_LIMIT = 1 << 60
"""Version 1 writes a number near 2^63 where there is no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CgroupLimits:
    """None is no limit. ``memory_used_bytes`` counts what cannot be dropped, of the same group."""

    memory_bytes: int | None = None
    memory_used_bytes: int | None = None
    cpu_quota: float | None = None
    """In processors: 1.5 is one and a half."""


def read_limits(root: Path = Path("/")) -> CgroupLimits:
    """The strictest limit of this process's group and of every group above it."""
    memory: tuple[int, Path] | None = None
    quota: float | None = None
    for folder in _groups(root, "memory"):
        for name in ("memory.max", "memory.limit_in_bytes"):
            limit = _number(folder / name)
            if limit is not None and limit < NO_LIMIT and (memory is None or limit < memory[0]):
                memory = (limit, folder)
    for folder in _groups(root, "cpu"):
        found = _quota(folder)
        if found is not None and (quota is None or found < quota):
            quota = found
    return CgroupLimits(
        memory_bytes=memory[0] if memory else None,
        memory_used_bytes=_used(memory[1]) if memory else None,
        cpu_quota=quota,
    )


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of this process's groups, from its own up to the top."""
    mount = root / "sys/fs/cgroup"
    try:
        lines = (root / "proc/self/cgroup").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if controllers and controller not in controllers.split(","):
            continue
        base = mount / controller if controllers else mount
        own = base / path.lstrip("/")
        yield from (folder for folder in (own, *own.parents) if folder.is_relative_to(base))
    # Inside a container the path may name a group that is not visible here: look at the top too.
    yield from (mount, mount / controller)


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None


def _quota(folder: Path) -> float | None:
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="ascii").split()
    except (OSError, ValueError):
        quota_us = _number(folder / "cpu.cfs_quota_us")
        period_us = _number(folder / "cpu.cfs_period_us")
        return quota_us / period_us if quota_us and quota_us > 0 and period_us else None
    return None if quota == "max" or not int(period) else int(quota) / int(period)


def _used(folder: Path) -> int | None:
    """Memory in use, without file pages that the kernel drops when it needs room."""
    used = _number(folder / "memory.current")
    if used is None:
        used = _number(folder / "memory.usage_in_bytes")
    if used is None:
        return None
    try:
        lines = (folder / "memory.stat").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return used
    stat = dict(line.split(maxsplit=1) for line in lines if " " in line)
    droppable = int(stat.get("total_inactive_file", stat.get("inactive_file", "0")))
    return max(0, used - droppable)
