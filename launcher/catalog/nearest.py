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


def unknown_app(typed: str, known: Iterable[str]) -> UsageError:
    """With the app that was probably meant; without one when nothing looks like it: a wild guess
    sends people the wrong way."""
    nearest = _meant(typed, known)
    if nearest is None:
        return UsageError("catalog.no_such_app", app=typed)
    return UsageError("catalog.unknown_app", app=typed, nearest=nearest)


def unknown_model(typed: str, known: Iterable[str]) -> UsageError:
    """As :func:`unknown_app`."""
    nearest = _meant(typed, known)
    if nearest is None:
        return UsageError("catalog.no_such_model", model=typed)
    return UsageError("catalog.unknown_model", model=typed, nearest=nearest)


def _meant(typed: str, known: Iterable[str]) -> str | None:
    nearest = nearest_of(typed, known)
    if nearest is None or not _alike(typed.lower(), nearest.lower()):
        return None
    return nearest


def _alike(typed: str, name: str) -> bool:
    same_family = typed.partition("-")[0] == name.partition("-")[0]
    if len(typed) > 2 and (typed in name or same_family):
        return True
    return SequenceMatcher(None, typed, name).ratio() >= ALIKE
