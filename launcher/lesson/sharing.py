"""What the teacher sees of the sharing of a running lesson, and what they can change."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from launcher.errors import PaadjeError, UsageError
from launcher.files import write_private_json
from launcher.i18n import Translator, translator
from launcher.lesson.addresses import remember_address
from launcher.lesson.letter import Line, write_page
from launcher.lesson.running import running_lesson
from launcher.lesson.types import Context
from launcher.services.control import ControlClient
from launcher.services.state import STATE_FILE, read_record
from launcher.sharing import firewall
from launcher.sharing.addresses import read_interfaces


def read_sharing(context: Context, lesson: str | None) -> dict[str, Any]:
    """How the lesson is shared now; the only running lesson when ``lesson`` is None.

    Holds what lets people in (``join_url, code, probe_url, projector_url``), who is in (``joined,
    students, waiting``), the settings (``locked, seats, approve_each, ends_at``), and what is
    measured (``reach, internet, kept_awake``): `host.sharing_control.SharingControl.view`.
    """
    return _host(context, lesson).sharing()


def change_sharing(context: Context, lesson: str | None, **wanted: Any) -> dict[str, Any]:
    """One change, ``do=…`` with its values, as `SharingControl.do` names them; how it is after."""
    view = _host(context, lesson).sharing(wanted)
    if wanted.get("do") == "move":
        remember_address(context, str(wanted["address"]), read_interfaces())
    return view


def write_sharing_note(context: Context, lesson: str | None) -> Path:
    """Write a page to print for IT: what keeps phones from this lesson, and what would help.

    It lies in the folder of the lesson and goes when the lesson goes. It holds no secret.
    """
    running = running_lesson(context, lesson)
    view = read_sharing(context, running.lesson)
    path = context.paths.lessons / running.lesson / "ict.html"
    write_page(path, list(note_lines(view, translator(context.lang))), context.lang)
    return path


def note_lines(view: Mapping[str, Any], t: Translator) -> Iterator[Line]:
    """What the note says, from what :func:`read_sharing` gave."""
    yield "title", (t("lesson.note.title"),)
    yield "text", (t("lesson.note.intro"),)
    yield "heading", (t("lesson.note.seen"),)
    cause = view["reach"]["cause"]
    if cause:
        yield "item", (t(f"sharing.reach.cause.{cause}"),)
    for reason in view["firewall"]["reasons"]:
        yield "item", (t(f"sharing.firewall.{reason}"),)
    yield "item", (t("lesson.note.at", url=view["url"], name=view["interface"]),)
    yield "heading", (t("lesson.note.needed"),)
    yield "item", (t("lesson.letter.isolation"),)
    yield "item", (t("lesson.note.port", address=view["address"], port=view["port"]),)
    yield "item", (t("lesson.note.firewall"),)
    yield "heading", (t("lesson.letter.privacy_heading"),)
    yield "text", (t("lesson.letter.privacy"),)
    yield "text", (t("lesson.note.instead"),)


def allow_in_firewall(context: Context, *, system: str = sys.platform) -> None:
    """Ask Windows for one rule that lets the class in; call it only after the user agreed.

    Windows asks for an administrator itself. Raises ``lesson.no_firewall_here`` on other systems,
    and ``lesson.firewall_refused`` when Windows said no.
    """
    if system != "win32":
        raise UsageError("lesson.no_firewall_here")
    if not firewall.add_rule(sys.executable):
        raise PaadjeError("lesson.firewall_refused")
    write_private_json(_rule_file(context), {"program": sys.executable})


def remove_from_firewall(context: Context) -> bool:
    """Take our rule away again when we made one; whether there is none of ours any more."""
    return not _rule_file(context).exists() or firewall.remove_rule()


def _rule_file(context: Context) -> Path:
    return context.paths.data / "firewall.json"


def _host(context: Context, lesson: str | None) -> ControlClient:
    running = running_lesson(context, lesson)
    record = read_record(context.paths.lessons / running.lesson / STATE_FILE)
    if record is None:
        raise PaadjeError("services.host_unreachable", detail="no record")
    return ControlClient(record)
