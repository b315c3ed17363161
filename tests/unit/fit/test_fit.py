"""Verdicts on recorded school computers, the formulas behind them, and their words."""

from dataclasses import replace
from pathlib import Path

import pytest

from launcher import fit
from launcher.catalog.schema import CatalogModel, ModelShape
from launcher.fit import budget
from launcher.fit.memory import compute_bytes, kv_cache_bytes
from launcher.fit.speed import bytes_read
from launcher.hardware.profile import Probed
from launcher.units import GIB, MIB
from tests.unit.fit.computers import (
    A31B,
    CATALOG,
    E2B,
    E4B,
    MACHINES,
    PRACTICE,
    SEED_8B,
    SEED_70B,
    codes,
    fit_here,
    machine,
    rank_here,
)

CHAT = [model for model in CATALOG.models if model.role == "chat"]
WITH_FILE = [model for model in CHAT if model.file is not None]

# --- recorded computers -------------------------------------------------------------------------

VERDICTS = [
    # computer, model, verdict, usable, reasons among others
    ("windows-8gb", E2B, "tight", False, {"close_programs", "on_battery"}),
    ("windows-8gb", E4B, "no", None, {"weights_too_big", "would_fit"}),
    ("windows-8gb", PRACTICE, "cpu", True, {"practice_only"}),
    ("windows-16gb-t1000", "qwen3.5-2b-q4_k_m", "full_gpu", True, set()),
    ("windows-16gb-t1000", E4B, "partial", False, {"partial_offload", "slow_class"}),
    ("windows-16gb-rtx3060", E2B, "full_gpu", True, set()),
    ("windows-16gb-rtx3060", E4B, "partial", True, {"partial_offload"}),
    ("windows-16gb-rtx3060", SEED_70B, "no", None, {"weights_too_big", "would_fit"}),
    ("windows-32gb-rtx4090", A31B, "full_gpu", True, {"fewer_slots"}),
    ("windows-32gb-rtx4090", "qwen3-14b-q4_k_m", "full_gpu", True, set()),
    # It loads, at two tokens a second: that is not usable, and said.
    ("windows-32gb-rtx4090", SEED_70B, "partial", False, {"partial_offload", "slow_one"}),
    ("macbook-air-m1-8gb", E2B, "full_gpu", True, set()),
    ("macbook-air-m1-8gb", "qwen3-8b-q4_k_m", "no", None, {"weights_too_big"}),
    ("macbook-pro-m3-pro-36gb", A31B, "full_gpu", True, set()),
    ("macbook-pro-m3-pro-36gb", SEED_70B, "no", None, {"weights_too_big"}),
    ("chromebook-4gb", E2B, "no", None, {"no_avx2", "weights_too_big"}),
    ("chromebook-4gb", PRACTICE, "no", None, {"no_avx2", "practice_only"}),
    ("linux-container-24gb", E4B, "cpu", False, {"slow_one"}),
    ("linux-container-24gb", A31B, "cpu", False, {"slow_one"}),
    ("linux-container-24gb", PRACTICE, "cpu", True, {"practice_only"}),
    ("wsl-16gb", E2B, "cpu", True, set()),
    ("wsl-16gb", SEED_8B, "no", None, {"context_too_big", "would_fit"}),
    ("linux-16gb-no-driver", E2B, "cpu", True, {"driver_missing"}),
    ("windows-16gb-cpu-build", E4B, "cpu", True, {"gpu_needs_build"}),
    ("linux-unknown-speed", E4B, "cpu", None, {"speed_unknown"}),
]


@pytest.mark.parametrize(("computer", "model", "verdict", "usable", "some"), VERDICTS)
def test_verdicts_on_recorded_computers(
    computer: str, model: str, verdict: str, usable: bool | None, some: set[str]
) -> None:
    result = fit_here(model, computer)
    assert (result.verdict, result.usable) == (verdict, usable)
    assert some <= codes(result)
    assert result.gpu_layers == {"full_gpu": -1, "cpu": 0, "no": 0}.get(verdict, result.gpu_layers)


