"""Which build of the default engine a computer wants, and how to put it in place of another.

The build that comes with Paadje uses the processor (and the graphics of a Mac). For other graphics
the makers of the engine have builds at an index of their own. They are big, so they are fetched
only when somebody says yes, and the version is always the very one that Paadje was tested with.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from launcher.downloads.pip import run_pip
from launcher.engines.common import installed_version
from launcher.errors import PaadjeError
from launcher.events import Cancel, Report, StepFinished, StepStarted
from launcher.hardware.profile import Gpu, GpuVendor, MachineProfile, OperatingSystem
from launcher.units import MIB

PACKAGE = "xllamacpp"
_INDEX = "https://xorbitsai.github.io/xllamacpp/whl/"
_WITHIN_S = 3600.0
_OLDEST_CAPABILITY = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """One build. ``fetch_bytes`` is about what it takes to fetch; ``driver`` the oldest that does.

    Numbers and systems are those of the engine's own page; drivers those of NVIDIA's table of CUDA
    versions.
    """

    id: str
    vendors: tuple[GpuVendor, ...]
    systems: tuple[OperatingSystem, ...]
    fetch_bytes: int
    driver: tuple[int, ...] = ()

    @property
    def index_url(self) -> str:
        return _INDEX + self.id


BUILDS: tuple[Build, ...] = (
    # The first that fits is the best.
    Build(
        id="cu132",
        vendors=("nvidia",),
        systems=("linux", "windows"),
        fetch_bytes=350 * MIB,
        driver=(580,),
    ),
    Build(
        id="cu128",
        vendors=("nvidia",),
        systems=("linux", "windows"),
        fetch_bytes=350 * MIB,
        driver=(525,),
    ),
    Build(id="rocm-7.2.4", vendors=("amd",), systems=("linux",), fetch_bytes=300 * MIB),
    Build(
        id="vulkan",
        vendors=("nvidia", "amd", "intel"),
        systems=("linux", "windows"),
        fetch_bytes=40 * MIB,
    ),
)


def advise(machine: MachineProfile) -> Build | None:
    """The build that would let the engine use this computer's graphics; None when none is needed.

    Nothing is advised for graphics that the engine uses already, or that have no working driver.
    """
    waiting = [gpu for gpu in machine.gpus if gpu.usable is False and gpu.driver is not None]
    if not waiting or any(gpu.usable for gpu in machine.gpus):
        return None
    for build in BUILDS:
        if machine.os in build.systems and any(_suits(build, gpu) for gpu in waiting):
            return build
    return None


def add(
    build: Build,
    *,
    report: Report,
    cancel: Cancel,
    devices: Callable[[], Iterable[str]],
    run: Callable[[Sequence[str], Cancel], None] | None = None,
) -> tuple[str, ...]:
    """Put ``build`` in place of the installed one; the devices that the engine can use then.

    Ask for consent first. When the new build cannot be fetched the old one stays; when it sees no
    graphics the old one is put back. Raises ``engines.build_failed`` or ``engines.build_useless``.
    """
    version = installed_version(PACKAGE)
    if version is None:
        raise PaadjeError("engines.not_installed")
    run = run or _pip
    report(StepStarted(step="engines.add_build", params={"build": build.id}))
    before = tuple(devices())
    run(_install(version, ("--index-url", build.index_url)), cancel)
    found = tuple(devices())
    if len(found) <= len(before):
        run(_install(version), cancel)
        raise PaadjeError("engines.build_useless", build=build.id)
    report(StepFinished(step="engines.add_build"))
    return found


def _install(version: str, extra: Sequence[str] = ()) -> tuple[str, ...]:
    # What the engine itself needs is here already; the index has the engine alone.
    options = ("--no-deps", "--force-reinstall", "--only-binary", ":all:")
    return ("install", *options, *extra, f"{PACKAGE}=={version}")


def _pip(arguments: Sequence[str], cancel: Cancel) -> None:
    """It unpacks a new version before it takes the old one away."""
    run_pip(arguments, failure="engines.build_failed", cancel=cancel, limit_s=_WITHIN_S)


def _suits(build: Build, gpu: Gpu) -> bool:
    if gpu.vendor not in build.vendors:
        return False
    if not build.driver:
        return True
    if gpu.capability and float(gpu.capability) < _OLDEST_CAPABILITY:
        return False
    numbers = tuple(int(part) for part in re.findall(r"\d+", gpu.driver or ""))
    return numbers >= build.driver
