"""Which model, in which quantization, for which wishes; and what a calibration changes."""

from dataclasses import replace

import pytest

from launcher import fit
from launcher.catalog.schema import CatalogModel
from launcher.fit.calibration import Calibration, Measured, is_far, nearest, solve
from launcher.fit.ranking import quantization_rank
from launcher.fit.speed import Constants, Known
from launcher.hardware.profile import unknown
from tests.unit.fit.computers import CATALOG, E2B, E4B, codes, fit_here, machine, rank_here

Q8, Q6, Q5, Q4, Q3 = "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_M"
BYTES = {Q8: 8.5, Q6: 6.56, Q5: 5.7, Q4: 4.85, Q3: 3.9}


def family(*quantizations: str, base: str = "qwen3-8b-q4_k_m") -> list[CatalogModel]:
    """One model in several quantizations."""
    model = CATALOG.model(base)
    assert model.file is not None
    assert model.parameters is not None
    return [
        model.model_copy(
            update={
                "id": f"m-{name.lower()}",
                "quantization": name,
                "file": model.file.model_copy(
                    update={"size_bytes": int(model.parameters * BYTES[name] / 8)}
                ),
            }
        )
        for name in quantizations
    ]


@pytest.mark.parametrize(
    ("computer", "best"),
    [
        # 16 GB of video memory, 8 GB, and none.
        ("windows-64gb-rtx5000-16gb", Q8),
        ("wsl-32gb-rtx4070", Q4),
        ("linux-server-512gb", Q4),
        ("windows-32gb-rtx4090", Q8),
    ],
)
def test_the_highest_quantization_that_is_on_the_gpu_in_full(computer: str, best: str) -> None:
    ranked = rank_here(machine(computer), models=family(Q3, Q4, Q5, Q6, Q8))
    assert ranked[0].model == f"m-{best.lower()}"


def test_never_below_q4_k_m_where_that_is_there() -> None:
    ranked = rank_here(machine("windows-16gb-iris-xe"), models=family(Q3, Q4))
    assert ranked[0].model == "m-q4_k_m"
    assert quantization_rank(family(Q3)[0]) is None


@pytest.mark.parametrize("model", [E4B, "gpt-oss-20b-mxfp4", "qwen3.8-27b-ud-q4_k_m"])
def test_what_was_trained_in_four_bits_counts_as_it_is(model: str) -> None:
    assert quantization_rank(CATALOG.model(model)) is not None


def test_a_higher_quantization_that_is_too_slow_is_not_taken() -> None:
    models = family(Q4, Q8)
    quick = rank_here(machine("windows-64gb-rtx5000-16gb"), models=models)
    assert quick[0].model == "m-q8_0"
    waits = {each.model: each.speed.class_last_s.likely for each in quick}
    between = (float(waits["m-q4_k_m"] or 0) + float(waits["m-q8_0"] or 0)) / 2
    hasty = rank_here(machine("windows-64gb-rtx5000-16gb"), models=models, class_limit_s=between)
    assert hasty[0].model == "m-q4_k_m"


def test_a_wish_for_time_chooses_a_faster_model() -> None:
    computer = machine("windows-16gb-cpu-build")
    patient = rank_here(computer, class_limit_s=60 * 60.0)[0]
    hasty = rank_here(computer, class_limit_s=10 * 60.0)[0]
    assert patient.speed.class_last_s.likely is not None
    assert hasty.speed.class_last_s.likely is not None
    assert hasty.speed.class_last_s.likely < patient.speed.class_last_s.likely
    assert hasty.speed.class_last_s.likely <= 10 * 60


@pytest.mark.parametrize(("wish", "field"), [("eu", "made_in_eu"), ("open_data", "open_data")])
def test_models_from_the_eu_or_with_open_data_can_be_preferred(wish: str, field: str) -> None:
    computer = machine("windows-64gb-rtx5000-16gb")
    plain, wished = rank_here(computer)[0], rank_here(computer, prefer=(wish,))[0]
    assert not getattr(CATALOG.model(plain.model), field)
    assert getattr(CATALOG.model(wished.model), field)
    assert wished.usable is True


def test_a_preference_never_makes_a_slow_model_the_choice() -> None:
    for best in (rank_here(machine("wsl-16gb"), prefer=("eu", "open_data"))[0],):
        assert best.usable is True


def test_only_models_of_the_role_are_ranked() -> None:
    found = rank_here(machine("wsl-16gb"), role="embedding")
    assert found
    assert {CATALOG.model(each.model).role for each in found} == {"embedding"}


# --- calibration --------------------------------------------------------------------------------

MEASURED = Measured(
    prompt_tokens_per_s=200.0, decode_tokens_per_s=20.0, class_tokens_per_s=50.0, slots=4
)


def known(model: CatalogModel, measured: Measured = MEASURED, *, exact: bool = True) -> Known:
    constants = solve(model, measured)
    assert constants is not None
    return Known(constants=constants, exact=exact, near=True)


