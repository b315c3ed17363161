"""The default engine, without starting it."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from launcher.engines import xllamacpp
from launcher.engines.protocol import EngineSettings
from launcher.engines.registry import DEFAULT_ENGINE, ENGINES, get_engine
from launcher.engines.xllamacpp import Device, Seen, XllamacppEngine, read_features
from launcher.engines.xllamacpp_server import use_one_gpu
from launcher.errors import ExitCode, UsageError
from launcher.hardware.profile import MachineProfile, OperatingSystem, Probed, unknown
from launcher.i18n import LANGUAGES, translator

MISSING = """\
0.00.005.802 I srv    load_model: loading model 'gone.gguf'
0.00.005.906 E gguf_init_from_file: failed to open GGUF file 'gone.gguf' (No such file or directory)
0.00.006.752 E llama_model_load: error loading model: llama_model_loader: failed to load model
0.00.007.390 E srv          init: exiting due to model loading error
paadje: Failed to init server, please check the input params.
ended by exit code 1"""

TRUNCATED = """\
0.00.016.220 E gguf_init_from_reader: failed to read key-value pairs
0.00.017.762 E llama_model_load_from_file_impl: failed to load model
ended by exit code 1"""

NO_MEMORY = """\
1.10.908.542 E llama_init_from_model: failed to initialize the context: std::bad_alloc
1.31.221.961 E cmn  common_init_: failed to create context with model 'a.gguf'
1.31.223.434 E srv          init: exiting due to model loading error
ended by exit code 1"""

NO_GPU_MEMORY = """\
ggml_backend_cuda_buffer_type_alloc_buffer: allocating 4096.00 MiB on device 0: cudaMalloc failed: \
out of memory
llama_model_load: error loading model: unable to allocate CUDA0 buffer
ended by exit code 1"""

PORT = """\
0.00.004.257 E srv         start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 45999
0.00.004.435 E srv          init: exiting due to HTTP server error
ended by exit code 1"""


@pytest.mark.parametrize(
    ("log", "code", "telling"),
    [
        (MISSING, "engines.model_unreadable", "failed to open GGUF file"),
        (TRUNCATED, "engines.model_unreadable", "failed to read key-value pairs"),
        (NO_MEMORY, "engines.out_of_memory", "bad_alloc"),
        (NO_GPU_MEMORY, "engines.out_of_memory", "cudaMalloc failed"),
        (PORT, "engines.port_taken", "couldn't bind"),
        ("paadje: this processor has no AVX2\nended by exit code 1", "engines.no_avx2", "AVX2"),
        ("ended by SIGILL", "engines.no_avx2", "SIGILL"),
        ("all is well\nended by SIGKILL", "engines.killed", "SIGKILL"),
        ("one\nsomething failed here\ntwo\nended by SIGSEGV", "engines.failed", "SIGSEGV"),
        ("", "engines.failed", ""),
    ],
)
def test_the_log_is_put_into_plain_words(log: str, code: str, telling: str) -> None:
    found, line = XllamacppEngine().explain_failure(log)
    assert found == code
    assert telling in line
    for lang in LANGUAGES:
        name = code.removeprefix("engines.")
        assert translator(lang).has(f"engines.error.{name}.message")


def settings(**changes: object) -> EngineSettings:
    values = {
        "model_path": Path("models") / "Een model.gguf",
        "model_id": "starter",
        "port": 4001,
        "api_key": "geheim",
        "context_tokens": 4096,
        "slots": 4,
        "threads": 2,
        "gpu_layers": -1,
        **changes,
    }
    return EngineSettings(**values)  # type: ignore[arg-type]


def test_the_key_is_in_no_argument() -> None:
    command = XllamacppEngine().command(settings())
    assert command.health_url == "http://127.0.0.1:4001/health"
    assert not any("geheim" in argument for argument in command.argv)
    (values,) = [value for value in command.env.values() if "geheim" in value]
    assert json.loads(values)["slots"] == 4


def machine(
    os: OperatingSystem, architecture: str, features: tuple[str, ...] | None
) -> MachineProfile:
    return MachineProfile(
        os=os,
        os_version="1",
        architecture=architecture,
        surroundings="desktop",
        cpu_name=unknown("test"),
        cpu_features=Probed(value=features, source="test", confidence="reported"),
        physical_cores=unknown("test"),
        memory_total_bytes=unknown("test"),
        memory_available_bytes=unknown("test"),
        memory_limit_bytes=unknown("test"),
        memory_bandwidth_bytes_per_s=unknown("test"),
        disk_free_bytes=unknown("test"),
        on_battery=unknown("test"),
    )


@pytest.mark.parametrize(
    ("os", "architecture", "features", "reason"),
    [
        ("windows", "AMD64", ("avx", "avx2"), None),
        ("linux", "x86_64", ("avx",), "engines.no_avx2"),
        ("linux", "x86_64", None, None),
        ("linux", "aarch64", (), None),
        ("macos", "arm64", (), None),
        ("windows", "ARM64", (), "engines.no_build"),
        ("linux", "armv7l", (), "engines.no_build"),
    ],
)
def test_which_computers_it_supports(
    os: OperatingSystem, architecture: str, features: tuple[str, ...] | None, reason: str | None
) -> None:
    assert XllamacppEngine().supports(machine(os, architecture, features)) == reason


def test_a_missing_installation_is_told_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xllamacpp, "installed_version", lambda package: None)
    info = XllamacppEngine().describe()
    assert (info.installed, info.version, info.problem) == (False, None, "engines.not_installed")


def test_a_broken_installation_is_told_not_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xllamacpp, "look", Seen)
    info = XllamacppEngine().describe()
    assert (info.installed, info.problem) == (True, "engines.broken")


def test_devices_are_named_by_their_description(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = Device(
        name="CUDA0", description="Card 9", kind="gpu", memory_free_bytes=1, memory_total_bytes=2
    )
    monkeypatch.setattr(xllamacpp, "look", lambda: Seen(devices=(gpu,)))
    assert XllamacppEngine().describe().devices == ("Card 9",)


@pytest.mark.parametrize(
    ("told", "features"),
    [
        (
            "CPU : SSE3 = 1 | AVX = 1 | AVX2 = 1 | F16C = 1 | FMA = 1 | LLAMAFILE = 1 | OPENMP = 1"
            " | REPACK = 1 | ",
            ("avx", "avx2", "f16c", "fma", "sse3"),
        ),
        ("CUDA : ARCHS = 860 | F16 = 1 | CPU : AVX2 = 1 | AVX512 = 1 |", ("avx2", "avx512f")),
        (
            "Metal : EMBED_LIBRARY = 1 | CPU : NEON = 1 | DOTPROD = 1 | SVE = 0 | ACCELERATE = 1",
            ("asimd", "asimddp"),
        ),
        ("", ()),
        ("something else", ()),
    ],
)
def test_the_instructions_that_the_build_uses(told: str, features: tuple[str, ...]) -> None:
    assert read_features(told) == features


def test_an_unknown_engine_names_the_known_ones() -> None:
    assert get_engine(DEFAULT_ENGINE).id == DEFAULT_ENGINE
    with pytest.raises(UsageError) as caught:
        get_engine("ollama")
    assert caught.value.code == "engines.unknown"
    assert caught.value.exit_code == ExitCode.USAGE
    assert all(engine in str(caught.value.params["known"]) for engine in ENGINES)


KINDS = SimpleNamespace(GGML_BACKEND_DEVICE_TYPE_GPU=1)


@pytest.mark.parametrize(
    ("devices", "main_gpu"),
    [
        ([(0, 32, 20)], None),
        ([(0, 32, 20), (1, 8, 7)], None),
        # Integrated graphics are another kind; the library leaves them out beside a card.
        ([(2, 16, 9), (1, 8, 7)], None),
        ([(1, 8, 7), (1, 16, 15), (0, 32, 20)], 1),
        ([(0, 32, 20), (1, 16, 3), (1, 16, 15)], 1),
    ],
)
def test_of_several_cards_the_largest_alone(
    devices: list[tuple[int, int, int]], main_gpu: int | None
) -> None:
    """Its place is counted among the cards only, as llama.cpp does."""
    library = SimpleNamespace(
        ggml_backend_dev_type=KINDS,
        llama_split_mode=SimpleNamespace(LLAMA_SPLIT_MODE_NONE="none"),
        get_device_info=lambda: [
            {"type": kind, "memory_total": total, "memory_free": free}
            for kind, total, free in devices
        ],
    )
    params = SimpleNamespace()
    use_one_gpu(params, library)
    assert getattr(params, "main_gpu", None) == main_gpu
    assert getattr(params, "split_mode", None) == (None if main_gpu is None else "none")
