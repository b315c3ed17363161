"""The application: its looks, its language, what is running, and the way out."""

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.theme import Theme
from textual.worker import WorkerFailed

from launcher.catalog.schema import Recipe
from launcher.errors import PaadjeError
from launcher.i18n import LANGUAGES, Translator, translator
from launcher.lesson.types import AppCard, LessonSnapshot
from launcher.settings import save_setting
from launcher.tui import wording
from launcher.tui.screens.base import Front
from launcher.tui.screens.dialogs import error_dialog, leave_dialog, stop_dialog
from launcher.tui.screens.lesson import LessonScreen, open_in_browser
from launcher.tui.screens.overview import OverviewScreen
from launcher.tui.screens.work import WorkScreen, stop_job
from launcher.tui.usecases import UseCases, real_usecases

THEME = Theme(
    name="paadje",
    dark=False,
    primary="#1e6b52",
    secondary="#3f6f8f",
    accent="#1e6b52",
    success="#1e6b52",
    warning="#8a5a00",
    error="#a3342b",
    foreground="#22302b",
    background="#f7f5ef",
    surface="#ffffff",
    panel="#e8e4d8",
    variables={
        "block-cursor-text-style": "bold",
        "button-focus-text-style": "bold",
        "border-blurred": "#cfc9b8",
    },
)

POLL_S = 1.0
"""How often the state of the lessons is read, in seconds."""


