"""``paadje share``: show again how the class gets in, and change it during the lesson."""

import argparse
import getpass
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from typing import Any

from launcher import lesson
from launcher.cli.clock import moment
from launcher.cli.lesson_text import share_lines
from launcher.cli.parser import Parser, verb_parser
from launcher.cli.plan_options import seats_option
from launcher.cli.progress import notice_key
from launcher.cli.render import Output, Picture, show
from launcher.cli.signals import cancel_on_interrupt
from launcher.errors import UsageError
from launcher.i18n import Translator
from launcher.lesson.sharing import allow_in_firewall, change_sharing, read_sharing
from launcher.lesson.types import Context, to_dict
from launcher.sharing.qr import terminal_qr
from launcher.units import KIB

LOOK_EVERY_S = 0.5


def parser(t: Translator) -> Parser:
    result = verb_parser(t, "share")
    result.places.add_argument("lesson", metavar="LESSON", nargs="?", help=t("cli.argument.lesson"))
    options = result.options
    options.add_argument("--new-code", action="store_true", help=t("cli.option.new_code"))
    options.add_argument("--lock", action="store_true", help=t("cli.option.lock"))
    options.add_argument("--unlock", action="store_true", help=t("cli.option.unlock"))
    options.add_argument("--kick", metavar="NAME", help=t("cli.option.kick"))
    options.add_argument("--admit", metavar="NAME", nargs="?", const="", help=t("cli.option.admit"))
    approve = options.add_mutually_exclusive_group()
    approve.add_argument("--approve", action="store_true", help=t("cli.option.approve"))
    approve.add_argument("--no-approve", action="store_true", help=t("cli.option.no_approve"))
    seats_option(result)
    options.add_argument("--free-seats", action="store_true", help=t("cli.option.free_seats"))
    options.add_argument("--address", metavar="IP", help=t("cli.option.address"))
    options.add_argument("--until", metavar="HH:MM", help=t("cli.option.until"))
    options.add_argument("--wifi", metavar="NAME", help=t("cli.option.wifi"))
    options.add_argument("--test", action="store_true", help=t("cli.option.test"))
    options.add_argument("--open", action="store_true", help=t("cli.option.open"))
    options.add_argument("--allow-firewall", action="store_true", help=t("cli.option.firewall"))
    return result


def run(options: argparse.Namespace, context: Context, t: Translator) -> int:
    if options.lock and options.unlock:
        raise UsageError("cli.usage", command="paadje share", detail="--lock --unlock")
    if options.allow_firewall:
        # The name of the option says what it does, and Windows asks once more.
        allow_in_firewall(context)
    running = lesson.running_lesson(context, options.lesson)
    for wanted in _wishes(options, t):
        change_sharing(context, running.lesson, **wanted)
    if options.test:
        return _test(running.lesson, context, t, as_json=options.json)
    now = read_sharing(context, running.lesson)
    if options.open:
        webbrowser.open(now["projector_url"])
    running = lesson.running_lesson(context, running.lesson)
    hotspot = now["hotspot"]
    # The Wi-Fi password is for a phone to scan, not for the data of a program.
    now["hotspot"] = {"name": hotspot["name"]} if hotspot else None
    data = to_dict(running.share) | now
    lines = (*_wifi_lines(hotspot, t), *share_lines(running, t), *_state_lines(now, t))
    return show(Output(data=data, lines=lines), as_json=options.json)


def _wishes(options: argparse.Namespace, t: Translator) -> Iterator[dict[str, Any]]:
    if options.address is not None:
        yield {"do": "move", "address": options.address}
    if options.new_code:
        yield {"do": "new-code"}
    if options.lock or options.unlock:
        yield {"do": "lock" if options.lock else "unlock"}
    if options.free_seats:
        yield {"do": "free"}
    if options.seats is not None:
        yield {"do": "seats", "seats": options.seats}
    if options.approve or options.no_approve:
        yield {"do": "approve", "each": bool(options.approve)}
    if options.kick is not None:
        yield {"do": "kick", "nickname": options.kick}
    if options.admit is not None:
        yield {"do": "admit", "nickname": options.admit or None}
    if options.until is not None:
        yield {"do": "end", "at": moment(options.until)}
    if options.wifi is not None:
        yield {"do": "hotspot", "name": options.wifi, "password": _password(t)}


