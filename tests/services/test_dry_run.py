"""The closed formulas against the engine's own dry run, and both against what it really takes."""

import re
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
import requests

from launcher import catalog, fit
from launcher.engines.dry_run import DryRun, dry_run, read_breakdown
from launcher.engines.registry import get_engine
from launcher.engines.xllamacpp_server import SETTINGS_VARIABLE
from launcher.errors import PaadjeError
from launcher.fit.memory import engine_process_bytes, predict_memory
from launcher.models.gguf import read_header
from launcher.services import process
from launcher.units import MIB
from tests.services.lessons import engine_settings
from tests.unit.fit.headers import MODELS, write

pytestmark = pytest.mark.engine

SETTINGS = [
    # context of each slot, slots, KV type, one cache for all
    (4096, 4, "f16", False),
    (8192, 1, "f16", False),
    (2048, 8, "q8_0", False),
    (16384, 2, "q4_0", False),
    (4096, 4, "q8_0", True),
    (8192, 2, "f16", True),
    (1000, 3, "f16", False),
    (32768, 1, "q8_0", False),
]


@pytest.fixture(scope="module")
def headers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Files of full size with a true header and holes for weights."""
    folder = tmp_path_factory.mktemp("headers")
    return {name: write(folder, name, model) for name, model in MODELS.items()}


def predicted(path: Path, setting: tuple[int, int, str, bool]) -> fit.MemoryNeed:
    context, slots, kv_type, unified = setting
    shape = read_header(path).shape
    practice = catalog.load_catalog().practice_model()
    assert practice.file is not None
    file = practice.file.model_copy(update={"size_bytes": path.stat().st_size})
    model = practice.model_copy(update={"file": file, "shape": shape})
    return predict_memory(
        model, context_tokens=context, slots=slots, kv_type=kv_type, unified=unified
    )


def asked(path: Path, setting: tuple[int, int, str, bool]) -> DryRun:
    context, slots, kv_type, unified = setting
    return dry_run(path, context_tokens=context, slots=slots, kv_type=kv_type, unified=unified)


@pytest.mark.parametrize("name", MODELS)
def test_formulas_and_the_engine_agree_within_5_percent(
    name: str, headers: dict[str, Path]
) -> None:
    """For every kind of attention and state, in eight settings each; the caches to the MiB."""
    path = headers[name]
    assert path.stat().st_blocks * 512 < 2 * MIB, "the file has no holes"
    for setting in SETTINGS:
        need, real = predicted(path, setting), asked(path, setting)
        buffers = need.total_bytes - engine_process_bytes(read_header(path).shape)
        assert buffers == pytest.approx(real.total_bytes, rel=0.05), setting
        assert need.kv_cache_bytes == pytest.approx(real.kv_cache_bytes, abs=MIB), setting
        assert need.weights_bytes == pytest.approx(real.weights_bytes, rel=0.01), setting


def test_the_starter_models_real_buffers(starter_model: Path, tmp_path: Path) -> None:
    """Formula, dry run and what a loading engine reports and holds."""
    setting = (2048, 4, "f16", False)
    need, dry = predicted(starter_model, setting), asked(starter_model, setting)
    run = started(starter_model, tmp_path, context_tokens=2048, slots=4)
    try:
        resident = psutil.Process(run.pid).memory_info().rss
    finally:
        process.stop(run, 5)
    log = loading_log(starter_model, context_tokens=2048, slots=4)
    model = size_of(log, r"model buffer size")
    kv_cache, compute = size_of(log, r"KV buffer size"), size_of(log, r"compute buffer size")
    for found in (need.weights_bytes, dry.weights_bytes):
        assert found == pytest.approx(model, rel=0.05)
    assert need.kv_cache_bytes == dry.kv_cache_bytes == kv_cache
    assert dry.compute_bytes == pytest.approx(compute, rel=0.05)
    real = model + kv_cache + compute
    assert dry.total_bytes == pytest.approx(real, rel=0.05)
    program = engine_process_bytes(read_header(starter_model).shape)
    assert need.total_bytes - program == pytest.approx(real, rel=0.05)
    # What the system says that the program holds, with its own code and modules.
    assert need.total_bytes == pytest.approx(resident, rel=0.08)


def started(model: Path, folder: Path, **changes: int) -> process.Child:
    settings = engine_settings(model, mmap=False, **changes)
    command = get_engine("xllamacpp").command(settings)
    child = process.spawn(command.argv, command.env, folder / "engine.log")

    def answers() -> bool:
        try:
            return requests.get(command.health_url, timeout=5).status_code == 200
        except requests.RequestException:
            return child.exit_code() is not None

    assert process.wait_for(answers, 60)
    return child


LOUD = """
import json, os, sys, xllamacpp
quiet = xllamacpp.Server
def loud(params):
    params.verbosity = 10
    server = quiet(params)
    os._exit(0)
