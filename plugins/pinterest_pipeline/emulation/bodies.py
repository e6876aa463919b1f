"""Records put into requests that are as full as the limits of a service allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

OPENING, CLOSING = b'{"records":[', b"]}"


def full_requests(
    written: Mapping[int, bytes], *, max_bytes: int, max_records: int | None = None
) -> Iterator[tuple[list[int], bytes]]:
    """Requests for records in their order: their places, and the body. A larger record goes alone.

    :param written: place of each record to its JSON.
    :param max_bytes: of a request's records, with what parts them.
    :param max_records: of a request; any number when not given.
    """
    places: list[int] = []
    size = 0
    for place, text in written.items():
        if places and (len(places) == max_records or size + len(text) + 1 > max_bytes):
            yield places, _body(written, places)
            places, size = [], 0
        places.append(place)
        size += len(text) + 1
    if places:
        yield places, _body(written, places)


def _body(written: Mapping[int, bytes], places: list[int]) -> bytes:
    return OPENING + b",".join(written[place] for place in places) + CLOSING
