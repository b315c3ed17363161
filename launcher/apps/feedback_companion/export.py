"""Files to keep: the student's own, the teacher's of a class, and what a school needs to decide."""

from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version

from launcher.apps.documents.compliance import compliance_zip
from launcher.apps.documents.evaluation import evaluation_html, evaluation_markdown
from launcher.apps.documents.feedback_files import (
    student_docx,
    student_markdown,
    teacher_csv,
    teacher_docx,
    teacher_markdown,
)
from launcher.apps.documents.values import (
    Choice,
    ComplianceFacts,
    Evaluation,
    ExportedComment,
    ExportedFeedback,
    ExportedSentence,
    ModelFigures,
)
from launcher.apps.feedback_companion.desk import Desk
from launcher.apps.feedback_companion.own_work import Reaction
from launcher.apps.feedback_companion.prompts import PROMPT_VERSION
from launcher.apps.feedback_companion.sentences import split_sentences
from launcher.apps.feedback_companion.store import StoredComment, Submission
from launcher.errors import UsageError

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
    ]
    if kind == "csv":
        return teacher_csv(lesson, lang=lang)
    if kind == "md":
        return teacher_markdown(lesson, lang=lang, made_on=_today()).encode("utf-8")
    if kind == "docx":
        return teacher_docx(lesson, lang=lang, made_on=_today())
    raise UsageError(_NOT_FOUND)


def export_evaluation(desk: Desk, lang: str, kind: str) -> bytes:
    """How the model did in this lesson, html or md; without any text of a student."""
    submissions = desk.store.submissions()
    found = Evaluation(
        lang=lang,
        title=desk.activity.title,
        made_on=_today(),
        figures=(_figures(desk),),
        submissions=sum(s.with_ai for s in submissions),
        not_counted={},
    )
    if kind == "html":
        return evaluation_html(found).encode("utf-8")
    if kind == "md":
        return evaluation_markdown(found).encode("utf-8")
    raise UsageError(_NOT_FOUND)


def export_compliance(desk: Desk) -> bytes:
    """The compliance folder as a zip file."""
    try:
        installed = version("paadje")
    except PackageNotFoundError:
        installed = "–"
    return compliance_zip(
        ComplianceFacts(model=desk.config.model, version=installed, made_on=_today())
    )


def _today() -> date:
    return datetime.now().astimezone().date()


def _feedback(desk: Desk, submission: Submission, lang: str, *, own: bool) -> ExportedFeedback:
    activity = desk.store.activity(submission.activity_id)
    criteria = {criterion.id: criterion.name for criterion in activity.criteria}
    sentences = split_sentences(submission.text)
    numbers = {sentence.id: number for number, sentence in enumerate(sentences, start=1)}
    version_two, reflection = desk.own_work.saved(submission.id) if own else ("", "")
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
            _comment(c, numbers, criteria, reactions.get(c.id, Reaction())) for c in shown
        ),
        model=next((c.model for c in shown if c.model), desk.config.model),
        prompt_version=next((c.prompt_version for c in shown if c.prompt_version), PROMPT_VERSION),
        exported_on=_today(),
        own_question=submission.own_question,
        version_two=version_two,
        reflection=reflection,
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


def _figures(desk: Desk) -> ModelFigures:
    rows = desk.store.rows("SELECT outcome, reason, retried FROM answer")
    dropped: dict[str, int] = {}
    for row in rows:
        if row["outcome"] == "dropped":
            dropped[row["reason"]] = dropped.get(row["reason"], 0) + 1
    kept = desk.store.rows(
        "SELECT comment.state, edited, coalesce(rating, '') AS rating FROM comment"
        " LEFT JOIN reaction ON comment_id = comment.id WHERE origin = 'ai'"
    )
    states = [("edited" if r["edited"] else r["state"]) for r in kept if r["state"] != "rejected"]
    shown = [r["rating"] for r in kept if r["state"] == "approved"]
    return ModelFigures(
        model=desk.config.model,
        prompt_version=PROMPT_VERSION,
        calls=len(rows),
        first_try=sum(not row["retried"] and row["outcome"] != "dropped" for row in rows),
        kept=len(kept),
        abstained=sum(row["outcome"] == "none" for row in rows),
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
