"""Something that takes a while: what is happening, how far it is, and how it ended."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Button, ProgressBar

from launcher.errors import Cancelled, PaadjeError, known_failure
from launcher.events import (
    Cancel,
    Event,
    Notice,
    Progress,
    Report,
    ServiceChanged,
    StepFinished,
    StepStarted,
)
from launcher.i18n import Translator, describe_error
from launcher.lesson.plan import LaunchPlan
from launcher.lesson.types import Context, LessonSnapshot, ShareWishes, StopReceipt
from launcher.tui import wording
from launcher.tui.screens.base import Front, header
from launcher.tui.screens.dialogs import Dialog, cancel_dialog
from launcher.tui.usecases import UseCases
from launcher.tui.widgets.keybar import KeyBar
from launcher.tui.widgets.text import Choice, Column, Line

Phase = Literal["busy", "cancelling", "cancelled", "failed", "done"]
Outcome = LessonSnapshot | tuple[StopReceipt, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``kind`` names its sentences: ``tui.<kind>.title`` and so on.

    ``tell`` is None for a job whose end needs no words: the screen then closes by itself.
    """

    kind: Literal["install", "start", "stop"]
    run: Callable[[UseCases, Context, Report, Cancel], Outcome]
    title: str = ""
    can_cancel: bool = True
    tell: Callable[[Translator, Outcome], str] | None = None


def install_job(plan: LaunchPlan, title: str) -> Job:
    """Fetch everything, and tell that it is ready. A licence was agreed to on the plan's screen."""

    def run(usecases: UseCases, context: Context, report: Report, cancel: Cancel) -> Outcome:
        if plan.licence_needs_acceptance:
            usecases.accept_licence(context, plan.model)
        usecases.install(context, plan, report=report, cancel=cancel)
        return None

    return Job(kind="install", run=run, title=title, tell=lambda t, _: t("tui.install.done"))


def start_job(plan: LaunchPlan, share: ShareWishes, title: str) -> Job:
    """Start the lesson. Installing comes first: it is quick when everything is there."""

    def run(usecases: UseCases, context: Context, report: Report, cancel: Cancel) -> Outcome:
        if plan.licence_needs_acceptance:
            usecases.accept_licence(context, plan.model)
        usecases.install(context, plan, report=report, cancel=cancel)
        return usecases.start(context, [plan], share, report=report, cancel=cancel)

    return Job(kind="start", run=run, title=title)


def stop_job(lesson_id: str | None, *, erase_logs: bool = False) -> Job:
    """Stop one lesson, or all of them, and give the receipt of what was erased."""

    def run(usecases: UseCases, context: Context, report: Report, cancel: Cancel) -> Outcome:
        return usecases.stop(context, lesson_id, report=report, erase_logs=erase_logs)

    def tell(t: Translator, receipts: Outcome) -> str:
        assert isinstance(receipts, tuple)
        return wording.receipt(t, receipts)

    return Job(kind="stop", run=run, can_cancel=False, tell=tell)


class Reported(Message):
    """An event of the running job, on its way from the thread to the screen."""

    def __init__(self, event: Event) -> None:
        super().__init__()
        self.event = event


