"""Lessons that run now, or that ended in a way they should not have.

Nothing is remembered between calls: the state files of the lesson hosts are the truth, and a host
counts as alive only when its process is the one that wrote the file.
"""

import contextlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from launcher.errors import PaadjeError, UsageError
from launcher.events import Notice, Report, StepFinished, StepStarted
from launcher.files import read_json_object
from launcher.lesson.types import (
    AppSnapshot,
    Context,
    EngineAccess,
    EngineSnapshot,
    LessonSnapshot,
    ShareSnapshot,
    StopReceipt,
    Why,
)
from launcher.logs import printable
from launcher.services.control import ControlClient
from launcher.services.process import wait_for
from launcher.services.spec import LessonSpec, spec_from_dict
from launcher.services.state import (
    SPEC_FILE,
    STATE_FILE,
    LessonRecord,
    end_host,
    erase_lesson_files,
    is_alive,
    read_ended,
    read_record,
    read_status,
    wait_until_ended,
)
from launcher.services.states import LessonState
from launcher.sharing.join import join_url, lesson_url

STOP_WITHIN_S = 40.0
HOST_APPEARS_WITHIN_S = 30.0
"""On a slow disk, right after the computer was started."""
LOG_LINES = 200


def status(context: Context) -> tuple[LessonSnapshot, ...]:
    """Every lesson that runs, starts, failed or ended uncleanly; the newest first."""
    if not context.paths.lessons.is_dir():
        return ()
    folders = sorted(context.paths.lessons.iterdir(), reverse=True)
    snapshots = (snapshot(context, folder.name) for folder in folders if folder.is_dir())
    return tuple(each for each in snapshots if each is not None)


def snapshot(context: Context, lesson: str) -> LessonSnapshot | None:
    """One lesson as it is now; None when there is none by that name, or it ended as it should."""
    folder = context.paths.lessons / lesson
    spec = _read_spec(folder)
    if spec is None:
        return None
    record = read_record(folder / STATE_FILE)
    if record is None and _is_new(spec):
        return _assemble(spec, {"state": "preparing"})
    if record is None or not is_alive(record):
        return _assemble(spec, {"state": "ended_uncleanly"})
    try:
        return _assemble(spec, ControlClient(record).state())
    except PaadjeError:
        if not is_alive(record):  # It ended while it was asked.
            return snapshot(context, lesson)
        told = (read_status(folder) or {}).get("state")
        state = "stopping" if told in ("stopping", "stopped") else "unreachable"
        return _assemble(spec, {"state": state})


def find_lesson(context: Context, lesson: str) -> LessonSnapshot | None:
    """As :func:`snapshot`, for a name that a user may have typed."""
    if Path(lesson).name != lesson:
        return None
    return snapshot(context, lesson)


def running_lessons(context: Context) -> tuple[LessonSnapshot, ...]:
    """As :func:`status`, without what is left of lessons that ended suddenly."""
    return tuple(each for each in status(context) if each.state != "ended_uncleanly")


def live_lessons(context: Context) -> tuple[LessonSpec, ...]:
    """The specifications of the lessons whose host is alive."""
    found = (_read_spec(context.paths.lessons / each.lesson) for each in running_lessons(context))
    return tuple(spec for spec in found if spec is not None)


def running_lesson(context: Context, lesson: str | None) -> LessonSnapshot:
    """The lesson by that name, or the only one. Raises `UsageError` when that is not one."""
    if lesson is not None:
        found = find_lesson(context, lesson)
        if found is None or found.state == "ended_uncleanly":
            raise UsageError("lesson.unknown_lesson", lesson=lesson)
        return found
    running = running_lessons(context)
    if not running:
        raise PaadjeError("lesson.none_running")
    if len(running) > 1:
        raise UsageError("lesson.which_one")
    return running[0]


def stop(
    context: Context, lesson: str | None, *, report: Report, erase_logs: bool = False
) -> tuple[StopReceipt, ...]:
    """Stop one lesson, or all when ``lesson`` is None; also tidies up after unclean ends.

    Everything of the class is erased; with ``erase_logs`` the logs of the lesson as well.
    """
    if lesson is None:
        found = list(status(context))
    else:
        one = find_lesson(context, lesson)
        if one is None:
            raise UsageError("lesson.unknown_lesson", lesson=lesson)
        found = [one]
    return tuple(_stop_one(context, each, report, erase_logs) for each in found)


def engine_access(context: Context, lesson: str) -> EngineAccess:
    """For the teacher's own programs on this computer: OpenAI's API, with the lesson's key.

    The key is good for as long as the lesson runs. Raises `UsageError`
    ``lesson.unknown_lesson``.
    """
    spec = _read_spec(context.paths.lessons / lesson) if Path(lesson).name == lesson else None
    if spec is None:
        raise UsageError("lesson.unknown_lesson", lesson=lesson)
    url = f"{spec.engine.url.rstrip('/').removesuffix('/v1')}/v1"
    return EngineAccess(url=url, key=spec.engine.key, model=spec.engine.model)


def forget(context: Context, lesson: str) -> None:
    """Tidy up after a lesson that ended uncleanly. Its texts could not be read any more."""
    found = find_lesson(context, lesson)
    if found is not None and found.state == "ended_uncleanly":
        _remove_folder(context.paths.lessons / lesson)