def test_a_calibration_gives_back_what_was_measured() -> None:
    model = CATALOG.model(E2B)
    result = fit_here(E2B, "wsl-16gb", known=(known(model), None))
    speed = result.speed
    assert speed.basis == "measured"
    rate = speed.decode_tokens_per_s.likely
    # A real feedback has more context behind it than the measurement had.
    assert rate == pytest.approx(20, rel=0.06)
    assert rate is not None
    assert rate < 20
    one = speed.one_feedback_s.likely
    assert one == pytest.approx(1200 / 200 + 300 / rate, rel=0.01)


def test_a_calibration_needs_no_probe_of_the_speed() -> None:
    blind = replace(
        machine("wsl-16gb"), memory_bandwidth_bytes_per_s=unknown("x"), compute_flops=unknown("x")
    )
    assert fit_here(E2B, blind).speed.basis == "unknown"
    measured = fit_here(E2B, blind, known=(known(CATALOG.model(E2B)), None))
    assert measured.speed.class_last_s.likely is not None


def test_another_model_stays_an_estimate_but_a_narrower_one() -> None:
    guess = fit_here(E4B, "wsl-16gb").speed.decode_tokens_per_s
    other = fit_here(E4B, "wsl-16gb", known=(known(CATALOG.model(E2B), exact=False), None)).speed
    assert other.basis == "estimate"
    wide, narrow = (each.high / each.low for each in (guess, other.decode_tokens_per_s))  # type: ignore[operator]
    assert narrow < wide


def test_writing_together_is_solved_too() -> None:
    model = CATALOG.model("qwen3.5-2b-q4_k_m")
    constants = solve(model, MEASURED)
    assert constants is not None
    assert constants.batch_cost is not None
    again = 4 / MEASURED.class_tokens_per_s
    step = 1 / 20 + 3 * constants.batch_cost / 200
    assert step == pytest.approx(again, rel=0.05)


def calibration(
    model: str, size: int, device: str = "cpu", *, quantization: str = "Q4_0", driver: str = ""
) -> Calibration:
    return Calibration(
        device=device,
        driver=driver,
        engine="e",
        model=model,
        model_bytes=size,
        measured=MEASURED,
        constants=Constants(bandwidth=1e10, compute=1e11),
        expected_tokens_per_s=None,
        measured_at="2026-01-01",
        quantization=quantization,
    )


def test_the_nearest_measurement_counts() -> None:
    model = CATALOG.model(E4B)
    small, large, other = (
        calibration("s", 10**8), calibration("l", 4 * 10**9), calibration("l", 5 * 10**9, "gpu"),
    )  # fmt: skip
    assert nearest((small, large, other), model, "cpu") is large
    assert nearest((other,), model, "cpu") is None
    assert nearest((large, calibration(E4B, 1)), model, "cpu") == calibration(E4B, 1)
    assert is_far(small, model)
    assert not is_far(large, model)


def test_on_a_processor_another_kind_of_quantization_does_not_narrow_the_estimate() -> None:
    model = CATALOG.model(E4B)
    assert model.file is not None
    same_size = calibration("a", model.file.size_bytes, quantization="Q4_K_M")
    same_kind = calibration("b", model.file.size_bytes * 3, quantization="Q4_0 (QAT)")
    assert is_far(same_size, model)
    assert nearest((same_size, same_kind), model, "cpu") is same_kind
    on_a_card = replace(same_size, driver="555.99")
    assert not is_far(on_a_card, model)


@pytest.mark.parametrize(("measured", "told"), [(2.0, True), (9.0, False)])
def test_less_than_half_of_what_was_predicted_is_said(measured: float, told: bool) -> None:
    computer = machine("windows-16gb-iris-xe")
    expected = fit_here(E2B, computer).speed.decode_tokens_per_s.likely
    assert expected is not None
    assert 5 < expected < 18
    slow = replace(MEASURED, decode_tokens_per_s=measured, class_tokens_per_s=2 * measured)
    result = fit_here(E2B, computer, known=(known(CATALOG.model(E2B), slow), None))
    assert ("slower_than_predicted" in codes(result)) is told
    if told:
        text = " ".join(fit.explain_fit(result, "Gemma 4 E2B", "nl"))
        assert "Er waren er" in text


def test_half_of_the_layers_on_the_gpu_use_what_is_known_of_both() -> None:
    model = CATALOG.model(E4B)
    computer = machine("windows-16gb-rtx3060")
    assert fit_here(E4B, computer).verdict == "partial"
    slow = replace(known(model), constants=Constants(bandwidth=1e9, compute=1e10))
    result = fit_here(E4B, computer, known=(slow, None))
    plain = fit_here(E4B, computer)
    assert result.speed.basis == "estimate"
    assert result.verdict == plain.verdict
    one, other = (each.speed.decode_tokens_per_s.likely for each in (result, plain))
    assert one is not None
    assert other is not None
    assert one < other
