"""How much each feature says for something private.

The weights are learned by ``packaging/make_privacy_weights.py``; nothing is learned here. They are
those of a logistic regression: their sum is the logarithm of the odds, moved so that what is above
zero is shown.
"""

import math
from collections.abc import Iterable
from functools import cache

from launcher.apps.privacy.gazetteer import read_data
from launcher.apps.privacy.types import Kind


def weigh(kind: Kind, features: Iterable[str]) -> float:
    """Above zero for what is shown to the student."""
    known = _weights(kind)
    return sum(known.get(feature, 0.0) for feature in features)


def confidence(score: float) -> float:
    """0.5 to 1, for what is shown."""
    return round(1 / (1 + math.exp(-min(max(score, 0.0), 20.0))), 2)


@cache
def _weights(kind: Kind) -> dict[str, float]:
    found = {}
    for line in read_data(f"weights_{kind}"):
        weight, _, feature = line.partition(" ")
        found[feature] = float(weight)
    return found
