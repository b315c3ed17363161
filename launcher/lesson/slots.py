"""How many students the engine serves at once on this computer: measured, not guessed.

More at once is no automatic win on a processor: 0.95 to 1.2 times with a model of 135 million
parameters, 1.6 times with twice as many (measured, 2 cores). So each number is tried, and the
smallest that is as good as the best is used: with fewer at once, each student waits less.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from launcher.engines.common import installed_version
from launcher.engines.protocol import Engine, EngineSettings
from launcher.engines.registry import DEFAULT_ENGINE, get_engine
from launcher.errors import UsageError
from launcher.events import Cancel, Report, StepFinished, StepStarted
from launcher.files import read_json_object, write_private_json
from launcher.lesson.library import known_model
from launcher.lesson.measuring import running_engine
from launcher.lesson.types import Context
from launcher.models.library import Library

TRIED = (1, 2, 4, 8)
SHARED_TOKENS = 1000
OWN_TOKENS = 200
OUTPUT_TOKENS = 60
"""Of one feedback: what the class shares, the student's own text, and what is written about it."""
ROOM_TOKENS = 20
AS_GOOD_AS = 0.97
ROUNDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotChoice:
    """``feedbacks_per_minute`` by the number of slots that were tried, all of them primed."""

    model: str
    slots: int
    feedbacks_per_minute: dict[int, float]


def choose_slots(feedbacks_per_minute: Mapping[int, float]) -> int:
    """The smallest number that is as good as the best."""
    best = max(feedbacks_per_minute.values())
    return min(slots for slots, speed in feedbacks_per_minute.items() if speed >= AS_GOOD_AS * best)


def calibrate_slots(
    context: Context, plan_settings: EngineSettings, *, report: Report, cancel: Cancel
) -> SlotChoice:
    """Try each number of slots up to those of ``plan_settings``, in turns, and keep the choice."""
    report(StepStarted(step="lesson.calibrating_slots"))
    choice = measure_slots(plan_settings, context.paths.logs / "bench.log", cancel)
    stored = read_json_object(_file(context)) or {}
    stored[_key(get_engine(DEFAULT_ENGINE), choice.model)] = choice.slots
    write_private_json(_file(context), stored)
    report(StepFinished(step="lesson.calibrating_slots"))
    return choice


def measure_slots(plan_settings: EngineSettings, log_file: Path, cancel: Cancel) -> SlotChoice:
    """Help a class with each number of slots up to those of ``plan_settings``.

    The context of ``plan_settings`` has to hold what one feedback takes. A number that is clearly
    worse than a smaller one is the last: larger ones only take longer to try.
    """
    tried = [slots for slots in TRIED if slots <= max(plan_settings.slots, 1)]
    speeds: dict[int, float] = {}
    shared = [100 + number % 900 for number in range(SHARED_TOKENS)]
    engine = get_engine(DEFAULT_ENGINE)
    with tempfile.TemporaryDirectory(prefix="paadje-slots-") as folder:
        settings = replace(plan_settings, slots=tried[-1], slot_dir=Path(folder))
        with running_engine(engine, settings, log_file, cancel) as tested:
            tested.prime(shared, tried[-1])
            for slots in tried:
                rates = []
                for _ in range(ROUNDS):
                    cancel.check()
                    rates.append(
                        tested.class_rate(
                            slots, shared=shared, own=OWN_TOKENS, output=OUTPUT_TOKENS
                        )
                    )
                # Other programs on the computer only ever slow it down: the best counts.
                speeds[slots] = max(rates)
                if speeds[slots] < AS_GOOD_AS * max(speeds.values()):
                    break
    return SlotChoice(
        model=plan_settings.model_id, slots=choose_slots(speeds), feedbacks_per_minute=speeds
    )


def calibrated_slots(context: Context, engine: Engine, model_id: str) -> int | None:
    """What was measured with this build of the engine; None when nothing was."""
    found = (read_json_object(_file(context)) or {}).get(_key(engine, model_id))
    return found if isinstance(found, int) and found in TRIED else None


def settings_for(context: Context, model_id: str, *, slots: int) -> EngineSettings:
    """How the engine would run an installed model. Raises ``models.missing`` and its kin."""
    import psutil

    model = known_model(context, model_id)
    if model.file is None:
        raise UsageError("lesson.model_withheld", model=model.name)
    graphics = len(get_engine(DEFAULT_ENGINE).describe().devices) > 1
    return EngineSettings(
        model_path=Library(context.models_dir).check_quick(model.file),
        model_id=model_id,
        port=0,
        api_key="",
        context_tokens=SHARED_TOKENS + OWN_TOKENS + OUTPUT_TOKENS + ROOM_TOKENS,
        slots=slots,
        threads=psutil.cpu_count(logical=False) or 2,
        gpu_layers=-1 if graphics else 0,
    )


def _key(engine: Engine, model_id: str) -> str:
    return f"{engine.id} {installed_version(engine.id) or ''} {model_id}"


def _file(context: Context) -> Path:
    return context.paths.data / "slots.json"
