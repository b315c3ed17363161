"""From values of the use cases to the words on the screens."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from launcher.catalog.schema import Recipe
from launcher.errors import PaadjeError
from launcher.events import Progress
from launcher.fit.types import SpeedEstimate, Verdict
from launcher.i18n import Translator, describe_error
from launcher.lesson.plan import Alternative, LaunchPlan
from launcher.lesson.types import AppCard, LessonSnapshot, StopReceipt, Why
from launcher.services.states import ServiceState
from launcher.sharing.reachability import hotspot_advice

Tone = Literal["good", "care", "bad", "quiet"]

SCHOOL_BYTES_PER_S = 50e6 / 8
"""A download speed that many school networks reach, in bytes per second: 50 Mbit/s."""

_RUNNING = ("preparing", "starting", "ready", "degraded", "stopping", "unreachable")


def is_running(lesson: LessonSnapshot) -> bool:
    """Whether there is something to go back to; otherwise there is something to tidy up."""
    return lesson.state in _RUNNING


def verdict(t: Translator, plan: LaunchPlan) -> tuple[str, Tone]:
    """The verdict on this computer in a few words, and how it should look."""
    if plan.practice:
        return t("tui.verdict.practice"), "care"
    return _verdict(t, plan.verdict, plan.usable)


def alternative_verdict(t: Translator, alternative: Alternative) -> tuple[str, Tone]:
    label, tone = _verdict(t, alternative.verdict, True)
    # An alternative says that it fits, not that a class can work with it.
    return (t("tui.verdict.fits"), "quiet") if tone == "good" else (label, tone)


def _verdict(t: Translator, value: Verdict, usable: bool | None) -> tuple[str, Tone]:
    if value == "no":
        return t("tui.verdict.no"), "bad"
    if usable is False:
        return t("tui.verdict.slow"), "bad"
    if value == "tight":
        return t("tui.verdict.tight"), "care"
    if usable is None:
        return t("tui.verdict.unknown"), "quiet"
    return t("tui.verdict.good"), "good"


def waiting(t: Translator, speed: SpeedEstimate) -> str:
    """How long a class of this size waits."""
    first, last = speed.class_first_s.likely, speed.class_last_s.likely
    if speed.basis == "unknown" or first is None or last is None:
        return t("tui.waiting.unknown")
    key = "tui.waiting.measured" if speed.basis == "measured" else "tui.waiting.estimate"
    return t(key, first=t.duration(first), last=t.duration(last), students=speed.students)


def last_answer(t: Translator, class_last_s: float | None) -> str:
    """How long the last student waits."""
    if class_last_s is None:
        return t("tui.waiting.unknown")
    return t("tui.waiting.last", last=t.duration(class_last_s))


def download(t: Translator, fetch_bytes: int, taken_from: str | None = None) -> str:
    """What has to be fetched, and how long that takes about."""
    if not fetch_bytes:
        return t("tui.download.nothing")
    if taken_from is not None:
        return t("tui.download.taken_over", program=taken_from, size=t.size(fetch_bytes))
    return t(
        "tui.download.size",
        size=t.size(fetch_bytes),
        time=t.duration(fetch_bytes / SCHOOL_BYTES_PER_S),
    )


def progress(t: Translator, event: Progress) -> str:
    """How much, how fast and how long still: as far as it is known."""
    done = t.size(event.done_bytes)
    if event.total_bytes is None:
        return t("tui.progress.done", done=done)
    total = t.size(event.total_bytes)
    if event.bytes_per_s is None or event.seconds_left is None:
        return t("tui.progress.part", done=done, total=total)
    return t(
        "tui.progress.speed",
        done=done,
        total=total,
        speed=t.rate(event.bytes_per_s),
        left=t.duration(event.seconds_left),
    )


def step(t: Translator, code: str, params: Mapping[str, object]) -> str:
    return _coded(t, "step", code, params) or t("tui.step.other")


def notice(t: Translator, code: str, params: Mapping[str, object]) -> str | None:
    """The sentence of a notice; None for one without words."""
    return _coded(t, "notice", code, params)


def warning(t: Translator, code: str) -> str | None:
    """The sentence of a warning about an address; None for one without words."""
    full = code if "." in code else f"sharing.{code}"
    return _coded(t, "warning", full, {})


def address_warning(t: Translator, code: str, students: int) -> str | None:
    """The same for a class of this size: how many devices a hotspot carries matters then."""
    if code == "hotspot":
        return t(f"sharing.hotspot.{hotspot_advice(students)}")
    return warning(t, code)


def why(t: Translator, reason: Why | None) -> str | None:
    if reason is None:
        return None
    return _coded(t, "reason", f"host.{reason.code}", reason.params)


def problem(t: Translator, code: str) -> str:
    """What an error's code means, in one sentence."""
    return describe_error(PaadjeError(code), t.lang).message


def service(t: Translator, name: str, state: str, recipes: Mapping[str, Recipe]) -> str:
    """How one program of a lesson is doing, without words for programs."""
    kind = name if name in ("engine", "gateway") else "app"
    key = f"tui.service.{kind}.{state}"
    recipe = recipes.get(name)
    app = recipe.title.text(t.lang) if recipe else name
    return t(key, app=app) if t.has(key) else t("tui.step.other")


def service_tone(state: ServiceState) -> Tone:
    tones: dict[ServiceState, Tone] = {
        "ready": "good",
        "failed": "bad",
        "restarting": "care",
        "unresponsive": "care",
    }
    return tones.get(state, "quiet")


def lesson_title(t: Translator, lesson: LessonSnapshot, recipes: Mapping[str, Recipe]) -> str:
    """The names of the apps of a lesson."""
    names = [
        recipes[app.id].title.text(t.lang) if app.id in recipes else app.id for app in lesson.apps
    ]
    return ", ".join(names) or t("tui.lesson.nameless")


def kept(t: Translator, lesson: LessonSnapshot, recipes: Mapping[str, Recipe]) -> tuple[str, ...]:
    """What the apps of a lesson keep, and how long, in the words of their recipes."""
    return tuple(
        t("tui.stop.kept", text=recipes[app.id].privacy.retention.text(t.lang))
        for app in lesson.apps
        if app.id in recipes
    )


def joined(t: Translator, lesson: LessonSnapshot) -> str:
    if lesson.joined is None:
        return t("tui.lesson.joined_unknown")
    if lesson.joined == 0:
        return t("tui.lesson.joined_none")
    return t.plural("tui.lesson.joined", lesson.joined)


def receipt(t: Translator, receipts: Sequence[StopReceipt]) -> str:
    """What was erased when lessons were stopped, and what was kept."""
    erased = all(each.data_erased for each in receipts)
    lines = [t("tui.stop.erased" if erased else "tui.stop.not_erased")]
    files = sum(each.erased_files for each in receipts)
    if files:
        size = t.number(sum(each.erased_bytes for each in receipts))
        lines.append(t.plural("tui.stop.receipt", files, bytes=size))
    gone = all(each.logs_erased for each in receipts)
    lines.append(t("tui.stop.logs_erased" if gone else "tui.stop.logs_kept"))
    return "\n\n".join(lines)


def recipes_of(cards: Iterable[AppCard]) -> dict[str, Recipe]:
    return {card.recipe.id: card.recipe for card in cards}


def _coded(t: Translator, kind: str, code: str, params: Mapping[str, object]) -> str | None:
    """The sentence ``<domain>.<kind>.<name>`` for the code ``<domain>.<name>``."""
    domain, _, name = code.partition(".")
    key = f"{domain}.{kind}.{name}"
    return t(key, **params) if t.has(key) else None
