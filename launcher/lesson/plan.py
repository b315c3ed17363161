"""The launch plan: every choice, made once, before anything is fetched or started."""

import dataclasses
from dataclasses import dataclass
from typing import Any, Literal

from launcher.fit.types import MemoryNeed, Reason, SpeedEstimate, Verdict

PLAN_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFile:
    """One file the plan needs. ``fetch_bytes`` is what is still missing of it.

    ``taken_from`` is the other program on this computer that seems to have all of it: then nothing
    is fetched, unless its bytes turn out to be others.
    """

    name: str
    size_bytes: int
    sha256: str
    fetch_bytes: int
    taken_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another model that would work here, with the waiting time for the class."""

    model: str
    name: str
    verdict: Verdict
    class_last_s: float | None
    fetch_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchPlan:
    """What ``install`` and ``start`` will do; JSON-able, shown before anything happens.

    Times in seconds, sizes in bytes, context in tokens for each slot. ``practice`` is True for the
    starter model, which is never fit for real feedback.
    """

    version: int
    app: str
    students: int
    lang: str
    engine: str
    model: str
    model_name: str
    quantization: str
    practice: bool
    verdict: Verdict
    usable: bool | None
    context_tokens: int
    slots: int
    gpu_layers: int
    threads: int
    kv_type: str
    mmap: bool
    files: tuple[PlannedFile, ...]
    fetch_bytes: int
    disk_needed_bytes: int
    disk_free_bytes: int | None
    memory: MemoryNeed
    memory_free_bytes: int | None
    speed: SpeedEstimate
    first_port: int
    share: Literal["lan", "local"]
    reasons: tuple[Reason, ...]
    alternatives: tuple[Alternative, ...]
    licence: str
    licence_url: str | None
    licence_needs_acceptance: bool
    server: str = ""
    """Of the school, where the model runs and the texts go; empty when it runs here."""
    adapter: str | None = None
    """The file of a LoRA adapter on top of the model."""
    idle_unload_s: int | None = None
    """The engine gives its memory back after so long without work."""


def plan_to_dict(plan: LaunchPlan) -> dict[str, Any]:
    """JSON-able; the derived totals are included."""
    data = dataclasses.asdict(plan)
    data["memory"]["total_bytes"] = plan.memory.total_bytes
    return data
