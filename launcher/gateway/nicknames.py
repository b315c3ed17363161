"""Nicknames are given, never typed: no real names, no rude names, and everyone can be called out.

They are in the language of the lesson, so that the whole room uses one name for one student.
"""

import secrets
from collections.abc import Set

from launcher.i18n import translator


def new_nickname(lang: str, taken: Set[str]) -> str:
    """A nickname such as "Blauwe Uil" that nobody in ``taken`` has."""
    t = translator(lang)
    words = [t(f"gateway.nickname.{part}").split(", ") for part in ("kinds", "animals")]
    free = [
        name
        for kind in words[0]
        for animal in words[1]
        if (name := t("gateway.nickname.whole", kind=kind, animal=animal)) not in taken
    ]
    if free:
        return secrets.choice(free)
    return f"{secrets.choice(words[1])} {secrets.randbelow(9000) + 1000}"
