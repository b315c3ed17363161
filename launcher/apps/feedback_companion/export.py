"""Files to keep: the student's own, the teacher's of a class, and what a school needs to decide."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Literal

from launcher import __version__
from launcher.apps.documents.clean import csv_cell
from launcher.apps.documents.compliance import compliance_zip
from launcher.apps.documents.evaluation import evaluation_html, evaluation_markdown
from launcher.apps.documents.feedback_files import (
    student_docx,
    student_markdown,
    teacher_csv,
    teacher_docx,
    teacher_markdown,
)
from launcher.apps.documents.measured import measured_privacy
from launcher.apps.documents.readability import Readability
from launcher.apps.documents.values import (
    Choice,
    ComplianceFacts,
    Evaluation,
    ExportedComment,
    ExportedFeedback,
    ExportedSentence,
    ExportedStep,
    ModelFigures,
    Part,
)
from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.own_work import Reaction, Saved
from launcher.apps.feedback_companion.prompts import PROMPT_VERSION
from launcher.apps.feedback_companion.sentences import split_sentences
from launcher.apps.feedback_companion.values import STEPS, StoredComment, Submission
from launcher.errors import UsageError
from launcher.i18n import translator

_CHOICES: dict[str, Choice] = {"": "", "do": "will", "do_not": "will_not"}
_NOT_FOUND = "classroom.not_found"


def export_own(desk: Desk, submission: Submission, lang: str, kind: str) -> bytes:
    """The student's own file, md or docx; raises `UsageError` for another kind."""
    feedback = _feedback(desk, submission, lang, own=True)
    if kind == "md":
        return student_markdown(feedback).encode("utf-8")
    if kind == "docx":
        return student_docx(feedback)
    raise UsageError(_NOT_FOUND)


def export_class(desk: Desk, lang: str, kind: str) -> bytes:
    """All released texts with their comments, md, docx or csv, for the teacher."""
    lesson = [
        _feedback(desk, submission, lang, own=False)
        for submission in desk.store.submissions()
        if submission.state == "released"
        # A talk about a student's own portfolio leaves nothing on the teacher's side.
        and desk.store.activity(submission.activity_id).use != "coaching"
    ]
    if kind == "csv":
        return teacher_csv(lesson, lang=lang)
    if kind == "md":
        return teacher_markdown(lesson, lang=lang, made_on=_today()).encode("utf-8")
    if kind == "docx":
        return teacher_docx(lesson, lang=lang, made_on=_today())
    raise UsageError(_NOT_FOUND)


def export_evaluation(desk: Desk, lang: str, kind: str, readability: Readability | None) -> bytes:
    """How the model did in this lesson, html or md; without any text of a student."""
    submissions = desk.store.submissions()
    found = Evaluation(
        lang=lang,
        title=desk.activity.title,
        made_on=_today(),
        figures=_figures(desk),
        submissions=sum(s.with_ai and bool(desk.store.answered(s.id)) for s in submissions),
        not_counted=_not_counted(desk, submissions),
        privacy=measured_privacy(),
    )
    if kind == "html":
        return evaluation_html(found, readability).encode("utf-8")
    if kind == "md":
        return evaluation_markdown(found, readability).encode("utf-8")
    raise UsageError(_NOT_FOUND)


def export_compliance(desk: Desk) -> bytes:
    """The compliance folder as a zip file."""
    return compliance_zip(
        ComplianceFacts(
            model=desk.config.model,
            server=desk.config.server,
            version=__version__,
            made_on=_today(),
            privacy=measured_privacy(),
        )
    )


def _not_counted(desk: Desk, submissions: Sequence[Submission]) -> dict[str, int]:
    """Why texts are in the lesson and not in the figures."""
    events = Counter(event["event"] for event in desk.store.audit())
    found = {
        "without_ai": sum(not s.with_ai for s in submissions),
        "not_read": sum(
            s.with_ai and s.state != "queued" and not desk.store.answered(s.id) for s in submissions
        ),
        "unfinished": sum(s.state == "queued" for s in submissions),
        "withdrawn": events["withdrawn"],
    }
    return {why: count for why, count in found.items() if count}


def _today() -> date:
    return datetime.now().astimezone().date()


def _feedback(desk: Desk, submission: Submission, lang: str, *, own: bool) -> ExportedFeedback:
    activity = desk.store.activity(submission.activity_id)
    criteria = {criterion.id: criterion.name for criterion in activity.criteria}
    sentences = split_sentences(submission.text)
    numbers = {sentence.id: number for number, sentence in enumerate(sentences, start=1)}
    saved = desk.own_work.saved(submission.id) if own else Saved()
    reactions = desk.own_work.reactions(submission.id) if own else {}
    shown = desk.store.released_comments(submission.id)
    return ExportedFeedback(
        lang=lang,
        title=activity.title,
        goal=activity.goal,
        nickname=submission.nickname,
        sentences=tuple(
            ExportedSentence(number=numbers[s.id], text=s.text, paragraph=s.paragraph)
            for s in sentences
        ),
        comments=tuple(
            _comment(c, numbers, criteria, reactions.get(c.id, Reaction()))
            for c in shown
            if not c.is_step
        ),
        steps=tuple(
            ExportedStep(text=c.next_step, origin=c.origin, edited=c.edited)
            for c in shown
            if c.is_step
        ),
        model=next((c.model for c in shown if c.model), desk.config.model),
        prompt_version=next((c.prompt_version for c in shown if c.prompt_version), PROMPT_VERSION),
        exported_on=_today(),
        own_question=submission.own_question,
        own_aim=submission.own_aim,
        version_two=saved.version_2,
        reflection=saved.reflection,
        client_said=saved.client_said,
        reviewed_by_teacher=submission.reviewed,
    )


