"""What the teacher gets to see, as JSON-able values. Sentences for people are ready-made here."""

import time
from collections.abc import Sequence
from typing import Any

from launcher.apps.classroom.line import Place
from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.own_work import FEWEST_TEXTS, RATINGS
from launcher.apps.feedback_companion.values import STEPS, StoredComment, Submission
from launcher.apps.feedback_companion.views import closing_sentence, paragraphs, shown_comment
from launcher.i18n import Translator, translator


def teacher_overview(desk: Desk) -> dict[str, Any]:
    """The live line and what is ready to be looked at, oldest first."""
    t = translator(desk.config.lang)
    places = desk.line.places()
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
        "locked": desk.locked,
        "closing": closing_sentence(desk, t, for_student=False),
        "auto_release": desk.auto_release,
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
    if activity.use == "coaching":
        return {"goals": [], "sentence": t("fc.class.coaching"), "reactions": ""}
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
    reading = submission.state == "queued" and place is not None and place.running
    state = "working" if reading else submission.state
    comments = desk.store.comments(submission.id)
    shown = sum(comment.state != "rejected" for comment in comments)
    note = t(f"fc.teacher.state.{state}")
    if state == "review":
        note = t.plural("fc.teacher.suggestions", shown)
    elif state == "queued" and place is not None and place.wait_s is not None:
        note = t("fc.teacher.state.queued_wait", time=t.duration(place.wait_s))
    elif state == "released" and not submission.reviewed:
        note = t("fc.teacher.state.released_unseen")
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
    comments = desk.store.comments(submission.id)
    return {
        "id": submission.id,
        "nickname": submission.nickname,
        "state": submission.state,
        "with_ai": submission.with_ai,
        "lang": submission.lang,
        "revision": submission.revision,
        "own_question": submission.own_question,
        "own_aim": submission.own_aim,
        "goal": activity.goal,
        "use": activity.use,
        "paragraphs": paragraphs(submission.text),
        "notes": _outcomes(desk, t, submission),
        "rough_notes": [
            {
                "id": note.id,
                "sentence_id": note.sentence_id,
                "text": note.text,
                "waiting": not note.reason,
                "sentence": t("fc.teacher.note_dropped", why=t(f"fc.reason.{note.reason}"))
                if note.reason
                else t("fc.teacher.note_waiting"),
            }
            for note in desk.notes.of(submission.id)
        ],
        "comments": _review_comments(t, [c for c in comments if not c.is_step], names),
        "steps": _review_comments(t, [c for c in comments if c.is_step], names),
    }


def _outcomes(desk: Desk, t: Translator, submission: Submission) -> list[str]:
    activity = desk.store.activity(submission.activity_id)
    if not submission.with_ai or activity.use == "teacher_first":
        return []
    answered = desk.store.answered(submission.id)
    if submission.state != "queued" and not answered:
        return [t("fc.teacher.not_read")]
    notes = []
    for criterion in activity.criteria:
        outcome, reason = answered.get(criterion.id, ("", ""))
        if outcome == "dropped":
            why = t(f"fc.reason.{reason}")
            notes.append(t("fc.teacher.criterion_dropped", criterion=criterion.name, why=why))
        elif outcome == "none":
            notes.append(t("fc.teacher.criterion_none", criterion=criterion.name))
        elif not outcome and submission.state != "queued":
            notes.append(t("fc.teacher.criterion_not_asked", criterion=criterion.name))
    outcome, reason = answered.get(STEPS, ("", ""))
    if outcome == "dropped":
        notes.append(t("fc.teacher.steps_dropped", why=t(f"fc.reason.{reason}")))
    return notes


def _review_comments(
    t: Translator, comments: Sequence[StoredComment], names: dict[str, str]
) -> list[dict[str, Any]]:
    labels = {"teacher": "teacher_own", "reworded": "reworded_draft", "ai": "ai_draft"}
    return [
        {
            **shown_comment(t, comment, names),
            "label": t(f"fc.label.{labels[comment.origin]}"),
            "origin": comment.origin,
            "note": comment.note,
            "state": comment.state,
            "state_label": t(f"fc.teacher.comment.{comment.state}"),
            "edited": comment.edited,
        }
        for comment in comments
    ]
