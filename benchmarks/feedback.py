"""How good is the feedback? Prompts and checks with a model, on texts of which the gaps are known.

    python benchmarks/feedback.py [--model FILE.gguf] [--plain] [--quick] [--json]

A run that is ended (Ctrl-C, SIGTERM) reports what it has measured so far, and that it was not all.

Twelve texts in six genres, Dutch and English, each with sentences that are strong, sentences that
lack something, and traps: a claim that must not be praised, an instruction in the text, a fact that
only a model would add. Beside the model stands a baseline without any model: the teacher's own
questions, put beside sentences spread over the text. A real model has to do better than that.
"""

import argparse
import asyncio
import json
import os
import signal
import statistics
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from launcher.apps.classroom.engine import EngineClient  # noqa: E402
from launcher.apps.feedback_companion.checks import (  # noqa: E402
    Abstained,
    Comment,
    Rejected,
    check_reply,
)
from launcher.apps.feedback_companion.config import is_practice_model  # noqa: E402
from launcher.apps.feedback_companion.private import leaks  # noqa: E402
from launcher.apps.feedback_companion.prompts import (  # noqa: E402
    EXAMPLES,
    MAX_TOKENS,
    PROMPT_VERSION,
    Asked,
    build_messages,
    guided_schema,
    kinds_for,
    reply_schema,
)
from launcher.apps.feedback_companion.sentences import Sentence, split_sentences  # noqa: E402
from launcher.apps.feedback_companion.sets import ReadyMade, load_set  # noqa: E402
from launcher.apps.privacy import Lang  # noqa: E402
from tests.services.lessons import engine_running  # noqa: E402

DATA = Path(__file__).parent / "data" / "feedback" / "submissions.toml"
SEEDS = (1, 2, 3)
TEMPERATURE = 0.3
SAMPLING = {"dry_multiplier": 0.5, "dry_allowed_length": 6, "dry_penalty_last_n": 256}


@dataclass(slots=True)
class Tally:
    """Counts over all calls; a rate is always given with what it is a part of."""

    calls: int = 0
    replies: int = 0
    first_try: int = 0
    after_retry: int = 0
    abstained: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    comments: int = 0
    gap_hits: int = 0
    gaps: int = 0
    strength_hits: int = 0
    strengths: int = 0
    trapped: int = 0
    words: int = 0
    longest: int = 0
    seconds: float = 0.0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    overlaps: list[float] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    pairs: dict[str, list[int]] = field(default_factory=dict)
    """What the two texts differ in: how many pairs got the same, of how many."""
    pairs_words: list[float] = field(default_factory=list)
    """How many words the second text got for each word that the first one got."""


def read_data() -> dict[str, Any]:
    """The texts; raises `AssertionError` when an expectation points at no sentence."""
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    for entry in data["submission"]:
        sentences = split_sentences(entry["text"])
        for kind in ("strengths", "gaps", "traps"):
            for start in entry[kind]:
                found = [s for s in sentences if s.text.startswith(start)]
                assert len(found) == 1, (entry["id"], start)
    for pair in data["pair"]:
        one, other = (split_sentences(text) for text in pair["texts"])
        assert len(one) == len(other), one[0].text
    return data


def starts(sentences: Sequence[Sentence], expected: Sequence[str]) -> set[str]:
    return {s.id for s in sentences if any(s.text.startswith(start) for start in expected)}


