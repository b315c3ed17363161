"""What a student gets to see, as JSON-able values. Sentences for people are ready-made here."""

import time
from typing import Any

from launcher.apps.classroom.line import Place
from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.own_work import changes_between
from launcher.apps.feedback_companion.sentences import split_sentences
from launcher.apps.feedback_companion.values import StoredComment, Submission
from launcher.i18n import Translator, translator


def student_view(desk: Desk, student_id: str, lang: str) -> dict[str, Any]:
    """``state``: none, queued, working, review, released. Drafts are never part of this."""
    t = translator(lang)
    submission = desk.store.submission_of(student_id)
    if submission is None:
        return {
            "state": "none",
            "headline": "",
            "explanation": "",
            "feedback": None,
            "closed": desk.locked,
            "closing": closing_sentence(desk, t, for_student=True),
        }
    state = submission.state
    view: dict[str, Any] = {
        "state": state,
        "with_ai": submission.with_ai,
        "headline": t(f"fc.student.{state}.headline"),
        "explanation": t(f"fc.student.{state}.explanation"),
        "ahead": None,
        "feedback": None,
    }
    if state == "queued":
        place = desk.line.places().get(submission.id)
        running = place is not None and place.running
        view["state"] = "working" if running else "queued"
        view["ahead"] = place.ahead if place else None
        view["headline"] = _place_sentence(t, place)
        view["explanation"] = _wait_sentence(desk, t, place)
    elif state == "review":
        view["explanation"] = t(f"fc.student.review.{_review_reason(desk, submission)}")
    elif state == "released":
        view["feedback"] = _feedback(desk, t, submission)
        view["own"] = _own(desk, submission)
        if not view["feedback"]["comments"]:
            found = "steps_only" if view["feedback"]["steps"] else "nothing"
            view["explanation"] = t(f"fc.student.released.{found}")
        elif not submission.reviewed:
            view["explanation"] = t("fc.student.released.unseen")
    return view


def _review_reason(desk: Desk, submission: Submission) -> str:
    if not submission.with_ai:
        return "without_ai"
    if desk.store.activity(submission.activity_id).use == "teacher_first":
        return "teacher_first"
    return "explanation" if desk.store.answered(submission.id) else "not_read"


def closing_sentence(desk: Desk, t: Translator, *, for_student: bool) -> str:
    """Until when texts can come in; empty when there is no end."""
    closes_at = desk.closes_at
    if closes_at is None:
        return ""
    side = "student" if for_student else "teacher"
    if desk.locked:
        return t(f"fc.closing.{side}.closed")
    # Whole minutes, so that the sentence does not change with every second.
    left_s = max(60.0, round((closes_at - time.time()) / 60) * 60)
    return t(f"fc.closing.{side}.open", time=t.duration(left_s))


def _feedback(desk: Desk, t: Translator, submission: Submission) -> dict[str, Any]:
    shown = desk.store.released_comments(submission.id)
    activity = desk.store.activity(submission.activity_id)
    names = {criterion.id: criterion.name for criterion in activity.criteria}
    return {
        "use": activity.use,
        "title": activity.title,
        "goal": activity.goal,
        "goal_lang": activity.lang,
        "own_aim": submission.own_aim,
        "own_question": submission.own_question,
        "paragraphs": paragraphs(submission.text),
        "comments": [
            {
                **shown_comment(t, c, names, seen=submission.reviewed),
                "lang": _language(submission, c),
                "more": _more(desk, t, submission, c),
            }
            for c in shown
            if not c.is_step
        ],
        "steps": [
            {
                **shown_comment(t, c, names, seen=submission.reviewed),
                "lang": _language(submission, c),
            }
            for c in shown
            if c.is_step
        ],
    }


def _language(submission: Submission, comment: StoredComment) -> str:
    """For reading aloud. A person writes in whatever language they like: then it is empty."""
    return submission.lang if comment.origin == "ai" else ""


def _more(
    desk: Desk, t: Translator, submission: Submission, comment: StoredComment
) -> dict[str, Any]:
    """What a student may ask about a comment. All of it is the teacher's, none the model's."""
    activity = desk.store.activity(submission.activity_id)
    for criterion in activity.criteria:
        if criterion.id == comment.criterion_id:
            why = t("fc.more.why_answer", about=criterion.description, goal=activity.goal)
            return {"why": [why], "example": [criterion.example], "ask": list(criterion.questions)}
    return {"why": [], "example": [], "ask": []}


def _own(desk: Desk, submission: Submission) -> dict[str, Any]:
    saved = desk.own_work.saved(submission.id)
    reactions = desk.own_work.reactions(submission.id)
    return {
        "text": submission.text,
        "version_2": saved.version_2,
        "reflection": saved.reflection,
        "client_said": saved.client_said,
        "changes": shown_changes(submission.text, saved.version_2),
        "reactions": {
            comment_id: {"decision": r.decision, "because": r.because, "rating": r.rating}
            for comment_id, r in reactions.items()
        },
    }


def shown_changes(first: str, version_2: str) -> list[dict[str, str]]:
    if not version_2:
        return []
    return [{"kind": c.kind, "text": c.text} for c in changes_between(first, version_2)]


def _place_sentence(t: Translator, place: Place | None) -> str:
    if place is None or (not place.running and place.ahead == 0):
        return t("fc.student.queued.next")
    if place.running:
        return t("fc.student.queued.running")
    return t.plural("fc.student.queued.ahead", place.ahead)


def _wait_sentence(desk: Desk, t: Translator, place: Place | None) -> str:
    if desk.engine_lost:
        return t("fc.student.queued.engine_lost")
    if desk.line.paused and not (place and place.running):
        return t("fc.student.queued.paused")
    if place is None or place.wait_s is None:
        return t("fc.student.queued.unknown")
    return t("fc.student.queued.wait", time=t.duration(max(place.wait_s, 5)))


def shown_comment(
    t: Translator, comment: StoredComment, names: dict[str, str], *, seen: bool = True
) -> dict[str, Any]:
    """A comment as both sides show it; ``seen`` is whether a teacher looked at it."""
    if comment.origin == "teacher":
        label = t("fc.label.teacher")
    elif comment.origin == "reworded":
        label = t("fc.label.reworded")
    elif not seen:
        label = t("fc.label.ai_unseen")
    else:
        label = t("fc.label.ai_edited" if comment.edited else "fc.label.ai")
    return {
        "id": comment.id,
        "sentence_id": comment.sentence_id,
        "kind": comment.kind,
        # A model gave its own comments a kind; what a teacher wrote has none.
        "kind_label": t(f"fc.kind.{comment.kind}") if comment.origin == "ai" else "",
        "criterion": names.get(comment.criterion_id, ""),
        "observation": comment.observation,
        "effect": comment.effect,
        "next_step": comment.next_step,
        "label": label,
        "ai_generated": comment.ai_generated,
    }


def paragraphs(text: str) -> list[list[dict[str, str]]]:
    """The text as paragraphs of pieces; a piece with an ``id`` is a numbered sentence."""
    found: list[list[dict[str, str]]] = []
    position, previous = 0, -1
    for sentence in split_sentences(text):
        between = text[position : sentence.start]
        if sentence.paragraph != previous:
            found.append([])
            between = between.rpartition("\n")[2]
        if between:
            found[-1].append({"id": "", "text": between})
        found[-1].append({"id": sentence.id, "text": sentence.text})
        position, previous = sentence.end, sentence.paragraph
    return found
