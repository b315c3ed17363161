"""Measure the models that are on this computer."""

from launcher import catalog
from launcher.engines.registry import DEFAULT_ENGINE, get_engine
from launcher.errors import PaadjeError, UsageError
from launcher.events import Cancel, Notice, Report
from launcher.lesson.calibration import (
    BenchRow,
    bench_model,
    installed_models,
    is_calibrated,
)
from launcher.lesson.here import Here
from launcher.lesson.plan import LaunchPlan
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
    ``fit.bench_nothing`` when there is none.
    """
    engine = get_engine(DEFAULT_ENGINE)
    models = installed_models(context)
    if model_id is not None:
        models = (catalog.load_catalog().model(model_id),)
    if not models:
        raise UsageError("fit.bench_nothing")
    machine = Here(context).machine(engine)
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
    if plan.practice:
        return  # It is never used for real feedback, and too small to tell of other models.
    try:
        (row,) = bench(context, plan.model, students=plan.students, report=report, cancel=cancel)
    except PaadjeError as error:
        report(Notice(code="fit.not_measured", params={"why": error.code}))
        return
    for reason in row.reasons:
        if reason.code == "slower_than_predicted":
            report(Notice(code="fit.slower_than_predicted", params=dict(reason.params)))
