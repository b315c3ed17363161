"""The sets are what they say, and how the check does on texts that it never learned from."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from launcher.apps.privacy import KINDS

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"
LEARNED = sorted((BENCHMARKS / "data" / "privacy" / "learned").glob("*.jsonl"))
UNSEEN = sorted((BENCHMARKS / "data" / "privacy" / "unseen").glob("*.jsonl"))


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    sys.modules.pop("privacy", None)
    import privacy

    return privacy


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("path", [*LEARNED, *UNSEEN], ids=lambda path: path.stem)
def test_every_span_is_where_it_says(path: Path) -> None:
    for row in rows_of(path):
        end = 0
        for span in row["spans"]:
            assert row["text"][span["start"] : span["end"]] == span["text"], row["id"]
            assert span["start"] >= end, row["id"]
            assert span["kind"] in KINDS
            end = span["end"]


def test_sets_are_large_and_mixed() -> None:
    learned, unseen = (
        [row for path in paths for row in rows_of(path)] for paths in (LEARNED, UNSEEN)
    )
    assert len({row["id"] for row in [*learned, *unseen]}) == len(learned) + len(unseen)
    for rows in (learned, unseen):
        assert len(rows) >= 60
        assert sum(row["lang"] == "en" for row in rows) >= 24
        assert {row["level"] for row in rows} >= {"vmbo", "mbo", "havo", "vwo", "hbo", "wo"}
        assert {span["kind"] for row in rows for span in row["spans"]} == set(KINDS)


def test_what_was_learned_is_no_unseen_text() -> None:
    learned = {row["text"] for path in LEARNED for row in rows_of(path)}
    assert not learned & {row["text"] for path in UNSEEN for row in rows_of(path)}


def test_targets_on_unseen_texts(bench: Any) -> None:
    got = bench.measure([row for path in UNSEEN for row in rows_of(path)], "privacy check")
    assert got["kinds"]["name"]["recall"] >= 0.95
    assert got["recall"] >= 0.85
    assert got["precision"] >= 0.80
    assert got["false_alarms_per_1000_words"] < 3


def test_patterns_alone_are_far_behind(bench: Any) -> None:
    rows = rows_of(UNSEEN[0])
    ours, plain = (bench.measure(rows, name) for name in ("privacy check", "patterns"))
    assert ours["recall"] > plain["recall"]
    assert ours["precision"] > plain["precision"] + 0.2
