"""A fit in the sentences that a teacher reads."""

from collections.abc import Collection, Iterator

from launcher.fit.types import Fit, Reason
from launcher.i18n import Translator, translator


def explain_fit(
    fit: Fit,
    model_name: str,
    lang: str,
    *,
    practice: bool = False,
    leave_out: Collection[str] = (),
) -> tuple[str, ...]:
    """Whether it fits, how long the class waits, and every reason with what to do about it.

    A fit of the practice model says so by itself; ``practice`` makes sure that it does.
    ``leave_out`` are the codes of reasons that the reader sees elsewhere.
    """
    t = translator(lang)
    reasons = fit.reasons
    if practice and not any(reason.code == "practice_only" for reason in reasons):
        reasons = (*reasons, Reason(code="practice_only"))
    return (
        _memory_sentence(fit, model_name, t),
        *_speed_sentences(fit, t),
        *(
            sentence
            for reason in reasons
            # The first sentence has the same numbers as the first of these.
            if reason.code != "weights_too_big" and reason.code not in leave_out
            for sentence in explain_reason(reason, lang)
        ),
    )


def explain_reason(reason: Reason, lang: str) -> tuple[str, ...]:
    """The reason, and the advice where there is something to do."""
    t = translator(lang)
    values = {name: _shown(name, value, t) for name, value in reason.params.items()}
    keys = (f"fit.reason.{reason.code}", f"fit.advice.{reason.code}")
    return tuple(t(key, **values) for key in keys if t.has(key))


def _memory_sentence(fit: Fit, name: str, t: Translator) -> str:
    if fit.memory_free_bytes is None or not fit.memory.total_bytes:
        return t(f"fit.memory_unknown.{'no' if fit.verdict == 'no' else 'maybe'}", name=name)
    too_big = fit.memory.total_bytes > fit.memory_free_bytes
    if fit.verdict == "no" and not too_big:
        return t("fit.memory.other", name=name)
    if fit.verdict == "no":
        need, free = t.size(fit.memory.total_bytes), t.size(fit.memory_free_bytes)
        return t("fit.memory.no", name=name, need=need, free=free)
    part = t.part(fit.memory.total_bytes, fit.memory_free_bytes)
    return t(f"fit.memory.{fit.verdict}", name=name, part=part)


def _speed_sentences(fit: Fit, t: Translator) -> Iterator[str]:
    speed = fit.speed
    one, first, last = speed.one_feedback_s, speed.class_first_s, speed.class_last_s
    if one.likely is not None and one.low is not None and one.high is not None:
        yield t(
            f"fit.speed.one.{speed.basis}",
            likely=t.duration(one.likely),
            span=t.span(one.low, one.high),
        )
    if speed.students > 1 and first.likely is not None and last.likely is not None:
        yield t(
            "fit.speed.class",
            students=t.number(speed.students),
            first=t.duration(first.likely),
            last=t.duration(last.likely),
        )


def _shown(name: str, value: int | float | str, t: Translator) -> str:
    if isinstance(value, str):
        return value
    if name.endswith("_bytes"):
        return t.size(round(value))
    if name.endswith("_s"):
        return t.duration(value)
    if name.endswith("_rate"):
        return t.number(value, digits=0 if value >= 10 else 1)
    return t.number(value)
