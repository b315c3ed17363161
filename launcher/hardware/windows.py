"""Windows: the registry and one call of the system, no administrator rights.

``AdapterRAM`` of WMI stops at 4 GB, so the driver's own 64-bit value in the registry is read.
"""

import sys
from collections.abc import Iterator
from typing import Any

from launcher.hardware.gpu_table import published_speed
from launcher.hardware.profile import (
    INTEGRATED_BELOW_BYTES,
    Gpu,
    GpuVendor,
    Probed,
    reported,
    unknown,
)

CPU_KEY = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
DISPLAY_KEY = r"SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"

PROCESSOR_FEATURES = {
    13: "sse3",
    36: "ssse3",
    37: "sse4_1",
    38: "sse4_2",
    39: "avx",
    40: "avx2",
    41: "avx512f",
    19: "asimd",
    43: "asimddp",
}
"""``PF_*`` numbers of IsProcessorFeaturePresent, with Linux's names."""

_VENDORS: dict[str, GpuVendor] = {
    "VEN_10DE": "nvidia",
    "VEN_1002": "amd",
    "VEN_8086": "intel",
}


def cpu_name() -> Probed[str]:
    values = _values(CPU_KEY)
    name = values.get("ProcessorNameString")
    if not isinstance(name, str) or not name.strip():
        return unknown("registry")
    return reported(" ".join(name.split()), "registry")


def cpu_features() -> Probed[tuple[str, ...]]:
    found = tuple(
        sorted(name for number, name in PROCESSOR_FEATURES.items() if _feature_present(number))
    )
    return reported(found, "IsProcessorFeaturePresent")


def gpus() -> tuple[Gpu, ...]:
    """Every graphics adapter with a driver. NVIDIA's own library tells more where it answers."""
    return tuple(gpu for values in _adapters() if (gpu := gpu_from_registry(values)))


def gpu_from_registry(values: dict[str, Any]) -> Gpu | None:
    """One adapter's values, or None for a remote desktop's or a virtual one."""
    device = str(values.get("MatchingDeviceId", "")).upper()
    vendor = next((ours for theirs, ours in _VENDORS.items() if theirs in device), None)
    if vendor is None:
        return None
    name = str(values.get("DriverDesc") or "GPU")
    size = _size(values.get("HardwareInformation.qwMemorySize"))
    small = size is None or size < INTEGRATED_BELOW_BYTES
    integrated = vendor != "nvidia" and small and "Arc" not in name and "RX " not in name
    bandwidth, flops = published_speed(name)
    return Gpu(
        name=name,
        vendor=vendor,
        integrated=integrated,
        memory_total_bytes=reported(size, "registry"),
        memory_free_bytes=unknown("registry"),
        bandwidth_bytes_per_s=bandwidth,
        compute_flops=flops,
        # NVML tells NVIDIA's driver; if it does not answer, the driver is not in order.
        driver=None if vendor == "nvidia" else str(values.get("DriverVersion") or "") or None,
    )


def _size(value: object) -> int | None:
    if isinstance(value, bytes):
        value = int.from_bytes(value, "little")
    return value if isinstance(value, int) and value > 0 else None


def _adapters() -> Iterator[dict[str, Any]]:
    for number in range(32):
        values = _values(rf"{DISPLAY_KEY}\{number:04}")
        if values:
            yield values


if sys.platform == "win32":
    import ctypes
    import winreg

    def _values(key: str) -> dict[str, Any]:
        """All values of one key of this computer; empty when it is not there."""
        values: dict[str, Any] = {}
        try:
            with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as handle:
                for index in range(winreg.QueryInfoKey(handle)[1]):
                    name, value, _ = winreg.EnumValue(handle, index)
                    values[name] = value
        except OSError:
            return values
        return values

    def _feature_present(number: int) -> bool:
        return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(number))

else:

    def _values(key: str) -> dict[str, Any]:
        raise OSError(f"no registry to read {key} from")

    def _feature_present(number: int) -> bool:
        raise OSError(f"no Windows to ask about {number}")