def template(sentences: Sequence[Sentence], ready: ReadyMade) -> list[Comment]:
    """The baseline: a helping question of each criterion beside a sentence, evenly spread."""
    step = max(len(sentences) // len(ready.criteria), 1)
    return [
        Comment(
            sentence_id=sentences[min(at * step, len(sentences) - 1)].id,
            kind="question",
            observation=sentences[min(at * step, len(sentences) - 1)].text,
            effect="",
            next_step=criterion.questions[0],
        )
        for at, criterion in enumerate(ready.criteria)
    ]


class Reader:
    """Reads texts as the app does, and keeps count."""

    def __init__(self, engine: EngineClient, tally: Tally, *, practice: bool) -> None:
        self._engine = engine
        self._tally = tally
        self._practice = practice

    async def read(self, text: str, ready: ReadyMade, lang: Lang, seed: int) -> list[Comment]:
        sentences = split_sentences(text)
        found: list[Comment] = []
        for part in range(len(ready.criteria)):
            taken = {comment.sentence_id for comment in found}
            comment = await self._ask(sentences, ready, lang, seed, part, taken)
            if comment is not None:
                found.append(comment)
        return found

    async def _ask(
        self,
        sentences: Sequence[Sentence],
        ready: ReadyMade,
        lang: Lang,
        seed: int,
        part: int,
        taken: set[str],
    ) -> Comment | None:
        criterion, tally = ready.criteria[part], self._tally
        kinds, topic = kinds_for(ready.use), f"{criterion.line} {ready.goal}"
        known = " ".join([topic, *(sentence.text for sentence in sentences)])
        asked = Asked(goal=ready.goal, sentences=sentences, lang=lang, use=ready.use)
        messages = build_messages(asked, criterion)
        schema = (
            guided_schema(
                sentences,
                part=part,
                parts=len(ready.criteria),
                taken=taken,
                lang=lang,
                questions=criterion.questions,
                kinds=tuple(kind for kind in kinds if kind != "strength"),
            )
            if self._practice
            else reply_schema(sentences, taken=taken, kinds=kinds)
        )
        tally.calls += 1
        for attempt in range(2):
            begun = time.monotonic()
            reply = await self._engine.complete(
                messages,
                max_tokens=MAX_TOKENS,
                temperature=TEMPERATURE,
                seed=seed * 1000 + part * 10 + attempt,
                schema=schema,
                slot=0,
                sampling=SAMPLING,
            )
            tally.seconds += time.monotonic() - begun
            tally.replies += 1
            print(f"call {tally.calls}: {time.monotonic() - begun:.1f} s", file=sys.stderr)
            tally.prompt_tokens += reply.prompt_tokens
            tally.cached_tokens += reply.cached_tokens
            tally.output_tokens += reply.output_tokens
            checked = check_reply(
                reply.text,
                sentences=sentences,
                lang=lang,
                topic=topic,
                examples=[EXAMPLES[lang].comment],
                taken=taken,
                kinds=kinds,
            )
            if isinstance(checked, Comment) and leaks(checked, lang, known):
                checked = Rejected(reason="leaked_name")
            if isinstance(checked, Rejected):
                tally.rejected[checked.reason] += 1
                continue
            tally.first_try += attempt == 0
            tally.after_retry += 1
            tally.abstained += isinstance(checked, Abstained)
            return checked if isinstance(checked, Comment) else None
        return None


def words(comment: Comment) -> int:
    return len(f"{comment.observation} {comment.effect} {comment.next_step}".split())


def judge(tally: Tally, entry: dict[str, Any], comments: Sequence[Comment]) -> None:
    """Add one text: which gaps and strengths were seen, and which traps worked."""
    sentences = split_sentences(entry["text"])
    asked = {c.sentence_id for c in comments if c.kind != "strength"}
    praised = {c.sentence_id for c in comments if c.kind == "strength"}
    gaps, strengths = starts(sentences, entry["gaps"]), starts(sentences, entry["strengths"])
    tally.gaps += min(len(gaps), max(len(comments), 1))
    tally.gap_hits += len(asked & gaps)
    tally.strengths += len(praised)
    tally.strength_hits += len(praised & strengths)
    traps = starts(sentences, entry["traps"])
    for comment in comments:
        said = f"{comment.observation} {comment.effect} {comment.next_step}"
        tally.comments += 1
        tally.words += words(comment)
        tally.longest = max(tally.longest, words(comment))
        own = next(s.text for s in sentences if s.id == comment.sentence_id).lower()
        forbidden = [
            w for w in entry["never"] if w.lower() in said.lower() and w.lower() not in own
        ]
        tally.trapped += bool(forbidden) or (
            comment.sentence_id in traps and comment.kind == "strength"
        )


def figures(tally: Tally) -> dict[str, Any]:
    """What is reported; a part and its whole where it is a rate."""
    causes = tally.rejected
    return {
        "texts_read": len(tally.read),
        "accepted_first_try": [tally.first_try, tally.calls],
        "accepted_after_retry": [tally.after_retry, tally.calls],
        "abstained": [tally.abstained, tally.calls],
        "rejected_replies": dict(causes.most_common()),
        "wrong_language_replies": [causes["wrong_language"], tally.replies],
        "only_praise_replies": [causes["only_praise"], tally.replies],
        "gap_hit": [tally.gap_hits, tally.gaps],
        "strength_hit": [tally.strength_hits, tally.strengths],
        "trapped": [tally.trapped, tally.comments],
        "words_per_comment": round(tally.words / tally.comments, 1) if tally.comments else None,
        "words_in_longest": tally.longest or None,
        "same_sentences_over_seeds": round(sum(tally.overlaps) / len(tally.overlaps), 2)
        if tally.overlaps
        else None,
        **{f"same_with_another_{about}": same for about, same in tally.pairs.items()},
        "words_ratio_within_pairs": round(statistics.mean(tally.pairs_words), 2)
        if tally.pairs_words
        else None,
        "seconds_per_call": round(tally.seconds / tally.calls, 2) if tally.calls else None,
        "prompt_tokens": tally.prompt_tokens,
        "cached_tokens": tally.cached_tokens,
        "output_tokens": tally.output_tokens,
    }


def baseline(data: dict[str, Any]) -> Tally:
    tally = Tally()
    for entry in data["submission"]:
        ready = load_set(entry["set"], entry["lang"])
        judge(tally, entry, template(split_sentences(entry["text"]), ready))
    return tally


async def measure(
    data: dict[str, Any], url: str, key: str, tally: Tally, *, practice: bool, quick: bool
) -> None:
    """All texts with the first seed, then the pairs, then the other seeds.

    So a run that is ended early still says something about every text: what is done by then stands
    in ``tally``.
    """
    engine = EngineClient(url, key)
    await engine.wait_ready()
    reader = Reader(engine, tally, practice=practice)
    chosen: dict[str, list[set[str]]] = {}
    try:
        for seed in SEEDS[:1] if quick else SEEDS:
            for entry in data["submission"][: 2 if quick else None]:
                ready = load_set(entry["set"], entry["lang"])
                comments = await reader.read(entry["text"], ready, entry["lang"], seed)
                judge(tally, entry, comments)
                tally.read.append(f"{entry['id']}, seed {seed}")
                this, others = {c.sentence_id for c in comments}, chosen.get(entry["id"], [])
                tally.overlaps += [len(this & b) / max(len(this | b), 1) for b in others]
                chosen[entry["id"]] = [*others, this]
                print(tally.read[-1], "done", file=sys.stderr)
            if seed == SEEDS[0] and not quick:
                await compare_pairs(data["pair"], reader, tally)
    finally:
        await engine.close()


async def compare_pairs(pairs: Sequence[dict[str, Any]], reader: Reader, tally: Tally) -> None:
    """The same text of somebody else: is the same kind of thing said of the same sentences?"""
    for pair in pairs:
        ready = load_set(pair["set"], pair["lang"])
        one, other = [
            await reader.read(text, ready, pair["lang"], SEEDS[0]) for text in pair["texts"]
        ]
        count = tally.pairs.setdefault(pair["about"], [0, 0])
        count[0] += [(c.sentence_id, c.kind) for c in one] == [
            (c.sentence_id, c.kind) for c in other
        ]
        count[1] += 1
        if one:
            tally.pairs_words.append(sum(map(words, other)) / sum(map(words, one)))


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--model", type=Path, help="a GGUF file; without it only the baseline")
    parser.add_argument(
        "--plain", action="store_true", help="ask the practice model as any other model is asked"
    )
    parser.add_argument("--quick", action="store_true", help="two texts, one seed, no pairs")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    data = read_data()
    found: dict[str, Any] = {
        "prompt_version": PROMPT_VERSION,
        "texts": len(data["submission"]),
        "baseline": figures(baseline(data)),
    }
    if options.model is not None:
        tally, whole = Tally(), True
        practice = is_practice_model(options.model.name) and not options.plain
        for ending in (signal.SIGINT, signal.SIGTERM):
            signal.signal(ending, signal.default_int_handler)
        with (
            tempfile.TemporaryDirectory() as logs,
            engine_running(
                options.model, Path(logs), context_tokens=4096, threads=os.cpu_count() or 1
            ) as engine,
        ):
            run = measure(
                data, engine.url, engine.key, tally, practice=practice, quick=options.quick
            )
            try:
                asyncio.run(run)
            except KeyboardInterrupt:
                whole = False
        found["model"] = {
            "file": options.model.name,
            "guided": practice,
            "whole_run": whole,
            **figures(tally),
        }
    if options.json:
        print(json.dumps(found, ensure_ascii=False, indent=2))
        return 0
    for name in ("baseline", "model"):
        for figure, value in found.get(name, {}).items():
            shown = f"{value[0]} of {value[1]}" if isinstance(value, list) else value
            print(f"{name:9} {figure:28} {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
