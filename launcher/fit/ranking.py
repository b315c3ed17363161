"""Which of the models that this computer can run is the best choice for this class."""

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

from launcher.catalog.schema import CatalogModel, ModelRole
from launcher.fit.fitting import CLASS_LIMIT_S, DEFAULT_KV_TYPE, KnownSpeeds, fit_model
from launcher.fit.types import Fit, Reason
from launcher.hardware.profile import MachineProfile

QUANTIZATIONS = ("Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0")
"""From the least that is ever chosen to the nearest to the original."""

Preference = Literal["eu", "open_data"]


def rank(
    models: Iterable[CatalogModel],
    machine: MachineProfile,
    *,
    students: int,
    context_tokens: int,
    languages: tuple[str, ...],
    available: Callable[[CatalogModel], bool],
    missing_bytes: Callable[[CatalogModel], int] | None = None,
    known: Callable[[CatalogModel], KnownSpeeds] | None = None,
    role: ModelRole = "chat",
    class_limit_s: float = CLASS_LIMIT_S,
    prefer: Iterable[Preference] = (),
    in_use_bytes: int = 0,
    kv_type: str = DEFAULT_KV_TYPE,
) -> tuple[Fit, ...]:
    """Every model of ``role`` that can be had, the best choice first, the practice model last.

    ``available`` says whether a model's file is here or can be fetched; others are left out, as
    are withheld models. What fits comes before what does not, offered models before the seeds',
    usable for the class before slow, comfortable before tight; then the better Dutch (where the
    app needs Dutch), then the shorter wait; of the slow ones the fastest. ``prefer`` puts models
    made in the EU, or with open training data, before others that would do as well. Where a model
    comes in several quantizations, one of them stands for it (`_preferred`). A model that does
    not do names what does.
    """
    dutch = "nl" in languages
    ranked = [
        (
            model,
            fit_model(
                model,
                machine,
                students=students,
                context_tokens=context_tokens,
                language="nl" if dutch else "en",
                missing_bytes=missing_bytes(model) if missing_bytes else None,
                known=known(model) if known else (None, None),
                class_limit_s=class_limit_s,
                in_use_bytes=in_use_bytes,
                kv_type=kv_type,
            ),
        )
        for model in models
        if model.role == role and model.status != "withheld" and available(model)
    ]
    wishes = tuple(prefer)
    second = _second_choices(ranked)
    ranked.sort(
        key=lambda pair: _rank_order(*pair, dutch=dutch, prefer=wishes, second=pair[0].id in second)
    )
    return tuple(with_way_out(fit, ranked) for _, fit in ranked)


def with_way_out(fit: Fit, ranked: Iterable[tuple[CatalogModel, Fit]]) -> Fit:
    """``fit``; when it does not do, with what does: the best model of ``ranked``, or else a
    colleague's laptop, and the practice model to try things with."""
    if fit.verdict != "no" and fit.usable is not False:
        return fit
    choices = list(ranked)
    for model, other in choices:
        if other.verdict != "no" and other.usable and model.status == "offer":
            if model.id == fit.model:
                return fit
            better = Reason(code="try_instead", params={"model": model.name})
            return replace(fit, reasons=(*fit.reasons, better))
    found = {reason.code for reason in fit.reasons}
    more = []
    if not found & {"another_computer", "no_avx2"}:
        more.append(Reason(code="colleagues_laptop"))
    for model, other in choices:
        if model.status == "practice" and other.verdict != "no" and model.id != fit.model:
            more.append(Reason(code="practice_works", params={"model": model.name}))
    return replace(fit, reasons=(*fit.reasons, *more))


def _rank_order(
    model: CatalogModel, fit: Fit, *, dutch: bool, prefer: tuple[Preference, ...], second: bool
) -> tuple[float, ...]:
    last = fit.speed.class_last_s.likely
    wait = math.inf if last is None else last
    quality = model.dutch_rank if dutch and model.dutch_rank is not None else math.inf
    tight = fit.verdict == "tight"
    place = (model.status == "practice", fit.verdict == "no", model.status == "seed")
    if fit.verdict == "no":
        return *place, fit.memory.total_bytes
    if fit.usable is False:
        return *place, 2, second, wait, tight
    wishes = -sum(_meets(model, wish) for wish in prefer)
    if fit.usable is None and fit.gpu_layers != -1:
        # Nothing is known of the speed of this processor: the smaller, the safer.
        return *place, 1, tight, wishes, second, fit.memory.total_bytes
    group = 0 if fit.usable else 1
    return *place, group, tight, wishes, second, quality, wait, fit.memory.total_bytes


def _meets(model: CatalogModel, wish: Preference) -> bool:
    return model.made_in_eu if wish == "eu" else model.open_data


def _second_choices(ranked: Iterable[tuple[CatalogModel, Fit]]) -> set[str]:
    """Models that are there in a better fitting quantization too."""
    families: dict[tuple[str, str], list[tuple[CatalogModel, Fit]]] = {}
    for model, fit in ranked:
        families.setdefault((model.publisher, model.name), []).append((model, fit))
    return {
        model.id
        for family in families.values()
        for model, _ in family
        if model.id != _preferred(family)
    }


def _preferred(family: list[tuple[CatalogModel, Fit]]) -> str:
    """The highest quantization that is on the GPU in full and fast enough; else the smallest file
    that is not below Q4_K_M. What was trained in four bits counts as it is."""
    allowed = [pair for pair in family if quantization_rank(pair[0]) is not None] or family
    full = [pair for pair in allowed if pair[1].verdict == "full_gpu" and pair[1].usable]
    if full:
        return max(full, key=lambda pair: quantization_rank(pair[0]) or 0)[0].id
    return min(allowed, key=lambda pair: pair[0].file.size_bytes if pair[0].file else 0)[0].id


def quantization_rank(model: CatalogModel) -> int | None:
    """Higher is nearer to the original; None is below Q4_K_M, and never chosen by itself."""
    name = (model.quantization or "").upper().removeprefix("UD-")
    if "QAT" in name or name.startswith("MXFP4"):
        return len(QUANTIZATIONS)
    for place, known in enumerate(QUANTIZATIONS):
        if name.startswith(known):
            return place
    return None
