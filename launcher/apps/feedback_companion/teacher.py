"""The teacher's side: on the laptop itself only, never through the gateway.

Opened as ``http://127.0.0.1:<port>/open#<token>``; that page posts the token and gets a cookie.

| route | does |
|---|---|
| GET /health | ``{"ok": true}`` |
| GET /open, POST /session ``{token}`` | the way in: 204 and a cookie, or 403 |
| GET / | the page |
| GET /api/status, GET /api/events | the live line, once or as server-sent events |
| GET /api/submissions/{id} | a text with its comments |
| POST /api/submissions/{id}/comments | ``{sentence_id, text}``: the teacher's own comment |
| PUT /api/submissions/{id}/comments/{comment} | ``{state, observation?, effect?, next_step?}`` |
| POST /api/release | ``{texts: {id: revision}, approve_drafts}``: show the students |
| POST /api/pause | ``{paused}`` |
| GET /api/activity, PUT /api/activity | goals and criteria |

Every change needs an ``Origin`` of this very address.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field
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
from launcher.apps.feedback_companion.checks import Comment
from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.export import (
    export_class,
    export_compliance,
    export_evaluation,
)
from launcher.apps.feedback_companion.no_grades import has_verdict
from launcher.apps.feedback_companion.private import private_in
from launcher.apps.feedback_companion.prompts import WORDINGS, Criterion
from launcher.apps.feedback_companion.sentences import normalise, split_sentences
from launcher.apps.feedback_companion.sets import SETS, load_set
from launcher.apps.feedback_companion.store import Activity, Submission
from launcher.apps.feedback_companion.views import teacher_overview, teacher_text
from launcher.apps.privacy import Lang
from launcher.errors import PaadjeError, UsageError
from launcher.i18n import LANGUAGES, Translator, translator

HERE = Path(__file__).parent

STATUSES = {
    "fc.changed_meanwhile": 409,
    "fc.undecided": 409,
    "fc.not_saved": 507,
    "fc.grade_requested": 422,
    "fc.verdict_in_comment": 422,
}

_TEXTS = (
    "fc.teacher.approve",
    "fc.teacher.approved_press_to_undo",
    "fc.teacher.reject",
    "fc.teacher.edit",
    "fc.teacher.save",
    "fc.teacher.cancel",
    "fc.teacher.observation",
    "fc.teacher.effect",
    "fc.teacher.next_step",
    "fc.teacher.release",
    "fc.teacher.release_all",
    "fc.teacher.released",
    "fc.teacher.add_own",
    "fc.teacher.add_own_help",
    "fc.teacher.add",
    "fc.teacher.own_question",
    "fc.teacher.no_suggestions",
    "fc.teacher.no_suggestions_no_ai",
    "fc.teacher.still_reading",
    "fc.teacher.nobody",
    "fc.teacher.nothing_to_review",
    "fc.teacher.pause",
    "fc.teacher.resume",
    "fc.teacher.paused",
    "fc.teacher.engine_lost",
    "fc.teacher.counts",
    "fc.teacher.without_ai",
    "fc.teacher.choose_sentence",
    "fc.teacher.comment_on",
    "fc.teacher.offline",
    "fc.activity.criterion_name",
    "fc.activity.criterion_description",
    "fc.activity.criterion_questions",
    "fc.activity.criterion_example",
    "fc.teacher.unsure",
    "fc.class.criterion",
    "fc.kind.strength",
    "fc.kind.improve",
    "fc.kind.question",
    "fc.activity.remove",
    "fc.activity.saved",
    "fc.activity.advice",
    "fc.activity.criterion",
    "fc.error.bug.message",
)

_Line = Field(min_length=1, max_length=300)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class _Session(_Strict):
    token: str = Field(max_length=200)


class _OwnComment(_Strict):
    sentence_id: str = Field(max_length=10)
    text: str = Field(min_length=1, max_length=800)


class _CommentChange(_Strict):
    state: Literal["draft", "approved", "rejected"]
    observation: str | None = Field(None, min_length=1, max_length=800)
    effect: str = Field("", max_length=400)
    next_step: str = Field("", max_length=400)


class _Release(_Strict):
    texts: dict[str, int] = Field(min_length=1, max_length=100)
    approve_drafts: bool = False


class _Pause(_Strict):
    paused: bool


class _Import(_Strict):
    text: str = Field(min_length=1, max_length=20_000)


class _CriterionForm(_Strict):
    name: str = Field(min_length=1, max_length=60)
    description: str = _Line
    questions: list[str] = Field(default_factory=list, max_length=6)
    example: str = Field("", max_length=400)


class _ActivityForm(_Strict):
    lang: Literal["nl", "en"]
    title: str = Field(min_length=1, max_length=100)
    goal: str = Field(min_length=1, max_length=500)
    criteria: list[_CriterionForm] = Field(min_length=1, max_length=6)
    wording: Literal["", *WORDINGS] = ""  # type: ignore[valid-type]


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
        return key.let_in((await web.read_body(request, _Session)).token)

    async def page(request: Request) -> Response:
        return pages.render(
            "teacher.html",
            lang,
            model=desk.config.model,
            practice=desk.config.practice,
            sets=[(code, name, load_set(name, code)) for code in LANGUAGES for name in SETS],
            wordings=WORDINGS,
            texts={key: t(key) for key in _TEXTS},
        )

    async def status(request: Request) -> Response:
        return JSONResponse(teacher_overview(desk))

    async def events(request: Request) -> Response:
        return desk.changes.stream(lambda: teacher_overview(desk))

    async def text(request: Request) -> Response:
        return JSONResponse(teacher_text(desk, _submission(desk, request)))

    async def own_comment(request: Request) -> Response:
        submission = _submission(desk, request)
        body = await web.read_body(request, _OwnComment)
        sentence = _sentence(submission, body.sentence_id)
        written = normalise(body.text)
        _refuse_verdict(written, sentence)
        comment = Comment(
            sentence_id=body.sentence_id,
            kind="improve",
            observation=written,
            effect="",
            next_step="",
        )
        desk.store.add_own_comment(submission.id, comment)
        return _changed(desk, submission, 201)

    async def change_comment(request: Request) -> Response:
        submission = _submission(desk, request)
        body = await web.read_body(request, _CommentChange)
        comment_id = request.path_params["comment"]
        found = [c for c in desk.store.comments(submission.id) if c.id == comment_id]
        if not found:
            raise UsageError("classroom.not_found")
        texts = None
        if body.observation is not None:
            texts = (normalise(body.observation), normalise(body.effect), normalise(body.next_step))
            _refuse_verdict(" ".join(texts), _sentence(submission, found[0].sentence_id))
        desk.store.change_comment(submission.id, comment_id, state=body.state, texts=texts)
        return _changed(desk, submission, 200)

    async def release(request: Request) -> Response:
        body = await web.read_body(request, _Release)
        desk.store.release(body.texts, approve_drafts=body.approve_drafts)
        desk.changes.notify()
        return JSONResponse(teacher_overview(desk))

    async def pause(request: Request) -> Response:
        desk.pause((await web.read_body(request, _Pause)).paused)
        return JSONResponse(teacher_overview(desk))

    async def activity(request: Request) -> Response:
        if request.method == "GET":
            return JSONResponse(activity_json(desk.activity))
        form = await web.read_body(request, _ActivityForm)
        saved = desk.save_activity(
            lang=form.lang,
            title=normalise(form.title),
            goal=normalise(form.goal),
            wording=form.wording,
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
                "criteria": criteria_json(found.criteria),
            }
        )

    async def export(request: Request) -> Response:
        kind = request.path_params["kind"]
        return web.download(export_class(desk, lang, kind), f"feedback-companion.{kind}")

    async def evaluation(request: Request) -> Response:
        kind = request.path_params["kind"]
        return web.download(export_evaluation(desk, lang, kind), f"evaluation.{kind}")

    async def compliance(request: Request) -> Response:
        data = await asyncio.to_thread(export_compliance, desk)
        return web.download(data, "compliance.zip")

    async def import_criteria(request: Request) -> Response:
        """Criteria from pasted text or a CSV file, for the form; nothing is saved yet."""
        pasted = (await web.read_body(request, _Import)).text
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
            Route("/api/status", status),
            Route("/api/events", events),
            Route("/api/submissions/{id}", text),
            Route("/api/submissions/{id}/comments", own_comment, methods=["POST"]),
            Route("/api/submissions/{id}/comments/{comment}", change_comment, methods=["PUT"]),
            Route("/api/release", release, methods=["POST"]),
            Route("/api/pause", pause, methods=["POST"]),
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
    found = private_in(written, cast(Lang, activity.lang))
    private = [t("fc.activity.private", words=", ".join(found))] if found else []
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
