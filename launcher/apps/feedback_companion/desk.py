"""The desk between the two sides: takes texts in, has them read, and keeps the line moving."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from launcher.apps.classroom.engine import EngineClient
from launcher.apps.classroom.line import FairLine
from launcher.apps.classroom.web import Changes, Student, new_id
from launcher.apps.feedback_companion.config import Config
from launcher.apps.feedback_companion.no_grades import find_grade_request
from launcher.apps.feedback_companion.notes import Note, Notes
from launcher.apps.feedback_companion.notice import notice_names
from launcher.apps.feedback_companion.own_work import OwnWork
from launcher.apps.feedback_companion.prompts import Criterion
from launcher.apps.feedback_companion.reading import MOST_COMMENTS, Reading
from launcher.apps.feedback_companion.sentences import Sentence, normalise, split_sentences
from launcher.apps.feedback_companion.sets import FIRST_SET, load_set
from launcher.apps.feedback_companion.store import Store
from launcher.apps.feedback_companion.values import Activity, Submission, Use
from launcher.apps.privacy import Lang
from launcher.errors import PaadjeError, UsageError

log = logging.getLogger(__name__)

MAX_TEXT_CHARS = 20_000
MAX_QUESTION_CHARS = 300
_NOTE = "note:"
_LOOK_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """Whether a text fits in the model's context, and if not, what would be kept of it."""

    fits: bool
    words: int
    kept_sentences: int
    kept_words: int
    last_kept: str
    first_lost: str


