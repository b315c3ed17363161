"""The desk between the two sides: takes texts in, has them read, and keeps the line moving."""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from launcher.apps.classroom.engine import EngineClient, EngineLost, EngineRefused
from launcher.apps.classroom.engine_slots import PrimedSlots
from launcher.apps.classroom.line import FairLine, Place
from launcher.apps.classroom.web import Changes, Student, new_id
from launcher.apps.feedback_companion.checks import Abstained, Comment, Rejected, check_reply
from launcher.apps.feedback_companion.config import Config
from launcher.apps.feedback_companion.no_grades import find_grade_request
from launcher.apps.feedback_companion.own_work import OwnWork
from launcher.apps.feedback_companion.private import leaks
from launcher.apps.feedback_companion.prompts import (
    EXAMPLES,
    MAX_TOKENS,
    Criterion,
    build_messages,
    guided_schema,
    reply_schema,
    student_block,
    text_budget_tokens,
)
from launcher.apps.feedback_companion.sentences import Sentence, normalise, split_sentences
from launcher.apps.feedback_companion.sets import FIRST_SET, load_set
from launcher.apps.feedback_companion.store import Activity, Store, Submission
from launcher.apps.privacy import Lang
from launcher.errors import UsageError

log = logging.getLogger(__name__)

MAX_TEXT_CHARS = 20_000
MAX_QUESTION_CHARS = 300
_TRIES = 2
_ENGINE_LOSSES = 6
"""So often may the engine leave during one call, before we stop blaming the engine."""

_TEMPERATURE = 0.3
_SAMPLING = {"dry_multiplier": 0.5, "dry_allowed_length": 6, "dry_penalty_last_n": 256}
"""Guards against loops, which small models fall into; six words in a row may still be a quote."""

_CAUTIOUS_CHARS_PER_TOKEN = 2.0
"""When the engine cannot count: lower than any language and tokenizer that we have seen."""

