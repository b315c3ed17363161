"""Ready-made goals and criteria: data, one file for each set and language."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from launcher.apps.feedback_companion.prompts import Criterion
from launcher.apps.feedback_companion.values import Use

HERE = Path(__file__).parent
FIRST_SET = "argument"
SETS = (
    "argument",
    "sprint_review",
    "product",
    "product_skills",
    "lab",
    "code",
    "peer",
    "retrospective",
    "reflection",
    "portfolio",
    "coaching",
    "teacher_first",
)
"""In the order in which a teacher sees them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadyMade:
    """``use`` is what a lesson uses it for; it decides which way a student goes."""

    name: str
    use: Use
    title: str
    goal: str
    criteria: tuple[Criterion, ...]


def load_set(name: str, lang: str) -> ReadyMade:
    """A set that comes with Paadje; raises `KeyError` for a name that is not one of `SETS`."""
    if name not in SETS:
        raise KeyError(name)
    data = tomllib.loads((HERE / f"{name}.{lang}.toml").read_text(encoding="utf-8"))
    criteria = tuple(
        Criterion(
            id=f"c{number}",
            name=entry["name"],
            description=entry["description"],
            questions=tuple(entry.get("questions", ())),
            example=entry.get("example", ""),
        )
        for number, entry in enumerate(data["criteria"], start=1)
    )
    return ReadyMade(
        name=name, use=data["use"], title=data["title"], goal=data["goal"], criteria=criteria
    )
