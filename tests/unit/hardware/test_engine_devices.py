"""The engine's list of devices has the last word on the graphics of this computer."""

import dataclasses

import pytest

from launcher.engines.protocol import EngineInfo
from launcher.hardware.profile import Gpu, MachineProfile, Probed, unknown
from launcher.lesson.machine import with_engine_devices
from launcher.units import GIB
from tests.unit.fit.computers import machine


def info(**devices: tuple[int, int]) -> EngineInfo:
    names = tuple(name.replace("_", " ") for name in devices)
    return EngineInfo(
        id="e",
        version="1",
        installed=True,
        devices=names,
        device_memory_bytes=tuple(devices.values()),
    )


def seen(name: str, found: EngineInfo, **changes: object) -> tuple[Gpu, ...]:
    computer = machine(name)
    gpus = tuple(dataclasses.replace(gpu, usable=None, **changes) for gpu in computer.gpus)  # type: ignore[arg-type]
    return with_engine_devices(dataclasses.replace(computer, gpus=gpus), found).gpus


def test_metal_tells_its_own_limit() -> None:
    (gpu,) = seen("macbook-air-m2-16gb", info(Apple_M2=(11 * GIB, 12 * GIB)))
    assert gpu.usable is True
    assert gpu.memory_total_bytes.value == 12 * GIB
    assert gpu.memory_total_bytes.source == "engine"


def test_a_driver_without_a_gpu_build_is_the_processor() -> None:
    gpus = seen("windows-16gb-rtx4050-laptop", info(Intel_Core_i7=(8 * GIB, 16 * GIB)))
    assert [gpu.usable for gpu in gpus] == [False, False]


def test_what_the_driver_told_is_not_replaced() -> None:
    before = machine("windows-64gb-rtx5000-16gb").gpus[0]
    (gpu,) = seen("windows-64gb-rtx5000-16gb", info(Quadro_RTX_5000=(1, 2)))
    assert gpu == dataclasses.replace(before, usable=True)


def test_free_video_memory_that_windows_does_not_tell_comes_from_the_engine() -> None:
    gpus = seen("windows-32gb-rx6600m", info(AMD_Radeon_RX_6600M=(7 * GIB, 8 * GIB)))
    card = next(gpu for gpu in gpus if not gpu.integrated)
    assert card.memory_free_bytes.value == 7 * GIB


@pytest.mark.parametrize("seen_by_the_system", [None, ("avx2", "avx512f", "fma")])
def test_what_the_engine_uses_of_the_processor(seen_by_the_system: tuple[str, ...] | None) -> None:
    """The build may use less than the processor can; where the system is silent, it tells."""
    computer = machine("windows-16gb-iris-xe")
    system = Probed(value=seen_by_the_system, source="test", confidence="reported")
    told = dataclasses.replace(info(), cpu_features=("avx2", "fma"))
    found = with_engine_devices(dataclasses.replace(computer, cpu_features=system), told)
    assert found.engine_features.value == ("avx2", "fma")
    assert found.engine_features.source == "engine"
    assert found.cpu_features.value == (seen_by_the_system or ("avx2", "fma"))
    silent = with_engine_devices(computer, info())
    assert silent.engine_features.value is None
    assert silent.cpu_features == computer.cpu_features


@pytest.mark.parametrize(
    ("vendor", "device", "usable"),
    [
        ("amd", "AMD_Radeon_RX_7800_XT", True),
        ("intel", "Intel(R)_Arc_A770", True),
        ("amd", "Intel(R)_Arc_A770", False),
    ],
)
def test_a_card_known_by_number_is_recognised(vendor: str, device: str, usable: bool) -> None:
    computer: MachineProfile = machine("linux-32gb-rx7800xt")
    numbered = dataclasses.replace(
        computer.gpus[0],
        vendor=vendor,  # type: ignore[arg-type]
        name=f"{vendor} GPU 0x747e",
        bandwidth_bytes_per_s=unknown("x"),
        usable=None,
    )
    found = info(**{device: (15 * GIB, 16 * GIB)})
    (gpu,) = with_engine_devices(dataclasses.replace(computer, gpus=(numbered,)), found).gpus
    assert gpu.usable is usable
    if usable:
        assert gpu.name == device.replace("_", " ")
        assert gpu.bandwidth_bytes_per_s.value is not None
