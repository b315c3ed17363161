"""Choose: which model, how, and whether this computer can do it. Nothing is changed here."""

from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path

from launcher import catalog, fit
from launcher.catalog.schema import Catalog, CatalogModel, ModelFile, Recipe
from launcher.engines.protocol import Engine
from launcher.engines.registry import DEFAULT_ENGINE, get_engine
from launcher.errors import PaadjeError, UsageError
from launcher.fit.budget import disk_needed_bytes
from launcher.fit.fitting import CLASS_LIMIT_S
from launcher.fit.types import Fit, Reason
from launcher.hardware.profile import MachineProfile
from launcher.lesson.extras import SERVER_ENGINE, server_plan, with_adapter
from launcher.lesson.here import Elsewhere, Here
from launcher.lesson.library import known_model
from launcher.lesson.plan import PLAN_VERSION, Alternative, LaunchPlan, PlannedFile
from launcher.lesson.slots import calibrated_slots
from launcher.lesson.types import AppCard, Context, PlanWishes
from launcher.models import licences
from launcher.models.gguf import read_header
from launcher.models.library import Library
from launcher.models.own import find_model
from launcher.units import GIB

KV_TYPE = "f16"
MOST_ALTERNATIVES = 4
LONG_WAIT_S = 120.0
CLEARLY_FASTER = 0.6
"""A smaller model is worth a sentence when the class waits long and would wait much less."""


def list_apps(context: Context) -> tuple[AppCard, ...]:
    """Every app of the catalog with its verdict on this computer."""
    return tuple(_card(context, recipe) for recipe in catalog.load_recipes())


def withheld_models(context: Context) -> tuple[CatalogModel, ...]:
    """Models that Paadje does not offer, each with its reason: something to talk about in class."""
    return tuple(model for model in catalog.load_catalog().models if model.status == "withheld")


def make_plan(
    context: Context,
    app: str,
    wishes: PlanWishes | None = None,
    *,
    machine: MachineProfile | None = None,
) -> LaunchPlan:
    """The plan for ``app``, on this computer or on another one, described by ``machine``.

    Raises `UsageError` for what is not known, `PaadjeError` when nothing fits.
    """
    wishes = wishes or PlanWishes()
    recipe = catalog.load_recipe(app)
    engine = get_engine(wishes.engine or DEFAULT_ENGINE)
    if engine.id == SERVER_ENGINE:
        return server_plan(context, recipe, wishes)
    if wishes.from_place is not None:
        _check_place(wishes.from_place)
    here = Here(context) if machine is None else Elsewhere(context)
    computer = here.machine(engine) if machine is None else machine
    refusal = engine.supports(computer)
    if refusal is not None:
        raise PaadjeError(refusal)
    library = Library(context.models_dir)
    models, wanted = _to_choose_from(here, library, recipe, wishes)
    students = wishes.students or context.settings.students
    ranked = fit.rank(
        models.models,
        computer,
        students=students,
        context_tokens=wishes.context_tokens or recipe.needs.context_tokens,
        languages=recipe.needs.languages,
        available=lambda model: model.status != "own" or model.id == wanted,
        missing_bytes=here.missing_bytes,
        known=here.known_speeds(computer, engine),
        role=recipe.needs.model_role,
        class_limit_s=wishes.class_minutes * 60.0 if wishes.class_minutes else CLASS_LIMIT_S,
        prefer=wishes.prefer,
        in_use_bytes=here.in_use_bytes() + recipe.needs.memory_bytes,
        kv_type=KV_TYPE,
    )
    notices: tuple[Reason, ...] = ()
    if wanted is not None:
        chosen = next(each for each in ranked if each.model == wanted)
    else:
        obtainable = here.obtainable(wishes.from_place)
        chosen, notices = _best_obtainable(models, ranked, obtainable, library)
        if wishes.read_header and here.with_remote_header(models, chosen.model) is not models:
            # Now it is known here; decide once more, with what the header says.
            again = replace(wishes, read_header=False)
            return make_plan(context, app, again, machine=machine)
    model = models.model(chosen.model)
    told = here.engine_memory(model, chosen, KV_TYPE)
    plan = _launch_plan(
        context,
        recipe,
        engine,
        computer,
        here,
        model,
        chosen if told is None else replace(chosen, memory=told),
        students=students,
        reasons=(*notices, *_smaller(models, ranked, chosen), *chosen.reasons),
        alternatives=_alternatives(models, ranked, chosen, here.missing_bytes),
    )
    if wishes.adapter is None:
        return plan
    path = None if model.file is None else library.find(model.file)
    architecture = read_header(path).architecture if path is not None else None
    return with_adapter(plan, wishes.adapter, architecture=architecture)