class PaadjeApp(App[None]):
    """``failure`` is what went wrong unexpectedly; the caller raises it when the screen is gone."""

    TITLE = "Paadje"
    CSS_PATH: ClassVar[list[str | PurePath]] = ["styles/paadje.tcss", "styles/screens.tcss"]
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - not a class variable to Textual
        (0, "-tiny"),
        (76, "-narrow"),
        (108, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [  # noqa: RUF012
        (0, "-short"),
        (32, "-tall"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("t", "app.language", "tui.key.language"),
        Binding("q", "app.leave", "tui.key.leave"),
        Binding("ctrl+q,ctrl+c", "app.leave", show=False, priority=True),
    ]

    def __init__(
        self,
        environ: Mapping[str, str],
        usecases: UseCases | None = None,
        *,
        open_page: Callable[[str], bool] = open_in_browser,
        poll_s: float = POLL_S,
    ) -> None:
        """``open_page`` shows a page and tells whether it could.

        Raises `PaadjeError` when the settings are not usable.
        """
        super().__init__()
        self.usecases = usecases or real_usecases()
        self.context = self.usecases.open_context(environ)
        self.cards: tuple[AppCard, ...] | None = None
        self.lessons: tuple[LessonSnapshot, ...] = ()
        self.sharing: dict[str, Mapping[str, Any]] = {}
        self._alarmed: set[str] = set()
        self.failure: BaseException | None = None
        self.open_page = open_page
        self._poll_s = poll_s
        self._polling = False

    @property
    def t(self) -> Translator:
        return translator(self.context.lang)

    @property
    def recipes(self) -> Mapping[str, Recipe]:
        return wording.recipes_of(self.cards or ())

    def get_default_screen(self) -> Screen[None]:
        return OverviewScreen()

    def on_mount(self) -> None:
        self.register_theme(THEME)
        self.theme = THEME.name
        self.poll_lessons()
        self.set_interval(self._poll_s, self.poll_lessons)

    # --- what is running ----------------------------------------------------------------------

    def poll_lessons(self) -> None:
        if not self._polling:
            self._polling = True
            self._read_lessons()

    @work(name="status", group="status")
    async def _read_lessons(self) -> None:
        watched = {screen.watches for screen in self.fronts if screen.watches}
        try:
            lessons = await asyncio.to_thread(self.usecases.status, self.context)
            seen = await asyncio.to_thread(self._read_sharing, watched)
        except PaadjeError:
            # The next reading may succeed; what is on the screen stays.
            return
        finally:
            self._polling = False
        self._show_sharing(seen)
        if lessons != self.lessons:
            self.lessons = lessons
            for screen in self.fronts:
                screen.lessons_changed()

    @property
    def fronts(self) -> list[Front[Any]]:
        return [screen for screen in self.screen_stack if isinstance(screen, Front)]

    def _read_sharing(self, lessons: set[str]) -> dict[str, Mapping[str, Any]]:
        """A lesson that just ended has nothing to tell any more."""
        found: dict[str, Mapping[str, Any]] = {}
        for lesson in lessons:
            with contextlib.suppress(PaadjeError):
                found[lesson] = self.usecases.read_sharing(self.context, lesson)
        return found

    def _show_sharing(self, seen: dict[str, Mapping[str, Any]]) -> None:
        self.sharing.update(seen)
        for lesson, view in seen.items():
            alarms = {f"{lesson} {each['code']}" for each in view["alarms"]}
            if alarms - self._alarmed:
                self.bell()  # The teacher looks at the class, not at this screen.
            self._alarmed = alarms
        for screen in self.fronts:
            if screen.watches in seen:
                screen.sharing_changed()

    @work(name="change", group="change")
    async def change_sharing(self, lesson: str, **wanted: Any) -> None:
        """Do one thing about sharing (`lesson.change_sharing`), and show how it is then."""
        change = self.usecases.change_sharing
        try:
            view = await asyncio.to_thread(change, self.context, lesson, **wanted)
        except PaadjeError as error:
            self.push_screen(error_dialog(error))
            return
        self._show_sharing({lesson: view})
        self.poll_lessons()

    def back_to_overview(self) -> None:
        """Leave every screen but the first, and look again at what this computer can do."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        overview = self.screen
        assert isinstance(overview, OverviewScreen)
        overview.load_apps()
        self.poll_lessons()

    def show_lesson(self, lesson: LessonSnapshot) -> None:
        """The screen of a lesson, with the overview right behind it."""
        self.back_to_overview()
        self.push_screen(LessonScreen(lesson))
        self.poll_lessons()

    # --- language -----------------------------------------------------------------------------

    def ask_to_stop(self, lesson: LessonSnapshot) -> None:
        """Stop this lesson after a question that tells what is erased."""

        def answered(answer: str | None) -> None:
            if answer in ("stop", "logs"):
                self.stop_lesson(lesson, erase_logs=answer == "logs")

        recipes = self.recipes
        self.push_screen(stop_dialog(lambda t: wording.kept(t, lesson, recipes)), answered)

    def stop_lesson(self, lesson: LessonSnapshot, *, erase_logs: bool = False) -> None:
        job = stop_job(lesson.lesson, erase_logs=erase_logs)
        self.push_screen(WorkScreen(job), lambda _: self.back_to_overview())

    async def action_language(self) -> None:
        """The next language, on every screen at once, and remembered."""
        place = LANGUAGES.index(self.context.lang)
        lang = LANGUAGES[(place + 1) % len(LANGUAGES)]
        self.context = dataclasses.replace(self.context, lang=lang)
        for screen in self.screen_stack:
            if isinstance(screen, Front):
                await screen.change_language()
        self._remember_language(lang)

    @work(name="language", group="language", exclusive=True)
    async def _remember_language(self, lang: str) -> None:
        try:
            await asyncio.to_thread(save_setting, self.context.paths, "language", lang)
        except (OSError, PaadjeError):
            pass  # The language is right until Paadje closes.

    # --- the way out --------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Close Paadje; ask first while something is going on."""
        for screen in self.screen_stack:
            if isinstance(screen, WorkScreen) and screen.busy:
                screen.ask_to_cancel(then_leave=True)
                return
        running = [lesson for lesson in self.lessons if wording.is_running(lesson)]
        if not running:
            self.exit()
        elif self.screen.id != "leave":
            self.push_screen(leave_dialog(), self._leave)

    def _leave(self, answer: str | None) -> None:
        if answer == "keep":
            self.exit()
        elif answer == "stop":
            self.push_screen(WorkScreen(stop_job(None)), lambda _: self.exit())

    def _handle_exception(self, error: Exception) -> None:
        """Close, and keep what happened for the caller: Textual would print a traceback."""
        if self.failure is None:
            self.failure = error.error if isinstance(error, WorkerFailed) else error
            # What Textual's own tests look at.
            self._exception = error
            self._exception_event.set()
        self._return_code = 1
        self._close_messages_no_wait()
