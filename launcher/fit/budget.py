"""What is left for a model: memory after the reserve, the graphics card, the disk."""

from dataclasses import dataclass

from launcher.downloads.disk import room_needed
from launcher.hardware.profile import Gpu, MachineProfile
from launcher.units import GIB

RESERVE_BYTES = {
    "windows": round(4.0 * GIB),
    "macos": round(3.5 * GIB),
    "linux": round(2.5 * GIB),
    "container": round(0.5 * GIB),
}
"""Kept for the system and a browser.

A container keeps half a GiB below its limit, not half of it: nothing else runs inside, and the
system outside already has its own. Windows' Linux counts as a Linux desktop.
"""

GPU_MARGIN_DISPLAY_BYTES = round(1.0 * GIB)
GPU_MARGIN_HEADLESS_BYTES = round(0.75 * GIB)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """``bytes`` may be used after the reserve; ``now_bytes`` of it is free at this moment."""

    bytes: int | None
    now_bytes: int | None


def memory_budget(machine: MachineProfile, in_use_bytes: int = 0) -> Budget:
    """Main memory for a model. The cgroup limit counts where it is the smaller.

    ``in_use_bytes`` is held by models of ours, which what is available now leaves out already, or
    kept for the app.
    """
    total = machine.memory_total_bytes.value
    if total is None:
        return Budget(bytes=None, now_bytes=machine.memory_available_bytes.value)
    limit = machine.memory_limit_bytes.value
    if limit is not None:
        total = min(total, limit)
    place = "container" if machine.surroundings == "container" else machine.os
    return Budget(
        bytes=max(0, total - RESERVE_BYTES[place] - in_use_bytes),
        now_bytes=machine.memory_available_bytes.value,
    )


def usable_gpu(machine: MachineProfile) -> Gpu | None:
    """The largest GPU that the engine says it can use and that has memory to count.

    Of two alike the one with more free. The others are not counted: over several cards llama.cpp
    makes room for a larger model, but lets them work in turns, at the speed of the slowest, and
    `xllamacpp_server` keeps it to the largest.
    """
    return max(
        usable_gpus(machine),
        key=lambda gpu: (gpu.memory_total_bytes.value or 0, gpu.memory_free_bytes.value or 0),
        default=None,
    )


def usable_gpus(machine: MachineProfile) -> tuple[Gpu, ...]:
    """Those with memory of their own that the engine can use."""
    return tuple(
        gpu
        for gpu in machine.gpus
        if gpu.usable is True and gpu.memory_total_bytes.value is not None and counts_as_own(gpu)
    )


def counts_as_own(gpu: Gpu) -> bool:
    """Integrated graphics use the computer's memory at its speed: they are the processor's."""
    return not gpu.integrated or gpu.vendor == "apple"


def gpu_budget(gpu: Gpu, machine: MachineProfile) -> Budget:
    """Memory of ``gpu`` for a model: what is free now, and never the margin."""
    total = gpu.memory_total_bytes.value
    if total is None:
        return Budget(bytes=None, now_bytes=None)
    if gpu.vendor == "apple":
        shared = memory_budget(machine)
        room = total if shared.bytes is None else min(total, shared.bytes)
        return Budget(bytes=room, now_bytes=shared.now_bytes)
    headless = machine.os == "linux" and machine.surroundings == "container"
    room = total - (GPU_MARGIN_HEADLESS_BYTES if headless else GPU_MARGIN_DISPLAY_BYTES)
    free = gpu.memory_free_bytes.value
    if free is not None:
        room = min(room, free)
    return Budget(bytes=max(0, room), now_bytes=free)


def disk_needed_bytes(file_bytes: int, missing_bytes: int | None = None) -> int:
    """Room for one model file: x 1.05 + 2 GiB, less what is already here; 0 when all of it is."""
    missing = file_bytes if missing_bytes is None else min(missing_bytes, file_bytes)
    return room_needed(file_bytes, file_bytes - missing) if missing > 0 else 0
