"""Records put into requests."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinterest_pipeline.emulation.bodies import full_requests


@given(
    st.lists(st.integers(0, 40), max_size=60),
    st.integers(1, 100),
    st.one_of(st.none(), st.integers(1, 9)),
)
def test_each_record_is_in_one_request_and_no_request_had_room_for_the_next(
    lengths: list[int], max_bytes: int, max_records: int | None
) -> None:
    written = {place: json.dumps("x" * length).encode() for place, length in enumerate(lengths)}
    requests = list(full_requests(written, max_bytes=max_bytes, max_records=max_records))
    assert [place for places, _ in requests for place in places] == list(written)
    for number, (places, body) in enumerate(requests):
        assert json.loads(body) == {"records": ["x" * lengths[place] for place in places]}
        size = sum(len(written[place]) + 1 for place in places)
        assert size <= max_bytes or len(places) == 1
        assert max_records is None or len(places) <= max_records
        if number + 1 < len(requests):
            following = len(written[requests[number + 1][0][0]]) + 1
            assert size + following > max_bytes or len(places) == max_records


@pytest.mark.parametrize("max_records", [None, 3])
def test_nothing_is_no_request(max_records: int | None) -> None:
    assert list(full_requests({}, max_bytes=10, max_records=max_records)) == []
