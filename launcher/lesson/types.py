"""What the use cases take and return. All of it is JSON-able; none of it is a live object."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from launcher.catalog.schema import Recipe
from launcher.errors import PaadjeError
from launcher.events import Notice
from launcher.fit.ranking import Preference
from launcher.lesson.plan import LaunchPlan
from launcher.paths import Paths
from launcher.services.states import LessonState, ServiceState
from launcher.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where and how a use case works: made once by the front, handed to every call."""

    paths: Paths
    settings: Settings
    lang: str
    environ: Mapping[str, str]

    @property
    def models_dir(self) -> Path:
        return self.settings.models_dir or self.paths.models


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWishes:
    """What the user asked for; None leaves the choice to the plan.

    ``from_place`` is a folder, file or address that may hold the model, so that a plan can count
    on it. ``class_minutes`` is how long the whole class may wait; ``prefer`` puts such models
    first; ``read_header`` reads the head of the model's file before anything is decided.
    ``adapter`` is a LoRA file that goes on top of the model.
    """

    students: int | None = None
    model: str | None = None
    context_tokens: int | None = None
    engine: str | None = None
    from_place: str | None = None
    class_minutes: int | None = None
    prefer: tuple[Preference, ...] = ()
    read_header: bool = False
    adapter: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareWishes:
    """``port`` typed by the user must be free; None takes the first free one from 42000.

    ``certificate``, ``key`` and ``hostname`` go together: the school's own certificate. ``ends_at``
    and ``prewarm_at`` are in seconds since the epoch.
    """

    mode: Literal["lan", "local"] = "lan"
    address: str | None = None
    port: int | None = None
    certificate: Path | None = None
    key: Path | None = None
    hostname: str | None = None
    seats: int = 40
    approve_each: bool = False
    local_name: bool = False
    ends_at: float | None = None
    prewarm_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCard:
    """One app of the catalog with its verdict on this computer.

    ``plan`` is None when nothing can be planned; ``problem`` is then the code of the reason.
    """

    recipe: Recipe
    installed: bool
    plan: LaunchPlan | None
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallReceipt:
    """What is now on disk for this app."""

    app: str
    model: str
    files: tuple[str, ...]
    fetched_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSnapshot:
    url: str
    model: str
    model_name: str
    slots: int
    context_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAccess:
    """What another program on this computer needs to use the engine of a lesson."""

    url: str
    key: str = field(repr=False)
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppSnapshot:
    id: str
    teacher_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareSnapshot:
    """``url`` is what is shown, ``join_url`` what the QR carries, ``code`` what can be typed."""

    mode: Literal["lan", "local"]
    url: str
    join_url: str
    code: str
    address: str
    port: int
    interface: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A reason in plain words: ``host.reason.<code>`` in the catalogs."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)
    detail: str = ""

    def as_error(self) -> PaadjeError:
        return PaadjeError(self.code, detail=self.detail, **self.params)


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonSnapshot:
    """One lesson as it is now. ``joined`` is None while the gateway has not said; ``notices`` are
    worth knowing for as long as they are there."""

    lesson: str
    state: LessonState
    created_at: str
    services: Mapping[str, ServiceState]
    engine: EngineSnapshot
    apps: tuple[AppSnapshot, ...]
    share: ShareSnapshot
    joined: int | None = None
    why: Why | None = None
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StopReceipt:
    """What stopping did: which programs ended, and what was erased and kept.

    ``erased_files`` and ``erased_bytes`` are what was found before and is gone after. Logs hold
    nothing of students; they are kept for IT unless that was asked otherwise.
    """

    lesson: str
    ended: tuple[str, ...]
    data_erased: bool
    erased_files: int = 0
    erased_bytes: int = 0
    logs_erased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UninstallReceipt:
    """Files that are gone, with their size, and files that were kept, with the reason's code."""

    freed_bytes: int
    removed: tuple[str, ...]
    kept: tuple[tuple[str, str], ...]


def to_dict(value: Any) -> Any:
    """The JSON-able form of any of these, or of a tuple of them."""
    if isinstance(value, tuple | list):
        return [to_dict(item) for item in value]
    return dataclasses.asdict(value)