class WorkScreen(Front[Literal["next"]]):
    """Runs a job. Its answer is ``next`` after success and None otherwise."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "tui.key.stop"),
        Binding("escape", "back", "tui.key.back"),
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]
    first_focus = "next again"

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job
        self.outcome: Outcome = None
        self.phase: Phase = "busy"
        self._cancel = Cancel()
        self._steps: list[StepStarted] = []
        self._finished: set[str] = set()
        self._notices: list[Notice] = []
        self._services: dict[str, str] = {}
        self._progress: Progress | None = None
        self._most_done_bytes = 0
        self._error: PaadjeError | None = None
        self._leave_after = False
        self._question: Dialog | None = None

    @property
    def busy(self) -> bool:
        return self.phase in ("busy", "cancelling")

    def compose(self) -> ComposeResult:
        t, kind = self.t, self.job.kind
        yield header(t("tui.app.header"))
        with Vertical(id="body"):
            yield Line(self._title(), classes="title")
            if self.busy:
                yield from self._working()
            else:
                yield from self._ended()
        with Horizontal(classes="buttons bottom"):
            if self.phase == "busy" and self.job.can_cancel:
                yield Choice(t(f"tui.{kind}.cancel"), id="cancel")
            elif self.phase == "done":
                yield Choice(t(f"tui.{kind}.next"), id="next", main=True)
                if kind == "install":
                    yield Choice(t("tui.install.later"), id="back")
            elif not self.busy:
                label = "on" if self.phase == "cancelled" else "again"
                yield Choice(t(f"tui.answer.{label}"), id="again", main=True)
                yield Choice(t("tui.answer.back"), id="back")
        yield KeyBar(t)

    def _title(self) -> str:
        key = {"cancelling": "cancelling", "cancelled": "cancelled", "done": "ready"}
        if self.phase == "failed" and self._error is not None:
            return describe_error(self._error, self.t.lang).message
        return self.t(f"tui.{self.job.kind}.{key.get(self.phase, 'title')}", app=self.job.title)

    def _working(self) -> ComposeResult:
        t = self.t
        with Column(id="steps"):
            for step in self._steps:
                done = step.step in self._finished
                text = wording.step(t, step.step, step.params)
                yield Line(f"{'✓' if done else '›'} {text}", classes="done" if done else "now")
            for name, state in self._services.items():
                text = wording.service(t, name, state, self.paadje.recipes)
                done = state == "ready"
                yield Line(f"{'✓' if done else '›'} {text}", classes="done" if done else "now")
        with Vertical(id="progress", classes="" if self._progress else "hidden"):
            yield ProgressBar(show_percentage=True, show_eta=False, id="bar")
            yield Line(id="figures")
        for notice in self._notices[-1:]:
            text_or_none = wording.notice(t, notice.code, notice.params)
            if text_or_none:
                yield Line(text_or_none, classes="care")
        yield Line(t(f"tui.{self.job.kind}.meanwhile"), classes="muted")

    def _ended(self) -> ComposeResult:
        t, kind = self.t, self.job.kind
        if self.phase == "done" and self.job.tell is not None:
            yield Line(self.job.tell(t, self.outcome), classes="paragraph")
        elif self.phase == "cancelled":
            kept = t("tui.work.kept", size=t.size(self._most_done_bytes))
            yield Line(kept if self._most_done_bytes else t(f"tui.{kind}.cancelled_text"))
        elif self._error is not None:
            text = describe_error(self._error, t.lang)
            with Column(id="error"):
                yield Line(text.advice, classes="paragraph")
                if self._most_done_bytes:
                    yield Line(
                        t("tui.work.kept", size=t.size(self._most_done_bytes)),
                        classes="paragraph",
                    )
                if text.detail:
                    detail = t("core.detail", detail=text.detail)
                    yield Line(detail, classes="paragraph detail")

    # --- the job ------------------------------------------------------------------------------

    def on_mount(self) -> None:
        self._run_job()

    @work(name="job", group="job", exclusive=True)
    async def _run_job(self) -> None:
        paadje, job, cancel = self.paadje, self.job, self._cancel

        def report(event: Event) -> None:
            self.post_message(Reported(event))

        try:
            self.outcome = await asyncio.to_thread(
                job.run, paadje.usecases, paadje.context, report, cancel
            )
        except Cancelled:
            await self._end("cancelled")
        except PaadjeError as error:
            self._error = error
            await self._end("failed")
        except OSError as error:
            self._error = known_failure(error)
            if self._error is None:
                raise
            await self._end("failed")
        else:
            await self._end("done")

    async def _end(self, phase: Phase) -> None:
        self.phase = phase
        if self._question is not None and self._question.is_current:
            # There is nothing left to stop: a question about that would only confuse.
            self._question.dismiss(None)
        self.set_class(phase == "failed", "failed")
        if self._leave_after and phase != "failed":
            self.app.exit()
        elif phase == "done" and self.job.tell is None:
            self.dismiss("next")
        else:
            await self.compose_again()

    def on_unmount(self) -> None:
        # Closing must not wait for a download.
        self._cancel.request()

    async def on_reported(self, message: Reported) -> None:
        event = message.event
        if isinstance(event, Progress):
            self._progress = event
            self._most_done_bytes = max(self._most_done_bytes, event.done_bytes)
            self._show_progress()
            return
        if isinstance(event, StepStarted):
            self._steps.append(event)
            self._progress = None
        elif isinstance(event, StepFinished):
            self._finished.add(event.step)
        elif isinstance(event, ServiceChanged):
            self._services[event.service] = event.state
        elif isinstance(event, Notice):
            self._notices.append(event)
        if self.busy:
            await self.compose_again()

    async def compose_again(self) -> None:
        await super().compose_again()
        self._show_progress()

    def _show_progress(self) -> None:
        if not self.busy or self._progress is None:
            return
        self.query_one("#progress").remove_class("hidden")
        bar = self.query_one("#bar", ProgressBar)
        bar.update(total=self._progress.total_bytes, progress=self._progress.done_bytes)
        self.query_one("#figures", Line).show(wording.progress(self.t, self._progress))

    # --- answers ------------------------------------------------------------------------------

    def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "next":
            self.dismiss("next")
        elif event.button.id == "again":
            self._try_again()
        elif event.button.id == "cancel":
            self.ask_to_cancel()
        else:
            self.dismiss(None)

    def action_back(self) -> None:
        self.dismiss(None)

    def action_cancel(self) -> None:
        self.ask_to_cancel()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "cancel":
            return self.phase == "busy" and self.job.can_cancel
        return action != "back" or not self.busy

    def ask_to_cancel(self, *, then_leave: bool = False) -> None:
        """Ask once; the job goes on until the answer."""
        if self.phase != "busy" or not self.job.can_cancel or self.app.screen is not self:
            return

        async def answered(answer: str | None) -> None:
            if answer == "cancel" and self.phase == "busy":
                self._leave_after = then_leave
                self.phase = "cancelling"
                self._cancel.request()
                await self.compose_again()

        self._question = cancel_dialog(self.job.kind)
        self.app.push_screen(self._question, answered)

    def _try_again(self) -> None:
        self.phase, self._error, self._cancel = "busy", None, Cancel()
        self.remove_class("failed")
        self._steps, self._finished, self._notices = [], set(), []
        self._services, self._progress = {}, None

        async def again() -> None:
            await self.compose_again()
            self._run_job()

        self.run_worker(again(), name="again", group="compose", exclusive=True)