def _comment(
    comment: StoredComment, numbers: dict[str, int], criteria: dict[str, str], reaction: Reaction
) -> ExportedComment:
    return ExportedComment(
        sentence_number=numbers[comment.sentence_id],
        criterion=criteria.get(comment.criterion_id, ""),
        kind=comment.kind,
        observation=comment.observation,
        effect=comment.effect,
        next_step=comment.next_step,
        origin=comment.origin,
        edited=comment.edited,
        choice=_CHOICES[reaction.decision],
        because=reaction.because,
    )


def portfolio_entry(desk: Desk, submission: Submission, lang: str) -> dict[str, Any]:
    """What one lesson adds to the file that a student keeps. It is nowhere on our side."""
    found = _feedback(desk, submission, lang, own=True)
    t = translator(lang)
    return {
        "date": found.exported_on.isoformat(),
        "title": found.title,
        "goal": found.goal,
        "own_aim": found.own_aim,
        "own_question": found.own_question,
        "chosen": [
            {"comment": " ".join(filter(None, (c.observation, c.next_step))), "by": c.origin}
            for c in found.comments
            if c.choice == "will"
        ],
        "steps": [{"step": step.text, "by": step.origin} for step in found.steps],
        "reflection": found.reflection,
        "ai_generated": found.ai_generated,
        "model": found.model if found.ai_generated else "",
        "prompt_version": found.prompt_version if found.ai_generated else "",
        "reviewed_by": "teacher" if found.reviewed_by_teacher else "nobody",
        "purpose": t("fc.purpose"),
    }


def export_audit(desk: Desk) -> bytes:
    """The audit log as CSV: when, what, with which model. Nobody's words are in it."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    columns = ("at", "event", "detail", "model", "prompt_version")
    writer.writerow(columns)
    for event in desk.store.audit():
        at = datetime.fromtimestamp(event["at"], UTC).isoformat(timespec="seconds")
        row = {**event, "at": at}
        writer.writerow([csv_cell(str(row[column])) for column in columns])
    return buffer.getvalue().encode("utf-8-sig")


def _figures(desk: Desk) -> tuple[ModelFigures, ...]:
    """Comments, next steps and wordings apart; what never happened is left out."""
    found = [_part(desk, "comments"), _part(desk, "steps"), _wordings(desk)]
    return tuple(f for f in found if f.calls or f.part == "comments")


def _part(desk: Desk, part: Literal["comments", "steps"]) -> ModelFigures:
    is_steps = part == "steps"
    rows = desk.store.rows(
        "SELECT outcome, reason, retried FROM answer WHERE (criterion_id = ?) = ?", STEPS, is_steps
    )
    kept = desk.store.rows(
        "SELECT comment.state, edited, coalesce(rating, '') AS rating FROM comment"
        " LEFT JOIN reaction ON comment_id = comment.id"
        " WHERE origin = 'ai' AND (criterion_id = ?) = ?",
        STEPS,
        is_steps,
    )
    return _counted(
        desk,
        part,
        kept,
        calls=len(rows),
        first_try=sum(not row["retried"] and row["outcome"] != "dropped" for row in rows),
        abstained=sum(row["outcome"] == "none" for row in rows),
        dropped=Counter(row["reason"] for row in rows if row["outcome"] == "dropped"),
    )


def _wordings(desk: Desk) -> ModelFigures:
    kept = desk.store.rows(
        "SELECT comment.state, edited, coalesce(rating, '') AS rating FROM comment"
        " LEFT JOIN reaction ON comment_id = comment.id WHERE origin = 'reworded'"
    )
    tallies = desk.store.tallies()
    start = "wording_dropped."
    dropped = {n.removeprefix(start): c for n, c in tallies.items() if n.startswith(start)}
    done = tallies.get("wording.comment", 0)
    return _counted(
        desk, "wordings", kept, calls=done + sum(dropped.values()), first_try=None, abstained=0,
        dropped=dropped,
    )  # fmt: skip


def _counted(
    desk: Desk,
    part: Part,
    kept: Sequence[Any],
    *,
    calls: int,
    first_try: int | None,
    abstained: int,
    dropped: Mapping[str, int],
) -> ModelFigures:
    states = [("edited" if r["edited"] else r["state"]) for r in kept if r["state"] != "rejected"]
    shown = [r["rating"] for r in kept if r["state"] == "approved"]
    return ModelFigures(
        model=desk.config.model,
        prompt_version=PROMPT_VERSION,
        part=part,
        calls=calls,
        first_try=first_try,
        kept=calls - abstained - sum(dropped.values()),
        abstained=abstained,
        dropped=dropped,
        approved=states.count("approved"),
        edited=states.count("edited"),
        rejected=sum(r["state"] == "rejected" for r in kept),
        not_reviewed=states.count("draft"),
        useful=shown.count("useful"),
        wrong=shown.count("wrong"),
        not_understood=shown.count("unclear"),
        not_rated=shown.count(""),
    )
