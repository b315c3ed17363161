"""What others get wrong, one by one: each with a computer on which it would show."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from launcher import fit
from launcher.catalog.schema import ModelShape
from launcher.fit.budget import usable_gpu
from launcher.fit.memory import kv_cache_bytes, predict_memory
from launcher.fit.speed import bytes_read
from launcher.hardware.gpu_table import published_speed
from launcher.hardware.profile import Gpu, MachineProfile, Probed, unknown
from launcher.hardware.windows import gpu_from_registry
from launcher.units import GIB
from tests.unit.fit.computers import (
    A4B,
    A31B,
    CATALOG,
    E2B,
    E4B,
    NAMES,
    PRACTICE,
    SEED_8B,
    SEED_70B,
    codes,
    fit_here,
    machine,
    rank_here,
)


def told(value: object) -> Probed[object]:
    return Probed(value=value, source="test", confidence="reported")


def registered(name: str, gib: int) -> Gpu:
    """A card as Windows' registry tells it: 64 bits in one value, 32 bits in the other."""
    found = gpu_from_registry(
        {
            "MatchingDeviceId": r"PCI\\VEN_1002&DEV_73FF",
            "DriverDesc": name,
            "DriverVersion": "31.0",
            "HardwareInformation.MemorySize": 0xFFF00000,
            "HardwareInformation.qwMemorySize": gib * GIB,
        }
    )
    assert found is not None
    return replace(found, usable=True)


def with_card(name: str, gib: int) -> MachineProfile:
    return replace(machine("windows-16gb-iris-xe"), gpus=(registered(name, gib),))


