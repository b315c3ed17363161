"""This computer: what the probes say, with the last word for the engine's own list of devices."""

import dataclasses

from launcher.engines.protocol import Engine, EngineInfo
from launcher.hardware import probe_machine
from launcher.hardware.gpu_table import published_speed
from launcher.hardware.profile import Gpu, MachineProfile, Probed, unknown
from launcher.lesson.types import Context

VENDOR_WORDS = {
    "nvidia": ("nvidia", "geforce", "quadro", "rtx"),
    "amd": ("amd", "radeon"),
    "intel": ("intel", "arc"),
    "apple": ("apple",),
}


def this_machine(context: Context, engine: Engine) -> MachineProfile:
    """Probe the computer; a GPU counts only when the installed engine build lists it."""
    machine = probe_machine(context.models_dir)
    if not machine.gpus and machine.cpu_features.value is not None:
        return machine
    return with_engine_devices(machine, engine.describe())


def with_engine_devices(machine: MachineProfile, info: EngineInfo) -> MachineProfile:
    """Each GPU with whether the engine can use it, and with what the engine knows of it: Apple's
    limit on the shared memory, and whatever no probe could tell. Of the processor: what of it the
    engine uses."""
    used = _features(info)
    memory = dict(zip(info.devices, info.device_memory_bytes, strict=False))
    return dataclasses.replace(
        machine,
        engine_features=used,
        cpu_features=machine.cpu_features if machine.cpu_features.value is not None else used,
        gpus=tuple(
            _with_device(gpu, device, memory.get(device) if device else None)
            for gpu in machine.gpus
            for device in [next((each for each in info.devices if _is_same(gpu, each)), None)]
        ),
    )


def _is_same(gpu: Gpu, device: str) -> bool:
    name, listed = gpu.name.casefold(), device.casefold()
    if name in listed or listed in name:
        return True
    # A card that the system knows by its number only.
    unnamed = "0x" in name
    return unnamed and any(word in listed for word in VENDOR_WORDS.get(gpu.vendor, ()))


def _with_device(gpu: Gpu, device: str | None, memory: tuple[int, int] | None) -> Gpu:
    if device is None:
        return dataclasses.replace(gpu, usable=False)
    if "0x" in gpu.name:
        bandwidth, flops = published_speed(device)
        gpu = dataclasses.replace(
            gpu, name=device, bandwidth_bytes_per_s=bandwidth, compute_flops=flops
        )
    free, total = memory or (0, 0)
    guessed = gpu.memory_total_bytes.confidence in ("assumed", "unknown")
    if total and guessed:
        gpu = dataclasses.replace(gpu, memory_total_bytes=_told(total))
    if free and gpu.memory_free_bytes.value is None and gpu.vendor != "apple":
        gpu = dataclasses.replace(gpu, memory_free_bytes=_told(free))
    return dataclasses.replace(gpu, usable=True)


def _features(info: EngineInfo) -> Probed[tuple[str, ...]]:
    if not info.cpu_features:
        return unknown("engine")
    return Probed(value=info.cpu_features, source="engine", confidence="reported")


def _told(value: int) -> Probed[int]:
    return Probed(value=value, source="engine", confidence="reported")
