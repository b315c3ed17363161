"""The students' side, behind the gateway.

| route | does |
|---|---|
| GET /health | ``{"ok": true}``; the only route without the gateway key |
| GET / | the page |
| GET /api/me | the student's view: ``state`` none, queued, working, review, released |
| GET /api/events | the same view as server-sent events |
| POST /api/check | ``{text, own_question, lang, with_ai}`` → does it fit, where would it be cut |
| POST /api/submit | ``{text, own_question, lang, with_ai, consent, only_first}`` → 201, the view |
| POST /api/withdraw | ``{}`` → everything of this student is deleted; the view |

Errors are ``{"error": {code, message, advice}}``. All links are relative: the gateway serves this
under a prefix.
"""

import dataclasses
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from launcher.apps.classroom import web
from launcher.apps.feedback_companion.desk import MAX_QUESTION_CHARS, MAX_TEXT_CHARS, Desk
from launcher.apps.feedback_companion.views import student_view
from launcher.errors import PaadjeError, UsageError
from launcher.i18n import translator

HERE = Path(__file__).parent

STATUSES = {"fc.already_sent": 409, "fc.text_too_long": 422, "fc.consent_missing": 422}

_TEXTS = (
    "fc.write.fits",
    "fc.write.too_long",
    "fc.write.cut_here",
    "fc.write.file_wrong",
    "fc.write.draft_kept",
    "fc.write.words",
    "fc.offline",
    "fc.sending",
    "fc.withdraw.done",
    "fc.feedback.see_comment",
    "fc.feedback.about",
    "fc.error.bug.message",
)


class _Check(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MAX_TEXT_CHARS * 2)
    own_question: str = Field("", max_length=MAX_QUESTION_CHARS)
    lang: Literal["nl", "en"]
    with_ai: bool = True


class _Submit(_Check):
    consent: bool = False
    only_first: int | None = Field(None, ge=1)


class _Nothing(BaseModel):
    model_config = ConfigDict(extra="forbid")


def student_app(desk: Desk) -> Starlette:
    """The ASGI app of the students' side."""
    pages = web.Pages(HERE / "templates")

    async def health(request: Request) -> Response:
        return JSONResponse({"ok": True})

    async def page(request: Request) -> Response:
        student = web.student_of(request)
        t = translator(student.lang)
        return pages.render(
            "student.html",
            student.lang,
            nickname=student.nickname,
            model=desk.config.model,
            practice=desk.config.practice,
            activity=desk.activity,
            max_chars=MAX_TEXT_CHARS,
            max_question=MAX_QUESTION_CHARS,
            texts={key: t(key) for key in _TEXTS},
        )

    async def me(request: Request) -> Response:
        student = web.student_of(request)
        return JSONResponse(student_view(desk, student.id, student.lang))

    async def events(request: Request) -> Response:
        student = web.student_of(request)
        return desk.changes.stream(lambda: student_view(desk, student.id, student.lang))

    async def check(request: Request) -> Response:
        web.student_of(request)
        body = await web.read_body(request, _Check)
        fit = await desk.measure(body.text, body.own_question, body.lang, with_ai=body.with_ai)
        return JSONResponse(dataclasses.asdict(fit))

    async def submit(request: Request) -> Response:
        student = web.student_of(request)
        body = await web.read_body(request, _Submit)
        if body.with_ai and not body.consent:
            raise UsageError("fc.consent_missing")
        await desk.take_in(
            student,
            text=body.text,
            own_question=body.own_question,
            lang=body.lang,
            with_ai=body.with_ai,
            only_first=body.only_first,
        )
        return JSONResponse(student_view(desk, student.id, student.lang), status_code=201)

    async def withdraw(request: Request) -> Response:
        student = web.student_of(request)
        await web.read_body(request, _Nothing)
        desk.withdraw(student)
        return JSONResponse(student_view(desk, student.id, student.lang))

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/", page),
            Route("/api/me", me),
            Route("/api/events", events),
            Route("/api/check", check, methods=["POST"]),
            Route("/api/submit", submit, methods=["POST"]),
            Route("/api/withdraw", withdraw, methods=["POST"]),
            Mount("/static/classroom", StaticFiles(directory=web.HERE / "static")),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[
            Middleware(web.Boundary),
            Middleware(web.GatewayOnly, key=desk.config.gateway_key),
        ],
        exception_handlers={
            PaadjeError: web.error_handler(STATUSES, desk.config.lang),
        },
    )
