"""The students' side, behind the gateway.

| route | does |
|---|---|
| GET /health | ``{"ok": true}``; the only route without the gateway key |
| GET /, GET /about | the page, and what this is for |
| GET /api/me | the student's view: ``state`` none, queued, working, review, released |
| GET /api/events | the same view as server-sent events |
| POST /api/notice | ``{notice, with_ai, consent}``: the notice was seen, and this was chosen |
| POST /api/check | ``{text, own_question, lang, with_ai}`` → does it fit, where would it be cut |
| POST /api/submit | the same and ``own_aim, consent, only_first`` → 201, the view |
| POST /api/upload | a multipart form with one file → ``{text, notes}``; nothing is stored |
| POST /api/private | ``{text, own_question, own_aim, lang}`` → what looks private; not stored |
| POST /api/mask | the same and ``groups`` → the three texts with placeholders |
| POST /api/react | ``{comment_id, decision, because, rating}`` → ``{"ok": true}`` |
| POST /api/own-work | ``{version_2, reflection, client_said}`` → ``{changes}`` |
| GET /api/export.docx, /api/export.md | the student's own file |
| GET /api/portfolio | what this lesson adds to the student's own portfolio file |
| POST /api/withdraw | ``{}`` → everything of this student is deleted; the view |

Errors are ``{"error": {code, message, advice}}``. All links are relative: the gateway serves this
under a prefix.
"""

import asyncio
import dataclasses
import hashlib
import hmac
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from launcher.apps.classroom import web
from launcher.apps.classroom.limits import PerStudent
from launcher.apps.feedback_companion.about import about_page
from launcher.apps.feedback_companion.desk import MAX_QUESTION_CHARS, MAX_TEXT_CHARS, Desk
from launcher.apps.feedback_companion.export import export_own, portfolio_entry
from launcher.apps.feedback_companion.notice import notice_lead, notice_name, notice_parts
from launcher.apps.feedback_companion.own_work import Decision, Rating, Reaction
from launcher.apps.feedback_companion.private import masked_text, shown_findings
from launcher.apps.feedback_companion.sentences import normalise
from launcher.apps.feedback_companion.values import Submission
from launcher.apps.feedback_companion.views import shown_changes, student_view
from launcher.apps.uploads import MAX_UPLOAD_BYTES, left_out_sentences, read_upload_async
from launcher.errors import PaadjeError, UsageError
from launcher.i18n import translator

HERE = Path(__file__).parent

MOST_IN_TEN_MINUTES = {"/api/submit": 10, "/api/upload": 20}
"""For one student: more than anyone needs, and too little to keep the class waiting."""

STATUSES = {
    "fc.already_sent": 409,
    "fc.text_too_long": 422,
    "fc.consent_missing": 422,
    "fc.notice_first": 422,
    "fc.locked": 409,
    "fc.not_released_yet": 409,
    "fc.not_saved": 507,
}

_TEXTS = (
    "fc.write.fits",
    "fc.write.too_long",
    "fc.write.cut_here",
    "fc.write.draft_kept",
    "fc.write.words",
    "fc.write.one_word",
    "fc.over",
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
    "fc.feedback.own_aim",
    "fc.feedback.goal",
    "fc.feedback.own_question",
    "fc.notice.changed",
    "fc.portfolio.wrong",
    "fc.portfolio.empty",
    "fc.portfolio.use",
    "fc.portfolio.used",
    "fc.portfolio.aim",
    "fc.portfolio.chosen",
    "fc.portfolio.steps",
    "fc.portfolio.reflection",
    "fc.portfolio.saved",
    "fc.portfolio.added",
    "fc.error.bug.message",
    "fc.error.bug.advice",
    "fc.error.offline.message",
    "fc.error.offline.advice",
)


