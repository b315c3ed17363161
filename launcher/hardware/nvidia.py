"""NVIDIA's GPUs, through the library of their driver (NVML). No driver: no answer, no crash."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from launcher.hardware import pci
from launcher.hardware.gpu_table import published_speed
from launcher.hardware.profile import Gpu, Probed, reported, unknown

MHZ = 1e6
TRANSFERS_PER_CLOCK = 2
"""Memory moves data on both edges of the clock that NVML reports."""

OPERATIONS_PER_CLOCK = 2
"""A multiply and an add, of each core."""


def gpus(nvml: Any = None) -> tuple[Gpu, ...]:
    """Every GPU that the driver tells of; empty without a driver."""
    if nvml is None:
        import pynvml

        nvml = pynvml
    try:
        nvml.nvmlInit()
    except nvml.NVMLError:
        return ()
    try:
        return tuple(_gpus(nvml))
    except nvml.NVMLError:
        return ()
    finally:
        with contextlib.suppress(nvml.NVMLError):
            nvml.nvmlShutdown()


def cards_on_the_bus(root: Path = Path("/")) -> tuple[Gpu, ...]:
    """What Linux sees of NVIDIA when no driver answers: that there is a card, and no more."""
    return tuple(
        Gpu(
            name=f"NVIDIA GPU {card.device_id}",
            vendor="nvidia",
            integrated=False,
            memory_total_bytes=unknown("no driver"),
            memory_free_bytes=unknown("no driver"),
            bandwidth_bytes_per_s=unknown("no driver"),
        )
        for card in pci.cards(pci.NVIDIA, root)
    )


def _gpus(nvml: Any) -> Iterator[Gpu]:
    driver = _text(nvml.nvmlSystemGetDriverVersion())
    for index in range(nvml.nvmlDeviceGetCount()):
        handle = nvml.nvmlDeviceGetHandleByIndex(index)

        def ask(call: str, *arguments: Any, handle: Any = handle) -> Any:
            """None when this GPU or this driver does not tell."""
            try:
                return getattr(nvml, call)(handle, *arguments)
            except (nvml.NVMLError, AttributeError):
                return None

        yield _gpu(nvml, ask, driver)


def _gpu(nvml: Any, ask: Callable[..., Any], driver: str) -> Gpu:
    memory = ask("nvmlDeviceGetMemoryInfo")
    capability = ask("nvmlDeviceGetCudaComputeCapability")
    width = ask("nvmlDeviceGetMemoryBusWidth")
    memory_mhz = ask("nvmlDeviceGetMaxClockInfo", nvml.NVML_CLOCK_MEM)
    cores = ask("nvmlDeviceGetNumGpuCores")
    core_mhz = ask("nvmlDeviceGetMaxClockInfo", nvml.NVML_CLOCK_SM)
    name = _text(ask("nvmlDeviceGetName") or "NVIDIA GPU")
    published_bandwidth, published_flops = published_speed(name)
    return Gpu(
        name=name,
        vendor="nvidia",
        integrated=False,
        memory_total_bytes=_value(memory and int(memory.total), "memory"),
        memory_free_bytes=_value(memory and int(memory.free), "memory"),
        bandwidth_bytes_per_s=_value(
            width and memory_mhz and width / 8 * memory_mhz * MHZ * TRANSFERS_PER_CLOCK,
            "bus width x memory clock",
            published_bandwidth,
        ),
        compute_flops=_value(
            cores and core_mhz and cores * core_mhz * MHZ * OPERATIONS_PER_CLOCK,
            "cores x clock",
            published_flops,
        ),
        driver=driver,
        capability=".".join(str(part) for part in capability) if capability else None,
    )


def _value(value: Any, what: str, otherwise: Probed[Any] | None = None) -> Probed[Any]:
    if not value and otherwise is not None and otherwise.value is not None:
        return otherwise
    return reported(value or None, f"NVML: {what}")


def _text(value: str | bytes) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value
