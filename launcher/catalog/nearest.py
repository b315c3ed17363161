"""The known name that a mistyped one probably meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher


def nearest_of(typed: str, known: Iterable[str]) -> str | None:
    """The member of ``known`` most like ``typed``; None only when nothing is known."""
    lowered = typed.lower()
    return max(
        known,
        key=lambda name: (SequenceMatcher(None, lowered, name.lower()).ratio(), name),
        default=None,
    )
