from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pinterest_pipeline.emulation.retry_after import seconds_asked

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("Sun, 01 Mar 2026 12:00:30 GMT", 30),
        ("Sun, 01 Mar 2026 12:00:30 -0000", 30),
        ("Sun, 01 Mar 2026 12:00:30 +0000", 30),
        ("Sun, 01 Mar 2026 14:00:30 +0200", 30),
        ("Sun, 01 Mar 2026 12:00:30", 30),
        ("Sunday, 01-Mar-26 12:00:30 GMT", 30),
        ("Sun Mar  1 12:00:30 2026", 30),
        ("Sun, 01 Mar 2026 11:59:30 -0000", 0),
    ],
    ids=[
        "seconds",
        "blanks",
        "at once",
        "GMT",
        "-0000",
        "+0000",
        "a zone",
        "no zone",
        "RFC 850",
        "asctime",
        "over",
    ],
)
def test_understands_seconds_and_dates(value: str, seconds: float) -> None:
    assert seconds_asked(value, NOW) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "",
        "soon",
        "-5",
        "1.5",
        "\u00b2",
        "Sun, 31 Feb 2026 12:00:00 GMT",
        "Sun, 01 Mar 99999999999999999999 12:00:00 GMT",
        "Sun, 01 Mar 2026 12:00:00 +9999999999999999",
    ],
)
def test_asks_for_nothing_in_other_words(value: str) -> None:
    assert seconds_asked(value, NOW) is None
