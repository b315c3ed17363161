"""What a model's reply must pass before even the teacher sees it. The reply is hostile input."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from launcher.apps.feedback_companion.language import looks_like, strays
from launcher.apps.feedback_companion.no_grades import has_verdict
from launcher.apps.feedback_companion.sentences import Sentence, normalise
from launcher.apps.privacy.gazetteer import fold, gazetteer

Kind = Literal["strength", "improve", "question"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Reason = Literal[
    "not_json",
    "unknown_sentence",
    "markup",
    "verdict",
    "wrong_language",
    "too_long",
    "too_short",
    "repetition",
    "only_praise",
    "no_next_step",
    "invented",
    "copied",
    "off_topic",
    "same_sentence",
    "leaked_name",
    "no_reply",
    "added",
    "lost",
]
REASONS: tuple[Reason, ...] = get_args(Reason)

NO_SENTENCE = "none"
MAX_OBSERVATION_WORDS = 40
MAX_STEP_WORDS = 30

_MARKUP = re.compile(
    r"[<>{}\[\]\\|`#*_~]|https?:|www\.|&[#\w]+;|\b\w+\.(?:nl|com|org|net)\b", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CAPITAL = re.compile(r"\b[A-ZÀ-ÖØ-Þ][^\W\d_]+")
_LANGUAGES = frozenset({"engels"})
"""Names of languages that are surnames too."""

_BEFORE_SENTENCE = re.compile(r"(?:^|[.!?…:])[\s\"'‘“«(]*$")
_RELAYED = re.compile(
    r"\b(?:as an ai|als (?:een )?ai|language model|taalmodel|system prompt|systeemprompt|json"
    r"|previous instructions|(?:vorige|eerdere) (?:instructies|opdrachten)|ignore (?:all|the|my)"
    r"|negeer (?:alle|de|mijn))\b",
    re.IGNORECASE,
)
_OF_THE_PERSON = re.compile(
    r"\b(?:you(?:'re| are)|je bent|jij bent|u bent)\s+"
    r"(?:so |very |really |een |a |an |echt |heel |erg )*"
    r"(?:smart|clever|talented|brilliant|gifted|great|amazing|good|star|slim|goed|knap|talentvol"
    r"|geweldig|top|ster|kanjer|held|slimme\w*|dumb|stupid|lazy|dom|lui|domme\w*|luie\w*)\b"
    r"|\b(?:slim|knap|dom|lui|sterk|smart|clever|good|nice|stupid) (?:van je|of you)\b"
    r"|(?:^|[.!?]\s)\s*(?:(?:heel|zeer|erg|echt|dit is|wat|super|very|really|this is|how)\s+)*"
    r"(?:goed|matig|zwak|slecht|fout|uitstekend|prima|top|knap|slim|dom|lui|super|geweldig|excellent"
    r"|good|great|poor|weak|bad|wrong|brilliant|outstanding|smart|stupid|lazy)\s*(?:[.!]|$)"
    r"|\b(?:well done|good job|great job|great work)\b"
    r"|\b(?:goed gedaan|goed bezig|knap gedaan|super ?goed)\b",
    re.IGNORECASE,
)
_ACTION_WORDS = """
leg noem schrijf voeg geef maak begin zet kies vertel laat zoek verplaats knip splits herschrijf
beschrijf vergelijk onderbouw vul controleer lees probeer benoem verbind bedenk kijk haal
explain name write add give make start put choose tell show find move split rewrite describe
compare support check read try mention connect think look remove use link begin
"""
_ACTIONS = frozenset(_ACTION_WORDS.split())
_FILLER_WORDS = """
this that with what which your from about there does have could would should reader sentence
write mention text example show why how deze voor waarom welke welk voorbeeld schrijft noemt
lezer zinnen tekst hier daar over naar maar niet laat zien kunt hebt weet zijn wordt meer
"""
_FILLER = frozenset(_FILLER_WORDS.split())


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    s: str
    k: str = ""
    o: str = ""
    e: str = ""
    q: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """A checked comment on one sentence. There is no field for a judgement."""

    sentence_id: str
    kind: Kind
    observation: str
    effect: str
    next_step: str
    """One question, or one action that the student can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """``reason`` is counted and shown to the teacher; the reply itself is forgotten."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Abstained:
    """The model found nothing to say about this criterion. That is allowed."""


def check_reply(
    reply: str,
    *,
    sentences: Sequence[Sentence],
    lang: str,
    topic: str,
    examples: Sequence[str] = (),
    taken: Collection[str] = (),
    kinds: Collection[str] = KINDS,
) -> Comment | Abstained | Rejected:
    """Judge one raw reply.

    ``topic`` is what may be spoken about besides the sentence itself: the criterion, the goal and
    the student's own question. ``examples`` are the example comments of the prompt; a reply that
    repeats one of them is not about this text. ``taken`` are the sentences that have a comment.
    ``kinds`` are what this use of the app allows; where it allows questions only, it ends in one.
    """
    try:
        raw = _Reply.model_validate_json(reply)
    except ValidationError:
        return Rejected(reason="not_json")
    if raw.s == NO_SENTENCE or raw.k == NO_SENTENCE:
        return Abstained()
    by_id: Mapping[str, Sentence] = {sentence.id: sentence for sentence in sentences}
    sentence = by_id.get(raw.s)
    if sentence is None or raw.k not in kinds:
        return Rejected(reason="unknown_sentence" if sentence is None else "not_json")
    if raw.s in taken:  # Engines that ignore the schema can choose one twice.
        return Rejected(reason="same_sentence")
    comment = Comment(
        sentence_id=sentence.id,
        kind=raw.k,  # type: ignore[arg-type]
        observation=tidy(raw.o),
        effect=tidy(raw.e),
        next_step=tidy(raw.q),
    )
    if tuple(kinds) == ("question",) and not comment.next_step.endswith("?"):
        return Rejected(reason="no_next_step")
    whole = " ".join(s.text for s in sentences)
    reason = _problem(comment, sentence, whole, lang=lang, topic=topic, examples=examples)
    return Rejected(reason=reason) if reason else comment


def tidy(text: str) -> str:
    return " ".join(normalise(text).split())


def _problem(
    comment: Comment,
    sentence: Sentence,
    whole: str,
    *,
    lang: str,
    topic: str,
    examples: Sequence[str],
) -> Reason | None:
    parts = (comment.observation, comment.effect, comment.next_step)
    said = " ".join(parts)
    observation, step = words_of(comment.observation), words_of(comment.next_step)
    reason = unsafe(said, allowed_in=sentence.text)
    if reason is not None:
        return reason
    if len(observation) > MAX_OBSERVATION_WORDS or max(len(step), len(words_of(comment.effect))) > (
        MAX_STEP_WORDS
    ):
        return "too_long"
    if len(observation) < 4 or len(step) < 3:
        return "too_short"
    if repeats(parts):
        return "repetition"
    if praises_person(said):
        return "only_praise"
    if not leads_on(comment.next_step):
        return "no_next_step"
    if not (looks_like(comment.next_step, lang) and looks_like(said, lang)) or strays(said, lang):
        return "wrong_language"
    if invents(said, f"{whole} {topic}"):
        return "invented"
    if any(overlap(comment.observation + " " + comment.next_step, e) > 0.8 for e in examples):
        return "copied"
    about = content(comment.observation + " " + comment.next_step)
    if not about & content(sentence.text + " " + topic):
        return "off_topic"
    return None


def unsafe(text: str, *, allowed_in: str) -> Reason | None:
    """Markup, a link, an instruction that was passed on, or a verdict."""
    if _MARKUP.search(text) or _RELAYED.search(text):
        return "markup"
    return "verdict" if has_verdict(text, allowed_in=allowed_in) else None


def praises_person(text: str) -> bool:
    return _OF_THE_PERSON.search(text) is not None


def leads_on(text: str) -> bool:
    """Whether it is a question or begins with something to do."""
    words = words_of(text)
    return text.endswith("?") or bool(words and words[0] in _ACTIONS)


def invents(said: str, known: str) -> bool:
    """Whether it has a number or a name that is not in what the model was given."""
    return not set(_NUMBER.findall(said)) <= set(_NUMBER.findall(known)) or _names_other(
        said, fold(known)
    )


def _names_other(said: str, known: str) -> bool:
    """A name from elsewhere is a leak or a source that nobody can check: "according to Smith".

    ``known`` is folded. A word that has a capital where any word would is a name only when it is
    in the lists of names; an ordinary word is one only beside another capital, as in "Mark Visser".
    """
    lists, ordinary_until = gazetteer(), -1
    for match in _CAPITAL.finditer(said):
        word = fold(match.group())
        if word in known or word in lists.entities or word in _LANGUAGES:
            continue
        begins = match.group().isupper() or _BEFORE_SENTENCE.search(said[: match.start()])
        if word in lists.common:
            if not begins and match.start() == ordinary_until + 1:
                return True
            ordinary_until = -1 if begins else match.end()
        elif not begins or word in lists.known_given or word in lists.known_surnames:
            return True
    return False


def words_of(text: str) -> list[str]:
    return [word.lower() for word in _WORD.findall(text)]


def repeats(parts: Sequence[str]) -> bool:
    """The same three words again within a part, or a part that repeats another one."""
    for part in parts:
        words = words_of(part)
        triples = [tuple(words[at : at + 3]) for at in range(len(words) - 2)]
        if len(set(triples)) < len(triples) or any(len(word) > 32 for word in words):
            return True
        if any(a == b for a, b in pairwise(words)):
            return True
    filled = [" ".join(words_of(part)) for part in parts if part]
    return len(set(filled)) < len(filled)


def overlap(text: str, other: str) -> float:
    words, others = set(words_of(text)), set(words_of(other))
    return len(words & others) / max(len(words), 1)


def content(text: str) -> set[str]:
    """Word stems that carry meaning, roughly: the first six letters of longer words."""
    return {word[:6] for word in words_of(text) if len(word) >= 4 and word not in _FILLER}