class _Check(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(max_length=MAX_TEXT_CHARS * 2)
    own_question: str = Field("", max_length=MAX_QUESTION_CHARS)
    own_aim: str = Field("", max_length=MAX_QUESTION_CHARS)
    lang: Literal["nl", "en"]
    with_ai: bool = True


class _Choice(BaseModel):
    model_config = ConfigDict(extra="forbid")

    notice: str = Field(max_length=64)
    with_ai: bool
    consent: bool = False


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
    client_said: str = Field("", max_length=3000)


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
        activity, auto = desk.activity, desk.auto_release
        told: dict[str, Any] = {
            "model": desk.config.model,
            "server": desk.config.server,
            "auto_release": auto,
        }
        return pages.render(
            "student.html",
            student.lang,
            nickname=student.nickname,
            practice=desk.config.practice,
            activity=activity,
            notice=notice_name(activity, student.lang, **told),
            notice_lead=notice_lead(activity, student.lang, auto_release=auto),
            notice_parts=notice_parts(activity, student.lang, **told),
            draft_name=_draft_name(student.id, desk.config.gateway_key),
            max_chars=MAX_TEXT_CHARS,
            max_question=MAX_QUESTION_CHARS,
            texts={key: t(key) for key in _TEXTS},
        )

    async def about(request: Request) -> Response:
        config = desk.config
        return about_page(pages, web.language_of(request), config.model, config.server)

    async def me(request: Request) -> Response:
        student = web.student_of(request)
        return JSONResponse(student_view(desk, student.id, student.lang))

    async def events(request: Request) -> Response:
        student = web.student_of(request)
        return desk.changes.stream(lambda: student_view(desk, student.id, student.lang))

    async def check(request: Request) -> Response:
        web.student_of(request)
        body = await web.read_body(request, _Check)
        fit = await desk.measure(
            body.text, body.own_question, body.lang, with_ai=body.with_ai, own_aim=body.own_aim
        )
        return JSONResponse(dataclasses.asdict(fit))

    async def choose(request: Request) -> Response:
        student = web.student_of(request)
        body = await web.read_body(request, _Choice)
        if body.with_ai and not body.consent:
            raise UsageError("fc.consent_missing")
        desk.choose(student, body.notice, with_ai=body.with_ai)
        return JSONResponse({"ok": True})

    async def submit(request: Request) -> Response:
        student = web.student_of(request)
        body = await web.read_body(request, _Submit)
        if body.with_ai and not body.consent:
            raise UsageError("fc.consent_missing")
        await desk.take_in(
            student,
            text=body.text,
            own_question=body.own_question,
            own_aim=body.own_aim,
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
        found = await asyncio.to_thread(
            shown_findings, body.text, body.own_question, body.own_aim, body.lang, t
        )
        return JSONResponse(found)

    async def masked(request: Request) -> Response:
        web.student_of(request)
        body = await web.read_body(request, _Mask)
        text, question, aim = await asyncio.to_thread(
            masked_text,
            body.text,
            body.own_question,
            body.own_aim,
            body.lang,
            frozenset(body.groups),
        )
        return JSONResponse({"text": text, "own_question": question, "own_aim": aim})

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
        desk.own_work.save(
            submission,
            version_2=version_2,
            reflection=normalise(body.reflection),
            client_said=normalise(body.client_said),
        )
        return JSONResponse({"changes": shown_changes(submission.text, version_2)})

    async def export(request: Request) -> Response:
        student, submission = released(request)
        kind = request.path_params["kind"]
        data = export_own(desk, submission, student.lang, kind)
        return web.download(data, f"feedback-companion.{kind}")

    async def portfolio(request: Request) -> Response:
        student, submission = released(request)
        return JSONResponse(portfolio_entry(desk, submission, student.lang))

    async def withdraw(request: Request) -> Response:
        student = web.student_of(request)
        await web.read_body(request, _Nothing)
        desk.withdraw(student)
        return JSONResponse(student_view(desk, student.id, student.lang))

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/", page),
            Route("/about", about),
            Route("/api/me", me),
            Route("/api/events", events),
            Route("/api/notice", choose, methods=["POST"]),
            Route("/api/check", check, methods=["POST"]),
            Route("/api/submit", submit, methods=["POST"]),
            Route("/api/upload", upload, methods=["POST"]),
            Route("/api/private", private, methods=["POST"]),
            Route("/api/mask", masked, methods=["POST"]),
            Route("/api/react", react, methods=["POST"]),
            Route("/api/own-work", own_work, methods=["POST"]),
            Route("/api/export.{kind:str}", export),
            Route("/api/portfolio", portfolio),
            Route("/api/withdraw", withdraw, methods=["POST"]),
            Mount("/static/classroom", StaticFiles(directory=web.HERE / "static")),
            Mount("/static", StaticFiles(directory=HERE / "static")),
        ],
        middleware=[
            Middleware(web.Boundary),
            Middleware(web.GatewayOnly, key=desk.config.gateway_key),
            Middleware(PerStudent, most=MOST_IN_TEN_MINUTES, lang=desk.config.lang),
        ],
        exception_handlers={
            PaadjeError: web.error_handler(STATUSES, desk.config.lang),
        },
    )


def _draft_name(student_id: str, key: str) -> str:
    """Whose draft it is: the next person on a shared device does not get to see it."""
    return hmac.new(key.encode(), student_id.encode(), hashlib.sha256).hexdigest()[:16]
