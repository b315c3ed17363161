"""Macs: everything through sysctl; the GPU shares the computer's memory."""

import subprocess
from functools import lru_cache

from launcher.hardware.gpu_table import published_speed
from launcher.hardware.profile import Gpu, Probed, reported, unknown
from launcher.units import GIB

SMALL_MAC_BYTES = 32 * GIB
"""Up to here Metal gives two thirds of the memory to the GPU, above it three quarters."""

_INTEL_FEATURES = {"AVX1.0": "avx", "AVX2": "avx2", "FMA": "fma", "F16C": "f16c"}
_ARM_FEATURES = {"hw.optional.arm.FEAT_DotProd": "asimddp", "hw.optional.arm.FEAT_I8MM": "i8mm"}


@lru_cache
def sysctl() -> dict[str, str]:
    """All ``hw`` and ``machdep.cpu`` values. Raises `OSError` where there is no sysctl."""
    done = subprocess.run(
        ["/usr/sbin/sysctl", "hw", "machdep.cpu"],
        capture_output=True,
        text=True,
        timeout=0.9,
        check=False,
    )
    return parse_sysctl(done.stdout)


def parse_sysctl(text: str) -> dict[str, str]:
    pairs = (line.partition(": ") for line in text.splitlines())
    return {name.strip(): value.strip() for name, colon, value in pairs if colon}


def cpu_name() -> Probed[str]:
    return reported(sysctl().get("machdep.cpu.brand_string") or None, "sysctl")


def cpu_features() -> Probed[tuple[str, ...]]:
    values = sysctl()
    if _is_arm(values):
        found = {"asimd"} | {
            ours for theirs, ours in _ARM_FEATURES.items() if values.get(theirs) == "1"
        }
    else:
        words = " ".join(
            values.get(f"machdep.cpu.{name}", "") for name in ("features", "leaf7_features")
        ).split()
        if not words:
            return unknown("sysctl")
        found = {ours for theirs, ours in _INTEL_FEATURES.items() if theirs in words}
    return reported(tuple(sorted(found)), "sysctl")


def performance_cores() -> int | None:
    """The fast cores: the slow ones make a model wait."""
    count = sysctl().get("hw.perflevel0.physicalcpu", "")
    return int(count) if count.isdigit() else None


def gpus() -> tuple[Gpu, ...]:
    """The GPU of an Apple chip. ``integrated``, but with its own limit on the shared memory."""
    values = sysctl()
    if not _is_arm(values):
        return ()
    name = values.get("machdep.cpu.brand_string", "Apple GPU")
    memory = int(values.get("hw.memsize", "0"))
    limit = memory * 2 // 3 if memory <= SMALL_MAC_BYTES else memory * 3 // 4
    bandwidth, flops = published_speed(name)
    return (
        Gpu(
            name=name,
            vendor="apple",
            integrated=True,
            memory_total_bytes=(
                Probed(value=limit, source="share of memory", confidence="assumed")
                if memory
                else unknown("sysctl")
            ),
            memory_free_bytes=unknown("shared with the computer"),
            bandwidth_bytes_per_s=bandwidth,
            compute_flops=flops,
            driver="Metal",
        ),
    )


def _is_arm(values: dict[str, str]) -> bool:
    return values.get("hw.optional.arm64") == "1"
