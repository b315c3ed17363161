"""The students' side, behind the gateway.

| route | does |
|---|---|
| GET /health | ``{"ok": true}``; the only route without the gateway key |
| GET / | the page |
| GET /api/me | the student's view: ``state`` none, queued, working, review, released |
| GET /api/events | the same view as server-sent events |
| POST /api/check | ``{text, own_question, lang, with_ai}`` → does it fit, where would it be cut |
| POST /api/submit | ``{text, own_question, lang, with_ai, consent, only_first}`` → 201, the view |
| POST /api/upload | a multipart form with one file → ``{text, notes}``; nothing is stored |
| POST /api/private | ``{text, own_question, lang}`` → what looks private; nothing is stored |
| POST /api/mask | the same and ``groups`` → ``{text, own_question}`` with placeholders |
| POST /api/react | ``{comment_id, decision, because, rating}`` → ``{"ok": true}`` |
| POST /api/own-work | ``{version_2, reflection}`` → ``{changes}`` against the first version |
| GET /api/export.docx, /api/export.md | the student's own file |
| POST /api/withdraw | ``{}`` → everything of this student is deleted; the view |

Errors are ``{"error": {code, message, advice}}``. All links are relative: the gateway serves this
under a prefix.
"""

import asyncio
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
from launcher.apps.feedback_companion.export import export_own
from launcher.apps.feedback_companion.own_work import Decision, Rating, Reaction
from launcher.apps.feedback_companion.private import masked_text, shown_findings
from launcher.apps.feedback_companion.sentences import normalise
from launcher.apps.feedback_companion.store import Submission
from launcher.apps.feedback_companion.views import shown_changes, student_view
from launcher.apps.uploads import MAX_UPLOAD_BYTES, left_out_sentences, read_upload_async
from launcher.errors import PaadjeError, UsageError
from launcher.i18n import translator

HERE = Path(__file__).parent

STATUSES = {
    "fc.already_sent": 409,
    "fc.text_too_long": 422,
    "fc.consent_missing": 422,
    "fc.not_released_yet": 409,
    "fc.not_saved": 507,
}

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
    "fc.write.reading",
    "fc.write.check_text",
    "fc.private.mask",
    "fc.private.leave",
    "fc.private.choose_all",
    "fc.private.question",
    "fc.private.checking",
    "fc.react.do",
    "fc.react.do_not",
    "fc.react.because",
    "fc.react.useful",
    "fc.react.wrong",
    "fc.react.unclear",
    "fc.react.saved",
    "fc.react.choice",
    "fc.react.rating",
    "fc.more.why",
    "fc.more.example",
    "fc.more.ask",
    "fc.own.saved",
    "fc.own.removed",
    "fc.own.added",
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


class _Mask(_Check):
    groups: list[str] = Field(default_factory=list, max_length=500)


class _Reaction(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    comment_id: str = Field(max_length=40)
    decision: Decision = ""
    because: str = Field("", max_length=300)
    rating: Rating = ""


class _OwnWork(BaseModel):
    model_config = ConfigDict(extra="forbid")

    version_2: str = Field("", max_length=MAX_TEXT_CHARS)
    reflection: str = Field("", max_length=3000)


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

    async def upload(request: Request) -> Response:
        student = web.student_of(request)
        name, data = await web.read_file(request, MAX_UPLOAD_BYTES)
        uploaded = await read_upload_async(name, data)
        notes = left_out_sentences(uploaded, translator(student.lang))
        return JSONResponse({"text": normalise(uploaded.text), "notes": list(notes)})

    async def private(request: Request) -> Response:
        student = web.student_of(request)
        body = await web.read_body(request, _Check)
        t = translator(student.lang)
        found = await asyncio.to_thread(shown_findings, body.text, body.own_question, body.lang, t)
        return JSONResponse(found)

    async def masked(request: Request) -> Response:
        web.student_of(request)
        body = await web.read_body(request, _Mask)
        text, question = await asyncio.to_thread(
            masked_text, body.text, body.own_question, body.lang, frozenset(body.groups)
        )
        return JSONResponse({"text": text, "own_question": question})

    def released(request: Request) -> tuple[web.Student, Submission]:
        student = web.student_of(request)
        submission = desk.store.submission_of(student.id)
        if submission is None or submission.state != "released":
            raise UsageError("fc.not_released_yet")
        return student, submission

    async def react(request: Request) -> Response:
        body = await web.read_body(request, _Reaction)
        _, submission = released(request)
        reaction = Reaction(
            decision=body.decision, because=normalise(body.because), rating=body.rating
        )
        desk.own_work.react(submission, body.comment_id, reaction)
        desk.changes.notify()
        return JSONResponse({"ok": True})

    async def own_work(request: Request) -> Response:
        body = await web.read_body(request, _OwnWork)
        _, submission = released(request)
        version_2 = normalise(body.version_2)
        desk.own_work.save(submission, version_2=version_2, reflection=normalise(body.reflection))
        return JSONResponse({"changes": shown_changes(submission.text, version_2)})

    async def export(request: Request) -> Response:
        student, submission = released(request)
        kind = request.path_params["kind"]
        data = export_own(desk, submission, student.lang, kind)
        return web.download(data, f"feedback-companion.{kind}")

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
            Route("/api/upload", upload, methods=["POST"]),
            Route("/api/private", private, methods=["POST"]),
            Route("/api/mask", masked, methods=["POST"]),
            Route("/api/react", react, methods=["POST"]),
            Route("/api/own-work", own_work, methods=["POST"]),
            Route("/api/export.{kind:str}", export),
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
