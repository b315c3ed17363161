"""Two ways to run a lesson that are chosen by those who know why: a server that the school has,
and an adapter on top of a model."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from launcher import catalog
from launcher.catalog.schema import Recipe
from launcher.downloads.disk import read_failed
from launcher.downloads.hashing import sha256_of
from launcher.engines.openai_endpoint import ANY_MODEL, check_endpoint
from launcher.engines.registry import get_engine
from launcher.errors import UsageError
from launcher.events import Cancel
from launcher.fit.speed import unknown_speed
from launcher.fit.types import MemoryNeed, Reason
from launcher.lesson.plan import PLAN_VERSION, LaunchPlan
from launcher.lesson.types import Context, PlanWishes
from launcher.models.gguf import read_header

ENDPOINT_URL = "PAADJE_ENGINE_URL"
ENDPOINT_KEY = "PAADJE_ENGINE_API_KEY"
"""Of a server that the school has. The key is never kept on disk but in the lesson's own file."""
SERVER_ENGINE = "openai-endpoint"
SERVER_SLOTS = 4
"""So many students at once on a server that also works for others."""


def server_plan(context: Context, recipe: Recipe, wishes: PlanWishes) -> LaunchPlan:
    """The plan for a lesson with the school's server: nothing is fetched and nothing has to fit.

    ``wishes.model`` is the server's own name of a model; without one it is the first it offers.
    Raises `UsageError` ``engines.endpoint_missing`` and those of `check_endpoint`.
    """
    url = context.environ.get(ENDPOINT_URL, "")
    if not url:
        raise UsageError("engines.endpoint_missing", variable=ENDPOINT_URL)
    check_endpoint(url)
    if wishes.adapter is not None:
        raise UsageError("lesson.adapter_elsewhere")
    server = urlsplit(url).hostname or ""
    students = wishes.students or context.settings.students
    return LaunchPlan(
        version=PLAN_VERSION,
        app=recipe.id,
        students=students,
        lang=context.lang,
        engine=SERVER_ENGINE,
        model=wishes.model or ANY_MODEL,
        model_name=wishes.model or server,
        quantization="",
        practice=wishes.model == catalog.load_catalog().practice_model().id,
        verdict="cpu",
        usable=None,
        context_tokens=wishes.context_tokens or recipe.needs.context_tokens,
        slots=get_engine(SERVER_ENGINE).max_slots or SERVER_SLOTS,
        gpu_layers=0,
        threads=0,
        kv_type="",
        mmap=False,
        files=(),
        fetch_bytes=0,
        disk_needed_bytes=0,
        disk_free_bytes=None,
        memory=MemoryNeed(weights_bytes=0, kv_cache_bytes=0, compute_bytes=0, basis="unknown"),
        memory_free_bytes=None,
        speed=unknown_speed(students),
        first_port=context.settings.port,
        share="lan",
        reasons=(Reason(code="school_server", params={"server": server}),),
        alternatives=(),
        licence="",
        licence_url=None,
        licence_needs_acceptance=False,
        server=server,
    )


def with_adapter(plan: LaunchPlan, adapter: Path, *, architecture: str | None) -> LaunchPlan:
    """The plan with a LoRA adapter on top of its model; ``architecture`` None is not known.

    Raises `UsageError` ``lesson.no_such_file``, ``lesson.adapter_unusable`` when the file is no
    adapter, ``lesson.adapter_other_model`` when it was made for another kind of model, and what
    reading its header raises.
    """
    if not adapter.is_file():
        raise UsageError("lesson.no_such_file", file=str(adapter))
    header = read_header(adapter)
    if header.metadata.get("general.type") != "adapter":
        raise UsageError("lesson.adapter_unusable", file=adapter.name)
    if architecture is not None and header.architecture != architecture:
        raise UsageError(
            "lesson.adapter_other_model",
            file=adapter.name,
            model=plan.model_name,
            detail=f"{header.architecture} / {architecture}",
        )
    size_bytes = adapter.stat().st_size
    return replace(
        plan,
        adapter=str(adapter.absolute()),
        memory=replace(plan.memory, weights_bytes=plan.memory.weights_bytes + size_bytes),
        reasons=(*plan.reasons, Reason(code="adapter", params={"file": adapter.name})),
    )


def adapter_sha256(plan: LaunchPlan) -> str:
    """Of the plan's adapter, and empty without one. Raises ``models.unreadable``."""
    if plan.adapter is None:
        return ""
    path = Path(plan.adapter)
    try:
        return sha256_of(path, cancel=Cancel())
    except OSError as error:
        raise read_failed(error, path) from error
