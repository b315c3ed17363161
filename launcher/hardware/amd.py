"""AMD's graphics on Linux, from sysfs; on Windows the registry tells (see ``windows``)."""

from pathlib import Path

from launcher.hardware import pci
from launcher.hardware.gpu_table import published_speed
from launcher.hardware.profile import INTEGRATED_BELOW_BYTES, Gpu, reported


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
        memory_total_bytes=reported(total, "sysfs"),
        memory_free_bytes=reported(
            None if total is None or used is None else total - used, "sysfs"
        ),
        bandwidth_bytes_per_s=bandwidth,
        compute_flops=flops,
        driver=card.driver,
    )