def _check_place(place: str) -> None:
    """Raises ``models.place_missing`` before anything else is looked at: a stick that is not in, or
    a slip of typing, should not end in words about the internet."""
    from launcher.models.sources import lan
    from launcher.models.sources.file import is_address

    if place != lan.PLACE and not is_address(place) and not Path(place).expanduser().exists():
        raise PaadjeError("models.place_missing", place=place)


def _to_choose_from(
    here: Elsewhere, library: Library, recipe: Recipe, wishes: PlanWishes
) -> tuple[Catalog, str | None]:
    """The models with what is known of their headers, and the id of the one that was asked for."""
    models = catalog.load_catalog()
    wanted = None
    if wishes.model is not None:
        asked = find_model(models, library, wishes.model)
        _check_choice(asked, recipe)
        wanted = asked.id
        if asked.status == "own":
            models = models.model_copy(update={"models": (*models.models, asked)})
        elif wishes.read_header:
            models = here.with_remote_header(models, wanted)
    return here.with_headers(models), wanted


def _launch_plan(
    context: Context,
    recipe: Recipe,
    engine: Engine,
    computer: MachineProfile,
    here: Elsewhere,
    model: CatalogModel,
    chosen: Fit,
    *,
    students: int,
    reasons: tuple[Reason, ...],
    alternatives: tuple[Alternative, ...],
) -> LaunchPlan:
    assert model.file is not None
    file = model.file
    missing_bytes = here.missing_bytes(model)
    return LaunchPlan(
        version=PLAN_VERSION,
        app=recipe.id,
        students=students,
        lang=context.lang,
        engine=engine.id,
        model=model.id,
        model_name=model.name,
        quantization=model.quantization or "",
        practice=model.status == "practice",
        verdict=chosen.verdict,
        usable=chosen.usable,
        context_tokens=chosen.context_tokens,
        slots=_slots(context, engine, chosen),
        gpu_layers=chosen.gpu_layers,
        threads=chosen.threads,
        kv_type=KV_TYPE,
        mmap=_use_mmap(computer),
        files=(
            PlannedFile(
                name=file.name,
                size_bytes=file.size_bytes,
                sha256=file.sha256,
                fetch_bytes=missing_bytes,
                taken_from=here.taken_from(model) if missing_bytes else None,
            ),
        ),
        fetch_bytes=missing_bytes,
        disk_needed_bytes=disk_needed_bytes(file.size_bytes, missing_bytes),
        disk_free_bytes=computer.disk_free_bytes.value,
        memory=chosen.memory,
        memory_free_bytes=chosen.memory_free_bytes,
        speed=chosen.speed,
        first_port=context.settings.port,
        share="lan",
        reasons=reasons,
        alternatives=alternatives,
        licence=model.licence.name,
        licence_url=model.licence.url,
        licence_needs_acceptance=not licences.is_accepted(context.paths.data, model.licence),
        idle_unload_s=context.settings.idle_unload_minutes * 60 or None,
    )


def _slots(context: Context, engine: Engine, chosen: Fit) -> int:
    """As many as memory allows, the engine can do, and were measured to help."""
    bounds = (engine.max_slots, calibrated_slots(context, engine, chosen.model))
    return min([chosen.slots, *(bound for bound in bounds if bound is not None)])


def explain_plan(
    context: Context, plan: LaunchPlan, *, leave_out: Collection[str] = ()
) -> tuple[str, ...]:
    """What a teacher is told about this plan, the most important first.

    ``leave_out`` are the codes of reasons that a screen shows in its own way.
    """
    if plan.server:
        return tuple(
            sentence
            for reason in plan.reasons
            if reason.code not in leave_out
            for sentence in fit.explain_reason(reason, context.lang)
        )
    return fit.explain_fit(
        plan_fit(plan),
        plan.model_name,
        context.lang,
        practice=plan.practice,
        leave_out=leave_out,
    )


