"""Moments of a lesson as people type them: ``11:15`` is the next time that the clock says so."""

import re
from datetime import datetime, timedelta

from launcher.errors import UsageError
from launcher.lesson.specification import LESSON_HOURS


def moment(typed: str, now: datetime | None = None) -> float:
    """The moment in seconds since the epoch.

    Raises `UsageError` ``cli.not_a_time``, and ``cli.time_is_past`` for a time of today that is
    over: tomorrow is meant only where a lesson can last until then.
    """
    found = re.fullmatch(r"(\d{1,2})[:.](\d{2})", typed.strip())
    now = now or datetime.now().astimezone()
    if found is None or int(found[1]) > 23 or int(found[2]) > 59:
        raise UsageError("cli.not_a_time", typed=typed)
    then = now.replace(hour=int(found[1]), minute=int(found[2]), second=0, microsecond=0)
    if then <= now:
        then += timedelta(days=1)
        if then - now > timedelta(hours=LESSON_HOURS):
            clock, past = f"{now:%H:%M}", f"{then:%H:%M}"
            raise UsageError("cli.time_is_past", now=clock, typed=past, hours=LESSON_HOURS)
    return then.timestamp()