xllamacpp.Server = loud
from launcher.engines import xllamacpp_server
xllamacpp_server._start(json.loads(sys.argv[1]))
"""


def loading_log(model: Path, **changes: int) -> str:
    """What the library says while the engine's own program loads a model for real."""
    command = get_engine("xllamacpp").command(engine_settings(model, mmap=False, **changes))
    done = subprocess.run(
        [sys.executable, "-c", LOUD, command.env[SETTINGS_VARIABLE]],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=True,
    )
    return done.stderr + done.stdout


def size_of(log: str, what: str) -> float:
    return sum(float(found) for found in re.findall(rf"{what} =\s*([\d.]+) MiB", log)) * MIB


def test_a_header_alone_is_enough(starter_model: Path, tmp_path: Path) -> None:
    whole = asked(starter_model, SETTINGS[0])
    hollow = tmp_path / "hollow.gguf"
    size = starter_model.stat().st_size
    with starter_model.open("rb") as file, hollow.open("wb") as copy:
        copy.write(file.read(2 * MIB))
        copy.truncate(size)
    assert asked(hollow, SETTINGS[0]) == whole


@pytest.mark.parametrize("content", [b"", b"GGUF", b"no model at all" * 100])
def test_what_is_not_a_model_is_said(content: bytes, tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(content)
    with pytest.raises(PaadjeError, match="dry_run_failed") as caught:
        asked(bad, SETTINGS[0])
    assert caught.value.detail


def test_no_program_is_left_behind(starter_model: Path) -> None:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    asked(starter_model, SETTINGS[1])
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before


LOG = """
llama_kv_cache: size =   64.50 MiB ( 4096 cells)
llama_kv_cache_iswa: size =   32.25 MiB
sched_reserve:      CUDA0 compute buffer size =    99.40 MiB
sched_reserve:        CPU compute buffer size =     8.20 MiB
common_memory_breakdown_print: | memory breakdown [MiB] | total free self model context compute |
common_memory_breakdown_print: |   - CUDA0 (RTX)        | 6144 = 5120 + (1095 = 900 + 96 + 99)  |
common_memory_breakdown_print: |   - Host               |                 108 = 100 +  0 +   8  |
common_fit_params: done
llama_kv_cache: size =   11.00 MiB
"""


def test_a_breakdown_is_read_finely_and_only_once() -> None:
    found = read_breakdown(LOG.splitlines())
    assert found is not None
    assert found.weights_bytes == 1000 * MIB
    assert found.kv_cache_bytes == round(96.75 * MIB)
    assert found.compute_bytes == pytest.approx(107.6 * MIB)
    assert sum(found.on_gpu) == 1095 * MIB


def test_a_cache_that_is_told_in_the_table_only_counts_in_whole_mib() -> None:
    silent = [line for line in LOG.splitlines() if "kv_cache" not in line]
    found = read_breakdown(silent)
    assert found is not None
    assert found.kv_cache_bytes == 96 * MIB
    assert read_breakdown(["nothing here"]) is None
