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
| GET /api/sets/{name}?lang= | a ready-made set, as it would be in the form |
| POST /api/import | ``{text}``: criteria from pasted text, for the form |
| GET /api/export.md, .docx, .csv | all released texts with their comments |
| GET /api/evaluation.html, .md | how the model did in this lesson |
| GET /api/compliance.zip | what a school needs to decide |

Every change needs an ``Origin`` of this very address.
"""

import asyncio
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from launcher.apps.classroom import web
from launcher.apps.documents.readability import interface_readability
from launcher.apps.feedback_companion.about import about_page
from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.export import (
    export_audit,
    export_class,
    export_compliance,
    export_evaluation,
)
from launcher.apps.feedback_companion.prompts import WORDINGS
from launcher.apps.feedback_companion.sets import SETS, load_set
from launcher.apps.feedback_companion.teacher_activity import activity_routes
from launcher.apps.feedback_companion.teacher_forms import (
    TEXTS,
    AutoRelease,
    Closing,
    More,
    Nothing,
    Pause,
    Release,
    Session,
)
from launcher.apps.feedback_companion.teacher_review import review_routes
from launcher.apps.feedback_companion.teacher_views import teacher_overview
from launcher.apps.feedback_companion.values import USES
from launcher.errors import PaadjeError, UsageError
from launcher.i18n import LANGUAGES, translator

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
            texts={
                **{key: t(key) for key in TEXTS},
                # The shared page script calls it so on both sides; a teacher has no other laptop.
                "fc.error.offline.message": t("fc.teacher.no_connection.message"),
                "fc.error.offline.advice": t("fc.teacher.no_connection.advice"),
            },
        )

    async def about(request: Request) -> Response:
        return about_page(pages, lang, desk.config.model, desk.config.server)

    async def status(request: Request) -> Response:
        return JSONResponse(teacher_overview(desk))

    async def events(request: Request) -> Response:
        return desk.changes.stream(lambda: teacher_overview(desk))

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

    async def auto_release(request: Request) -> Response:
        body = await web.read_body(request, AutoRelease)
        if body.on and not body.understood:
            raise UsageError("fc.not_understood")
        desk.set_auto_release(body.on)
        return JSONResponse(teacher_overview(desk))

    async def audit(request: Request) -> Response:
        return web.download(export_audit(desk), "audit.csv")

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

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/open", way_in),
            Route("/session", session, methods=["POST"]),
            Route("/", page),
            Route("/about", about),
            Route("/api/status", status),
            Route("/api/events", events),
            *review_routes(desk),
            *activity_routes(desk, lang),
            Route("/api/release", release, methods=["POST"]),
            Route("/api/pause", pause, methods=["POST"]),
            Route("/api/stop", stop, methods=["POST"]),
            Route("/api/close", close, methods=["POST"]),
            Route("/api/extend", extend, methods=["POST"]),
            Route("/api/auto-release", auto_release, methods=["POST"]),
            Route("/api/audit.csv", audit),
            Route("/api/export.{kind:str}", export),
            Route("/api/evaluation.{kind:str}", evaluation),
            Route("/api/compliance.zip", compliance),
            Mount("/static/classroom", StaticFiles(directory=web.HERE / "static")),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[Middleware(web.Boundary), Middleware(web.TeacherOnly, key=key)],
        exception_handlers={
            PaadjeError: web.error_handler(STATUSES, lang),
        },
    )
