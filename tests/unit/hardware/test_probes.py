"""The probes, each against a recorded or made-up computer."""

import json
import math
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from launcher import hardware
from launcher.errors import UsageError
from launcher.hardware import amd, apple, cpu, intel, machine, nvidia, speed, windows
from launcher.hardware.cgroup import CgroupLimits, read_limits
from launcher.hardware.gpu_table import published_speed
from launcher.hardware.probe import merge_gpus, run_probes
from launcher.units import GIB, MIB


def write(root: Path, files: dict[str, str | int]) -> Path:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n", encoding="utf-8")
    return root


# --- all together -------------------------------------------------------------------------------


def test_this_computer_can_be_probed_and_recorded(tmp_path: Path) -> None:
    profile = hardware.probe_machine(tmp_path / "not" / "there" / "yet")
    assert profile.memory_total_bytes.value == psutil.virtual_memory().total
    assert profile.disk_free_bytes.value
    recorded = json.loads(json.dumps(hardware.profile_to_dict(profile), allow_nan=False))
    assert hardware.profile_from_dict(recorded) == profile


def test_a_late_or_failing_probe_leaves_the_others_alone() -> None:
    never = threading.Event()

    def fails() -> int:
        raise OSError("no such device")

    answers = run_probes({"late": never.wait, "fails": fails, "works": lambda: 7}, timeout_s=0.2)
    never.set()
    assert answers == {"late": None, "fails": None, "works": 7}


def test_a_probe_without_an_answer_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> Any:
        raise OSError("refused")

    for module, name in (
        (machine, "memory"),
        (machine, "disk_free"),
        (machine, "on_battery"),
        (speed, "measure"),
        (cpu, "cpu_name"),
        (cpu, "cpu_features"),
        (cpu, "physical_cores"),
        (nvidia, "gpus"),
    ):
        monkeypatch.setattr(module, name, refuse)
    profile = hardware.probe_machine(tmp_path)
    for probed in (
        profile.memory_total_bytes,
        profile.memory_available_bytes,
        profile.memory_bandwidth_bytes_per_s,
        profile.compute_flops,
        profile.physical_cores,
        profile.cpu_name,
        profile.cpu_features,
        profile.disk_free_bytes,
        profile.on_battery,
    ):
        assert probed.value is None
        assert probed.confidence == "unknown"


@pytest.mark.parametrize(
    "change", ["missing", "unknown key", "wrong type", "wrong system", "no number"]
)
def test_a_profile_of_another_shape_is_refused(change: str, tmp_path: Path) -> None:
    data = hardware.profile_to_dict(hardware.probe_machine(tmp_path))
    if change == "missing":
        del data["physical_cores"]
    elif change == "unknown key":
        data["stars"] = 5
    elif change == "wrong type":
        data["memory_total_bytes"]["value"] = "plenty"
    elif change == "no number":
        data["memory_bandwidth_bytes_per_s"]["value"] = math.nan
    else:
        data["os"] = "amiga"
    with pytest.raises(UsageError, match=r"hardware\.profile_invalid"):
        hardware.profile_from_dict(data)


# --- limits of containers -----------------------------------------------------------------------


def test_cgroup_2_takes_the_strictest_group_on_the_way_up(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/self/cgroup": "0::/user.slice/app",
            "sys/fs/cgroup/user.slice/app/memory.max": "max",
            "sys/fs/cgroup/user.slice/app/cpu.max": "max 100000",
            "sys/fs/cgroup/user.slice/memory.max": 4 * GIB,
            "sys/fs/cgroup/user.slice/memory.current": 3 * GIB,
            "sys/fs/cgroup/user.slice/memory.stat": f"anon 1\ninactive_file {GIB}",
            "sys/fs/cgroup/user.slice/cpu.max": "150000 100000",
            "sys/fs/cgroup/memory.max": 8 * GIB,
        },
    )
    assert read_limits(root) == CgroupLimits(
        memory_bytes=4 * GIB, memory_used_bytes=2 * GIB, cpu_quota=1.5
    )


def test_cgroup_1_knows_its_own_way_to_say_no_limit(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        {
            "proc/self/cgroup": "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": 9223372036854771712,
            "sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes": 2 * GIB,
            "sys/fs/cgroup/memory/docker/abc/memory.usage_in_bytes": GIB,
            "sys/fs/cgroup/cpu/cpu.cfs_quota_us": 200000,
            "sys/fs/cgroup/cpu/cpu.cfs_period_us": 100000,
        },
    )
    assert read_limits(root) == CgroupLimits(
        memory_bytes=2 * GIB, memory_used_bytes=GIB, cpu_quota=2.0
    )


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"proc/self/cgroup": "0::/", "sys/fs/cgroup/memory.max": "max"},
        {
            "proc/self/cgroup": "4:memory:/",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": 9223372036854771712,
        },
        {"proc/self/cgroup": "nonsense", "sys/fs/cgroup/memory.max": "many"},
        {"sys/fs/cgroup/cpu.cfs_quota_us": -1, "sys/fs/cgroup/cpu.cfs_period_us": 100000},
    ],
)
def test_without_a_limit_there_is_none(files: dict[str, str | int], tmp_path: Path) -> None:
    assert read_limits(write(tmp_path, files)) == CgroupLimits()


