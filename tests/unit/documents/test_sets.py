"""The ready-made goals and criteria: both languages, no grades, nothing vague."""

import tomllib
from pathlib import Path

import pytest

from launcher.apps import feedback_companion
from launcher.apps.documents.criteria_import import ImportedCriterion, vague_criterion
from launcher.apps.feedback_companion.no_grades import find_grade_request

SETS = Path(feedback_companion.__file__).parent / "sets"
NAMES = sorted({path.name.split(".")[0] for path in SETS.glob("*.toml")})


@pytest.mark.parametrize("name", NAMES)
def test_set(name: str) -> None:
    both = [
        tomllib.loads((SETS / f"{name}.{lang}.toml").read_text("utf-8")) for lang in ("nl", "en")
    ]
    shapes = [
        (data.get("use"), [len(entry.get("questions", ())) for entry in data["criteria"]])
        for data in both
    ]
    assert shapes[0] == shapes[1]
    for data in both:
        assert data["title"]
        assert not find_grade_request(data["goal"])
        for entry in data["criteria"]:
            criterion = ImportedCriterion(name=entry["name"], description=entry["description"])
            assert vague_criterion(criterion) == (), entry
            assert not find_grade_request(f"{entry['name']}: {entry['description']}")
            assert all(question.endswith("?") for question in entry["questions"])
