"""Learn the weights of the privacy check: ``launcher/apps/privacy/data/weights_*.txt``.

    python packaging/make_privacy_weights.py [--try] [SET...]

Each SET holds texts with their private spans (default: ``benchmarks/data/privacy/learned``). For
each kind a logistic regression over the features that the check sees, one row for each possible
name, organisation or word of health and belief. First it learns from five sixths of the sets at a
time and shows what is found in the other sixth, at several rates of false alarms; ``--try`` stops
there. Needs scikit-learn, which nothing else of Paadje needs.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from launcher.apps.privacy.features import same_person  # noqa: E402
from launcher.apps.privacy.find import read  # noqa: E402
from launcher.apps.privacy.names import shared  # noqa: E402
from launcher.apps.privacy.second_look import table  # noqa: E402
from launcher.apps.privacy.types import Kind, Lang  # noqa: E402

LEARNED = ROOT / "benchmarks" / "data" / "privacy" / "learned"
DATA = ROOT / "launcher" / "apps" / "privacy" / "data"
FALSE_ALARMS: dict[Kind, float] = {
    "name": 3.25,
    "organisation": 0.3,
    "health": 0.25,
    "belief": 0.12,
}
"""Per 1,000 words in texts that were not learned from: where the line is drawn."""
STRENGTH = 0.5
"""C of scikit-learn: how freely the weights may grow."""
SEEN_AT_LEAST = 4
SMALLEST = 0.05
PARTS = 6
TREES = 150
RATES = (0.1, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0, 2.5, 3.0, 4.0)
PIECES = 3
PIECE_WEIGHT = 0.5


@dataclass(slots=True, kw_only=True)
class Rows:
    """What may be private of one kind in one text."""

    features: list[set[str]] = field(default_factory=list)
    private: list[bool] = field(default_factory=list)
    others: list[list[int]] = field(default_factory=list)
    wanted: list[set[int]] = field(default_factory=list)
    """For each private span which rows meet it."""


@dataclass(slots=True, kw_only=True)
class Text:
    words: int
    weight: float
    rows: dict[Kind, Rows]


def texts_of(path: Path) -> list[Text]:
    """Each text of a set, and pieces of it, since short texts are read too."""
    chance = random.Random(path.stem)  # noqa: S311 - the same pieces every time
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        text, lang = row["text"], row["lang"]
        spans = [(s["kind"], s["start"], s["end"]) for s in row["spans"]]
        found.append(_text(text, lang, spans, 1.0))
        for _ in range(PIECES):
            start, end = _piece(text, chance)
            inside = [(k, a - start, b - start) for k, a, b in spans if start <= a and b <= end]
            found.append(_text(text[start:end], lang, inside, PIECE_WEIGHT))
    return found


def _piece(text: str, chance: random.Random) -> tuple[int, int]:
    """One to three sentences or lines."""
    ends = [0, *(at + 1 for at, char in enumerate(text) if char in ".!?\n"), len(text)]
    first = chance.randrange(len(ends) - 1)
    return ends[first], ends[min(first + chance.randint(1, 3), len(ends) - 1)]


def _text(text: str, lang: Lang, spans: list[tuple[Kind, int, int]], weight: float) -> Text:
    reader, _ = read(text, lang)

    def rows_of(
        kind: Kind, places: list[tuple[int, int]], features: list[set[str]], others: list[list[int]]
    ) -> Rows:
        wanted = [
            {at for at, (start, end) in enumerate(places) if start < b and a < end}
            for each, a, b in spans
            if each == kind
        ]
        return Rows(
            features=features,
            private=[any(at in rows for rows in wanted) for at in range(len(places))],
            others=others,
            wanted=wanted,
        )

    rows: dict[Kind, Rows] = {}
    people = reader.tokens_in((a, b) for kind, a, b in spans if kind == "name")
    facts = reader.facts("organisation")
    rows["organisation"] = rows_of(
        "organisation",
        [reader.place(fact) for fact in facts],
        reader.fact_features(facts),
        [[] for _ in facts],
    )
    phrases = reader.phrases()
    mentions = same_person(phrases)
    rows["name"] = rows_of(
        "name",
        [(reader.tokens[p.first].start, reader.end(p)) for p in phrases],
        reader.features(phrases, mentions),
        mentions,
    )
    told: tuple[Literal["health"], Literal["belief"]] = ("health", "belief")
    for told_of in told:
        facts = reader.facts(told_of)
        rows[told_of] = rows_of(
            told_of,
            [reader.place(fact) for fact in facts],
            reader.fact_features(facts, people),
            [[] for _ in facts],
        )
    return Text(words=len(text.split()), weight=weight, rows=rows)


def learn(texts: Sequence[Text], kind: Kind) -> dict[str, float]:
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression

    rows = [(row, text.weight) for text in texts for row in text.rows[kind].features]
    counts = Counter(name for row, _ in rows for name in row)
    known = {name for name, count in counts.items() if count >= SEEN_AT_LEAST}
    vectors = DictVectorizer()
    model = LogisticRegression(C=STRENGTH, max_iter=2000)
    model.fit(
        vectors.fit_transform([dict.fromkeys(sorted(row & known), 1.0) for row, _ in rows]),
        [private for text in texts for private in text.rows[kind].private],
        sample_weight=[weight for _, weight in rows],
    )
    found = dict(zip(vectors.get_feature_names_out(), map(float, model.coef_[0]), strict=True))
    found["any"] = found.get("any", 0.0) + float(model.intercept_[0])
    return found


def scores_of(rows: Rows, weights: dict[str, float]) -> list[float]:
    alone = [sum(weights.get(name, 0.0) for name in row) for row in rows.features]
    return shared(alone, rows.others)


@dataclass(slots=True, kw_only=True)
class Scored:
    """Rows with scores by weights that were learned without their text."""

    part: int
    words: int
    weight: float
    rows: Rows
    scores: list[float]


def line_at(scored: Sequence[Scored], rate: float) -> float:
    """The score above which ``rate`` rows per 1,000 words of whole texts are false alarms."""
    whole = [each for each in scored if each.weight == 1.0]
    wrong = sorted(
        (
            score
            for each in whole
            for score, private in zip(each.scores, each.rows.private, strict=True)
            if not private
        ),
        reverse=True,
    )
    allowed = int(rate * sum(each.words for each in whole) / 1000)
    return wrong[min(allowed, len(wrong) - 1)]


def recall(scored: Sequence[Scored], line: float) -> float:
    found = [
        any(each.scores[at] > line for at in wanted)
        for each in scored
        if each.weight == 1.0
        for wanted in each.rows.wanted
    ]
    return sum(found) / max(len(found), 1)


def cross(sets: dict[str, list[Text]], kind: Kind) -> list[Scored]:
    """All texts, each scored by weights that were learned without its set."""
    names = sorted(sets)
    scored: list[Scored] = []
    for part in range(PARTS):
        apart = names[part::PARTS]
        weights = learn([text for name in names if name not in apart for text in sets[name]], kind)
        scored += [
            Scored(
                part=part,
                words=text.words,
                weight=text.weight,
                rows=text.rows[kind],
                scores=scores_of(text.rows[kind], weights),
            )
            for name in apart
            for text in sets[name]
        ]
    return scored


def grow(scored: Sequence[Scored]) -> Any:
    """The trees of the second look, grown on scores of the first."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    model = HistGradientBoostingClassifier(
        max_iter=TREES,
        learning_rate=0.06,
        max_leaf_nodes=12,
        min_samples_leaf=30,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=1,
    )
    rows = [row for each in scored for row in table_of(each)]
    private = [private for each in scored for private in each.rows.private]
    weights = [each.weight for each in scored for _ in each.rows.private]
    return model.fit(rows, private, sample_weight=weights)


