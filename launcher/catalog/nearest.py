"""The known name that a mistyped one probably meant."""

from collections.abc import Iterable
from difflib import SequenceMatcher

from launcher.errors import UsageError

ALIKE = 0.6
"""How much of two names must be the same before one is taken for a slip of the other."""


def nearest_of(typed: str, known: Iterable[str]) -> str | None:
    """The member of ``known`` most like ``typed``; None only when nothing is known."""
    lowered = typed.lower()
    return max(
        known,
        key=lambda name: (SequenceMatcher(None, lowered, name.lower()).ratio(), name),
        default=None,
    )


def unknown(kind: str, typed: str, known: Iterable[str]) -> UsageError:
    """``catalog.unknown_<kind>`` with the name that was probably meant, or, when nothing looks
    like it, ``catalog.no_such_<kind>``: a wild guess sends people the wrong way."""
    nearest = nearest_of(typed, known)
    if nearest is not None and _alike(typed.lower(), nearest.lower()):
        return UsageError(f"catalog.unknown_{kind}", **{kind: typed, "nearest": nearest})
    return UsageError(f"catalog.no_such_{kind}", **{kind: typed})


def _alike(typed: str, name: str) -> bool:
    return (len(typed) > 2 and typed in name) or SequenceMatcher(None, typed, name).ratio() >= ALIKE