def _password(t: Translator) -> str:
    """Never an argument: other programs can read those."""
    if sys.stdin.isatty():
        return getpass.getpass(t("cli.share.wifi_password"))
    return sys.stdin.readline(KIB).rstrip("\r\n")


def _wifi_lines(hotspot: dict[str, Any] | None, t: Translator) -> Iterator[str]:
    """The Wi-Fi of the hotspot comes first: without it there is nothing to join."""
    if hotspot is not None:
        yield Picture(terminal_qr(hotspot["qr"], colour=sys.stdout.isatty()))
        yield t("cli.share.wifi", name=hotspot["name"])
        yield ""


def _state_lines(now: dict[str, Any], t: Translator) -> Iterator[str]:
    yield ""
    yield t("cli.share.projector", url=now["projector_url"])
    if now["joined"] is not None:
        yield t.plural("cli.status.joined", now["joined"])
    if now["students"]:
        yield t("cli.share.students", names=", ".join(now["students"]))
    if now["waiting"]:
        yield t("cli.share.waiting", names=", ".join(now["waiting"]))
    if now["unused"]:
        yield t.plural("cli.share.unused", now["unused"])
    if now["locked"]:
        yield t("cli.share.locked")
    if now["approve_each"]:
        yield t("cli.share.approve_each")
    for alarm in now["alarms"]:
        yield t(notice_key(alarm["code"]), **alarm["params"])
    if now["hotspot_advice"]:
        yield t(f"sharing.hotspot.{now['hotspot_advice']}")
    if now["seconds_left"] is not None:
        yield t("cli.share.time_left", time=t.time_left(now["seconds_left"]))
    yield internet_line(now["internet"], t)
    if not now["kept_awake"]:
        yield t("cli.share.not_kept_awake")


def internet_line(reading: dict[str, Any], t: Translator) -> str:
    """What was seen to leave for the internet, with how it was seen."""
    if not reading["looks"]:
        return t("cli.share.internet_not_yet")
    if reading["clean"]:
        return t(f"cli.share.internet_{reading['method']}", looks=reading["looks"])
    return t("cli.share.internet_seen", bytes=reading["bytes"], connections=reading["connections"])


def _test(lesson_id: str, context: Context, t: Translator, *, as_json: bool) -> int:
    """Show the test code, and wait until a phone has scanned it or a minute has passed."""
    now = change_sharing(context, lesson_id, do="test")
    if not as_json:
        sys.stdout.write(terminal_qr(now["probe_url"], colour=sys.stdout.isatty()))
        sys.stdout.write(f"\n{t('cli.share.test')}\n")
        sys.stdout.flush()
    with cancel_on_interrupt() as cancel:
        while now["reach"]["state"] == "waiting":
            cancel.wait(LOOK_EVERY_S)
            cancel.check()
            now = read_sharing(context, lesson_id)
    reach = now["reach"]
    reasons = now["firewall"]["reasons"] if reach["cause"] == "firewall" else ()
    return show(Output(data=reach, lines=reach_lines(reach, t, reasons)), as_json=as_json)


def reach_lines(reach: dict[str, Any], t: Translator, reasons: Sequence[str] = ()) -> Iterator[str]:
    """The outcome of a test in words: it works, or what to look at. ``reasons`` are what the
    firewall of this computer has against us."""
    if reach["state"] == "reached":
        yield t("sharing.reach.reached")
        return
    yield t("sharing.reach.unreached")
    if reach["ask"]:
        yield t(f"sharing.reach.ask.{reach['ask']}")
        yield t("sharing.reach.look_at")
        for question in ("same_wifi", "phone_vpn", "firewall"):
            if question != reach["ask"]:
                yield f"– {t(f'sharing.reach.ask.{question}')}"
    if reach["cause"]:
        yield t(f"sharing.reach.cause.{reach['cause']}")
    for reason in reasons:
        yield t(f"sharing.firewall.{reason}")
    for step in reach["steps"]:
        yield f"– {t(f'sharing.reach.step.{step}')}"
