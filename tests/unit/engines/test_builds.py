"""Which build is advised for whose graphics, and that a bad one is put back."""

from collections.abc import Sequence

import pytest

from launcher.engines import builds
from launcher.engines.builds import BUILDS, add, advise
from launcher.errors import Cancelled, PaadjeError
from launcher.events import Cancel, ignore
from launcher.hardware.profile import (
    Gpu,
    GpuVendor,
    MachineProfile,
    OperatingSystem,
    Probed,
    unknown,
)


def gpu(
    vendor: GpuVendor, driver: str | None, *, usable: bool | None = False, capability: str = ""
) -> Gpu:
    return Gpu(
        name="Card",
        vendor=vendor,
        integrated=False,
        memory_total_bytes=unknown("test"),
        memory_free_bytes=unknown("test"),
        bandwidth_bytes_per_s=unknown("test"),
        driver=driver,
        capability=capability or None,
        usable=usable,
    )


def machine(os: OperatingSystem, *gpus: Gpu) -> MachineProfile:
    return MachineProfile(
        os=os,
        os_version="1",
        architecture="x86_64",
        surroundings="desktop",
        cpu_name=unknown("test"),
        cpu_features=Probed(value=("avx2",), source="test", confidence="reported"),
        physical_cores=unknown("test"),
        memory_total_bytes=unknown("test"),
        memory_available_bytes=unknown("test"),
        memory_limit_bytes=unknown("test"),
        memory_bandwidth_bytes_per_s=unknown("test"),
        disk_free_bytes=unknown("test"),
        on_battery=unknown("test"),
        gpus=gpus,
    )


@pytest.mark.parametrize(
    ("os", "gpus", "build"),
    [
        ("windows", (gpu("nvidia", "580.95.05", capability="8.9"),), "cu132"),
        ("linux", (gpu("nvidia", "535.10", capability="7.5"),), "cu128"),
        ("linux", (gpu("nvidia", "470.1", capability="6.1"),), "vulkan"),
        ("linux", (gpu("nvidia", "580.95", capability="3.5"),), "vulkan"),
        ("linux", (gpu("amd", "6.10"),), "rocm-7.2.4"),
        ("windows", (gpu("amd", "31.0"),), "vulkan"),
        ("windows", (gpu("intel", "31.0"),), "vulkan"),
        ("windows", (gpu("intel", "31.0"), gpu("nvidia", "581.1")), "cu132"),
        ("linux", (gpu("nvidia", None),), None),
        ("linux", (gpu("nvidia", "580.1", usable=True),), None),
        ("linux", (gpu("intel", "1.0"), gpu("nvidia", "580.1", usable=True)), None),
        ("linux", (gpu("nvidia", "580.1", usable=None),), None),
        ("macos", (gpu("apple", "metal"),), None),
        ("linux", (), None),
    ],
)
def test_what_is_advised(os: OperatingSystem, gpus: tuple[Gpu, ...], build: str | None) -> None:
    advised = advise(machine(os, *gpus))
    assert (advised.id if advised else None) == build


class Pip:
    """Stands in for pip: remembers what it was asked, and what the engine then sees."""

    def __init__(self, *seen: tuple[str, ...]) -> None:
        self.asked: list[Sequence[str]] = []
        self.seen = list(seen)

    def __call__(self, argv: Sequence[str], cancel: Cancel) -> None:
        self.asked.append(argv)

    def devices(self) -> tuple[str, ...]:
        return self.seen.pop(0)


def test_a_build_is_added_in_the_very_version_that_is_here() -> None:
    pip = Pip(("CPU",), ("CPU", "Card"))
    found = add(BUILDS[0], report=ignore, cancel=Cancel(), devices=pip.devices, run=pip)
    assert found == ("CPU", "Card")
    (asked,) = pip.asked
    assert asked[0] == "install"
    assert asked[asked.index("--index-url") + 1] == BUILDS[0].index_url
    assert "--no-deps" in asked
    assert str(asked[-1]).startswith("xllamacpp==20")


def test_a_build_that_sees_no_graphics_is_taken_out_again() -> None:
    pip = Pip(("CPU",), ())
    with pytest.raises(PaadjeError) as caught:
        add(BUILDS[0], report=ignore, cancel=Cancel(), devices=pip.devices, run=pip)
    assert caught.value.code == "engines.build_useless"
    assert len(pip.asked) == 2
    assert "--index-url" not in pip.asked[1]


def test_a_pip_that_fails_is_told_without_passwords_in_addresses() -> None:
    with pytest.raises(PaadjeError) as caught:
        builds._pip(("nonsense from https://me:secret@mirror.example/simple",), Cancel())
    assert caught.value.code == "engines.build_failed"
    assert "secret" not in caught.value.detail
    assert "mirror.example" in caught.value.detail


def test_it_can_be_cancelled() -> None:
    cancel = Cancel()
    cancel.request()
    with pytest.raises(Cancelled):
        builds._pip(("debug",), cancel)
