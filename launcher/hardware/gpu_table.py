"""Published memory bandwidth and single-precision speed of GPUs that cannot be asked for them.

Sources: the makers' product pages. Laptop variants stand on their own: they share a name with a
faster desktop card. What is not in the table stays unknown.
"""

import re

from launcher.hardware.profile import Probed, unknown

_APPLE = {
    "M1": (68.25, 2.6), "M1 Pro": (200, 5.3), "M1 Max": (400, 10.6), "M1 Ultra": (800, 21.2),
    "M2": (100, 3.6), "M2 Pro": (200, 6.8), "M2 Max": (400, 13.6), "M2 Ultra": (800, 27.2),
    "M3": (100, 3.5), "M3 Pro": (150, 7.4), "M3 Max": (300, 12.7), "M3 Ultra": (819, 28.2),
    "M4": (120, 4.3), "M4 Pro": (273, 8.6), "M4 Max": (410, 14.7),
}  # fmt: skip
"""Gigabytes per second and TFLOPS; of each chip the smallest configuration that is sold."""

_CARDS: tuple[tuple[str, float, float], ...] = (
    # NVIDIA's own library usually tells; this is for where it does not.
    (r"RTX 4090 Laptop", 576, 33.0),
    (r"RTX 4090$", 1008, 82.6),
    (r"RTX 4080 Laptop", 432, 24.7),
    (r"RTX 4080$", 717, 48.7),
    (r"RTX 4070 Laptop", 256, 15.6),
    (r"RTX 4070$", 504, 29.1),
    (r"RTX 4060 Laptop", 256, 11.6),
    (r"RTX 4060$", 272, 15.1),
    (r"RTX 4050 Laptop", 192, 8.9),
    (r"RTX 3080 Laptop", 448, 18.9),
    (r"RTX 3080$", 760, 29.8),
    (r"RTX 3070 Laptop", 384, 15.9),
    (r"RTX 3070$", 448, 20.3),
    (r"RTX 3060 Laptop", 336, 10.9),
    (r"RTX 3060$", 360, 12.7),
    (r"RTX 3050 Laptop", 192, 5.5),
    (r"GTX 1650$", 128, 3.0),
    (r"GTX 1060$", 192, 4.4),
    (r"Quadro T1000$", 128, 2.6),
    (r"Quadro RTX 3000$", 336, 5.4),
    (r"Quadro RTX 5000$", 448, 11.2),
    (r"RX 7900 XTX", 960, 61.4),
    (r"RX 7900 XT\b", 800, 51.5),
    (r"RX 7800 XT", 624, 37.3),
    (r"RX 7700 XT", 432, 35.2),
    (r"RX 7600M", 256, 18.4),
    (r"RX 7600\b", 288, 21.8),
    (r"RX 6800 XT", 512, 20.7),
    (r"RX 6700 XT", 384, 13.2),
    (r"RX 6600M", 224, 9.0),
    (r"RX 6600\b", 224, 8.9),
    (r"Arc.* A770M", 512, 16.6),
    (r"Arc.* A770", 512, 19.7),
    (r"Arc.* A750", 512, 17.2),
    (r"Arc.* A380", 186, 4.2),
    (r"Arc.* A370M", 112, 3.2),
    (r"Arc.* B580", 456, 13.7),
)


def published_speed(name: str) -> tuple[Probed[float], Probed[float]]:
    """Bandwidth in bytes per second and operations per second of the device called ``name``."""
    chip = re.search(r"Apple (M\d+(?: (?:Pro|Max|Ultra))?)", name)
    found = _APPLE.get(chip[1]) if chip else None
    if found is None:
        found = next(
            ((gb, tflops) for pattern, gb, tflops in _CARDS if re.search(pattern, name)), None
        )
    if found is None:
        return unknown("not in the table"), unknown("not in the table")
    return (
        Probed(value=found[0] * 1e9, source="table by name", confidence="assumed"),
        Probed(value=found[1] * 1e12, source="table by name", confidence="assumed"),
    )
