"""What the lesson host is told to run: written once by ``lesson.start``, read once by the host.

The file holds keys and tokens: mode 0600, in the lesson's own folder, removed with the lesson.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Literal

ServiceKind = Literal["engine", "app", "gateway"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSpec:
    """One child of the host.

    ``health_url`` answers 200 when it is ready. ``health_headers`` go with it. ``stop_grace_s`` is
    how long it may take to leave by itself. ``{data_key}`` in ``env`` is filled by the host at
    every start: that key encrypts the lesson's data and lives in the host's memory only. Services
    start in the order of the lesson's list, each after the one before is ready.

    While it runs it is asked for ``alive_url`` (else ``health_url``). One that neither answers nor
    works is started again after ``hang_timeout_s``, one that works and does not answer after
    ``busy_timeout_s``.
    """

    id: str
    kind: ServiceKind
    argv: tuple[str, ...]
    env: dict[str, str]
    health_url: str
    log_file: str
    health_headers: dict[str, str] = field(default_factory=dict)
    ready_timeout_s: float = 120.0
    stop_grace_s: float = 5.0
    alive_url: str = ""
    alive_headers: dict[str, str] = field(default_factory=dict)
    hang_timeout_s: float = 10.0
    busy_timeout_s: float = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AppEntry:
    """An app of the lesson, as shown by ``status``."""

    id: str
    service: str
    teacher_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareEntry:
    """How the class gets in. ``token``, ``code`` and ``probe`` are secrets; see ``sharing.join``.

    ``hostname`` is set when the school's certificate is used. Moments (``…_at``) are in seconds
    since the epoch. The lesson host writes another one when something changes during the lesson.
    """

    mode: Literal["lan", "local"]
    address: str
    port: int
    interface: str
    token: str
    code: str
    warnings: tuple[str, ...] = ()
    probe: str | None = None
    hostname: str | None = None
    loopback_port: int | None = None
    seats: int = 40
    locked: bool = False
    approve_each: bool = False
    local_name: bool = False
    expires_at: float = 0.0
    ends_at: float | None = None
    prewarm_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineEntry:
    """The engine of the lesson, as shown by ``status``."""

    url: str
    key: str
    model: str
    model_name: str
    slots: int
    context_tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonSpec:
    """A whole lesson. ``id`` is also the name of its folder."""

    id: str
    lang: str
    created_at: str
    folder: str
    control_port: int
    control_token: str
    services: tuple[ServiceSpec, ...]
    engine: EngineEntry
    apps: tuple[AppEntry, ...]
    share: ShareEntry
    plan: dict[str, Any]
    """The launch plan as JSON, for ``status`` and for bug reports."""
    primed_folders: tuple[str, ...] = ()
    """Where the engine saves prompts for later lessons."""


def spec_to_dict(spec: LessonSpec) -> dict[str, Any]:
    return dataclasses.asdict(spec)


def spec_from_dict(data: dict[str, Any]) -> LessonSpec:
    """The opposite of :func:`spec_to_dict`; raises `KeyError` or `TypeError` on another shape."""
    values = dict(data)
    values["services"] = tuple(
        ServiceSpec(**{**service, "argv": tuple(service["argv"])}) for service in data["services"]
    )
    values["primed_folders"] = tuple(data.get("primed_folders", ()))
    values["engine"] = EngineEntry(**data["engine"])
    values["apps"] = tuple(AppEntry(**app) for app in data["apps"])
    values["share"] = ShareEntry(
        **{**data["share"], "warnings": tuple(data["share"].get("warnings", ()))}
    )
    return LessonSpec(**values)