class Desk:
    """Everything that the students' and the teacher's side do, apart from how it looks."""

    def __init__(
        self,
        config: Config,
        store: Store,
        engine: EngineClient,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.config = config
        self.store = store
        self.own_work = OwnWork(store)
        self.notes = Notes(store)
        self.changes = Changes()
        self._clock = clock
        self._reading = Reading(config, store, engine, self.changes.notify)
        self._looking: asyncio.Task[None] | None = None
        self.line = FairLine(self._work, config.slots, self.changes.notify)
        store.model = config.model_sha256 or config.model

    def start(self) -> None:
        """Continue where the last run ended: every text that is not read yet is queued again."""
        if self.store.current_activity() is None:
            first = load_set(FIRST_SET, self.config.lang)
            self.store.save_activity(
                lang=self.config.lang,
                title=first.title,
                goal=first.goal,
                criteria=first.criteria,
                use=first.use,
            )
        self.line.pause(self.store.setting("paused") == "1")
        self._queue_what_waits()
        self.line.start()
        self._reading.prime(self.activity)
        self._looking = asyncio.create_task(self._look_at_the_clock())

    async def stop(self) -> None:
        self.changes.close()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        await self.line.stop()
        await self._reading.stop()

    def hear(self, message: Mapping[str, object]) -> None:
        """A message of the host: the engine has another number of slots now."""
        slots = message.get("slots")
        if isinstance(slots, int) and 1 <= slots <= 64:
            self.line.resize(slots)

    @property
    def activity(self) -> Activity:
        activity = self.store.current_activity()
        assert activity is not None, "start() makes the first one"
        return activity

    @property
    def engine_lost(self) -> bool:
        return self._reading.engine_lost

    # Before a text

    def choose(self, student: Student, notice: str, *, with_ai: bool) -> None:
        """A student has seen the notice and chose; raises `UsageError` ``fc.notice_first``."""
        if notice not in self._notices:
            raise UsageError("fc.notice_first")
        self.store.choose(student.id, notice, with_ai=with_ai)

    @property
    def _notices(self) -> frozenset[str]:
        return notice_names(
            self.activity,
            model=self.config.model,
            server=self.config.server,
            auto_release=self.auto_release,
        )

    async def measure(
        self, text: str, own_question: str, lang: str, *, with_ai: bool, own_aim: str = ""
    ) -> Fit:
        """How much of ``text`` fits; exact when the engine can count, cautious when it cannot.

        A teacher who reads it has no context that can be full, only the bound on a text's length.
        """
        sentences = split_sentences(normalise(text))
        bounded = sum(sentence.end <= MAX_TEXT_CHARS for sentence in sentences)
        kept = bounded
        activity = self.activity
        if with_ai and bounded and activity.use != "teacher_first":
            kept = await self._reading.most_that_fits(
                activity, sentences[:bounded], own_question, own_aim, lang
            )
        return Fit(
            fits=kept == len(sentences),
            words=_count_words(sentences),
            kept_sentences=kept,
            kept_words=_count_words(sentences[:kept]),
            last_kept=sentences[kept - 1].text if kept else "",
            first_lost=sentences[kept].text if kept < len(sentences) else "",
        )

    async def take_in(
        self,
        student: Student,
        *,
        text: str,
        own_question: str,
        lang: Lang,
        with_ai: bool,
        only_first: int | None,
        own_aim: str = "",
    ) -> Submission:
        """Store a text; when this returns, it is on disk and will be read.

        ``only_first`` is the student's consent to send that many sentences of a text that is too
        long. Sending the same text twice, as after a lost connection, gives the same submission.
        Raises `UsageError`: ``fc.notice_first``, ``fc.locked``, ``fc.text_empty``,
        ``fc.text_too_long``, ``fc.already_sent``.
        """
        text, own_question, own_aim = normalise(text), _one_line(own_question), _one_line(own_aim)
        sentences = split_sentences(text)
        if only_first is not None and 0 < only_first < len(sentences):
            text = text[: sentences[only_first - 1].end]
            sentences = split_sentences(text)
        earlier = self.store.submission_of(student.id)
        if earlier is not None:
            if earlier.text == text:
                return earlier
            raise UsageError("fc.already_sent")
        chosen = self.store.chosen(student.id)
        if chosen is None or chosen[0] not in self._notices or chosen[1] != with_ai:
            raise UsageError("fc.notice_first")
        if self.locked:
            raise UsageError("fc.locked")
        if _count_words(sentences) < 3:
            raise UsageError("fc.text_empty")
        fit = await self.measure(text, own_question, lang, with_ai=with_ai, own_aim=own_aim)
        if not fit.fits:
            raise UsageError("fc.text_too_long", words=fit.kept_words)
        activity = self.activity
        read = with_ai and activity.use != "teacher_first"
        submission = Submission(
            id=new_id(),
            activity_id=activity.id,
            student_id=student.id,
            nickname=student.nickname,
            lang=lang,
            text=text,
            own_question=own_question,
            own_aim=own_aim,
            with_ai=with_ai,
            state="queued" if read else "review",
            revision=0,
            received_at=self._clock(),
            auto=read and self.auto_release,
        )
        self.store.add_submission(submission)
        if read:
            self._queue_text(submission)
        self.changes.notify()
        return submission

    def _queue_text(self, submission: Submission) -> None:
        done = self.store.answered(submission.id)
        criteria = self.store.activity(submission.activity_id).criteria
        left = sum(criterion.id not in done for criterion in criteria)
        # One call for each criterion, and one for the next steps.
        calls = min(left, MOST_COMMENTS) + 1
        self.line.add(submission.id, submission.student_id, size=calls)

    def _queue_what_waits(self) -> None:
        """What is in the line already stays where it is."""
        for submission in self.store.submissions():
            if submission.state == "queued":
                self._queue_text(submission)
        for note in self.notes.waiting():
            self.line.add(_NOTE + note.id, "teacher", urgent=True)

    def withdraw(self, student: Student) -> None:
        """Delete the student's text and stop reading it. Nothing there is no error."""
        submission = self.store.submission_of(student.id)
        if submission is not None:
            self._forget(submission.id, "withdrawn")

    def _forget(self, submission_id: str, event: str) -> None:
        notes = self.notes.of(submission_id)
        self.store.withdraw(submission_id, event=event)
        self.line.cancel(submission_id)
        for note in notes:
            self.line.cancel(_NOTE + note.id)
        self.changes.notify()

    async def _look_at_the_clock(self) -> None:
        while True:
            try:
                self.look()
            except PaadjeError as error:  # A full disk; it may have room again in a minute.
                log.warning("cannot save: %s", error.code)
            await asyncio.sleep(_LOOK_S)

    def look(self) -> None:
        """Each minute: forget what is too old, and queue again what a full disk had stopped."""
        for submission_id in self.store.too_old(self._clock()):
            self._forget(submission_id, "too_old")
        self._queue_what_waits()
        if self.store.setting("closes_at") and self.locked:
            self.changes.notify()  # Everyone sees that it is closed.

    # What the teacher decides about the whole class

    def pause(self, paused: bool) -> None:
        """Nothing new is read while paused; texts still come in. Survives a restart."""
        self.store.set_setting("paused", "1" if paused else "0")
        self.line.pause(paused)

    @property
    def closes_at(self) -> float | None:
        """When no more texts are taken in, in seconds since 1970; None as long as it is open."""
        written = self.store.setting("closes_at")
        return float(written) if written else None

    @property
    def locked(self) -> bool:
        closes_at = self.closes_at
        return closes_at is not None and closes_at <= self._clock()

    def close_in(self, minutes: int | None) -> None:
        """Lock now (0), close after so many minutes, or open again (None)."""
        at = "" if minutes is None else str(self._clock() + 60 * minutes)
        self.store.set_setting("closes_at", at)
        self.changes.notify()

    def extend(self, minutes: int) -> None:
        """Give everyone more time, counted from the end or, when that has passed, from now."""
        now = self._clock()
        self.store.set_setting("closes_at", str(max(self.closes_at or now, now) + 60 * minutes))
        self.changes.notify()

    def stop_reading(self) -> None:
        """Read nothing more: what was not read yet goes to the teacher as it is."""
        for submission in self.store.submissions():
            if submission.state == "queued":
                self.skip(submission.id, event="stopped")

    def skip(self, submission_id: str, *, event: str = "skipped") -> None:
        """Leave one text to the teacher, with the suggestions that it has by now."""
        self.line.cancel(submission_id)
        self.store.to_review(submission_id, event=event)
        self.changes.notify()

    @property
    def auto_release(self) -> bool:
        return self.store.setting("auto_release") == "1"

    def set_auto_release(self, on: bool) -> None:
        """Show suggestions without a look first, to students who read that in the notice."""
        self.store.set_setting("auto_release", "1" if on else "0")
        self.changes.notify()

    def save_activity(
        self,
        *,
        lang: str,
        title: str,
        goal: str,
        criteria: Sequence[Criterion],
        wording: str = "",
        use: Use = "sprint_review",
    ) -> Activity:
        """Raises `UsageError` ``fc.grade_requested`` with the words that ask for a grade."""
        parts = [title, goal]
        for criterion in criteria:
            parts += [criterion.name, criterion.description, criterion.example]
            parts += criterion.questions
        refuse_grades(*parts)
        activity = self.store.save_activity(
            lang=lang, title=title, goal=goal, criteria=tuple(criteria), wording=wording, use=use
        )
        self.changes.notify()
        self._reading.prime(activity)
        return activity

    # A teacher's rough note

    def add_note(self, submission: Submission, sentence_id: str, text: str) -> None:
        """Have the model make a note clear and kind. Raises `UsageError` as for a text.

        A student who chose no AI gets no wording of a model's: ``fc.no_ai_chosen``.
        """
        if not submission.with_ai:
            raise UsageError("fc.no_ai_chosen")
        self._queue(self.notes.add(submission.id, sentence_id, text))

    def try_note_again(self, note: Note) -> None:
        self.notes.again(note)
        self._queue(note)

    def remove_note(self, note: Note) -> None:
        self.line.cancel(_NOTE + note.id)
        self.notes.remove(note)
        self.changes.notify()

    def _queue(self, note: Note) -> None:
        # The teacher sits and waits for it.
        self.line.add(_NOTE + note.id, "teacher", urgent=True)
        self.changes.notify()

    # The work of the line

    async def _work(self, job: str, slot: int) -> None:
        if job.startswith(_NOTE):
            note = self.notes.get(job.removeprefix(_NOTE))
            submission = self.store.submission(note.submission_id) if note else None
            if note is not None and submission is not None:
                await self._reading.reword(note, submission, slot)
            return
        submission = self.store.submission(job)
        if submission is None or submission.state != "queued":
            return
        await self._reading.read(submission, slot)
        self.store.to_review(job)
        # Where the model was unsure or silent, a teacher looks first, whatever was chosen.
        told = self.store.comments(job) and not self.store.unsure().get(job)
        if submission.auto and self.auto_release and told:
            self.store.release_unseen(job)


def refuse_grades(*parts: str) -> None:
    """Raises `UsageError` ``fc.grade_requested`` when one of the texts asks for a grade."""
    for part in parts:
        words = find_grade_request(part)
        if words is not None:
            raise UsageError("fc.grade_requested", words=words)


def _one_line(text: str) -> str:
    return " ".join(normalise(text).split())


def _count_words(sentences: Sequence[Sentence]) -> int:
    return sum(len(sentence.text.split()) for sentence in sentences)