BEST = {
    "windows-16gb-t1000": "granite-4.1-3b-q4_k_m",
    "windows-16gb-rtx3060": E4B,
    "windows-32gb-rtx4090": A31B,
    "macbook-pro-m3-pro-36gb": A31B,
    "windows-16gb-cpu-build": E4B,
    "wsl-16gb": E2B,
    "linux-16gb-no-driver": E2B,
}


@pytest.mark.parametrize(("computer", "best"), BEST.items())
def test_the_best_choice_is_usable_and_the_best_in_dutch_of_those(computer: str, best: str) -> None:
    ranked = rank_here(machine(computer))
    assert ranked[0].model == best
    assert ranked[0].usable is True
    ranks = {model.id: model.dutch_rank for model in CHAT}
    for other in ranked[1:]:
        comfortable = other.usable and other.verdict not in ("no", "tight")
        if comfortable and CATALOG.model(other.model).status == "offer":
            mine, theirs = ranks[ranked[0].model], ranks[other.model]
            assert theirs is None or (mine is not None and mine <= theirs)


@pytest.mark.parametrize("file", sorted(MACHINES.glob("*.json")), ids=lambda file: file.stem)
def test_order_of_every_ranking(file: Path) -> None:
    ranked = rank_here(machine(file.stem))
    found = [CATALOG.model(result.model) for result in ranked]
    assert all(model.role == "chat" for model in found)
    assert not any(model.status == "withheld" for model in found)
    assert [model.status for model in found].index("practice") == len(found) - 1
    groups = [
        (result.verdict == "no", model.status == "seed")
        for result, model in zip(ranked[:-1], found[:-1], strict=True)
    ]
    assert groups == sorted(groups)
    for result in ranked:
        if result.verdict == "no":
            assert codes(result) & {"would_fit", "another_computer", "no_avx2", "try_instead"} or (
                codes(result) & {"disk_short", "context_too_big", "context_beyond_model"}
            )


def test_only_what_can_be_had_is_ranked() -> None:
    only = rank_here(machine("wsl-16gb"), available=lambda model: model.status == "practice")
    assert [result.model for result in only] == [PRACTICE]


def test_what_does_not_do_names_what_does() -> None:
    ranked = {result.model: result for result in rank_here(machine("wsl-16gb"))}
    (better,) = [r for r in ranked[SEED_70B].reasons if r.code == "try_instead"]
    assert better.params["model"] == CATALOG.model(E2B).name
    assert "try_instead" not in codes(ranked[E2B])
    assert "try_instead" not in codes(ranked[PRACTICE])


# --- the graphics card --------------------------------------------------------------------------


@pytest.mark.parametrize(("usable", "code"), [(False, "gpu_needs_build"), (None, "gpu_unknown")])
def test_only_a_gpu_that_the_engine_can_use_counts(usable: bool | None, code: str) -> None:
    computer = machine("windows-32gb-rtx4090")
    without = replace(computer, gpus=tuple(replace(gpu, usable=usable) for gpu in computer.gpus))
    assert fit_here(E4B, computer).gpu_layers == -1
    result = fit_here(E4B, without)
    assert (result.verdict, result.gpu_layers) == ("cpu", 0)
    assert code in codes(result)


def test_integrated_graphics_are_the_processors_memory() -> None:
    computer = machine("windows-8gb")
    (iris,) = computer.gpus
    usable = replace(computer, gpus=(replace(iris, usable=True),))
    assert budget.usable_gpu(usable) is None
    assert fit_here(PRACTICE, usable).gpu_layers == 0


def test_free_video_memory_counts_and_not_the_total() -> None:
    computer = machine("windows-16gb-rtx3060")
    (card,) = computer.gpus
    busy = replace(card, memory_free_bytes=Probed(value=GIB, source="x", confidence="reported"))
    assert fit_here(E2B, computer).verdict == "full_gpu"
    assert fit_here(E2B, replace(computer, gpus=(busy,))).verdict != "full_gpu"


