"""Start a lesson: write down what it is, hand it to a lesson host, and wait until it is ready."""

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from launcher.errors import PaadjeError, UsageError
from launcher.events import Cancel, Report, ServiceChanged, ignore
from launcher.lesson.plan import LaunchPlan
from launcher.lesson.running import snapshot, stop, tidy_ended
from launcher.lesson.specification import share_entry, write_specification
from launcher.lesson.types import Context, LessonSnapshot, ShareWishes
from launcher.services.detach import spawn_detached
from launcher.services.spec import LessonSpec
from launcher.services.state import SPEC_FILE
from launcher.sharing.certificate import check_certificate

HOST_ANSWERS_WITHIN_S = 30.0
_NO_HOST = ("preparing", "ended_uncleanly", "unreachable")
POLL_S = 0.1


def start(
    context: Context,
    plans: Sequence[LaunchPlan],
    share: ShareWishes,
    *,
    report: Report,
    cancel: Cancel,
) -> LessonSnapshot:
    """Start one lesson with the apps of ``plans``, which share the engine of the first plan.

    Returns when the class can join. When anything fails or is cancelled, everything that was
    started is stopped again.
    """
    if not plans:
        raise UsageError("lesson.no_app")
    if len({plan.model for plan in plans}) > 1:
        raise UsageError("lesson.different_models")
    context.paths.lessons.mkdir(parents=True, exist_ok=True)
    tidy_ended(context)
    with _alone(context):
        _check_certificate(share)
        spec = write_specification(context, plans, share)
        return _launch(context, spec, report, cancel)


@contextlib.contextmanager
def _alone(context: Context) -> Iterator[None]:
    """One start at a time: two at once would choose the same ports.

    Raises ``lesson.start_busy``.
    """
    from filelock import FileLock, Timeout

    file = context.paths.lessons / ".starting"
    try:
        with FileLock(file, timeout=60):
            try:
                yield
            finally:
                # Who waits for the lock sees that the file is gone, and makes another one. Windows
                # refuses here, and filelock itself removes the file there.
                with contextlib.suppress(OSError):
                    file.unlink()
    except Timeout as error:
        raise PaadjeError("lesson.start_busy") from error


def check_share(context: Context, share: ShareWishes) -> None:
    """Raise now what `start` would raise about sharing: nobody wants to hear after a download of
    an hour that a port is taken."""
    _check_certificate(share)
    share_entry(context, share)


def _check_certificate(share: ShareWishes) -> None:
    """Refuse before anything is started; the gateway checks again when it starts."""
    given = (share.certificate, share.key, share.hostname)
    if share.certificate is None or share.key is None or share.hostname is None:
        if any(each is not None for each in given):
            raise UsageError("lesson.certificate_incomplete")
        return
    until = share.ends_at or time.time()
    check_certificate(share.certificate, share.key, share.hostname, until=until)


def _launch(context: Context, spec: LessonSpec, report: Report, cancel: Cancel) -> LessonSnapshot:
    spawn_detached(
        (sys.executable, "-X", "utf8", "-m", "launcher.host", str(Path(spec.folder) / SPEC_FILE)),
        env=dict(os.environ),
        log_file=context.paths.logs / spec.id / "host.log",
    )
    try:
        return _wait_until_ready(context, spec, report, cancel)
    except BaseException:
        with contextlib.suppress(UsageError):  # It may have ended by itself.
            stop(context, spec.id, report=ignore)
        tidy_ended(context)
        raise


def _wait_until_ready(
    context: Context, spec: LessonSpec, report: Report, cancel: Cancel
) -> LessonSnapshot:
    answers_by = time.monotonic() + HOST_ANSWERS_WITHIN_S
    seen: dict[str, str] = {}
    while True:
        cancel.check()
        current = snapshot(context, spec.id)
        if current is None or current.state == "stopped":
            raise PaadjeError("lesson.ended_at_start")
        if current.state not in _NO_HOST:
            answers_by = time.monotonic() + HOST_ANSWERS_WITHIN_S
            for service, state in current.services.items():
                if seen.get(service) != state:
                    seen[service] = state
                    report(ServiceChanged(service=service, state=state))
            if current.state == "ready":
                return current
            if current.state == "failed":
                why = current.why
                raise why.as_error() if why else PaadjeError("lesson.start_failed")
        elif time.monotonic() > answers_by:
            raise PaadjeError("lesson.host_silent", detail=str(spec.id))
        cancel.wait(POLL_S)