def tidy_ended(context: Context) -> None:
    """Remove the folders of lessons that ended as they should; nothing of the class is in them."""
    if context.paths.lessons.is_dir():
        for folder in context.paths.lessons.iterdir():
            if folder.is_dir() and read_ended(folder) is not None:
                shutil.rmtree(folder, ignore_errors=True)


def read_logs(context: Context, lesson: str | None) -> dict[str, list[str]]:
    """The last lines of each log of one lesson (the newest when None), safe to print."""
    if lesson is not None and Path(lesson).name != lesson:
        raise UsageError("lesson.unknown_lesson", lesson=lesson)
    if not context.paths.logs.is_dir():
        raise PaadjeError("lesson.no_logs")
    folders = sorted(
        folder
        for folder in context.paths.logs.iterdir()
        if folder.is_dir() and folder != context.paths.reports
    )
    chosen = [folder for folder in folders if lesson in (None, folder.name)]
    if not chosen:
        if lesson is not None:
            raise UsageError("lesson.unknown_lesson", lesson=lesson)
        raise PaadjeError("lesson.no_logs")
    logs = {}
    for file in sorted(chosen[-1].glob("*.log")):
        text = file.read_text(encoding="utf-8", errors="replace")
        logs[file.name] = [printable(line) for line in text.splitlines()[-LOG_LINES:]]
    return logs


def _stop_one(
    context: Context, found: LessonSnapshot, report: Report, erase_logs: bool
) -> StopReceipt:
    folder = context.paths.lessons / found.lesson
    logs = context.paths.logs / found.lesson
    before = _sizes(folder) | (_sizes(logs) if erase_logs else {})
    ended: tuple[str, ...] = ()
    if found.state == "ended_uncleanly":
        _remove_folder(folder)
        report(Notice(code="lesson.tidied_up"))
    else:
        report(StepStarted(step="lesson.stopping"))
        record = _record_of(folder, found.state)
        if record is not None:
            _end(record)
        _remove_folder(folder)
        ended = tuple(found.services)
        report(StepFinished(step="lesson.stopping"))
    if erase_logs:
        shutil.rmtree(logs, ignore_errors=True)
    gone = [size for file, size in before.items() if not file.exists()]
    return StopReceipt(
        lesson=found.lesson,
        ended=ended,
        data_erased=not folder.exists(),
        erased_files=len(gone),
        erased_bytes=sum(gone),
        logs_erased=erase_logs and not logs.exists(),
    )


def _is_new(spec: LessonSpec) -> bool:
    """Whether its host may still be on its way; a clock that was set back makes no difference."""
    try:
        age_s = (datetime.now(UTC) - datetime.fromisoformat(spec.created_at)).total_seconds()
    except (ValueError, TypeError):
        return False
    return abs(age_s) < HOST_APPEARS_WITHIN_S


def _record_of(folder: Path, state: LessonState) -> LessonRecord | None:
    """Of a host that is still on its way too: else it would run without anybody knowing."""
    record = read_record(folder / STATE_FILE)
    if record is None and state == "preparing":
        wait_for(lambda: read_record(folder / STATE_FILE) is not None, HOST_APPEARS_WITHIN_S)
        record = read_record(folder / STATE_FILE)
    return record


def _sizes(folder: Path) -> dict[Path, int]:
    """Every file below the folder with its size; a file that goes away meanwhile does not count."""
    found = {}
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):
            if file.is_file():
                found[file] = file.stat().st_size
    return found


def _end(record: LessonRecord) -> None:
    """Ask the host to stop; when it does not within its time, end it with all its children."""
    try:
        ControlClient(record).stop()
    except PaadjeError:
        end_host(record)
        return
    if not wait_until_ended(record, STOP_WITHIN_S):
        end_host(record)


def _remove_folder(folder: Path) -> None:
    """What cannot be removed is encrypted with a key that is gone."""
    erase_lesson_files(folder)
    shutil.rmtree(folder, ignore_errors=True)


def _read_spec(folder: Path) -> LessonSpec | None:
    data = read_json_object(folder / SPEC_FILE)
    if data is None:
        return None
    try:
        return spec_from_dict(data)
    except (KeyError, TypeError):
        return None


def _assemble(spec: LessonSpec, state: dict[str, Any]) -> LessonSnapshot:
    reason = state.get("reason")
    share = spec.share
    return LessonSnapshot(
        lesson=spec.id,
        state=state["state"],
        created_at=spec.created_at,
        services=state.get("services") or {},
        engine=EngineSnapshot(
            url=spec.engine.url,
            model=spec.engine.model,
            model_name=spec.engine.model_name,
            slots=spec.engine.slots,
            context_tokens=spec.engine.context_tokens,
        ),
        apps=tuple(AppSnapshot(id=app.id, teacher_url=app.teacher_url) for app in spec.apps),
        share=ShareSnapshot(
            mode=share.mode,
            url=lesson_url(share.address, share.port, hostname=share.hostname),
            join_url=join_url(share.address, share.port, share.token, hostname=share.hostname),
            code=share.code,
            address=share.address,
            port=share.port,
            interface=share.interface,
            warnings=share.warnings,
        ),
        joined=state.get("joined"),
        why=Why(
            code=reason["code"],
            params=reason.get("params") or {},
            detail=reason.get("detail") or "",
        )
        if reason
        else None,
        notices=tuple(
            Notice(code=notice["code"], params=notice.get("params") or {})
            for notice in state.get("notices") or ()
        ),
    )
