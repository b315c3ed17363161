"""What the teacher sees of the sharing of a running lesson, and what they can change."""

from typing import Any

from launcher.errors import PaadjeError
from launcher.lesson.running import running_lesson
from launcher.lesson.types import Context
from launcher.services.control import ControlClient
from launcher.services.state import read_record


def read_sharing(context: Context, lesson: str | None) -> dict[str, Any]:
    """How the lesson is shared now; the only running lesson when ``lesson`` is None.

    Holds what lets people in (``join_url, code, probe_url, projector_url``), who is in (``joined,
    students, waiting``), the settings (``locked, seats, approve_each, ends_at``), and what is
    measured (``reach, internet, kept_awake``): `host.sharing_control.SharingControl.view`.
    """
    return _host(context, lesson).sharing()


def change_sharing(context: Context, lesson: str | None, **wanted: Any) -> dict[str, Any]:
    """One change, ``do=…`` with its values, as `SharingControl.do` names them; how it is after."""
    return _host(context, lesson).sharing(wanted)


def _host(context: Context, lesson: str | None) -> ControlClient:
    running = running_lesson(context, lesson)
    record = read_record(context.paths.lessons / running.lesson / "state.json")
    if record is None:
        raise PaadjeError("services.host_unreachable", detail="no record")
    return ControlClient(record)
