"""The teacher's side: one text, its comments and the teacher's own words about it."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from launcher.apps.classroom import web
from launcher.apps.feedback_companion.checks import Comment
from launcher.apps.feedback_companion.desk import Desk, refuse_grades
from launcher.apps.feedback_companion.no_grades import has_verdict
from launcher.apps.feedback_companion.sentences import normalise, split_sentences
from launcher.apps.feedback_companion.teacher_forms import (
    CommentChange,
    Nothing,
    OwnComment,
    RoughNote,
)
from launcher.apps.feedback_companion.teacher_views import teacher_text
from launcher.apps.feedback_companion.values import Submission
from launcher.errors import UsageError


def review_routes(desk: Desk) -> list[Route]:
    """What is below ``/api/submissions/{id}``, and the comment bank."""

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

    async def skip(request: Request) -> Response:
        submission = _submission(desk, request)
        await web.read_body(request, Nothing)
        desk.skip(submission.id)
        return _changed(desk, submission, 200)

    one = "/api/submissions/{id}"
    return [
        Route(one, text),
        Route(f"{one}/comments", own_comment, methods=["POST"]),
        Route(f"{one}/comments/{{comment}}", change_comment, methods=["PUT"]),
        Route(f"{one}/notes", rough_note, methods=["POST"]),
        Route(f"{one}/notes/{{note}}", waiting_note, methods=["POST", "DELETE"]),
        Route(f"{one}/skip", skip, methods=["POST"]),
        Route("/api/bank", bank),
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
