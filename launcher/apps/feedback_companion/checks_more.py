"""Checks of the two other calls: next steps, and the wording of a teacher's rough note."""

import re
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, ValidationError

from launcher.apps.feedback_companion.checks import (
    MAX_STEP_WORDS,
    Abstained,
    Comment,
    Kind,
    Reason,
    Rejected,
    content,
    invents,
    leads_on,
    overlap,
    praises_person,
    repeats,
    tidy,
    unsafe,
    words_of,
)
from launcher.apps.feedback_companion.language import looks_like, strays
from launcher.apps.privacy.gazetteer import fold, gazetteer

MAX_STEPS = 2
MOST_NEW_WORDS = 2
"""So many words of its own may a wording use besides the note's, the sentence's and kind ones."""

MOST_LONGER = 2.5
"""How many times as long as the note a wording may be; a note of a few words gets room."""

_NEGATED = re.compile(
    r"\b(?:niet|geen|nooit|zonder|mist|missen|ontbreekt|ontbreken|weinig|not|no|never|without"
    r"|miss(?:es|ing)?|lacks?|lacking)\b|n't\b",
    re.IGNORECASE,
)
_KIND_WORDS = """
aangeven anders antwoord bedoel bedoelt beetje begrijp begrijpen begrijpt benieuwd beschrijf
beschrijven bijvoorbeeld dankje denk denken duidelijk duidelijker eens erbij even gebruik geef
graag helder helderder helpen helpt hierbij hieraan hiermee hoor iets invullen kijk kijken klopt
kunnen kort korter langer leggen lees leest lezen maken maak mag misschien moeilijk mooi nodig
noem noemen opmerking opschrijven opvalt opviel past plek precies preciezer probeer proberen
schrijf schrijven soms sterk sterker stuk stukje stuur toevoegen toch uitleg uitleggen valt
verder vertel vertellen vind vinden volgen vraag vragen waardoor waarom wanneer werkt woord
woorden zeggen zien zoek zoeken zodat zou zouden
about across add adding answer because better bit briefly change check clear clearer clearly
could curious describe example explain explaining find follow give hard help helps here idea keep
know like look looking longer make maybe mean meant mention more notice noticed part passage
perhaps piece place please point precise rather read reading reader really see seem seems sentence
shorter show small something still strong stronger tell think understand useful what when where
which while word words work works write writing yet
"""
_KIND = frozenset(word[:6] for word in _KIND_WORDS.split())


class _Steps(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    steps: list[str]


class _Wording(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    o: str


def check_steps(
    reply: str, *, text: str, comments: Sequence[Comment], lang: str, topic: str
) -> list[Comment] | Abstained | Rejected:
    """The next steps that pass, at most `MAX_STEPS`; the first problem when none does.

    ``topic`` is the goal, the criteria and the student's own aim and question.
    """
    try:
        raw = _Steps.model_validate_json(reply)
    except ValidationError:
        return Rejected(reason="not_json")
    if not any(step.strip() for step in raw.steps):
        return Abstained()
    kept: list[Comment] = []
    problem: Reason | None = None
    known = [comment.next_step for comment in comments]
    for step in map(tidy, raw.steps[:MAX_STEPS]):
        reason = _step_problem(step, text, known, lang=lang, topic=topic)
        if reason is None:
            kind: Kind = "question" if step.endswith("?") else "improve"
            kept.append(
                Comment(sentence_id="", kind=kind, observation="", effect="", next_step=step)
            )
            known.append(step)
        problem = problem or reason
    return kept or Rejected(reason=problem or "too_short")


def _step_problem(
    step: str, text: str, known: Sequence[str], *, lang: str, topic: str
) -> Reason | None:
    reason = unsafe(step, allowed_in=text)
    if reason is not None:
        return reason
    words = words_of(step)
    if len(words) > MAX_STEP_WORDS:
        return "too_long"
    if len(words) < 3:
        return "too_short"
    if repeats([step]) or any(overlap(step, other) > 0.9 for other in known):
        return "repetition"
    if praises_person(step):
        return "only_praise"
    if not leads_on(step):
        return "no_next_step"
    if not looks_like(step, lang) or strays(step, lang):
        return "wrong_language"
    if invents(step, f"{text} {topic}"):
        return "invented"
    about = content(" ".join((text, topic, *known)))
    return None if content(step) & about else "off_topic"


def check_wording(reply: str, *, note: str, sentence: str, lang: str) -> str | Rejected:
    """The wording when it says what ``note`` says, and nothing else. Measured by its words.

    Words decide, not meaning: a teacher looks at both before a student sees one of them.
    """
    try:
        said = tidy(_Wording.model_validate_json(reply).o)
    except ValidationError:
        return Rejected(reason="not_json")
    reason = _wording_problem(said, note, sentence, lang)
    return Rejected(reason=reason) if reason else said


def _wording_problem(said: str, note: str, sentence: str, lang: str) -> Reason | None:
    reason = unsafe(said, allowed_in=f"{note} {sentence}")
    if reason is not None:
        return reason
    words = words_of(said)
    if len(words) < 3:
        return "too_short"
    if len(words) > max(MOST_LONGER * len(words_of(note)), 20):
        return "too_long"
    if repeats([said]):
        return "repetition"
    if praises_person(said) and not praises_person(note):
        return "only_praise"
    if not looks_like(said, lang) or (strays(said, lang) and not strays(note, lang)):
        return "wrong_language"
    if invents(said, f"{note} {sentence}"):
        return "invented"
    own = content(note)
    new = content(said) - own - content(sentence) - _KIND
    if len(new) > MOST_NEW_WORDS:
        return "added"
    if any(word[:6] in new and fold(word) not in gazetteer().common for word in words_of(said)):
        return "added"  # Not even a word that we know.
    if own and len(content(said) & own) * 2 < len(own):
        return "lost"
    # "No source" must not turn into "a source"; a question may leave it open.
    if _NEGATED.search(note) and not (_NEGATED.search(said) or "?" in said):
        return "lost"
    return None
