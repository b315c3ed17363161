"""What the screens ask of Paadje: the use cases, so that a test can put others in their place."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from launcher.catalog.schema import CatalogModel
    from launcher.events import Cancel, Report
    from launcher.lesson.plan import LaunchPlan
    from launcher.lesson.types import (
        AppCard,
        Context,
        InstallReceipt,
        LessonSnapshot,
        PlanWishes,
        ShareWishes,
        StopReceipt,
    )
    from launcher.sharing.addresses import Address


class UseCases(Protocol):
    """The functions of `launcher.lesson` that the screens call, all from threads.

    Each raises `PaadjeError`, and `Cancelled` after ``cancel`` was requested.
    """

    def open_context(
        self, environ: Mapping[str, str], /, *, lang: str | None = None
    ) -> "Context": ...

    def list_apps(self, context: "Context", /) -> "tuple[AppCard, ...]": ...

    def withheld_models(self, context: "Context", /) -> "tuple[CatalogModel, ...]": ...

    def make_plan(self, context: "Context", app: str, wishes: "PlanWishes", /) -> "LaunchPlan": ...

    def explain_plan(
        self, context: "Context", plan: "LaunchPlan", /, *, leave_out: Collection[str]
    ) -> tuple[str, ...]: ...

    def address_choices(self, context: "Context", /) -> "tuple[Address, ...]": ...

    def accept_licence(self, context: "Context", model_id: str, /) -> None: ...

    def install(
        self,
        context: "Context",
        plan: "LaunchPlan",
        /,
        *,
        report: "Report",
        cancel: "Cancel",
    ) -> "InstallReceipt": ...

    def start(
        self,
        context: "Context",
        plans: "Sequence[LaunchPlan]",
        share: "ShareWishes",
        /,
        *,
        report: "Report",
        cancel: "Cancel",
    ) -> "LessonSnapshot": ...

    def status(self, context: "Context", /) -> "tuple[LessonSnapshot, ...]": ...

    def stop(
        self,
        context: "Context",
        lesson_id: str | None,
        /,
        *,
        report: "Report",
        erase_logs: bool = False,
    ) -> "tuple[StopReceipt, ...]": ...

    def read_sharing(self, context: "Context", lesson: str, /) -> dict[str, Any]: ...

    def change_sharing(self, context: "Context", lesson: str, **wanted: Any) -> dict[str, Any]: ...

    def allow_in_firewall(self, context: "Context", /) -> None: ...

    def write_sharing_note(self, context: "Context", lesson: str, /) -> Path: ...

    def forget(self, context: "Context", lesson_id: str, /) -> None: ...


def real_usecases() -> UseCases:
    """The use cases themselves; imported here because they bring much along."""
    from launcher import lesson

    return lesson
