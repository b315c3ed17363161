"""A running lesson as text."""

import sys
from collections.abc import Iterator

from launcher.cli.progress import notice_key, service_line
from launcher.cli.render import Picture
from launcher.i18n import Translator
from launcher.lesson.types import LessonSnapshot
from launcher.sharing.join import show_code
from launcher.sharing.qr import terminal_qr


def share_lines(snapshot: LessonSnapshot, t: Translator) -> Iterator[str]:
    """How the class gets in: the QR, the address and the code."""
    share = snapshot.share
    yield Picture(terminal_qr(share.join_url, colour=sys.stdout.isatty()))
    yield t("cli.share.url", url=share.url)
    yield t("cli.share.code", code=show_code(share.code))
    if share.mode == "local":
        yield t("cli.share.local_only")
    for warning in share.warnings:
        yield t(f"sharing.warning.{warning}")
    for app in snapshot.apps:
        yield t("cli.share.teacher", app=app.id, url=app.teacher_url)


def state_lines(snapshot: LessonSnapshot, t: Translator) -> Iterator[str]:
    """How a lesson is doing."""
    apps = ", ".join(app.id for app in snapshot.apps)
    yield t("cli.status.lesson", lesson=snapshot.lesson, apps=apps)
    yield t("cli.status.state", state=t(f"cli.lesson_state.{snapshot.state}"))
    if snapshot.state == "ended_uncleanly":
        yield t("lesson.ended_uncleanly_story")
        return
    for service, state in snapshot.services.items():
        yield service_line(t, service, state)
    for notice in snapshot.notices:
        yield t(notice_key(notice.code), **notice.params)
    yield t("cli.status.model", model=snapshot.engine.model_name)
    if snapshot.joined is not None:
        yield t.plural("cli.status.joined", snapshot.joined)
    yield t("cli.share.url", url=snapshot.share.url)
    yield t("cli.share.code", code=show_code(snapshot.share.code))
