"""What each side gets to see, as JSON-able values. Sentences for people are ready-made here."""

import time
from collections.abc import Sequence
from typing import Any

from launcher.apps.classroom.line import Place
from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.own_work import (
    FEWEST_TEXTS,
    RATINGS,
    changes_between,
)
from launcher.apps.feedback_companion.sentences import split_sentences
from launcher.apps.feedback_companion.store import StoredComment, Submission
from launcher.i18n import Translator, translator


def student_view(desk: Desk, student_id: str, lang: str) -> dict[str, Any]:
    """``state``: none, queued, working, review, released. Drafts are never part of this."""
    t = translator(lang)
    submission = desk.store.submission_of(student_id)
    if submission is None:
        return {"state": "none", "headline": "", "explanation": "", "feedback": None}
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
        place = desk.places().get(submission.id)
        running = place is not None and place.running
        view["state"] = "working" if running else "queued"
        view["ahead"] = place.ahead if place else None
        view["headline"] = _place_sentence(t, place)
        view["explanation"] = _wait_sentence(desk, t, place)
    elif state == "review" and not submission.with_ai:
        view["explanation"] = t("fc.student.review.without_ai")
    elif state == "released":
        comments = desk.store.released_comments(submission.id)
        names = _criterion_names(desk, submission)
        view["feedback"] = {
            "own_question": submission.own_question,
            "paragraphs": paragraphs(submission.text),
            "comments": [
                {**_shown_comment(t, c, names), "more": _more(desk, t, submission, c)}
                for c in comments
            ],
        }
        view["own"] = _own(desk, submission)
        if not comments:
            view["explanation"] = t("fc.student.released.nothing")
    return view


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
    version_2, reflection = desk.own_work.saved(submission.id)
    reactions = desk.own_work.reactions(submission.id)
    return {
        "text": submission.text,
        "version_2": version_2,
        "reflection": reflection,
        "changes": shown_changes(submission.text, version_2),
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


def _shown_comment(t: Translator, comment: StoredComment, names: dict[str, str]) -> dict[str, Any]:
    if comment.origin == "teacher":
        label = t("fc.label.teacher")
    else:
        label = t("fc.label.ai_edited" if comment.edited else "fc.label.ai")
    return {
        "id": comment.id,
        "sentence_id": comment.sentence_id,
        "kind": comment.kind,
        "kind_label": t(f"fc.kind.{comment.kind}"),
        "criterion": names.get(comment.criterion_id, ""),
        "observation": comment.observation,
        "effect": comment.effect,
        "next_step": comment.next_step,
        "label": label,
        "ai_generated": comment.origin == "ai",
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


def _criterion_names(desk: Desk, submission: Submission) -> dict[str, str]:
    activity = desk.store.activity(submission.activity_id)
    return {criterion.id: criterion.name for criterion in activity.criteria}


def teacher_overview(desk: Desk) -> dict[str, Any]:
    """The live line and what is ready to be looked at, oldest first."""
    t = translator(desk.config.lang)
    places = desk.places()
    tallies = desk.store.tallies()
    dropped = sum(n for name, n in tallies.items() if name.startswith("dropped."))
    answers = dropped + sum(n for name, n in tallies.items() if name.startswith("answer."))
    unsure = desk.store.unsure()
    texts = [_overview_row(desk, t, s, places, unsure) for s in desk.store.submissions()]
    # Where the model was least sure comes first; the rest stays in order of arrival.
    texts.sort(key=lambda row: -row["unsure"] if row["state"] == "review" else 0)
    return {
        "paused": desk.line.paused,
        "engine_lost": desk.engine_lost,
        "texts": texts,
        "counts": {
            state: sum(row["state"] == state for row in texts)
            for state in ("queued", "working", "review", "released")
        },
        "class": class_view(desk, t),
        "dropped": dropped,
        "answers": answers,
        "dropped_by_reason": {
            name.removeprefix("dropped."): n
            for name, n in tallies.items()
            if name.startswith("dropped.")
        },
        "dropped_sentence": (
            t.plural("fc.teacher.dropped", dropped, answers=answers) if dropped else ""
        ),
    }


def class_view(desk: Desk, t: Translator) -> dict[str, Any]:
    """Counts of the class without names; only when they are about enough texts."""
    activity = desk.activity
    texts, goals = desk.own_work.goal_counts(activity.id)
    reacted, reactions = desk.own_work.reaction_counts()
    kinds = ("strength", "improve", "question")
    enough = texts >= FEWEST_TEXTS
    return {
        "goals": [
            {"criterion": c.name, **{kind: goals.get((c.id, kind), 0) for kind in kinds}}
            for c in activity.criteria
        ]
        if enough
        else [],
        "sentence": t.plural("fc.class.texts", texts)
        if enough
        else t("fc.class.too_few", fewest=FEWEST_TEXTS),
        "reactions": t(
            "fc.class.reactions",
            texts=reacted,
            **{name: reactions.get(name, 0) for name in ("do", "do_not", *RATINGS)},
        )
        if reacted >= FEWEST_TEXTS
        else "",
    }


def _overview_row(
    desk: Desk,
    t: Translator,
    submission: Submission,
    places: dict[str, Place],
    unsure: dict[str, int],
) -> dict[str, Any]:
    place = places.get(submission.id)
    state = "working" if place and place.running else submission.state
    comments = desk.store.comments(submission.id)
    shown = sum(comment.state != "rejected" for comment in comments)
    note = t(f"fc.teacher.state.{state}")
    if state == "review":
        note = t.plural("fc.teacher.suggestions", shown)
    elif state == "queued" and place is not None and place.wait_s is not None:
        note = t("fc.teacher.state.queued_wait", time=t.duration(place.wait_s))
    return {
        "id": submission.id,
        "nickname": submission.nickname,
        "state": state,
        "with_ai": submission.with_ai,
        "revision": submission.revision,
        "note": note,
        "unsure": unsure.get(submission.id, 0),
        "received_minutes_ago": int(max(time.time() - submission.received_at, 0) // 60),
    }


def teacher_text(desk: Desk, submission: Submission) -> dict[str, Any]:
    """One text with all its comments and an honest line on what the checks dropped."""
    t = translator(desk.config.lang)
    activity = desk.store.activity(submission.activity_id)
    names = {criterion.id: criterion.name for criterion in activity.criteria}
    answered = desk.store.answered(submission.id)
    notes = []
    for criterion in activity.criteria:
        outcome, reason = answered.get(criterion.id, ("", ""))
        if outcome == "dropped":
            why = t(f"fc.reason.{reason}")
            notes.append(t("fc.teacher.criterion_dropped", criterion=criterion.name, why=why))
        elif outcome == "none":
            notes.append(t("fc.teacher.criterion_none", criterion=criterion.name))
    return {
        "id": submission.id,
        "nickname": submission.nickname,
        "state": submission.state,
        "with_ai": submission.with_ai,
        "lang": submission.lang,
        "revision": submission.revision,
        "own_question": submission.own_question,
        "goal": activity.goal,
        "paragraphs": paragraphs(submission.text),
        "notes": notes,
        "comments": _review_comments(t, desk.store.comments(submission.id), names),
    }


def _review_comments(
    t: Translator, comments: Sequence[StoredComment], names: dict[str, str]
) -> list[dict[str, Any]]:
    return [
        {
            **_shown_comment(t, comment, names),
            "label": t(
                "fc.label.teacher_own" if comment.origin == "teacher" else "fc.label.ai_draft"
            ),
            "origin": comment.origin,
            "state": comment.state,
            "state_label": t(f"fc.teacher.comment.{comment.state}"),
            "edited": comment.edited,
        }
        for comment in comments
    ]
