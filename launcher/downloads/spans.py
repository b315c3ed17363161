"""Which bytes of a file are there: spans ``(start, end)``, sorted, apart from each other."""

Span = tuple[int, int]


def add_span(spans: list[Span], start: int, end: int) -> list[Span]:
    """``spans`` with ``start`` up to but not including ``end``; spans that touch become one."""
    if start >= end:
        return spans
    if spans and spans[-1][1] == start:  # Almost always: the next bytes.
        return [*spans[:-1], (spans[-1][0], end)]
    before = [span for span in spans if span[1] < start]
    after = [span for span in spans if span[0] > end]
    touching = [span for span in spans if span[1] >= start and span[0] <= end]
    start = min([start, *(span[0] for span in touching)])
    end = max([end, *(span[1] for span in touching)])
    return [*before, (start, end), *after]


def front_of(spans: list[Span]) -> int:
    """How many bytes there are from the first one on without a gap."""
    return spans[0][1] if spans and spans[0][0] == 0 else 0


def count_bytes(spans: list[Span]) -> int:
    return sum(end - start for start, end in spans)


def gaps_in(spans: list[Span], total: int, longest: int) -> list[Span]:
    """What is missing of ``total`` bytes, in pieces of at most ``longest``, in order."""
    found = []
    place = 0
    for start, end in [*spans, (total, total)]:
        while place < start:
            found.append((place, min(place + longest, start)))
            place = found[-1][1]
        place = max(place, end)
    return found


def usable_spans(value: object, total: int) -> list[Span] | None:
    """Spans from a file that others can write; None when they are no spans of ``total`` bytes."""
    if not isinstance(value, list):
        return None
    spans: list[Span] = []
    place = 0
    for pair in value:
        if not (isinstance(pair, list) and len(pair) == 2 and all(type(n) is int for n in pair)):
            return None
        start, end = pair
        if not place <= start < end <= total:
            return None
        spans = add_span(spans, start, end)
        place = end
    return spans