def plan_fit(plan: LaunchPlan) -> Fit:
    """The fit inside a plan."""
    return Fit(
        model=plan.model,
        verdict=plan.verdict,
        usable=plan.usable,
        memory=plan.memory,
        memory_free_bytes=plan.memory_free_bytes,
        speed=plan.speed,
        context_tokens=plan.context_tokens,
        slots=plan.slots,
        gpu_layers=plan.gpu_layers,
        threads=plan.threads,
        reasons=plan.reasons,
    )


def _card(context: Context, recipe: Recipe) -> AppCard:
    from launcher.lesson.installing import is_installed

    try:
        plan = make_plan(context, recipe.id)
    except PaadjeError as error:
        return AppCard(recipe=recipe, installed=False, plan=None, problem=error.code)
    return AppCard(recipe=recipe, installed=is_installed(context, plan), plan=plan)


def _check_choice(model: CatalogModel, recipe: Recipe) -> None:
    if model.file is None:
        raise UsageError("lesson.model_withheld", model=model.name)
    if model.role != recipe.needs.model_role:
        raise UsageError("lesson.model_wrong_role", model=model.name)


def _best_obtainable(
    models: Catalog,
    ranked: tuple[Fit, ...],
    obtainable: Callable[[CatalogModel], bool],
    library: Library,
) -> tuple[Fit, tuple[Reason, ...]]:
    """The best fit whose bytes can be had, and a notice when that is not the best of all."""
    fitting = [candidate for candidate in ranked if candidate.verdict != "no"]
    if not fitting:
        raise PaadjeError("lesson.nothing_fits")
    for candidate in fitting:
        if obtainable(models.model(candidate.model)):
            best = fitting[0]
            practice = models.model(candidate.model).status == "practice"
            # A model that is too slow for this class is still better than one to practise with.
            if candidate is best or (best.usable is False and not practice):
                return candidate, ()
            name = models.model(best.model).name
            return candidate, (Reason(code="better_model_unreachable", params={"model": name}),)
    for candidate in fitting:
        file = models.model(candidate.model).file
        if file is not None and library.target(file).exists():
            # It is here but not right: say that, rather than that there is no model.
            library.check_quick(file)
    raise PaadjeError("lesson.no_model_reachable")


def _smaller(models: Catalog, ranked: tuple[Fit, ...], chosen: Fit) -> tuple[Reason, ...]:
    """The best other model that is done in about half of the time, when waiting is long."""
    last = chosen.speed.class_last_s.likely
    if chosen.verdict == "no" or last is None or last < LONG_WAIT_S:
        return ()
    for other in ranked:
        model, time = models.model(other.model), other.speed.class_last_s.likely
        does = other.usable and other.verdict not in ("no", "tight") and model.status == "offer"
        if does and time is not None and time <= CLEARLY_FASTER * last:
            return (Reason(code="smaller_model", params={"model": model.name, "last_s": time}),)
    return ()


def _alternatives(
    models: Catalog,
    ranked: tuple[Fit, ...],
    chosen: Fit,
    missing_bytes: Callable[[CatalogModel], int],
) -> tuple[Alternative, ...]:
    found = []
    for candidate in ranked:
        model = models.model(candidate.model)
        if candidate.model == chosen.model or candidate.verdict == "no" or model.file is None:
            continue
        found.append(
            Alternative(
                model=model.id,
                name=model.name,
                verdict=candidate.verdict,
                class_last_s=candidate.speed.class_last_s.likely,
                fetch_bytes=missing_bytes(model),
            )
        )
    practice_id = models.practice_model().id
    practice = [alternative for alternative in found if alternative.model == practice_id]
    others = [alternative for alternative in found if alternative.model != practice_id]
    return (*others[:MOST_ALTERNATIVES], *practice)


def _use_mmap(machine: MachineProfile) -> bool:
    """Not with 16 GB or less: CPU builds repack the weights, and with mmap both copies stay in
    memory."""
    total_bytes = machine.memory_total_bytes.value
    return total_bytes is not None and total_bytes > 17 * GIB


def planned_model(context: Context, plan: LaunchPlan) -> tuple[CatalogModel, ModelFile]:
    """The entry of the catalog or the library for the plan's model, and its file."""
    model = known_model(context, plan.model)
    if model.file is None:
        raise UsageError("lesson.model_withheld", model=model.name)
    return model, model.file
