"""How a lesson is shared, in words: from what `lesson.read_sharing` gives to the sentences."""

import time
from collections.abc import Iterator, Mapping
from typing import Any

from launcher.i18n import Translator
from launcher.lesson.types import LessonSnapshot
from launcher.sharing.join import show_code
from launcher.tui import wording

View = Mapping[str, Any]


def alarms(t: Translator, view: View) -> Iterator[str]:
    """What has to be seen now, the most urgent first."""
    for each in view["alarms"]:
        text = wording.notice(t, each["code"], each["params"])
        if text:
            yield text


def in_short(t: Translator, view: View, *, brief: bool = False) -> str:
    """The quiet lines: what went to the internet, and how long the lesson still lasts."""
    parts = [internet_brief(t, view["internet"]) if brief else internet(t, view["internet"])]
    if view["seconds_left"] is not None:
        parts.append(left(t, view))
    if not view["kept_awake"]:
        parts.append(t("tui.sharing.may_sleep"))
    return "\n".join(parts)


def internet(t: Translator, reading: View) -> str:
    """What was seen to leave for the internet, with how often was looked."""
    if not reading["looks"]:
        return t("tui.internet.not_yet")
    if reading["clean"]:
        return t(f"tui.internet.{reading['method']}", looks=t.number(reading["looks"]))
    return t("tui.internet.seen", bytes=t.number(reading["bytes"]))


def internet_brief(t: Translator, reading: View) -> str:
    """The same without how often was looked."""
    if reading["looks"] and reading["clean"]:
        return t(f"tui.internet.brief_{reading['method']}")
    return internet(t, reading)


def left(t: Translator, view: View) -> str:
    return t("tui.sharing.left", time=t.time_left(view["seconds_left"]))


def people(t: Translator, view: View) -> str:
    inside = t.plural("tui.sharing.inside", len(view["students"]))
    waiting = len(view["waiting"])
    return f"{inside} {t.plural('tui.sharing.waiting', waiting)}" if waiting else inside


def code(t: Translator, view: View) -> str:
    return t("tui.sharing.new_code_now", code=show_code(view["code"]))


def end(t: Translator, view: View) -> str:
    if view["ends_at"] is None:
        return t("tui.sharing.no_end_now")
    at = time.strftime("%H:%M", time.localtime(view["ends_at"]))
    return f"{t('tui.sharing.end_at', time=at)} {left(t, view)}"


def clock_after(minutes: int) -> str:
    return time.strftime("%H:%M", time.localtime(time.time() + 60 * minutes))


def address(t: Translator, view: View) -> str:
    if view["no_address"]:
        return t("host.notice.no_address")
    return t("tui.sharing.address_now", address=view["address"], name=view["interface"])


def by_hotspot(lesson: LessonSnapshot) -> bool:
    return "hotspot" in lesson.share.warnings


def hotspot(t: Translator, view: View) -> str:
    found = view["hotspot"]
    return (
        t("tui.sharing.hotspot_now", name=found["name"]) if found else t("tui.sharing.hotspot_no")
    )


def reach_in_short(t: Translator, view: View) -> str:
    reach = view["reach"]
    if reach["state"] == "reached":
        return t("sharing.reach.reached")
    return t("tui.sharing.reach_now")


def reach(t: Translator, view: View) -> Iterator[str]:
    """The outcome of the test with a phone: it works, or what to look at, or what is the matter."""
    found = view["reach"]
    if found["state"] == "reached":
        yield t("sharing.reach.reached")
        yield t("tui.reach.reached_more")
        return
    yield t("sharing.reach.unreached")
    if found["ask"]:
        yield t(f"sharing.reach.ask.{found['ask']}")
    if found["cause"]:
        yield t(f"sharing.reach.cause.{found['cause']}")
    if found["cause"] == "firewall":
        for reason in view["firewall"]["reasons"]:
            yield t(f"sharing.firewall.{reason}")
    for step in found["steps"]:
        yield f"– {t(f'sharing.reach.step.{step}')}"