def test_available_memory_is_the_smaller_of_system_and_group() -> None:
    _, everything = machine.memory(CgroupLimits())
    _, little = machine.memory(CgroupLimits(memory_bytes=3 * MIB, memory_used_bytes=MIB))
    assert little.value == 2 * MIB
    assert everything.value is not None
    assert everything.value > 2 * MIB
    _, nothing = machine.memory(CgroupLimits(memory_bytes=MIB, memory_used_bytes=2 * MIB))
    assert nothing.value == 0


@pytest.mark.parametrize(
    ("files", "environ", "limit", "expected"),
    [
        ({}, {}, None, "desktop"),
        ({".dockerenv": ""}, {}, None, "container"),
        ({"run/.containerenv": ""}, {}, None, "container"),
        ({}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, None, "container"),
        ({"proc/1/cgroup": "12:memory:/kubepods/x"}, {}, None, "container"),
        ({"proc/sys/kernel/osrelease": "5.15.1-microsoft-standard-WSL2"}, {}, None, "wsl"),
        ({"proc/sys/kernel/osrelease": "6.8.0-45-generic"}, {}, None, "desktop"),
        ({}, {}, 4 * GIB, "container"),
    ],
)
def test_what_surrounds_us(
    files: dict[str, str | int],
    environ: dict[str, str],
    limit: int | None,
    expected: str,
    tmp_path: Path,
) -> None:
    root = write(tmp_path, files)
    assert machine.surroundings(CgroupLimits(memory_bytes=limit), root, environ) == expected


def test_disk_space_is_that_of_the_nearest_folder_that_exists(tmp_path: Path) -> None:
    assert machine.disk_free(tmp_path / "a" / "b").value


