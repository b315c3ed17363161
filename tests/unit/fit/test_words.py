"""What is unknown stays unknown, and what a teacher reads."""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from launcher import fit
from launcher.fit import reasons
from launcher.fit.fitting import COMFORT
from launcher.hardware.profile import Probed, unknown
from launcher.i18n import LANGUAGES, translator
from launcher.units import GIB, MIB
from tests.unit.fit.computers import (
    A31B,
    CATALOG,
    E2B,
    E4B,
    NAMES,
    PRACTICE,
    codes,
    fit_here,
    machine,
    rank_here,
)

# --- nothing from nothing -----------------------------------------------------------------------


def test_without_a_bandwidth_there_is_no_number_at_all() -> None:
    speed = fit_here(E4B, "linux-unknown-speed").speed
    assert speed.basis == "unknown"
    assert set(_numbers(speed)) == {28.0}


def test_where_the_speed_is_unknown_the_smallest_model_is_the_safest() -> None:
    best, *others = [
        each
        for each in rank_here(machine("linux-unknown-speed"))
        if each.verdict not in ("no", "tight") and CATALOG.model(each.model).status == "offer"
    ]
    assert best.usable is None
    assert all(best.memory.total_bytes <= other.memory.total_bytes for other in others)


def test_without_a_processing_speed_there_is_no_waiting_time() -> None:
    computer = replace(machine("wsl-16gb"), compute_flops=unknown("x"))
    speed = fit_here(E2B, computer).speed
    assert speed.decode_tokens_per_s.likely is not None
    assert speed.class_last_s.likely is None


def test_a_slow_decode_alone_is_enough_to_call_it_slow() -> None:
    computer = replace(machine("linux-container-24gb"), compute_flops=unknown("x"))
    result = fit_here(A31B, computer)
    assert result.usable is False
    assert "slow_one" in codes(result)


def test_unknown_memory_is_not_taken_for_enough() -> None:
    computer = replace(machine("wsl-16gb"), memory_total_bytes=unknown("x"))
    result = fit_here(E2B, computer)
    assert result.memory_free_bytes is None
    assert result.verdict == "tight"
    assert "memory_unknown" in codes(result)


PROBED = [
    "cpu_features",
    "physical_cores",
    "memory_total_bytes",
    "memory_available_bytes",
    "memory_limit_bytes",
    "memory_bandwidth_bytes_per_s",
    "compute_flops",
    "disk_free_bytes",
    "on_battery",
]
GPU_PROBED = [
    "memory_total_bytes",
    "memory_free_bytes",
    "bandwidth_bytes_per_s",
    "compute_flops",
]


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(NAMES),
    lost=st.sets(st.sampled_from(PROBED)),
    gpu_lost=st.sets(st.sampled_from(GPU_PROBED)),
    students=st.integers(1, 40),
    context=st.sampled_from([512, 4096, 32768]),
)
def test_whatever_is_unknown_there_is_never_nan_and_never_a_crash(
    name: str, lost: set[str], gpu_lost: set[str], students: int, context: int
) -> None:
    computer = machine(name)
    gpus = tuple(replace(gpu, **dict.fromkeys(gpu_lost, unknown("lost"))) for gpu in computer.gpus)
    blind = replace(computer, gpus=gpus, **dict.fromkeys(lost, unknown("lost")))
    for result in rank_here(blind, students=students, context_tokens=context):
        assert all(math.isfinite(number) for number in _numbers(result))
        assert 1 <= result.slots <= students
        for lang in LANGUAGES:
            for sentence in fit.explain_fit(result, "Model", lang):
                assert "nan" not in sentence.lower().split()
                assert "None" not in sentence
                assert "{" not in sentence


def _numbers(value: Any) -> Iterator[float]:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, int | float):
        yield float(value)
    elif isinstance(value, tuple):
        for item in value:
            yield from _numbers(item)
    elif hasattr(value, "items"):
        yield from _numbers(tuple(value.values()))
    else:
        for name in value.__slots__:
            yield from _numbers(getattr(value, name))


# --- in words -----------------------------------------------------------------------------------


def test_what_a_teacher_reads_of_a_model_that_fits() -> None:
    result = fit_here(E4B, "windows-16gb-cpu-build")
    first, one, klas, *rest = fit.explain_fit(result, "Gemma 4 E4B", "nl")
    assert re.fullmatch(r"Gemma 4 E4B past op deze computer \(\d,\d van \d+,\d GB\)\.", first)
    assert re.search(r"^Eén feedback duurt naar schatting .+ \(.+ tot .+\)\.$", one)
    assert re.search(r"^Je klas van 28: eerste antwoord na .+, laatste na ongeveer .+\.$", klas)
    assert any("CUDA" in sentence for sentence in rest)


@pytest.mark.parametrize(("lang", "word"), [("nl", "oefenmodel"), ("en", "practice model")])
@pytest.mark.parametrize("computer", NAMES)
def test_the_practice_model_is_always_called_that(computer: str, lang: str, word: str) -> None:
    text = " ".join(fit.explain_fit(fit_here(PRACTICE, computer), "SmolLM2", lang))
    assert word in text
    plain = replace(fit_here(PRACTICE, computer), reasons=())
    assert word in " ".join(fit.explain_fit(plain, "SmolLM2", lang, practice=True))


def test_a_model_that_does_not_fit_says_what_does() -> None:
    text = " ".join(fit.explain_fit(fit_here(E4B, "windows-8gb"), "Gemma 4 E4B", "nl"))
    assert "past niet op deze computer" in text
    assert "past hier wel" in text
    assert "Kies een kleiner model." in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_has_words(lang: str) -> None:
    t = translator(lang)
    folder = Path(reasons.__file__).parent
    source = "".join(file.read_text(encoding="utf-8") for file in folder.glob("*.py"))
    known = set(re.findall(r'Reason\(\s*code="(\w+)"', source))
    assert len(known) > 20
    for code in known:
        assert t.has(f"fit.reason.{code}"), code


def test_comfort_is_the_line_between_well_and_tight() -> None:
    need = fit.predict_memory(CATALOG.model(E2B), context_tokens=4096, slots=1).total_bytes

    def with_room(room: float) -> fit.Fit:
        total = Probed(value=round(room) + round(2.5 * GIB), source="x", confidence="reported")
        computer = replace(
            machine("wsl-16gb"), memory_total_bytes=total, memory_available_bytes=unknown("x")
        )
        return fit_here(E2B, computer, slots=1)

    assert with_room(need / COMFORT + MIB).verdict == "cpu"
    assert with_room(need / COMFORT - MIB).verdict == "tight"
    assert with_room(need + MIB).verdict == "tight"
    assert with_room(need - MIB).verdict == "no"
