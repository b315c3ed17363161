"""What is known of a computer: every value with its source and how sure we are.

A value that could not be read is None, and stays None: nothing further on may invent it.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Literal, TypeVar

from launcher.units import GIB

T = TypeVar("T")

Confidence = Literal["measured", "reported", "assumed", "unknown"]
OperatingSystem = Literal["linux", "windows", "macos"]
Surroundings = Literal["desktop", "container", "wsl"]
GpuVendor = Literal["nvidia", "amd", "intel", "apple", "other"]

INTEGRATED_BELOW_BYTES = 3 * GIB
"""The memory that a BIOS sets aside for integrated graphics; cards of today have more."""

STRICT = {"extra": "forbid", "allow_inf_nan": False}
"""How a recorded profile is read (see ``serial``): no unknown key, and never NaN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probed(Generic[T]):
    """One value, where it came from, and how far to trust it."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    value: T | None
    source: str
    confidence: Confidence


def unknown(source: str) -> Probed[Any]:
    return Probed(value=None, source=source, confidence="unknown")


def reported(value: T | None, source: str) -> Probed[T]:
    """What ``source`` says of itself; unknown when it says nothing."""
    return Probed(value=value, source=source, confidence="unknown" if value is None else "reported")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """One graphics processor.

    ``usable`` is the engine's own word: False means that the installed engine build cannot use it.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    name: str
    vendor: GpuVendor
    integrated: bool
    memory_total_bytes: Probed[int]
    memory_free_bytes: Probed[int]
    bandwidth_bytes_per_s: Probed[float]
    compute_flops: Probed[float] = field(default_factory=lambda: unknown("not probed"))
    """Single-precision operations a second, as its clock and cores promise."""
    driver: str | None = None
    """None: no driver answered."""
    capability: str | None = None
    """NVIDIA's compute capability, such as 8.6."""
    usable: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineProfile:
    """A computer as `fit` sees it. Recorded ones are test fixtures."""

    __pydantic_config__: ClassVar[dict[str, Any]] = STRICT

    os: OperatingSystem
    os_version: str
    architecture: str
    surroundings: Surroundings
    cpu_name: Probed[str]
    cpu_features: Probed[tuple[str, ...]]
    physical_cores: Probed[int]
    memory_total_bytes: Probed[int]
    memory_available_bytes: Probed[int]
    memory_limit_bytes: Probed[int]
    """The cgroup limit; value None with confidence "measured" when there is no limit."""
    memory_bandwidth_bytes_per_s: Probed[float]
    disk_free_bytes: Probed[int]
    """On the volume of the models folder."""
    on_battery: Probed[bool]
    compute_flops: Probed[float] = field(default_factory=lambda: unknown("not probed"))
    """Single-precision operations a second of the processor, measured."""
    engine_features: Probed[tuple[str, ...]] = field(default_factory=lambda: unknown("not asked"))
    """Of ``cpu_features``, those that the installed engine uses; they decide its speed."""
    gpus: tuple[Gpu, ...] = field(default_factory=tuple)


def profile_to_dict(profile: MachineProfile) -> dict[str, Any]:
    return dataclasses.asdict(profile)
