"""A second look at the possible names of a text, now that all of them have a score.

Names come together: where one classmate is named there are more, in a story there are none, and in
a list the one is what its neighbour is. Gradient-boosted trees weigh that; they come from
``data/trees_name.json`` and are grown by ``packaging/make_privacy_weights.py``.
"""

import json
from collections.abc import Sequence
from functools import cache

from launcher.apps.privacy.gazetteer import read_data

SEEN = (
    "#own", "#cue", "#single", "#opens", "#human", "#strict", "#figure", "#character",
    "#list=given", "#list=unknown", "later", "else #cue", "else #own", "text fiction",
    "text casual", "text own=0", "text own=4",
)  # fmt: skip
"""Features of the first look that are looked at again, as 0 or 1."""
_NOBODY = -5.0
"""In place of the score of a neighbour that is not there."""
_HIGHEST = 3


def table(
    features: Sequence[set[str]], scores: Sequence[float], others: Sequence[Sequence[int]]
) -> list[list[float]]:
    """One row of numbers for each possible name; ``others`` are its other mentions."""
    ranked = sorted(range(len(scores)), key=lambda at: -scores[at])
    total, likely = sum(scores), sum(score > 0 for score in scores)
    rows = []
    for at, score in enumerate(scores):
        own = {at, *others[at]}
        apart = max(len(scores) - len(own), 0)
        high: list[float] = []
        for other in ranked:
            if other not in own:
                high.append(scores[other])
            if len(high) == _HIGHEST:
                break
        high = high or [_NOBODY]
        left = likely - sum(scores[other] > 0 for other in own)
        rows.append(
            [
                score,
                high[0],
                sum(high) / len(high),
                (total - sum(scores[other] for other in own)) / apart if apart else _NOBODY,
                left / apart if apart else 0.0,
                left,
                scores[at - 1] if at else _NOBODY,
                scores[at + 1] if at + 1 < len(scores) else _NOBODY,
                len(own),
                len(scores),
                *(float(name in features[at]) for name in SEEN),
            ]
        )
    return rows


def look_again(rows: Sequence[Sequence[float]]) -> list[float]:
    """The score of each row of :func:`table`: above zero for a private person's name."""
    start, trees = _trees()
    return [start + sum(_leaf(tree, row) for tree in trees) for row in rows]


def _leaf(tree: list[list[float]], row: Sequence[float]) -> float:
    node = tree[0]
    while len(node) > 1:
        column, most, low, high = node
        node = tree[int(low if row[int(column)] <= most else high)]
    return node[0]


@cache
def _trees() -> tuple[float, list[list[list[float]]]]:
    """Where the sum starts, and the trees: a node is [column, most, low, high] or [score]."""
    found = json.loads("\n".join(read_data("trees_name", "json")))
    return found["start"], found["trees"]
