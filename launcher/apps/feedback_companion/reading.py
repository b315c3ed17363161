"""Reading with the model: what is asked, checked, asked once more, and kept or dropped."""

import asyncio
import contextlib
import dataclasses
import logging
import secrets
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar, get_args

from launcher.apps.classroom.engine import EngineClient, EngineLost, EngineRefused
from launcher.apps.classroom.engine_slots import PrimedSlots
from launcher.apps.feedback_companion.checks import Abstained, Comment, Rejected, check_reply
from launcher.apps.feedback_companion.checks_more import check_steps, check_wording
from launcher.apps.feedback_companion.config import Config
from launcher.apps.feedback_companion.language import looks_like
from launcher.apps.feedback_companion.notes import Note, Notes
from launcher.apps.feedback_companion.private import leaks
from launcher.apps.feedback_companion.prompts import (
    EXAMPLES,
    MAX_TOKENS,
    Asked,
    Criterion,
    build_messages,
    guided_schema,
    kinds_for,
    reply_schema,
    student_block,
    text_budget_tokens,
)
from launcher.apps.feedback_companion.prompts_more import (
    guided_steps_schema,
    guided_wording_schema,
    steps_messages,
    steps_schema,
    wording_messages,
    wording_schema,
)
from launcher.apps.feedback_companion.sentences import Sentence, split_sentences
from launcher.apps.feedback_companion.store import Store
from launcher.apps.feedback_companion.values import STEPS, Activity, StoredComment, Submission
from launcher.apps.privacy import Lang

log = logging.getLogger(__name__)

Found = TypeVar("Found")

MOST_COMMENTS = 4
"""More on one text is more than anybody reads; the criteria that stand first are asked first."""

_TRIES = 2
_ENGINE_LOSSES = 6
"""So often may the engine leave during one call, before we stop blaming the engine."""
_PAUSE_S = 0.5
"""Doubled with each loss after the first: half a minute in all."""

_TEMPERATURE = 0.3
_SAMPLING = {"dry_multiplier": 0.5, "dry_allowed_length": 6, "dry_penalty_last_n": 256}
"""Guards against loops, which small models fall into; six words in a row may still be a quote."""

_CAUTIOUS_CHARS_PER_TOKEN = 2.0
"""When the engine cannot count: lower than any language and tokenizer that we have seen."""

_TEMPLATE_TOKENS = 60


