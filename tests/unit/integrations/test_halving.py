"""Items that fail are found by halving: exactly these fail, and all others have their results in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from seqtasks.integrations.ray.halving import process_by_halves


@given(st.lists(st.booleans(), max_size=40))
def test_what_fails_is_what_cannot_be_processed(good: list[bool]) -> None:
    calls: list[range] = []

    def process(span: range) -> list[str]:
        calls.append(span)
        if not all(good[place] for place in span):
            raise ValueError(span)
        return [str(place) for place in span]

    found = process_by_halves(range(len(good)), process, lambda span, error: [f"{error} failed"] * len(span))
    expected = [str(place) if ok else f"range({place}, {place + 1}) failed" for place, ok in enumerate(good)]
    assert [each for span in found for each in span] == expected
    assert len(calls) <= max(1, 2 * len(good))
    if all(good):
        assert calls == [range(len(good))]