def table_of(each: Scored) -> list[list[float]]:
    return table(each.rows.features, each.scores, each.rows.others)


def second(scored: Sequence[Scored]) -> list[Scored]:
    """The same with the scores of the second look, each by trees that did not see its set."""
    found = []
    for part in range(PARTS):
        model = grow([each for each in scored if each.part != part])
        for each in scored:
            if each.part == part:
                rows = table_of(each)
                scores = list(map(float, model.decision_function(rows))) if rows else []
                found.append(replace(each, scores=scores))
    return found


def written(model: Any, line: float) -> dict[str, Any]:
    """The trees as :mod:`launcher.apps.privacy.second_look` reads them."""
    trees = [
        [
            [round(float(node["value"]), 4)]
            if node["is_leaf"]
            else [
                int(node["feature_idx"]),
                round(float(node["num_threshold"]), 4),
                int(node["left"]),
                int(node["right"]),
            ]
            for node in predictor.nodes
        ]
        for (predictor,) in model._predictors
    ]
    return {"start": float(model._baseline_prediction[0, 0]) - line, "trees": trees}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sets", nargs="*", type=Path)
    parser.add_argument("--try", dest="dry", action="store_true", help="write nothing")
    options = parser.parse_args()
    paths = options.sets or sorted(LEARNED.glob("*.jsonl"))
    with ProcessPoolExecutor() as pool:
        sets = dict(zip([path.stem for path in paths], pool.map(texts_of, paths), strict=True))
    for kind, rate in FALSE_ALARMS.items():
        scored = cross(sets, kind)
        first, scored = scored, second(scored) if kind == "name" else scored
        found = ", ".join(f"{r}: {recall(scored, line_at(scored, r)):.3f}" for r in RATES)
        print(f"{kind}, found at so many false alarms per 1,000 words: {found}")
        if options.dry:
            continue
        weights = learn([text for texts in sets.values() for text in texts], kind)
        line = line_at(scored, rate)
        if kind == "name":
            trees = written(grow(first), line)
            (DATA / "trees_name.json").write_text(json.dumps(trees), encoding="utf-8")
        else:
            weights["any"] -= line
        kept = {name: weight for name, weight in weights.items() if abs(weight) >= SMALLEST}
        (DATA / f"weights_{kind}.txt").write_text(
            "# How much each feature says for something private; learned, see "
            "packaging/make_privacy_weights.py.\n"
            + "".join(f"{weight:.2f} {name}\n" for name, weight in sorted(kept.items())),
            encoding="utf-8",
        )
        print(f"{len(kept)} weights")
    return 0


if __name__ == "__main__":
    sys.exit(main())
