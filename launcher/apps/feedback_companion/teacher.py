"""The teacher's side: on the laptop itself only, never through the gateway.

Opened as ``http://127.0.0.1:<port>/open#<token>``; that page posts the token and gets a cookie.

| route | does |
|---|---|
| GET /health | ``{"ok": true}`` |
| GET /open, POST /session ``{token}`` | the way in: 204 and a cookie, or 403 |
| GET /, GET /about | the page, and what this is for |
| GET /api/status, GET /api/events | the live line, once or as server-sent events |
| GET /api/submissions/{id} | a text with its comments |
| POST /api/submissions/{id}/comments | ``{sentence_id, text}``: an own comment, or next step |
| POST /api/submissions/{id}/notes | ``{sentence_id, text}``: a rough note to be made clear |
| POST, DELETE /api/submissions/{id}/notes/{note} | try once more, or remove it |
| POST /api/submissions/{id}/skip | ``{}``: not read any further by the model |
| GET /api/bank | what the teacher wrote before in this lesson |
| PUT /api/submissions/{id}/comments/{comment} | ``{state, observation?, effect?, next_step?}`` |
| POST /api/release | ``{texts: {id: revision}, approve_drafts}``: show the students |
| POST /api/pause | ``{paused}`` |
| POST /api/stop | ``{}``: read nothing more, and take nothing in |
| POST /api/close ``{minutes}``, /api/extend ``{minutes}`` | when no more texts are taken in |
| POST /api/auto-release | ``{on, understood}``: show suggestions without a look first |
| GET /api/audit.csv | the log of events, without anybody's words |
| GET /api/activity, PUT /api/activity | goals and criteria |

Every change needs an ``Origin`` of this very address.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from launcher.apps.classroom import web
from launcher.apps.documents.criteria_import import (
    ImportedCriterion,
    import_csv,
    import_text,
    note_sentences,
    vague_sentences,
)
from launcher.apps.documents.readability import interface_readability
from launcher.apps.feedback_companion.about import about_page
from launcher.apps.feedback_companion.checks import Comment
from launcher.apps.feedback_companion.desk import Desk, refuse_grades
from launcher.apps.feedback_companion.export import (
    export_audit,
    export_class,
    export_compliance,
    export_evaluation,
)
from launcher.apps.feedback_companion.no_grades import has_verdict
from launcher.apps.feedback_companion.private import private_in
from launcher.apps.feedback_companion.prompts import WORDINGS, Criterion
from launcher.apps.feedback_companion.reading import MOST_COMMENTS
from launcher.apps.feedback_companion.sentences import normalise, split_sentences
from launcher.apps.feedback_companion.sets import SETS, load_set
from launcher.apps.feedback_companion.teacher_forms import (
    TEXTS,
    ActivityForm,
    AutoRelease,
    Closing,
    CommentChange,
    Import,
    More,
    Nothing,
    OwnComment,
    Pause,
    Release,
    RoughNote,
    Session,
)
from launcher.apps.feedback_companion.teacher_views import teacher_overview, teacher_text
from launcher.apps.feedback_companion.values import USES, Activity, Submission
from launcher.errors import PaadjeError, UsageError
from launcher.i18n import LANGUAGES, Translator, translator

HERE = Path(__file__).parent

STATUSES = {
    "fc.changed_meanwhile": 409,
    "fc.undecided": 409,
    "fc.not_saved": 507,
    "fc.grade_requested": 422,
    "fc.verdict_in_comment": 422,
    "fc.notes_open": 409,
    "fc.no_ai_chosen": 409,
    "fc.not_understood": 422,
}


def criteria_json(criteria: Sequence[Criterion]) -> list[dict[str, Any]]:
    return [
        {
            "name": c.name,
            "description": c.description,
            "questions": list(c.questions),
            "example": c.example,
        }
        for c in criteria
    ]


def activity_json(activity: Activity) -> dict[str, Any]:
    return {
        "lang": activity.lang,
        "title": activity.title,
        "goal": activity.goal,
        "wording": activity.wording,
        "use": activity.use,
        "criteria": criteria_json(activity.criteria),
    }


def teacher_app(desk: Desk) -> Starlette:
    """The ASGI app of the teacher's side."""
    pages = web.Pages(HERE / "templates")
    lang = desk.config.lang
    t = translator(lang)
    key = web.TeacherKey(token=desk.config.teacher_token, port=desk.config.teacher_port)

    async def health(request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def way_in(request: Request) -> Response:
        return pages.render("open.html", lang)

    async def session(request: Request) -> Response:
        return key.let_in((await web.read_body(request, Session)).token)

    async def page(request: Request) -> Response:
        return pages.render(
            "teacher.html",
            lang,
            model=desk.config.model,
            practice=desk.config.practice,
            uses=USES,
            sets=[(code, name, load_set(name, code)) for code in LANGUAGES for name in SETS],
            wordings=WORDINGS,
            texts={key: t(key) for key in TEXTS},
        )

    async def about(request: Request) -> Response:
        return about_page(pages, lang, desk.config.model, desk.config.server)

    async def status(request: Request) -> Response:
        return JSONResponse(teacher_overview(desk))

    async def events(request: Request) -> Response:
        return desk.changes.stream(lambda: teacher_overview(desk))

    async def text(request: Request) -> Response:
        return JSONResponse(teacher_text(desk, _submission(desk, request)))

    async def own_comment(request: Request) -> Response:
        submission = _submission(desk, request)
        body = await web.read_body(request, OwnComment)
        step = not body.sentence_id
        sentence = submission.text if step else _sentence(submission, body.sentence_id)
        written = normalise(body.text)
        _refuse_verdict(written, sentence)
        comment = Comment(
            sentence_id=body.sentence_id,
            kind="improve",
            observation="" if step else written,
            effect="",
            next_step=written if step else "",
        )
        desk.store.add_own_comment(submission.id, comment, step=step)
        return _changed(desk, submission, 201)

    async def rough_note(request: Request) -> Response:
        submission = _submission(desk, request)
        body = await web.read_body(request, RoughNote)
        written = " ".join(normalise(body.text).split())
        refuse_grades(written)
        _refuse_verdict(written, _sentence(submission, body.sentence_id))
        desk.add_note(submission, body.sentence_id, written)
        return _changed(desk, submission, 201)

    async def waiting_note(request: Request) -> Response:
        submission = _submission(desk, request)
        note = desk.notes.get(request.path_params["note"])
        if note is None or note.submission_id != submission.id:
            raise UsageError("classroom.not_found")
        if request.method == "DELETE":
            desk.remove_note(note)
        else:
            await web.read_body(request, Nothing)
            desk.try_note_again(note)
        return _changed(desk, submission, 200)

    async def bank(request: Request) -> Response:
        return JSONResponse({"texts": desk.notes.bank()})

    async def change_comment(request: Request) -> Response:
        submission = _submission(desk, request)
        body = await web.read_body(request, CommentChange)
        comment_id = request.path_params["comment"]
        found = [c for c in desk.store.comments(submission.id) if c.id == comment_id]
        if not found:
            raise UsageError("classroom.not_found")
        texts = None
        if body.observation is not None:
            texts = (normalise(body.observation), normalise(body.effect), normalise(body.next_step))
            about = found[0].sentence_id
            if not "".join(texts):
                raise UsageError("classroom.bad_request", detail="empty")
            _refuse_verdict(
                " ".join(texts), _sentence(submission, about) if about else submission.text
            )
        desk.store.change_comment(submission.id, comment_id, state=body.state, texts=texts)
        return _changed(desk, submission, 200)

    async def release(request: Request) -> Response:
        body = await web.read_body(request, Release)
        desk.store.release(body.texts, approve_drafts=body.approve_drafts)
        desk.changes.notify()
        return JSONResponse(teacher_overview(desk))

    async def pause(request: Request) -> Response:
        desk.pause((await web.read_body(request, Pause)).paused)
        return JSONResponse(teacher_overview(desk))

    async def close(request: Request) -> Response:
        desk.close_in((await web.read_body(request, Closing)).minutes)
        return JSONResponse(teacher_overview(desk))

    async def extend(request: Request) -> Response:
        desk.extend((await web.read_body(request, More)).minutes)
        return JSONResponse(teacher_overview(desk))

    async def stop(request: Request) -> Response:
        await web.read_body(request, Nothing)
        desk.close_in(0)
        desk.stop_reading()
        return JSONResponse(teacher_overview(desk))

    async def skip(request: Request) -> Response:
        submission = _submission(desk, request)
        await web.read_body(request, Nothing)
        desk.skip(submission.id)
        return _changed(desk, submission, 200)

    async def auto_release(request: Request) -> Response:
        body = await web.read_body(request, AutoRelease)
        if body.on and not body.understood:
            raise UsageError("fc.not_understood")
        desk.set_auto_release(body.on)
        return JSONResponse(teacher_overview(desk))

    async def audit(request: Request) -> Response:
        return web.download(export_audit(desk), "audit.csv")

    async def activity(request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(activity_json(desk.activity))
        form = await web.read_body(request, ActivityForm)
        saved = desk.save_activity(
            lang=form.lang,
            title=normalise(form.title),
            goal=normalise(form.goal),
            wording=form.wording,
            use=form.use,
            criteria=[
                Criterion(
                    id=f"c{number}",
                    name=normalise(c.name),
                    description=normalise(c.description),
                    questions=tuple(q for q in map(normalise, c.questions) if q),
                    example=normalise(c.example),
                )
                for number, c in enumerate(form.criteria, start=1)
            ],
        )
        return JSONResponse({**activity_json(saved), "advice": _advice(saved, t)})

    async def ready_made(request: Request) -> Response:
        """A set as it would be in the form; nothing is saved yet."""
        name, wanted = request.path_params["name"], request.query_params.get("lang", lang)
        if name not in SETS or wanted not in LANGUAGES:
            raise UsageError("classroom.not_found")
        found = load_set(name, wanted)
        return JSONResponse(
            {
                "lang": wanted,
                "title": found.title,
                "goal": found.goal,
                "wording": "",
                "use": found.use,
                "criteria": criteria_json(found.criteria),
            }
        )

    async def export(request: Request) -> Response:
        kind = request.path_params["kind"]
        return web.download(export_class(desk, lang, kind), f"feedback-companion.{kind}")

    async def evaluation(request: Request) -> Response:
        kind = request.path_params["kind"]
        report = await asyncio.to_thread(interface_readability)
        return web.download(export_evaluation(desk, lang, kind, report), f"evaluation.{kind}")

    async def compliance(request: Request) -> Response:
        data = await asyncio.to_thread(export_compliance, desk)
        return web.download(data, "compliance.zip")

    async def import_criteria(request: Request) -> Response:
        """Criteria from pasted text or a CSV file, for the form; nothing is saved yet."""
        pasted = (await web.read_body(request, Import)).text
        is_table = all(";" in line for line in pasted.splitlines() if line.strip())
        found = import_csv(pasted.encode("utf-8")) if is_table else import_text(pasted)
        return JSONResponse(
            {
                "criteria": [
                    {
                        "name": c.name[:60],
                        "description": c.description[:300],
                        "questions": list(c.questions),
                        "example": "",
                    }
                    for c in found.criteria[:6]
                ],
                "notes": list(note_sentences(found, t)),
            }
        )

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/open", way_in),
            Route("/session", session, methods=["POST"]),
            Route("/", page),
            Route("/about", about),
            Route("/api/status", status),
            Route("/api/events", events),
            Route("/api/submissions/{id}", text),
            Route("/api/submissions/{id}/comments", own_comment, methods=["POST"]),
            Route("/api/submissions/{id}/comments/{comment}", change_comment, methods=["PUT"]),
            Route("/api/submissions/{id}/notes", rough_note, methods=["POST"]),
            Route("/api/submissions/{id}/notes/{note}", waiting_note, methods=["POST", "DELETE"]),
            Route("/api/submissions/{id}/skip", skip, methods=["POST"]),
            Route("/api/bank", bank),
            Route("/api/release", release, methods=["POST"]),
            Route("/api/pause", pause, methods=["POST"]),
            Route("/api/stop", stop, methods=["POST"]),
            Route("/api/close", close, methods=["POST"]),
            Route("/api/extend", extend, methods=["POST"]),
            Route("/api/auto-release", auto_release, methods=["POST"]),
            Route("/api/audit.csv", audit),
            Route("/api/activity", activity, methods=["GET", "PUT"]),
            Route("/api/sets/{name}", ready_made),
            Route("/api/export.{kind:str}", export),
            Route("/api/evaluation.{kind:str}", evaluation),
            Route("/api/compliance.zip", compliance),
            Route("/api/import", import_criteria, methods=["POST"]),
            Mount("/static/classroom", StaticFiles(directory=web.HERE / "static")),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[Middleware(web.Boundary), Middleware(web.TeacherOnly, key=key)],
        exception_handlers={
            PaadjeError: web.error_handler(STATUSES, lang),
        },
    )


def _advice(activity: Activity, t: Translator) -> list[str]:
    """What could be clearer in the criteria; never a refusal."""
    written = " ".join([activity.title, activity.goal, *(c.line for c in activity.criteria)])
    found = private_in(written, activity.lang)
    private = [t("fc.activity.private", words=", ".join(found))] if found else []
    if len(activity.criteria) > MOST_COMMENTS:
        private.append(t("fc.activity.many_criteria", count=MOST_COMMENTS))
    return private + [
        f"{criterion.name}: {sentence}"
        for criterion in activity.criteria
        for sentence in vague_sentences(
            ImportedCriterion(name=criterion.name, description=criterion.description), t
        )
    ]


def _submission(desk: Desk, request: Request) -> Submission:
    submission = desk.store.submission(request.path_params["id"])
    if submission is None:
        raise UsageError("classroom.not_found")
    return submission


def _sentence(submission: Submission, sentence_id: str) -> str:
    for sentence in split_sentences(submission.text):
        if sentence.id == sentence_id:
            return sentence.text
    raise UsageError("classroom.not_found")


def _refuse_verdict(text: str, sentence: str) -> None:
    if has_verdict(text, allowed_in=sentence):
        raise UsageError("fc.verdict_in_comment")


def _changed(desk: Desk, submission: Submission, status: int) -> Response:
    desk.changes.notify()
    now = desk.store.submission(submission.id)
    if now is None:
        raise UsageError("classroom.not_found")
    return JSONResponse(teacher_text(desk, now), status_code=status)