@pytest.mark.parametrize(
    ("battery", "expected"),
    [
        (None, False),
        (SimpleNamespace(power_plugged=True), False),
        (SimpleNamespace(power_plugged=False), True),
        (SimpleNamespace(power_plugged=None), None),
    ],
)
def test_battery(battery: object, expected: bool | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(psutil, "sensors_battery", lambda: battery, raising=False)
    assert machine.on_battery().value is expected


# --- the processor ------------------------------------------------------------------------------


def test_cores_are_counted_once_however_many_threads_they_run(tmp_path: Path) -> None:
    topology = "sys/devices/system/cpu/cpu{}/topology/{}"
    files: dict[str, str | int] = {}
    for number, core in enumerate([0, 0, 1, 1]):
        files[topology.format(number, "physical_package_id")] = 0
        files[topology.format(number, "core_id")] = core
    root = write(tmp_path, files)
    assert cpu.count_cores({0, 1, 2, 3}, root) == 2
    assert cpu.count_cores({0, 1}, root) == 1
    assert cpu.count_cores({0, 9}, root) is None


def test_a_quota_lowers_the_cores_and_never_below_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu.os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    monkeypatch.setattr(cpu, "count_cores", lambda cpus: len(cpus) // 2)
    assert cpu.physical_cores("linux").value == 4
    assert cpu.physical_cores("linux", 1.5).value == 2
    assert cpu.physical_cores("linux", 0.1).value == 1
    assert cpu.physical_cores("linux", 64).value == 4


def test_cpuinfo_is_that_of_the_first_processor(tmp_path: Path) -> None:
    text = "processor : 0\nmodel name : A  CPU\nflags : avx2\n\nprocessor : 1\nflags : sse"
    info = cpu.read_cpuinfo(write(tmp_path, {"proc/cpuinfo": text}))
    assert (info["model name"], info["flags"]) == ("A  CPU", "avx2")


def test_measured_speeds_are_real_numbers() -> None:
    for probed in speed.measure():
        assert probed.value is not None
        assert math.isfinite(probed.value)
        assert probed.value > 0


# --- graphics -----------------------------------------------------------------------------------


class FakeNvml:
    """The calls we use, for one RTX 4090. ``broken`` calls raise as the library does."""

    class NVMLError(Exception):
        pass

    NVML_CLOCK_MEM, NVML_CLOCK_SM = 2, 1

    def __init__(
        self, broken: frozenset[str] = frozenset(), name: str = "NVIDIA GeForce RTX 4090"
    ) -> None:
        self.broken = broken
        self.name = name
        self.open = 0

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("nvml") and name in object.__getattribute__(self, "broken"):
            raise_error = object.__getattribute__(self, "NVMLError")

            def fail(*_: object) -> None:
                raise raise_error(name)

            return fail
        return object.__getattribute__(self, name)

    def nvmlInit(self) -> None:  # noqa: N802 - the library's names
        self.open += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.open -= 1

    def nvmlSystemGetDriverVersion(self) -> bytes:  # noqa: N802
        return b"566.14"

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return 1

    def nvmlDeviceGetHandleByIndex(self, index: int) -> int:  # noqa: N802
        return index

    def nvmlDeviceGetName(self, _: int) -> str:  # noqa: N802
        return self.name

    def nvmlDeviceGetMemoryInfo(self, _: int) -> SimpleNamespace:  # noqa: N802
        return SimpleNamespace(total=24 * GIB, free=22 * GIB)

    def nvmlDeviceGetCudaComputeCapability(self, _: int) -> tuple[int, int]:  # noqa: N802
        return 8, 9

    def nvmlDeviceGetMemoryBusWidth(self, _: int) -> int:  # noqa: N802
        return 384

    def nvmlDeviceGetNumGpuCores(self, _: int) -> int:  # noqa: N802
        return 16384

    def nvmlDeviceGetMaxClockInfo(self, _: int, clock: int) -> int:  # noqa: N802
        return {2: 10501, 1: 3105}[clock]


def test_nvidia_bandwidth_is_bus_width_times_clock() -> None:
    nvml = FakeNvml()
    (gpu,) = nvidia.gpus(nvml)
    assert gpu.bandwidth_bytes_per_s.value == pytest.approx(1008e9, rel=0.01)  # As published.
    assert gpu.memory_total_bytes.value == 24 * GIB
    assert (gpu.driver, gpu.capability, gpu.usable) == ("566.14", "8.9", None)
    assert nvml.open == 0


@pytest.mark.parametrize(
    "broken",
    ["nvmlInit", "nvmlSystemGetDriverVersion", "nvmlDeviceGetCount", "nvmlDeviceGetHandleByIndex"],
)
def test_a_driver_that_does_not_answer_is_no_driver(broken: str) -> None:
    nvml = FakeNvml(frozenset({broken}))
    assert nvidia.gpus(nvml) == ()
    assert nvml.open == 0


@pytest.mark.parametrize(
    ("broken", "unknown"),
    [
        ("nvmlDeviceGetMemoryBusWidth", "bandwidth_bytes_per_s"),
        ("nvmlDeviceGetMemoryInfo", "memory_total_bytes"),
        ("nvmlDeviceGetNumGpuCores", "compute_flops"),
    ],
)
def test_what_a_gpu_does_not_tell_stays_unknown(broken: str, unknown: str) -> None:
    (gpu,) = nvidia.gpus(FakeNvml(frozenset({broken}), name="NVIDIA RTX 9999"))
    assert getattr(gpu, unknown).value is None


def test_a_bandwidth_that_nvml_keeps_to_itself_is_that_of_the_name() -> None:
    broken = frozenset({"nvmlDeviceGetMemoryBusWidth"})
    (laptop,) = nvidia.gpus(FakeNvml(broken, name="NVIDIA GeForce RTX 4090 Laptop GPU"))
    assert laptop.bandwidth_bytes_per_s.value == 576e9
    assert laptop.bandwidth_bytes_per_s.confidence == "assumed"


def pci(address: str, vendor: str, device: str, **files: str | int) -> dict[str, str | int]:
    folder = f"sys/bus/pci/devices/{address}"
    known = {"vendor": vendor, "device": device, "class": "0x030000"}
    return {f"{folder}/{name}": text for name, text in (known | files).items()}


def test_amd_cards_tell_their_memory_in_sysfs(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        pci(
            "0000:03:00.0", "0x1002", "0x73df",
            mem_info_vram_total=12 * GIB, mem_info_vram_used=GIB,
            product_name="Radeon RX 6700 XT",
        )
        | pci("0000:05:00.0", "0x1002", "0x1681", mem_info_vram_total=512 * MIB)
        | pci("0000:06:00.0", "0x1002", "0xab28", **{"class": "0x040300"}),
    )  # fmt: skip
    card, integrated = amd.gpus(root)
    assert (card.integrated, integrated.integrated) == (False, True)
    assert card.memory_free_bytes.value == 11 * GIB
    assert card.bandwidth_bytes_per_s.value == 384e9
    assert integrated.memory_free_bytes.value is None


def test_intel_graphics_at_the_usual_place_are_integrated(tmp_path: Path) -> None:
    root = write(
        tmp_path,
        pci("0000:00:02.0", "0x8086", "0x9a49") | pci("0000:03:00.0", "0x8086", "0x56a0"),
    )
    integrated, card = intel.gpus(root)
    assert (integrated.integrated, card.integrated) == (True, False)
    assert card.memory_total_bytes.value is None


def test_an_nvidia_card_without_a_driver_is_only_known_to_be_there(tmp_path: Path) -> None:
    root = write(tmp_path, pci("0000:01:00.0", "0x10de", "0x2504"))
    (bare,) = nvidia.cards_on_the_bus(root)
    assert bare.driver is None
    assert bare.memory_total_bytes.value is None
    (driven,) = nvidia.gpus(FakeNvml())
    assert merge_gpus((driven,), (bare,)) == (driven,)
    assert merge_gpus((), (bare,)) == (bare,)


def test_windows_reads_64_bits_of_video_memory() -> None:
    gpu = windows.gpu_from_registry(
        {
            "MatchingDeviceId": r"pci\ven_1002&dev_744c",
            "DriverDesc": "AMD Radeon RX 7900 XTX",
            "DriverVersion": "32.0",
            "HardwareInformation.qwMemorySize": (24 * GIB).to_bytes(8, "little"),
            "HardwareInformation.MemorySize": 0xFFF00000,
        }
    )
    assert gpu is not None
    assert gpu.memory_total_bytes.value == 24 * GIB
    assert gpu.integrated is False
    assert gpu.bandwidth_bytes_per_s.value == 960e9


@pytest.mark.parametrize(
    ("values", "integrated"),
    [
        ({"MatchingDeviceId": r"PCI\VEN_8086&DEV_9A49", "DriverDesc": "Iris Xe"}, True),
        ({"MatchingDeviceId": r"PCI\VEN_10DE&DEV_25A0", "DriverDesc": "RTX 3050"}, False),
        ({"MatchingDeviceId": r"ROOT\BasicRender"}, None),
        ({}, None),
    ],
)
def test_windows_adapters(values: dict[str, Any], integrated: bool | None) -> None:
    gpu = windows.gpu_from_registry(values)
    assert (None if gpu is None else gpu.integrated) is integrated


def test_windows_processor_features_and_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "_feature_present", lambda number: number in (39, 40))
    monkeypatch.setattr(windows, "_values", lambda _: {"ProcessorNameString": " Intel  i5 "})
    assert windows.cpu_features().value == ("avx", "avx2")
    assert windows.cpu_name().value == "Intel i5"


M1_SYSCTL = """hw.memsize: 8589934592
hw.optional.arm64: 1
hw.optional.arm.FEAT_DotProd: 1
hw.optional.arm.FEAT_I8MM: 0
hw.perflevel0.physicalcpu: 4
hw.perflevel1.physicalcpu: 4
machdep.cpu.brand_string: Apple M1
"""
INTEL_SYSCTL = """hw.memsize: 17179869184
machdep.cpu.brand_string: Intel(R) Core(TM) i7-8569U CPU @ 2.80GHz
machdep.cpu.features: FPU SSE3 AVX1.0 FMA F16C
machdep.cpu.leaf7_features: BMI1 AVX2
"""


def test_an_apple_chip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apple, "sysctl", lambda: apple.parse_sysctl(M1_SYSCTL))
    assert cpu.physical_cores("macos").value == 4
    assert cpu.cpu_name("macos").value == "Apple M1"
    assert cpu.cpu_features("macos").value == ("asimd", "asimddp")
    (gpu,) = apple.gpus()
    assert gpu.memory_total_bytes.value == 8 * GIB * 2 // 3
    assert gpu.bandwidth_bytes_per_s.value == 68.25e9


def test_an_intel_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apple, "sysctl", lambda: apple.parse_sysctl(INTEL_SYSCTL))
    assert cpu.cpu_features("macos").value == ("avx", "avx2", "f16c", "fma")
    assert apple.gpus() == ()


@pytest.mark.parametrize(
    ("name", "gigabytes_per_s"),
    [
        ("Apple M3 Pro", 150),
        ("Apple M3", 100),
        ("AMD Radeon RX 6600M", 224),
        ("AMD Radeon RX 7900 XT", 800),
        ("Some New Card", None),
    ],
)
def test_published_speeds_tell_the_variants_apart(name: str, gigabytes_per_s: float | None) -> None:
    bandwidth, flops = published_speed(name)
    assert bandwidth.value == (None if gigabytes_per_s is None else gigabytes_per_s * 1e9)
    assert (flops.value is None) == (gigabytes_per_s is None)


def test_py_cpuinfo_knows_a_name_when_nothing_else_does() -> None:
    from launcher.hardware.cpu import slow_cpu_name

    assert slow_cpu_name().source == "py-cpuinfo"
    assert slow_cpu_name().value