class Reading:
    """Everything that asks the engine something. ``changed`` is called when it is lost or back."""

    def __init__(
        self, config: Config, store: Store, engine: EngineClient, changed: Callable[[], None]
    ) -> None:
        self.config = config
        self.engine_lost = False
        self._store = store
        self._notes = Notes(store)
        self._engine = engine
        self._changed = changed
        self._primed = PrimedSlots(engine)
        self._priming: asyncio.Task[None] | None = None
        self._first_slot = asyncio.Lock()
        self._shared_tokens: dict[tuple[int, str], int] = {}

    async def stop(self) -> None:
        if self._priming is not None:
            self._priming.cancel()
            await asyncio.gather(self._priming, return_exceptions=True)
        await self._engine.close()

    # What the class shares

    def prime(self, activity: Activity) -> None:
        """Have the engine read what the class shares before the first text comes in."""
        if self._priming is not None:
            self._priming.cancel()
        if activity.use != "teacher_first":  # Then no text is read.
            self._priming = asyncio.create_task(self._prime(activity))

    async def _prime(self, activity: Activity) -> None:
        with contextlib.suppress(EngineLost):  # Then the first text that is read does it.
            # No text may come into the slot before what it holds has been saved.
            async with self._first_slot:
                await self._primed.seat(*_shared_by_class(activity, activity.lang), slot=0)

    async def _seat(self, activity: Activity, lang: str, slot: int) -> None:
        try:
            await self._primed.seat(*_shared_by_class(activity, lang), slot=slot)
        except EngineLost as error:
            log.warning("engine lost: %s", error.detail)  # The call itself waits for it.

    # How much fits

    async def most_that_fits(
        self, activity: Activity, sentences: Sequence[Sentence], question: str, aim: str, lang: str
    ) -> int:
        """How many of the sentences fit in the model's context, from the first one on."""
        shared = await self._shared(activity, lang)
        budget = text_budget_tokens(self.config.context_tokens, shared)

        async def size(count: int) -> int:
            return await self._tokens(student_block(sentences[:count], question, lang, aim), budget)

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

    async def _shared(self, activity: Activity, lang: str) -> int:
        known = self._shared_tokens.get((activity.id, lang))
        if known is not None:
            return known
        longest = max(activity.criteria, key=lambda c: len(c.line))
        asked = _asked_by_class(activity, lang)
        text = "\n".join(message["content"] for message in build_messages(asked, longest))
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

    # One text

    async def read(self, submission: Submission, slot: int) -> None:
        """Ask about each criterion that has no answer yet, and then for next steps."""
        async with self._first_slot if slot == 0 else contextlib.nullcontext():
            await self._read(submission, slot)

    async def _read(self, submission: Submission, slot: int) -> None:
        activity = self._store.activity(submission.activity_id)
        await self._seat(activity, submission.lang, slot)
        sentences = split_sentences(submission.text)
        done = self._store.answered(submission.id)
        kept = [_plain(c) for c in self._store.comments(submission.id) if not c.is_step]
        for part, criterion in enumerate(activity.criteria):
            if criterion.id in done:
                continue
            if len(kept) >= min(len(sentences), MOST_COMMENTS):
                break  # One comment on a sentence is enough.
            found, retried = await self._about(
                activity, submission, sentences, criterion, part=part, kept=kept, slot=slot
            )
            self._keep(submission, criterion.id, found, retried)
            if isinstance(found, Comment):
                kept.append(found)
        if kept and STEPS not in done:
            steps, retried = await self._next_steps(activity, submission, sentences, kept, slot)
            self._keep(submission, STEPS, steps, retried)

    def _keep(
        self,
        submission: Submission,
        criterion_id: str,
        found: Comment | list[Comment] | Abstained | str,
        retried: bool,
    ) -> None:
        self._store.add_answer(
            submission.id,
            criterion_id,
            comment=found if isinstance(found, Comment) else None,
            steps=found if isinstance(found, list) else (),
            dropped=found if isinstance(found, str) else "",
            model=self.config.model,
            retried=retried,
        )

    async def _about(
        self,
        activity: Activity,
        submission: Submission,
        sentences: Sequence[Sentence],
        criterion: Criterion,
        *,
        part: int,
        kept: Sequence[Comment],
        slot: int,
    ) -> tuple[Comment | Abstained | str, bool]:
        lang, kinds = submission.lang, kinds_for(activity.use)
        taken = {comment.sentence_id for comment in kept}
        schema = (
            guided_schema(
                sentences,
                part=part,
                parts=len(activity.criteria),
                taken=taken,
                lang=lang,
                questions=criterion.questions if activity.lang == lang else (),
                kinds=tuple(kind for kind in kinds if kind != "strength"),
            )
            if self.config.practice
            else reply_schema(sentences, taken=taken, kinds=kinds)
        )
        topic = _topic(activity, submission, criterion)

        def check(reply: str) -> Comment | Abstained | Rejected:
            found = check_reply(
                reply,
                sentences=sentences,
                lang=lang,
                topic=topic,
                examples=[EXAMPLES[lang].comment],
                taken=taken,
                kinds=kinds,
            )
            if not isinstance(found, Comment):
                return found
            return _unless_leaking(found, lang, f"{submission.text} {topic}")

        messages = build_messages(_asked(activity, submission, sentences), criterion)
        again = partial(self._seat, activity, lang, slot)
        return await self._ask(messages, schema, check, slot=slot, again=again)

    async def _next_steps(
        self,
        activity: Activity,
        submission: Submission,
        sentences: Sequence[Sentence],
        kept: Sequence[Comment],
        slot: int,
    ) -> tuple[list[Comment] | Abstained | str, bool]:
        lang = submission.lang
        topic = _topic(activity, submission, *activity.criteria)

        def check(reply: str) -> list[Comment] | Abstained | Rejected:
            found = check_steps(reply, text=submission.text, comments=kept, lang=lang, topic=topic)
            if not isinstance(found, list):
                return found
            allowed = f"{submission.text} {topic}"
            safe = [step for step in found if not leaks(step, lang, allowed)]
            return safe or Rejected(reason="leaked_name")

        messages = steps_messages(_asked(activity, submission, sentences), kept)
        schema = (
            guided_steps_schema(sentences, kept, lang) if self.config.practice else steps_schema()
        )
        again = partial(self._seat, activity, lang, slot)
        return await self._ask(messages, schema, check, slot=slot, again=again)

    # A teacher's rough note

    async def reword(self, note: Note, submission: Submission, slot: int) -> None:
        """Make a note clear and kind; what the checks drop leaves the note as it was."""
        sentence = next(
            (s.text for s in split_sentences(submission.text) if s.id == note.sentence_id), ""
        )
        lang = _language_of(note.text, submission.lang)

        def check(reply: str) -> Comment | Rejected:
            said = check_wording(reply, note=note.text, sentence=sentence, lang=lang)
            if isinstance(said, Rejected):
                return said
            comment = Comment(
                sentence_id=note.sentence_id,
                kind="improve",
                observation=said,
                effect="",
                next_step="",
            )
            return _unless_leaking(comment, lang, f"{note.text} {sentence}")

        schema = (
            guided_wording_schema(note.text, lang) if self.config.practice else wording_schema()
        )
        messages = wording_messages(note=note.text, sentence=sentence, lang=lang)
        async with self._first_slot if slot == 0 else contextlib.nullcontext():
            found, _ = await self._ask(messages, schema, check, slot=slot)
        if isinstance(found, Comment):
            self._notes.worded(note, found, self.config.model)
        elif isinstance(found, str):
            self._notes.dropped(note, found)

    # One call

    async def _ask(
        self,
        messages: list[dict[str, str]],
        schema: dict[str, Any],
        check: Callable[[str], Found | Rejected],
        *,
        slot: int,
        again: Callable[[], Awaitable[None]] | None = None,
    ) -> tuple[Found | str, bool]:
        """What the check lets through, or why it was dropped; and whether it was asked twice.

        ``again`` makes the slot ready after the engine was lost.
        """
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
                await self._wait_for_engine(losses)
                if again is not None:
                    await again()
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
            found = check(reply.text)
            if not isinstance(found, Rejected):
                return found, tries > 0
            tries += 1
            reason = found.reason
        return reason, True

    async def _wait_for_engine(self, losses: int) -> None:
        self.engine_lost = True
        self._changed()
        try:
            await self._engine.wait_ready()
            if losses > 1:
                # It says that it is well and is not. The host sees that too, in some seconds.
                await asyncio.sleep(_PAUSE_S * 2**losses)
        finally:
            self.engine_lost = False
            self._changed()


