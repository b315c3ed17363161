"""Measure the models that are on this computer."""

from launcher import catalog
from launcher.engines.registry import DEFAULT_ENGINE, get_engine
from launcher.errors import Cancelled, PaadjeError, UsageError
from launcher.events import Cancel, Notice, Report
from launcher.lesson.calibration import (
    BenchRow,
    bench_model,
    installed_models,
    is_calibrated,
)
from launcher.lesson.here import Here
from launcher.lesson.library import known_model
from launcher.lesson.plan import LaunchPlan
from launcher.lesson.running import live_lessons
from launcher.lesson.types import Context


def bench(
    context: Context,
    model_id: str | None = None,
    *,
    students: int | None = None,
    report: Report,
    cancel: Cancel,
) -> tuple[BenchRow, ...]:
    """Measure one model, or all that are here, the largest first; what was measured is kept.

    Raises `UsageError` for a model that is not known, not here or too big, and
    ``fit.bench_nothing`` when there is none; and ``fit.bench_in_lesson`` while a lesson runs: the
    class would wait for it, and it would say too little of the model.
    """
    if live_lessons(context):
        raise PaadjeError("fit.bench_in_lesson")
    engine = get_engine(DEFAULT_ENGINE)
    here = Here(context)
    known = catalog.load_catalog()
    chosen = installed_models(context) if model_id is None else (known_model(context, model_id),)
    models = here.with_headers(known.model_copy(update={"models": chosen})).models
    if not models:
        raise UsageError("fit.bench_nothing")
    machine = here.machine(engine)
    refusal = engine.supports(machine)
    if refusal is not None:
        raise PaadjeError(refusal)
    return tuple(
        bench_model(
            context,
            engine,
            machine,
            model,
            students=students or context.settings.students,
            report=report,
            cancel=cancel,
        )
        for model in models
    )


def calibrate(context: Context, plan: LaunchPlan, *, report: Report, cancel: Cancel) -> None:
    """After an install: measure the plan's model once. What goes wrong here stops nothing."""
    engine = get_engine(plan.engine)
    machine = Here(context).machine(engine)
    if machine.on_battery.value or is_calibrated(context, machine, engine, plan.model):
        return
    # The practice model is never used for real feedback, and too small to tell of others; beside
    # a running lesson nothing can be measured.
    if plan.practice or live_lessons(context):
        return
    try:
        (row,) = bench(context, plan.model, students=plan.students, report=report, cancel=cancel)
    except Cancelled:
        raise
    except PaadjeError as error:
        report(Notice(code="fit.not_measured", params={"why": error.code}))
        return
    for reason in row.reasons:
        if reason.code == "slower_than_predicted":
            report(Notice(code="fit.slower_than_predicted", params=dict(reason.params)))