def test_layers_on_the_gpu_leave_its_margin_free() -> None:
    result = fit_here(E4B, "windows-16gb-rtx3060")
    layers = CATALOG.model(E4B).shape.layers
    assert layers is not None
    assert 0 < result.gpu_layers < layers
    per_layer = (result.memory.weights_bytes + result.memory.kv_cache_bytes) / layers
    on_gpu = result.gpu_layers * per_layer + result.memory.compute_bytes
    assert on_gpu <= 6 * GIB - budget.GPU_MARGIN_DISPLAY_BYTES


# --- reserve, disk, slots -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("computer", "reserve_gib"),
    [
        ("windows-8gb", 4.0),
        ("macbook-air-m1-8gb", 3.5),
        ("linux-16gb-no-driver", 2.5),
        ("wsl-16gb", 2.5),
    ],
)
def test_each_system_keeps_its_reserve(computer: str, reserve_gib: float) -> None:
    profile = machine(computer)
    total = profile.memory_total_bytes.value
    assert total is not None
    assert budget.memory_budget(profile).bytes == total - round(reserve_gib * GIB)


def test_a_container_is_measured_by_its_limit_and_not_by_the_computer_around_it() -> None:
    assert budget.memory_budget(machine("linux-container-24gb")).bytes == round(23.5 * GIB)


@pytest.mark.parametrize(
    ("file_bytes", "missing", "needed"),
    [
        (10 * GIB, None, round(10.5 * GIB) + 2 * GIB),
        (10 * GIB, 4 * GIB, round(10.5 * GIB) + 2 * GIB - 6 * GIB),
        (10 * GIB, 0, 0),
    ],
)
def test_disk_gate(file_bytes: int, missing: int | None, needed: int) -> None:
    assert budget.disk_needed_bytes(file_bytes, missing) == needed


def test_a_full_disk_is_said_with_numbers_and_a_file_that_is_here_needs_no_room() -> None:
    computer = replace(
        machine("wsl-16gb"),
        disk_free_bytes=Probed(value=GIB, source="x", confidence="measured"),
    )
    full = fit_here(E2B, computer)
    assert full.verdict == "no"
    (disk,) = [reason for reason in full.reasons if reason.code == "disk_short"]
    needed, free, short = (disk.params[f"{name}_bytes"] for name in ("needed", "free", "short"))
    assert needed == free + short
    assert fit_here(E2B, computer, missing_bytes=0).verdict == "cpu"


def test_slots_follow_the_class_and_the_memory() -> None:
    assert fit_here(E2B, "windows-32gb-rtx4090").slots == 4
    assert fit_here(E2B, "windows-32gb-rtx4090", students=2).slots == 2
    assert fit_here(E2B, "windows-32gb-rtx4090", slots=6).slots == 6
    fewer = fit_here(A31B, "windows-32gb-rtx4090")
    assert fewer.slots < 4
    assert "fewer_slots" in codes(fewer)


def test_threads_are_the_physical_cores() -> None:
    assert fit_here(E2B, "wsl-16gb").threads == 12
    assert fit_here(E2B, "linux-container-24gb").threads == 2


def test_a_context_that_the_model_cannot_have_is_refused() -> None:
    result = fit_here("eurollm-9b-instruct-q4_k_m", "windows-32gb-rtx4090", context_tokens=8192)
    assert result.verdict == "no"
    assert "context_beyond_model" in codes(result)


def test_a_context_that_is_too_big_for_the_memory_names_one_that_fits() -> None:
    result = fit_here("qwen3-4b-instruct-2507-q4_k_m", "wsl-16gb", context_tokens=32768)
    assert result.verdict == "no"
    (why,) = [reason for reason in result.reasons if reason.code == "context_too_big"]
    fitting = int(why.params["fitting_tokens"])
    shorter = fit_here("qwen3-4b-instruct-2507-q4_k_m", "wsl-16gb", context_tokens=fitting)
    assert shorter.verdict != "no"


def test_what_would_fit_does_fit() -> None:
    result = fit_here(E4B, "windows-8gb")
    (why,) = [reason for reason in result.reasons if reason.code == "would_fit"]
    model = CATALOG.model(E4B)
    assert model.file is not None
    file = model.file.model_copy(update={"size_bytes": int(why.params["model_bytes"])})
    smaller = model.model_copy(update={"file": file})
    placed = fit.fit_model(
        smaller, machine("windows-8gb"), students=28, context_tokens=4096, language="nl"
    )
    assert placed.verdict != "no"


