"""The development set is what it says, and the check meets its targets on it."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from launcher.apps.privacy import KINDS

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
SETS = sorted((BENCHMARKS / "data" / "privacy").glob("*.jsonl"))
TUNED = [path for path in SETS if path.stem in {"tune", "held"}]
LATER = [path for path in SETS if path not in TUNED]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    sys.modules.pop("privacy", None)
    import privacy

    return privacy


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_every_span_is_where_it_says(path: Path) -> None:
    for row in rows_of(path):
        end = 0
        for span in row["spans"]:
            assert row["text"][span["start"] : span["end"]] == span["text"], row["id"]
            assert span["start"] >= end, row["id"]
            assert span["kind"] in KINDS
            end = span["end"]


def test_set_is_large_and_mixed(bench: Any) -> None:
    rows = [row for path in SETS for row in rows_of(path)]
    assert {path.stem for path in SETS} == set(bench.SETS)
    assert len(rows) >= 60
    assert len({row["id"] for row in rows}) == len(rows)
    assert sum(row["lang"] == "en" for row in rows) >= 24
    assert {row["level"] for row in rows} == {"vmbo", "mbo", "havo", "vwo", "hbo", "wo"}
    assert {span["kind"] for row in rows for span in row["spans"]} == set(KINDS)


@pytest.mark.parametrize("path", TUNED, ids=lambda path: path.stem)
def test_targets_on_the_development_set(path: Path, bench: Any) -> None:
    got = bench.measure(rows_of(path), "privacy check")
    assert got["kinds"]["name"]["recall"] >= 0.95
    assert got["recall"] >= 0.85
    assert got["precision"] >= 0.80
    assert got["false_alarms_per_1000_words"] < 3


@pytest.mark.parametrize("path", LATER, ids=lambda path: path.stem)
def test_later_sets_stay_where_they_came(path: Path, bench: Any) -> None:
    """Three false alarms per 1,000 words are the target; this is where the check is today."""
    got = bench.measure(rows_of(path), "privacy check")
    assert got["kinds"]["name"]["recall"] >= 0.95
    assert got["recall"] >= 0.85
    assert got["precision"] >= 0.80
    assert got["false_alarms_per_1000_words"] < (6.5 if path.stem == "control" else 5.5)


def test_patterns_alone_are_far_behind(bench: Any) -> None:
    rows = rows_of(SETS[0])
    ours, plain = (bench.measure(rows, name) for name in ("privacy check", "patterns"))
    assert ours["recall"] > plain["recall"]
    assert ours["precision"] > plain["precision"] + 0.2
