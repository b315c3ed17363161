"""Whether this processor has what a prebuilt engine needs. Cheap: no library, no child program."""

import platform
import sys
from pathlib import Path

_PF_AVX2_INSTRUCTIONS_AVAILABLE = 40


def is_x86_64(architecture: str) -> bool:
    return architecture.lower() in ("x86_64", "amd64", "x64")


def has_avx2() -> bool | None:
    """False when AVX2 is missing on x86-64; None when it cannot be known or does not matter."""
    if not is_x86_64(platform.machine()):
        return None
    if sys.platform == "win32":
        import ctypes

        kernel32 = ctypes.WinDLL("kernel32")
        return bool(kernel32.IsProcessorFeaturePresent(_PF_AVX2_INSTRUCTIONS_AVAILABLE))
    return avx2_in_cpuinfo(Path("/proc/cpuinfo"))  # None on macOS, which has no such file.


def avx2_in_cpuinfo(file: Path) -> bool | None:
    """Look for the flag in Linux's ``/proc/cpuinfo``; None when there is no list of flags."""
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "flags":
            return "avx2" in value.split()
    return None
