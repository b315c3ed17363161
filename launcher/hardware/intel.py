"""Intel's graphics on Linux: mostly part of the processor, sometimes an Arc card."""

from pathlib import Path

from launcher.hardware import pci
from launcher.hardware.gpu_table import published_speed
from launcher.hardware.profile import Gpu, reported, unknown

INTEGRATED_ADDRESS = "0000:00:02.0"
"""Where Intel's integrated graphics always are."""


def gpus(root: Path = Path("/")) -> tuple[Gpu, ...]:
    return tuple(_gpu(card) for card in pci.cards(pci.INTEL, root))


def _gpu(card: pci.PciCard) -> Gpu:
    integrated = card.address == INTEGRATED_ADDRESS
    own = next(
        (pci.read_int(file) for file in card.folder.glob("drm/card*/lmem_total_bytes")), None
    )
    name = "Intel graphics" if integrated else f"Intel GPU {card.device_id}"
    bandwidth, flops = published_speed(name)
    return Gpu(
        name=name,
        vendor="intel",
        integrated=integrated,
        memory_total_bytes=reported(own, "sysfs"),
        memory_free_bytes=unknown("sysfs"),
        bandwidth_bytes_per_s=bandwidth,
        compute_flops=flops,
        driver=card.driver,
    )