def test_a_withheld_model_is_never_run() -> None:
    result = fit_here("geitje-7b", "windows-32gb-rtx4090")
    assert result.verdict == "no"
    assert codes(result) == {"withheld"}


# --- formulas -----------------------------------------------------------------------------------


def test_the_practice_models_shape_and_memory_are_those_of_its_header(starter_model: Path) -> None:
    from gguf import GGUFReader

    header = GGUFReader(starter_model)
    field = {name: value.contents() for name, value in header.fields.items() if "llama." in name}
    model = CATALOG.practice_model()
    shape = model.shape
    assert shape.layers == field["llama.block_count"]
    assert shape.heads == field["llama.attention.head_count"]
    assert shape.kv_heads == field["llama.attention.head_count_kv"]
    assert shape.embedding_size == field["llama.embedding_length"]
    assert shape.feed_forward_size == field["llama.feed_forward_length"]
    assert shape.vocabulary_size == field["llama.vocab_size"]
    assert shape.context_tokens == field["llama.context_length"]
    assert shape.head_dim == field["llama.rope.dimension_count"]
    need = fit.predict_memory(model, context_tokens=4096, slots=4)
    tensors = sum(int(tensor.n_bytes) for tensor in header.tensors)
    assert need.weights_bytes == pytest.approx(tensors, rel=0.05)
    per_token = 2 * 2 * int(field["llama.block_count"]) * 3 * 64  # f16: keys and values.
    assert need.kv_cache_bytes == per_token * 4 * 4096


@pytest.mark.parametrize(
    ("model", "context", "slots", "kv_type", "mib"),
    [
        # Worked out by hand from the published shapes.
        ("llama-3.1-8b-instruct-q4_k_m", 8192, 1, "f16", 1024),
        ("llama-3.1-8b-instruct-q4_k_m", 8192, 1, "q8_0", 544),
        ("llama-3.1-8b-instruct-q4_k_m", 4096, 4, "f16", 2048),
        ("llama-3.1-8b-instruct-q4_k_m", 4000, 1, "f16", 512),
        # 8 whole layers of 1 x 512, 40 of the last 1024 + 512 tokens with 8 x 256.
        ("gemma-4-12b-it-qat-q4_0", 16384, 1, "f16", 256 + 480),
        # 4 whole layers of 2 x 512, 20 of the last 512 + 512 with 2 x 256; 18 share theirs.
        (E4B, 4096, 1, "f16", 64 + 40),
    ],
)
def test_kv_cache(model: str, context: int, slots: int, kv_type: str, mib: int) -> None:
    assert kv_cache_bytes(CATALOG.model(model).shape, context, slots, kv_type) == mib * MIB


def test_a_window_saves_memory_only_beyond_itself() -> None:
    shape = ModelShape(
        layers=10, kv_heads=2, head_dim=64, full_layers=5, sliding_layers=5,
        sliding_window_tokens=1024, sliding_kv_heads=2, sliding_head_dim=64,
    )  # fmt: skip
    dense = ModelShape(layers=10, kv_heads=2, head_dim=64)
    assert kv_cache_bytes(shape, 1024, 2) == kv_cache_bytes(dense, 1024, 2)
    short, long = kv_cache_bytes(shape, 8192, 2), kv_cache_bytes(dense, 8192, 2)
    assert short is not None
    assert long is not None
    assert short < long


@pytest.mark.parametrize("model", WITH_FILE, ids=lambda model: model.id)
def test_an_unknown_shape_is_never_taken_for_less_memory(model: CatalogModel) -> None:
    """For models with a cache in every layer; windows and recurrent layers only ever save."""
    blind = model.model_copy(update={"shape": ModelShape()})
    for context, slots in ((4096, 1), (4096, 4), (16384, 1)):
        guessed = fit.predict_memory(blind, context_tokens=context, slots=slots)
        known = fit.predict_memory(model, context_tokens=context, slots=slots)
        assert guessed.kv_cache_bytes >= known.kv_cache_bytes or model.shape.sliding_layers
        assert guessed.compute_bytes >= known.compute_bytes
        assert guessed.weights_bytes == known.weights_bytes
        assert guessed.basis == "estimate"


