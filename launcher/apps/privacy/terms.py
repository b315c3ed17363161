"""Words and phrases of health and belief, with "*" for any beginning or ending, found in a text."""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Literal

from launcher.apps.privacy.gazetteer import fold, read_data
from launcher.apps.privacy.tokens import Token

_MOST_WORDS = 7
Node = dict[str, "Node"]
_END = ""


@cache
def terms(kind: Literal["health", "belief"]) -> Node:
    """Entries by their words; "*" and "^" stay in them, and "" says that an entry ends."""
    root: Node = {}
    for line in read_data(f"{kind}_words"):
        node = root
        for word in re.findall(r"[\w*^'-]+", fold(line)):
            node = node.setdefault(word, {})
        node[_END] = {}
    return root


def longest(node: Node, tokens: Sequence[Token], at: int) -> tuple[int, str] | None:
    """How many tokens from ``at`` are an entry, and which: the longest one."""
    best: tuple[int, str] | None = None
    fronts: list[tuple[Node, tuple[str, ...]]] = [(node, ())]
    for count, token in enumerate(tokens[at : at + _MOST_WORDS], 1):
        if count > 1 and token.gap not in {" ", "-", "’", "'"}:
            break
        fronts = [
            (front[word], (*path, word)) for front, path in fronts for word in _forms(front, token)
        ]
        for front, path in fronts:
            if _END in front:
                best = count, " ".join(path)
        if not fronts:
            break
    return best


def _forms(node: Node, token: Token) -> Iterator[str]:
    key = token.key
    for exact in (key, f"^{key}") if token.cap else (key,):
        if exact in node:
            yield exact
    for size in range(2, len(key) + 1):
        if (starts := key[:size] + "*") in node:
            yield starts
        if (ends := "*" + key[-size:]) in node:
            yield ends


def is_term(token: Token) -> bool:
    """Whether the word alone is in one of the lists, as it stands there."""
    return any(
        _END in root.get(exact, {})
        for root in (terms("health"), terms("belief"))
        for exact in (token.key, f"^{token.key}")
    )
