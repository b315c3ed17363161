"""Events of a long command as text on standard error: one line that moves, or one line a step."""

import sys
from collections.abc import Callable

from launcher.events import Event, Notice, Progress, ServiceChanged, StepFinished, StepStarted
from launcher.i18n import Translator
from launcher.logs import printable

CLEAR_LINE = "\r\x1b[2K"


def progress_reporter(t: Translator) -> Callable[[Event], None]:
    """A receiver of events for people. On a terminal the progress moves in place."""
    moves = sys.stderr.isatty()

    def say(text: str) -> None:
        sys.stderr.write(f"{CLEAR_LINE if moves else ''}{printable(text)}\n")

    def report(event: Event) -> None:
        match event:
            case StepStarted(step=step, params=params):
                say(t(_key(step, "step"), **params))
            case Notice(code=code, params=params):
                say(t(notice_key(code), **params))
            case ServiceChanged(service=service, state=state):
                say(service_line(t, service, state))
            case Progress() if moves:
                sys.stderr.write(f"{CLEAR_LINE}{printable(_line(t, event))}")
            case StepFinished() if moves:
                sys.stderr.write(CLEAR_LINE)
        sys.stderr.flush()

    return report


def service_line(t: Translator, service: str, state: str) -> str:
    """How one program of a lesson is doing; apps go by their id."""
    key = f"cli.service.{service}"
    name = t(key) if t.has(key) else service
    return t("cli.service_changed", service=name, state=t(f"cli.state.{state}"))


def notice_key(code: str) -> str:
    """The message id of the sentence of a notice."""
    return _key(code, "notice")


def _key(code: str, kind: str) -> str:
    domain, _, name = code.partition(".")
    return f"{domain}.{kind}.{name}"


def _line(t: Translator, progress: Progress) -> str:
    done = t.size(progress.done_bytes)
    if progress.total_bytes is None:
        return t("cli.progress.unknown", done=done)
    total = t.size(progress.total_bytes)
    if progress.seconds_left is None:
        return t("cli.progress.known", done=done, total=total)
    return t(
        "cli.progress.timed",
        done=done,
        total=total,
        speed=t.rate(progress.bytes_per_s or 0),
        left=t.duration(progress.seconds_left),
    )
