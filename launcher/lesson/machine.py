"""This computer: what the probes say, with the last word for the engine's own list of devices."""

import dataclasses

from launcher.engines.protocol import Engine
from launcher.hardware import probe_machine
from launcher.hardware.profile import Gpu, MachineProfile
from launcher.lesson.types import Context


def this_machine(context: Context, engine: Engine) -> MachineProfile:
    """Probe the computer; a GPU counts only when the installed engine build lists it."""
    machine = probe_machine(context.models_dir)
    if not machine.gpus:
        return machine
    devices = engine.describe().devices
    return dataclasses.replace(
        machine, gpus=tuple(_with_usability(gpu, devices) for gpu in machine.gpus)
    )


def _with_usability(gpu: Gpu, devices: tuple[str, ...]) -> Gpu:
    listed = any(
        gpu.name.casefold() in device.casefold() or device.casefold() in gpu.name.casefold()
        for device in devices
    )
    return dataclasses.replace(gpu, usable=listed)