def taken(name: str, free_gib: int) -> MachineProfile:
    computer = machine(name)
    (card,) = computer.gpus
    return replace(computer, gpus=(replace(card, memory_free_bytes=told(free_gib * GIB)),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """``yes`` are reasons that must be there, ``never`` those that must not."""

    what: str
    model: str
    computer: MachineProfile
    verdict: str
    yes: frozenset[str] = frozenset()
    never: frozenset[str] = frozenset()
    usable: bool | None = None
    wishes: dict[str, Any] = field(default_factory=dict)


def case(what: str, model: str, computer: str | MachineProfile, verdict: str, **more: Any) -> Case:
    where = machine(computer) if isinstance(computer, str) else computer
    sets = {name: frozenset(more.pop(name, "").split()) for name in ("yes", "never")}
    plain = {name: more.pop(name) for name in ("usable",) if name in more}
    return Case(
        what=what, model=model, computer=where, verdict=verdict, wishes=more, **sets, **plain
    )


QWEN, QWEN_14B, MISTRAL_24B = (
    "qwen3-8b-q4_k_m",
    "qwen3-14b-q4_k_m",
    "mistral-small-3.2-24b-instruct-2506-q4_k_m",
)
TOO_BIG = "weights_too_big context_too_big"
RYZEN = "windows-16gb-ryzen-5625u"
CASES = [
    # The full advertised context: 26 GB for a model that runs in 8.
    case("context that is used", QWEN, RYZEN, "cpu", slots=1, never=TOO_BIG),
    case("advertised", QWEN, RYZEN, "no", slots=4, context_tokens=32768, yes="too_many_slots"),
    case("for one", QWEN, RYZEN, "no", slots=1, context_tokens=40960, yes="context_too_big"),
    # A mixture of experts sized by what works on each token.
    case("all experts", A4B, "windows-16gb-iris-xe", "no", yes="weights_too_big", never="slow_one"),
    case("all experts fit", A4B, "linux-32gb-rx7800xt", "tight", usable=True, never=TOO_BIG),
    # The laptop's card taken for the desktop's.
    case("the desktop's", A31B, "windows-32gb-rtx4090", "full_gpu", usable=True),
    case(
        "the laptop's", A31B, with_card("NVIDIA GeForce RTX 4090 Laptop GPU", 16), "partial",
        usable=False, yes="partial_offload slow_one",
    ),
    # Video memory in 32 bits: 16 GB would be 4.
    case("64 bits", QWEN_14B, with_card("AMD Radeon RX 6800 XT", 16), "full_gpu", usable=True),
    case("really 4 GB", QWEN_14B, with_card("AMD Radeon RX 6500 XT", 4), "partial", usable=None),
    # Total instead of free.
    case("a free card", E4B, taken("windows-64gb-rtx5000-16gb", 15), "full_gpu", never="gpu_busy"),
    case(
        "a taken card", E4B, taken("windows-64gb-rtx5000-16gb", 1), "partial",
        yes="gpu_busy partial_offload", never="gpu_too_small",
    ),
    case(
        "taken memory", E2B,
        replace(machine("windows-16gb-iris-xe"), memory_available_bytes=told(GIB)), "tight",
        yes="close_programs", never="near_limit",
    ),
    # A server of 512 GB that is told that it has not enough.
    case("a server", A31B, "linux-server-512gb", "cpu", never=TOO_BIG),
    case("a server, 70B", SEED_70B, "linux-server-512gb", "cpu", never=TOO_BIG),
    # A Mac of 8 GB that is told "slow", and then writes garbage.
    case("a small Mac", SEED_8B, "macbook-air-m1-8gb", "no", never="slow_one slow_class"),
    case("a small Mac, 31B", A31B, "macbook-air-m1-8gb", "no", yes="weights_too_big"),
    # The type of the cache ignored.
    case(
        "f16", SEED_8B, "windows-16gb-iris-xe", "no", slots=2, context_tokens=32768,
        yes="too_many_slots",
    ),
    case(
        "q4_0", SEED_8B, "windows-16gb-iris-xe", "cpu", slots=2, context_tokens=32768,
        kv_type="q4_0", never=TOO_BIG,
    ),
    # Two warnings made into one.
    case(
        "disk and memory", A31B, replace(machine(RYZEN), disk_free_bytes=told(GIB)), "no",
        yes="disk_short weights_too_big",
    ),
    # It loads, and nobody can wait for it.
    case("70B on 24 GB", SEED_70B, "windows-32gb-rtx4090", "partial", usable=False, yes="slow_one"),
    # A driver without an engine that can use it.
    case("no build", E4B, "windows-16gb-cpu-build", "cpu", yes="gpu_needs_build"),
    case("no driver", E4B, "linux-16gb-no-driver", "cpu", yes="driver_missing"),
    case("no AVX2", E2B, "windows-4gb-celeron", "no", yes="no_avx2 another_computer"),
]  # fmt: skip


@pytest.mark.parametrize("each", CASES, ids=lambda each: each.what)
def test_verdict_and_reasons(each: Case) -> None:
    result = fit_here(each.model, each.computer, **each.wishes)
    found = codes(result)
    assert result.verdict == each.verdict, found
    assert each.yes <= found
    assert not each.never & found
    if each.usable is not None:
        assert result.usable is each.usable
    for lang in ("nl", "en"):
        sentences = fit.explain_fit(result, "Model", lang)
        assert len(sentences) == len(set(sentences))


def test_two_cards_are_one_of_them() -> None:
    """Spread over both, a model would be as slow as the slower: nothing of that is promised."""
    one = with_card("AMD Radeon RX 6800 XT", 16)
    two = replace(one, gpus=(registered("AMD Radeon RX 6600", 8), *one.gpus))
    alone, both = fit_here(QWEN_14B, one), fit_here(QWEN_14B, two)
    assert (both.verdict, both.memory_free_bytes) == (alone.verdict, alone.memory_free_bytes)
    assert both.speed == alone.speed
    (why,) = [reason for reason in both.reasons if reason.code == "one_of_gpus"]
    assert why.params == {"gpu": "AMD Radeon RX 6800 XT", "count": 2}
    assert "one_of_gpus" not in codes(alone)
    assert fit_here(MISTRAL_24B, two).verdict != "full_gpu"


def test_the_context_that_is_used_counts_and_not_the_one_that_is_advertised() -> None:
    model = CATALOG.model("qwen3-8b-q4_k_m")
    longest = model.shape.context_tokens
    assert longest is not None
    used = fit_here(model.id, "windows-16gb-ryzen-5625u", slots=1)
    assert used.verdict != "no"
    advertised = predict_memory(model, context_tokens=longest, slots=4).total_bytes
    assert advertised > 20 * GIB
    assert used.memory.total_bytes < 7 * GIB


def test_a_mixture_takes_the_memory_of_all_its_experts() -> None:
    """3.8 of 26 billion parameters work on each token; all of them have to be there."""
    model = CATALOG.model(A4B)
    assert model.file is not None
    need = predict_memory(model, context_tokens=4096, slots=1)
    assert need.weights_bytes == model.file.size_bytes > 13 * GIB
    assert bytes_read(model, 1) < model.file.size_bytes / 5
    assert fit_here(A4B, "windows-16gb-iris-xe").verdict == "no"
    assert fit_here(A4B, "linux-32gb-rx7800xt").verdict in ("full_gpu", "tight", "partial")


@pytest.mark.parametrize(
    ("laptop", "desktop"),
    [
        ("NVIDIA GeForce RTX 4090 Laptop GPU", "NVIDIA GeForce RTX 4090"),
        ("NVIDIA GeForce RTX 4070 Laptop GPU", "NVIDIA GeForce RTX 4070"),
        ("NVIDIA GeForce RTX 3060 Laptop GPU", "NVIDIA GeForce RTX 3060"),
        ("AMD Radeon RX 7600M", "AMD Radeon RX 7600"),
    ],
)
def test_a_laptops_card_is_not_the_desktops(laptop: str, desktop: str) -> None:
    (slow, _), (fast, _) = published_speed(laptop), published_speed(desktop)
    assert slow.value is not None
    assert fast.value is not None
    assert slow.value < fast.value
    assert slow.source == "table by name"


def test_video_memory_that_is_taken_is_not_there() -> None:
    computer = machine("windows-64gb-rtx5000-16gb")
    (card,) = computer.gpus
    assert fit_here(E4B, computer).verdict == "full_gpu"
    taken = replace(card, memory_free_bytes=told(3 * GIB))
    assert fit_here(E4B, replace(computer, gpus=(taken,))).verdict != "full_gpu"


def test_main_memory_that_is_taken_is_said_with_what_to_do() -> None:
    computer = machine("windows-16gb-iris-xe")
    busy = replace(computer, memory_available_bytes=told(GIB))
    result = fit_here(E2B, busy)
    assert result.verdict == "tight"
    (why,) = [reason for reason in result.reasons if reason.code == "close_programs"]
    assert int(why.params["short_bytes"]) == result.memory.total_bytes - GIB


@pytest.mark.parametrize("model", [E4B, A31B, SEED_70B])
def test_half_a_terabyte_is_enough(model: str) -> None:
    result = fit_here(model, "linux-server-512gb")
    assert result.verdict == "cpu"
    assert result.memory_free_bytes is not None
    assert result.memory_free_bytes > 450 * GIB


def test_a_small_mac_is_told_that_it_does_not_fit_and_not_that_it_is_slow() -> None:
    for model in (SEED_8B, A31B):
        result = fit_here(model, "macbook-air-m1-8gb")
        assert result.verdict == "no"
        assert codes(result) & {"weights_too_big", "context_too_big"}
        assert not codes(result) & {"slow_one", "slow_class"}
    assert fit_here(E2B, "macbook-air-m1-8gb").verdict in ("full_gpu", "tight")


@pytest.mark.parametrize(("kv_type", "share"), [("q8_0", 34 / 64), ("q4_0", 18 / 64)])
def test_a_smaller_type_of_cache_counts(kv_type: str, share: float) -> None:
    for model in (E4B, SEED_8B):
        shape = CATALOG.model(model).shape
        full, small = kv_cache_bytes(shape, 8192, 4), kv_cache_bytes(shape, 8192, 4, kv_type)
        assert full is not None
        assert small == pytest.approx(full * share)


def test_a_state_is_not_made_smaller_by_the_type_of_cache() -> None:
    shape = ModelShape(full_values_per_token=0, recurrent_bytes_per_slot=1000)
    assert kv_cache_bytes(shape, 99_999, 3, "q4_0") == 3000


def test_two_troubles_are_two_reasons() -> None:
    computer = replace(machine("windows-16gb-iris-xe"), disk_free_bytes=told(GIB))
    both = fit_here(A31B, computer)
    assert {"disk_short", "weights_too_big"} <= codes(both)
    features = machine("windows-4gb-celeron")
    three = fit_here(E4B, replace(features, disk_free_bytes=told(GIB)))
    assert {"disk_short", "weights_too_big", "no_avx2"} <= codes(three)
    for lang in ("nl", "en"):
        sentences = fit.explain_fit(three, "Gemma 4 E4B", lang)
        assert len(sentences) == len(set(sentences))


def test_a_driver_without_an_engine_for_it_is_the_processor_and_says_what_to_add() -> None:
    result = fit_here(E4B, "windows-32gb-rx6600m")
    assert result.gpu_layers == -1
    computer = machine("windows-32gb-rx6600m")
    gpus = tuple(replace(gpu, usable=False) for gpu in computer.gpus)
    without = fit_here(E4B, replace(computer, gpus=gpus))
    assert without.gpu_layers == 0
    (why,) = [reason for reason in without.reasons if reason.code == "gpu_needs_build"]
    assert why.params == {"gpu": "AMD Radeon RX 6600M", "build": "Vulkan"}


@pytest.mark.parametrize("name", ["windows-16gb-rtx4050-laptop", "windows-32gb-rx6600m"])
def test_of_two_gpus_the_largest_with_memory_of_its_own(name: str) -> None:
    computer = machine(name)
    every = replace(computer, gpus=tuple(replace(gpu, usable=True) for gpu in computer.gpus))
    chosen = usable_gpu(every)
    assert chosen is not None
    assert not chosen.integrated


def test_it_loads_is_not_it_is_usable() -> None:
    """A 70B model on a card of 24 GB: about two tokens a second."""
    result = fit_here(SEED_70B, "windows-32gb-rtx4090")
    rate = result.speed.decode_tokens_per_s.likely
    assert rate is not None
    assert 1 < rate < 4
    assert result.usable is False
    (ranked,) = [
        each for each in rank_here(machine("windows-32gb-rtx4090")) if each.model == SEED_70B
    ]
    assert {"slow_one", "try_instead"} <= codes(ranked)


WAYS_OUT = {
    "try_instead",
    "colleagues_laptop",
    "another_computer",
    "practice_works",
    "too_many_slots",
    "no_avx2",
}


@pytest.mark.parametrize("name", NAMES)
def test_every_no_names_what_would_work(name: str) -> None:
    for result in rank_here(machine(name)):
        if result.verdict == "no" or result.usable is False:
            best = rank_here(machine(name))[0]
            assert codes(result) & WAYS_OUT or result.model == best.model, result.model


def test_slots_that_were_asked_for_and_do_not_fit_name_how_many_do() -> None:
    computer = machine("windows-8gb")
    with_room = replace(computer, memory_available_bytes=unknown("test"))
    result = fit_here(PRACTICE, with_room, slots=40, students=40, context_tokens=8192)
    assert result.verdict == "no"
    (why,) = [reason for reason in result.reasons if reason.code == "too_many_slots"]
    fewer = fit_here(
        PRACTICE, with_room, slots=int(why.params["slots"]), students=40, context_tokens=8192
    )
    assert fewer.verdict != "no"


def test_a_model_that_already_runs_here_is_not_counted_twice() -> None:
    alone = fit_here(E2B, "wsl-16gb")
    beside = fit_here(E2B, "wsl-16gb", in_use_bytes=3 * GIB)
    assert alone.memory_free_bytes is not None
    assert beside.memory_free_bytes == alone.memory_free_bytes - 3 * GIB
    assert (alone.verdict, beside.verdict) == ("cpu", "no")
