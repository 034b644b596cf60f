"""Bits beside the plain question about each of them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as some

from onebox.booking.bits import painted

EDGES = some.one_of(some.integers(-20, 20), some.integers(-900, 1800))


@settings(max_examples=60, deadline=None)
@given(some.integers(0, 900), some.lists(some.tuples(EDGES, EDGES), max_size=5))
def test_painted_is_what_lies_within_a_span_however_long_and_wherever(
    length: int, spans: list[tuple[int, int]]
) -> None:
    within = [any(start <= at < end for start, end in spans) for at in range(length)]

    assert painted(length, spans) == sum(1 << at for at, one in enumerate(within) if one)