def test_compute_buffer_of_llama_3_1_8b() -> None:
    shape = ModelShape(feed_forward_size=14336, heads=32, head_dim=128)
    expected = 4 * 512 * (3.42 * 14336 + 3.42 * 4096 + 0.56 * 8192)
    assert compute_bytes(shape, 8192, 1) == round(expected)


def test_a_mixture_reads_more_experts_for_more_students() -> None:
    model = CATALOG.model("gemma-4-26b-a4b-it-qat-q4_0")
    assert model.file is not None
    one, four, many = (bytes_read(model, batch) for batch in (1, 4, 1000))
    assert model.active_parameters is not None
    assert model.parameters is not None
    share = model.active_parameters / model.parameters
    assert one == pytest.approx(model.file.size_bytes * share)
    assert one < four < many
    assert many == pytest.approx(model.file.size_bytes)


def test_decoding_is_reading_all_weights_once() -> None:
    computer = machine("windows-32gb-rtx4090")
    result = fit_here("qwen3-8b-q4_k_m", computer)
    rate = result.speed.decode_tokens_per_s.likely
    assert rate is not None
    context = 147456 * (1200 + 150)
    expected = (5_027_784_224 + context) / (0.92 * 1008e9) + 80e-6 * 36
    assert 1 / rate == pytest.approx(expected)


def test_pascal_cards_read_slower() -> None:
    computer = machine("windows-32gb-rtx4090")
    (card,) = computer.gpus
    pascal = replace(computer, gpus=(replace(card, capability="6.1"),))
    new, old = (
        fit_here(E4B, where).speed.decode_tokens_per_s.likely for where in (computer, pascal)
    )
    assert new is not None
    assert old is not None
    assert old < new


def test_times_add_up_for_one_and_for_a_class() -> None:
    alone = fit_here(E4B, "windows-16gb-cpu-build", students=1)
    assert alone.speed.class_first_s == alone.speed.one_feedback_s
    assert alone.speed.class_last_s == alone.speed.one_feedback_s
    waits = [
        fit_here(E4B, "windows-16gb-cpu-build", students=students).speed.class_last_s.likely
        for students in (4, 8, 28)
    ]
    assert None not in waits
    assert waits == sorted(waits)  # type: ignore[type-var]


def test_batching_is_never_slower_than_one_after_the_other() -> None:
    together = fit_here(E4B, "linux-container-24gb", slots=4).speed.class_last_s.likely
    in_line = fit_here(E4B, "linux-container-24gb", slots=1).speed.class_last_s.likely
    assert together is not None
    assert in_line is not None
    assert together <= in_line * 1.0001


def test_a_measured_speed_scales_the_prediction_and_is_called_measured() -> None:
    guess = fit_here(E4B, "windows-16gb-cpu-build").speed
    rate, wait = guess.decode_tokens_per_s.likely, guess.class_last_s.likely
    assert rate is not None
    assert wait is not None
    half = fit_here(E4B, "windows-16gb-cpu-build", measured_tokens_per_s=rate / 2).speed
    assert half.basis == "measured"
    assert half.decode_tokens_per_s.likely == pytest.approx(rate / 2)
    assert half.class_last_s.likely == pytest.approx(wait * 2)


def test_a_model_that_always_thinks_takes_three_times_the_output() -> None:
    model = CATALOG.model("gpt-oss-20b-mxfp4")
    quick = model.model_copy(update={"thinking_always": False})
    where = machine("windows-32gb-rtx4090")
    slow, fast = (
        fit.fit_model(m, where, students=1, context_tokens=4096, language="nl").speed
        for m in (model, quick)
    )
    assert slow.one_feedback_s.likely is not None
    assert fast.one_feedback_s.likely is not None
    assert 2 < slow.one_feedback_s.likely / fast.one_feedback_s.likely < 3
