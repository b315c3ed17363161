"""The privacy check as this app uses it: shown to the student first, and again on what comes back.

Nothing is kept: the student's browser asks, shows, and asks for the text with what was confirmed.
"""

from collections.abc import Collection
from typing import Any

from launcher.apps.feedback_companion.checks import Comment
from launcher.apps.feedback_companion.sentences import normalise
from launcher.apps.privacy import Finding, Kind, Lang, find_leaks, find_private, mask
from launcher.i18n import Translator

_BETWEEN = "\n\n\n"
"""Stands between the text and what goes with it; a normalised text has no three line feeds."""

_LEAKS: frozenset[Kind] = frozenset(
    {"name", "email", "phone", "address", "birth_date", "student_number", "bsn", "iban"}
)


def whole_text(text: str, *lines: str) -> str:
    """A text and the lines that go with it, such as the student's question, as one."""
    return _BETWEEN.join([normalise(text), *(" ".join(normalise(line).split()) for line in lines)])


def shown_findings(
    text: str, own_question: str, own_aim: str, lang: Lang, t: Translator
) -> dict[str, Any]:
    """The text in pieces, what looks private in it marked with its group, and the groups."""
    whole = whole_text(text, own_question, own_aim)
    findings = find_private(whole, lang=lang)
    pieces: list[dict[str, Any]] = []
    at = 0
    for finding in findings:
        pieces.append({"text": whole[at : finding.start], "group": None})
        pieces.append({"text": whole[finding.start : finding.end], "group": _group(finding)})
        at = finding.end
    pieces.append({"text": whole[at:], "group": None})
    groups: dict[str, dict[str, str]] = {}
    for finding in findings:
        known = groups.get(_group(finding))
        if known is None or len(finding.text) > len(known["text"]):
            label = t(f"fc.private.kind.{finding.kind}")
            groups[_group(finding)] = {"id": _group(finding), "kind": label, "text": finding.text}
    return {
        "pieces": [piece for piece in pieces if piece["text"].strip()],
        "groups": list(groups.values()),
    }


def masked_text(
    text: str, own_question: str, own_aim: str, lang: Lang, confirmed: Collection[str]
) -> tuple[str, str, str]:
    """Text, question and aim with a placeholder for every group that the student confirmed."""
    whole = whole_text(text, own_question, own_aim)
    chosen = [f for f in find_private(whole, lang=lang) if _group(f) in confirmed]
    masked, question, aim = mask(whole, chosen, lang=lang).text.split(_BETWEEN)
    return masked, question, aim


def leaks(comment: Comment, lang: Lang, allowed_in: str) -> bool:
    """Whether a comment names someone or something private that the text itself does not."""
    said = " ".join((comment.observation, comment.effect, comment.next_step))
    found = find_leaks(said, known=(), lang=lang, allowed_in=allowed_in)
    return any(finding.kind in _LEAKS for finding in found)


def private_in(text: str, lang: Lang) -> list[str]:
    """What looks private in what a teacher wrote."""
    return [f.text for f in find_private(normalise(text), lang=lang) if f.kind in _LEAKS]


def _group(finding: Finding) -> str:
    return f"{finding.kind}-{finding.group}"
