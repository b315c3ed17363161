"""Let the engine use this computer's graphics: which build that takes, and putting it in place."""

from launcher.engines import builds
from launcher.engines.builds import Build
from launcher.engines.registry import DEFAULT_ENGINE, get_engine
from launcher.engines.xllamacpp import look
from launcher.errors import PaadjeError
from launcher.events import Cancel, Report
from launcher.lesson.machine import this_machine
from launcher.lesson.running import live_lessons
from launcher.lesson.types import Context


def wanted_build(context: Context) -> Build | None:
    """The build that would use the graphics of this computer; None when none is needed."""
    return builds.advise(this_machine(context, get_engine(DEFAULT_ENGINE)))


def add_build(context: Context, *, report: Report, cancel: Cancel) -> tuple[str, ...]:
    """Fetch the wanted build and use it from now on; the devices that the engine sees then.

    Ask for consent first: see `Build.fetch_bytes`. Raises ``engines.no_build_wanted``,
    ``engines.build_in_lesson``, ``engines.build_failed`` or ``engines.build_useless``.
    """
    build = wanted_build(context)
    if build is None:
        raise PaadjeError("engines.no_build_wanted")
    if live_lessons(context):
        raise PaadjeError("engines.build_in_lesson")

    def seen() -> tuple[str, ...]:
        look.cache_clear()
        return get_engine(DEFAULT_ENGINE).describe().devices

    return builds.add(build, report=report, cancel=cancel, devices=seen)
