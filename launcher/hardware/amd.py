"""AMD's graphics on Linux, from sysfs; on Windows the registry tells (see ``windows``)."""

from pathlib import Path

from launcher.hardware import pci
from launcher.hardware.gpu_table import published_speed
from launcher.hardware.profile import Gpu, Probed, unknown
from launcher.units import GIB

INTEGRATED_BELOW_BYTES = 3 * GIB
"""The memory that a BIOS sets aside for integrated graphics; cards of today have more."""


def gpus(root: Path = Path("/")) -> tuple[Gpu, ...]:
    return tuple(_gpu(card) for card in pci.cards(pci.AMD, root))


def _gpu(card: pci.PciCard) -> Gpu:
    total = pci.read_int(card.folder / "mem_info_vram_total")
    used = pci.read_int(card.folder / "mem_info_vram_used")
    name = pci.read(card.folder / "product_name") or f"AMD GPU {card.device_id}"
    integrated = total is not None and total < INTEGRATED_BELOW_BYTES
    bandwidth, flops = published_speed(name)
    return Gpu(
        name=name,
        vendor="amd",
        integrated=integrated,
        memory_total_bytes=_bytes(total),
        memory_free_bytes=_bytes(None if total is None or used is None else total - used),
        bandwidth_bytes_per_s=bandwidth,
        compute_flops=flops,
        driver=card.driver,
    )


def _bytes(value: int | None) -> Probed[int]:
    if value is None:
        return unknown("sysfs")
    return Probed(value=value, source="sysfs", confidence="reported")
