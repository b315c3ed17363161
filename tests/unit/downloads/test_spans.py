"""Spans of bytes: what is there, what is missing."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from launcher.downloads.spans import add_span, count_bytes, front_of, gaps_in, usable_spans

PAIRS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=12)


@given(PAIRS, st.integers(1, 9))
def test_spans_and_gaps_are_the_whole(pairs, longest):
    spans: list[tuple[int, int]] = []
    there = set()
    for start, end in pairs:
        spans = add_span(spans, start, end)
        there.update(range(start, end))
    assert {place for start, end in spans for place in range(start, end)} == there
    assert all(one[1] < two[0] for one, two in pairwise(spans))
    assert count_bytes(spans) == len(there)
    assert front_of(spans) == next(place for place in range(62) if place not in there)
    gaps = gaps_in(spans, 60, longest)
    assert [place for start, end in gaps for place in range(start, end)] == [
        place for place in range(60) if place not in there
    ]
    assert all(0 < end - start <= longest for start, end in gaps)


def test_spans_of_others_are_checked():
    assert usable_spans([[0, 5], [7, 9]], 10) == [(0, 5), (7, 9)]
    for bad in (None, {}, [[5, 0]], [[0, 11]], [[0, 5], [4, 6]], [[0, True]], [[0]], [["0", 1]],
                [[-1, 3]]):  # fmt: skip
        assert usable_spans(bad, 10) is None