def _topic(activity: Activity, submission: Submission, *criteria: Criterion) -> str:
    lines = [criterion.line for criterion in criteria]
    return " ".join((*lines, activity.goal, submission.own_question, submission.own_aim))


def _plain(comment: StoredComment) -> Comment:
    return Comment(
        sentence_id=comment.sentence_id,
        kind=comment.kind,
        observation=comment.observation,
        effect=comment.effect,
        next_step=comment.next_step,
    )


def _unless_leaking(comment: Comment, lang: Lang, allowed_in: str) -> Comment | Rejected:
    return Rejected(reason="leaked_name") if leaks(comment, lang, allowed_in) else comment


def _language_of(note: str, default: Lang) -> Lang:
    """The teacher's own language; a wording that is also a translation cannot be checked."""
    langs: tuple[Lang, ...] = get_args(Lang)
    return next((lang for lang in langs if looks_like(note, lang)), default)


def _asked(activity: Activity, submission: Submission, sentences: Sequence[Sentence]) -> Asked:
    return dataclasses.replace(
        _asked_by_class(activity, submission.lang),
        sentences=sentences,
        own_question=submission.own_question,
        own_aim=submission.own_aim,
    )


def _asked_by_class(activity: Activity, lang: str, text: str = "") -> Asked:
    return Asked(
        goal=activity.goal,
        lang=lang,
        sentences=split_sentences(text),
        wording=activity.wording,
        use=activity.use,
    )


def _shared_by_class(
    activity: Activity, lang: str
) -> tuple[str, tuple[list[dict[str, str]], list[dict[str, str]]]]:
    """A name for the part of a prompt that all texts share, and two prompts that show it."""
    first = activity.criteria[0]
    one, other = (
        build_messages(_asked_by_class(activity, lang, text), first) for text in ("Aap.", "Zon.")
    )
    return f"{activity.id}-{lang}", (one, other)