_TEMPLATE_TOKENS = 60


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

    def __init__(self, config: Config, store: Store, engine: EngineClient) -> None:
        self.config = config
        self.store = store
        self.own_work = OwnWork(store)
        self.changes = Changes()
        self.engine_lost = False
        self._engine = engine
        self._primed = PrimedSlots(engine)
        self._priming: asyncio.Task[None] | None = None
        self._first_slot = asyncio.Lock()
        self._shared_tokens: dict[tuple[int, str], int] = {}
        self.line = FairLine(self._read_text, config.slots, self.changes.notify)

    def start(self) -> None:
        """Continue where the last run ended: every text that is not read yet is queued again."""
        if self.store.current_activity() is None:
            first = load_set(FIRST_SET, self.config.lang)
            self.store.save_activity(
                lang=self.config.lang, title=first.title, goal=first.goal, criteria=first.criteria
            )
        self.line.pause(self.store.setting("paused") == "1")
        for submission in self.store.submissions():
            if submission.state == "queued":
                self.line.add(submission.id, submission.student_id)
        self.line.start()
        self._prime()

    async def stop(self) -> None:
        self.changes.close()
        if self._priming is not None:
            self._priming.cancel()
            await asyncio.gather(self._priming, return_exceptions=True)
        await self.line.stop()
        await self._engine.close()

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

    # Taking in

    async def measure(self, text: str, own_question: str, lang: str, *, with_ai: bool) -> Fit:
        """How much of ``text`` fits; exact when the engine can count, cautious when it cannot.

        A teacher who reads it has no context that can be full, only the bound on a text's length.
        """
        sentences = split_sentences(normalise(text))
        bounded = sum(sentence.end <= MAX_TEXT_CHARS for sentence in sentences)
        kept = bounded
        if with_ai and bounded:
            kept = await self._most_that_fits(sentences[:bounded], own_question, lang)
        return Fit(
            fits=kept == len(sentences),
            words=_count_words(sentences),
            kept_sentences=kept,
            kept_words=_count_words(sentences[:kept]),
            last_kept=sentences[kept - 1].text if kept else "",
            first_lost=sentences[kept].text if kept < len(sentences) else "",
        )

    async def _most_that_fits(
        self, sentences: Sequence[Sentence], own_question: str, lang: str
    ) -> int:
        shared = await self._shared(self.activity, lang)
        budget = text_budget_tokens(self.config.context_tokens, shared)

        async def size(count: int) -> int:
            return await self._tokens(student_block(sentences[:count], own_question, lang), budget)

        if await size(len(sentences)) <= budget:
            return len(sentences)
        least, most = 0, len(sentences) - 1
        while least < most:
            middle = (least + most + 1) // 2
            if await size(middle) <= budget:
                least = middle
            else:
                most = middle - 1
        return least

    async def take_in(
        self,
        student: Student,
        *,
        text: str,
        own_question: str,
        lang: str,
        with_ai: bool,
        only_first: int | None,
    ) -> Submission:
        """Store a text; when this returns, it is on disk and will be read.

        ``only_first`` is the student's consent to send that many sentences of a text that is too
        long. Sending the same text twice, as after a lost connection, gives the same submission.
        Raises `UsageError`: ``fc.text_empty``, ``fc.text_too_long``, ``fc.already_sent``.
        """
        text, own_question = normalise(text), " ".join(normalise(own_question).split())
        sentences = split_sentences(text)
        if only_first is not None and 0 < only_first < len(sentences):
            text = text[: sentences[only_first - 1].end]
            sentences = split_sentences(text)
        earlier = self.store.submission_of(student.id)
        if earlier is not None:
            if earlier.text == text:
                return earlier
            raise UsageError("fc.already_sent")
        if _count_words(sentences) < 3:
            raise UsageError("fc.text_empty")
        fit = await self.measure(text, own_question, lang, with_ai=with_ai)
        if not fit.fits:
            raise UsageError("fc.text_too_long", words=fit.kept_words)
        submission = Submission(
            id=new_id(),
            activity_id=self.activity.id,
            student_id=student.id,
            nickname=student.nickname,
            lang=lang,
            text=text,
            own_question=own_question,
            with_ai=with_ai,
            state="queued" if with_ai else "review",
            revision=0,
            received_at=time.time(),
        )
        self.store.add_submission(submission)
        if with_ai:
            self.line.add(submission.id, student.id)
        self.changes.notify()
        return submission

    def withdraw(self, student: Student) -> None:
        """Delete the student's text and stop reading it. Nothing there is no error."""
        submission = self.store.submission_of(student.id)
        if submission is not None:
            self.store.withdraw(submission.id)
            self.line.cancel(submission.id)
            self.changes.notify()

    def pause(self, paused: bool) -> None:
        """Nothing new is read while paused; texts still come in. Survives a restart."""
        self.store.set_setting("paused", "1" if paused else "0")
        self.line.pause(paused)

    def save_activity(
        self, *, lang: str, title: str, goal: str, criteria: Sequence[Criterion], wording: str = ""
    ) -> Activity:
        """Raises `UsageError` ``fc.grade_requested`` with the words that ask for a grade."""
        parts = [title, goal]
        for criterion in criteria:
            parts += [criterion.name, criterion.description, criterion.example]
            parts += criterion.questions
        for part in parts:
            words = find_grade_request(part)
            if words is not None:
                raise UsageError("fc.grade_requested", words=words)
        activity = self.store.save_activity(
            lang=lang, title=title, goal=goal, criteria=tuple(criteria), wording=wording
        )
        self.changes.notify()
        self._prime()
        return activity

    # Reading

    def _prime(self) -> None:
        """Have the engine read what the class shares before the first text comes in."""
        if self._priming is not None:
            self._priming.cancel()
        self._priming = asyncio.create_task(self._prime_all(self.activity))

    async def _prime_all(self, activity: Activity) -> None:
        with contextlib.suppress(EngineLost):  # Then the first text that is read does it.
            # No text may come into the slot before what it holds has been saved.
            async with self._first_slot:
                await self._primed.seat(*_shared_by_class(activity, activity.lang), slot=0)

    async def _seat(self, activity: Activity, lang: str, slot: int) -> None:
        try:
            await self._primed.seat(*_shared_by_class(activity, lang), slot=slot)
        except EngineLost as error:
            log.warning("engine lost: %s", error.detail)  # The call itself waits for it.

    async def _read_text(self, submission_id: str, slot: int) -> None:
        async with self._first_slot if slot == 0 else contextlib.nullcontext():
            await self._read_in(submission_id, slot)

    async def _read_in(self, submission_id: str, slot: int) -> None:
        submission = self.store.submission(submission_id)
        if submission is None or submission.state != "queued":
            return
        activity = self.store.activity(submission.activity_id)
        await self._seat(activity, submission.lang, slot)
        sentences = split_sentences(submission.text)
        done = self.store.answered(submission_id)
        taken = {comment.sentence_id for comment in self.store.comments(submission_id)}
        for part, criterion in enumerate(activity.criteria):
            if criterion.id in done:
                continue
            if len(taken) >= len(sentences):  # One comment on a sentence is enough.
                self.store.add_answer(submission_id, criterion.id)
                continue
            found, retried = await self._ask(
                activity, submission, sentences, criterion, part=part, taken=taken, slot=slot
            )
            if isinstance(found, Comment):
                taken.add(found.sentence_id)
                self.store.add_answer(
                    submission_id,
                    criterion.id,
                    comment=found,
                    model=self.config.model,
                    retried=retried,
                )
            else:
                self.store.add_answer(
                    submission_id, criterion.id, dropped="" if found is None else found
                )
        self.store.to_review(submission_id)

    async def _ask(
        self,
        activity: Activity,
        submission: Submission,
        sentences: Sequence[Sentence],
        criterion: Criterion,
        *,
        part: int,
        taken: set[str],
        slot: int,
    ) -> tuple[Comment | str | None, bool]:
        """A checked comment, None when the model has nothing to say, or why it was dropped.

        And whether a reply had to be asked twice.
        """
        lang = submission.lang
        messages = build_messages(
            goal=activity.goal,
            sentences=sentences,
            own_question=submission.own_question,
            criterion=criterion,
            lang=lang,
            wording=activity.wording,
        )
        schema = (
            guided_schema(
                sentences,
                part=part,
                parts=len(activity.criteria),
                taken=taken,
                lang=lang,
                questions=criterion.questions if activity.lang == lang else (),
            )
            if self.config.practice
            else reply_schema(sentences, taken=taken)
        )
        topic = " ".join((criterion.line, activity.goal, submission.own_question))
        reason, losses, tries = "no_reply", 0, 0
        while tries < _TRIES and losses < _ENGINE_LOSSES:
            try:
                reply = await self._engine.complete(
                    messages,
                    max_tokens=MAX_TOKENS,
                    temperature=_TEMPERATURE,
                    seed=secrets.randbelow(2**31),
                    schema=schema,
                    slot=slot,
                    sampling=_SAMPLING,
                )
            except EngineLost as error:
                losses += 1
                log.warning("engine lost: %s", error.detail)
                await self._wait_for_engine()
                await self._seat(activity, lang, slot)
                continue
            except EngineRefused as error:
                log.error("engine refused: %s", error.detail)
                break
            log.info(
                "answer: prompt_n=%d cache_n=%d predicted_n=%d",
                reply.prompt_tokens,
                reply.cached_tokens,
                reply.output_tokens,
            )
            checked = check_reply(
                reply.text,
                sentences=sentences,
                lang=lang,
                topic=topic,
                examples=[EXAMPLES[lang].comment],
                taken=taken,
            )
            if isinstance(checked, Comment):
                allowed = f"{submission.text} {topic}"
                if not leaks(checked, cast(Lang, lang), allowed):
                    return checked, tries > 0
                checked = Rejected(reason="leaked_name")
            if isinstance(checked, Abstained):
                return None, tries > 0
            tries += 1
            reason = checked.reason
        return reason, True

    async def _wait_for_engine(self) -> None:
        self.engine_lost = True
        self.changes.notify()
        try:
            await self._engine.wait_ready()
        finally:
            self.engine_lost = False
            self.changes.notify()

    def places(self) -> dict[str, Place]:
        return self.line.places()

    async def _shared(self, activity: Activity, lang: str) -> int:
        known = self._shared_tokens.get((activity.id, lang))
        if known is not None:
            return known
        longest = max(activity.criteria, key=lambda c: len(c.line))
        messages = build_messages(
            goal=activity.goal,
            sentences=(),
            own_question="",
            criterion=longest,
            lang=lang,
            wording=activity.wording,
        )
        text = "\n".join(message["content"] for message in messages)
        exact = await self._engine.count_tokens(text)
        if exact is None:
            return int(len(text) / _CAUTIOUS_CHARS_PER_TOKEN) + _TEMPLATE_TOKENS
        self._shared_tokens[activity.id, lang] = exact + _TEMPLATE_TOKENS
        return exact + _TEMPLATE_TOKENS

    async def _tokens(self, block: str, budget: int) -> int:
        at_most = len(block.encode())
        if at_most <= budget:
            return at_most
        exact = await self._engine.count_tokens(block)
        return int(len(block) / _CAUTIOUS_CHARS_PER_TOKEN) if exact is None else exact


def _shared_by_class(
    activity: Activity, lang: str
) -> tuple[str, tuple[list[dict[str, str]], list[dict[str, str]]]]:
    """A name for the part of a prompt that all texts share, and two prompts that show it."""

    def prompt(text: str) -> list[dict[str, str]]:
        return build_messages(
            goal=activity.goal,
            sentences=split_sentences(text),
            own_question="",
            criterion=activity.criteria[0],
            lang=lang,
            wording=activity.wording,
        )

    return f"{activity.id}-{lang}", (prompt("Aap."), prompt("Zon."))


def _count_words(sentences: Sequence[Sentence]) -> int:
    return sum(len(sentence.text.split()) for sentence in sentences)
