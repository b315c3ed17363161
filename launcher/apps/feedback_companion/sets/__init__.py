"""Ready-made goals and criteria: data, one file for each set and language."""

import tomllib
from pathlib import Path

from launcher.apps.feedback_companion.prompts import Criterion

HERE = Path(__file__).parent
FIRST_SET = "argument"


def load_set(name: str, lang: str) -> tuple[str, str, tuple[Criterion, ...]]:
    """(title, goal, criteria) of a set that comes with Paadje."""
    data = tomllib.loads((HERE / f"{name}.{lang}.toml").read_text(encoding="utf-8"))
    criteria = tuple(
        Criterion(
            id=f"c{number}",
            name=entry["name"],
            description=entry["description"],
            questions=tuple(entry.get("questions", ())),
        )
        for number, entry in enumerate(data["criteria"], start=1)
    )
    return data["title"], data["goal"], criteria
