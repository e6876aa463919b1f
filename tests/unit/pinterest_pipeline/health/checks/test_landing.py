from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pinterest_pipeline.health.checks.landing import Landed, Reading, judge
from pinterest_pipeline.health.findings import Figure, Status

AT = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)
BUCKET = "user-sandbox-bucket"
MARKS = {"0": {"key": "k", "at": AT.isoformat()}}
MEMORY = {"entities": {"pin": {"complete": True, "marks": MARKS}}}


def reading(**entities: Landed) -> Reading:
    return Reading(at=AT, bucket=BUCKET, entities=entities)


def old(seconds: float) -> datetime:
    return AT - timedelta(seconds=seconds)


def test_age_is_a_figure_and_no_fault() -> None:
    found = judge(
        reading(
            pin=Landed(newest=old(61), found=2, marks=MARKS),
            geo=Landed(newest=old(5 * 86_400), found=0, marks=MARKS),
            user=Landed(),
        ),
        {},
    )
    assert found.status is Status.HEALTHY
    assert found.sentence == (
        "the newest objects are so old: pin 61 s, geo 5 d; nothing of user has landed yet"
    )
    assert found.figures == {
        "pin_age": Figure(value=61, unit="s"),
        "pin_new_objects": Figure(value=2, unit="objects"),
        "geo_age": Figure(value=432_000, unit="s"),
        "geo_new_objects": Figure(value=0, unit="objects"),
        "user_age": Figure(value=None, unit="s"),
        "user_new_objects": Figure(value=None, unit="objects"),
    }
    assert found.memory["entities"]["pin"] == {"complete": True, "marks": MARKS}


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(119, "119 s"), (120, "2 min"), (7199, "119 min"), (7200, "2 h"), (172_799, "47 h"), (172_800, "2 d")],
)
def test_ages_for_people(seconds: int, shown: str) -> None:
    found = judge(reading(pin=Landed(newest=old(seconds))), {})
    assert found.sentence == f"the newest objects are so old: pin {shown}"


def test_a_clock_that_is_ahead_makes_no_negative_age() -> None:
    assert judge(reading(pin=Landed(newest=old(-3))), {}).figures["pin_age"].value == 0


def test_an_unfinished_listing_tells_no_age() -> None:
    found = judge(reading(pin=Landed(newest=old(60), complete=False, marks=MARKS)), {})
    assert found.status is Status.HEALTHY
    assert found.sentence == "pin: not all objects are seen yet; the next check goes on"
    assert found.figures["pin_age"].value is None
    assert found.memory["entities"]["pin"]["complete"] is False


@pytest.mark.parametrize(
    ("faulty", "sentence"),
    [
        (Reading(at=AT, bucket=BUCKET, trouble="S3 does not answer"), "S3 does not answer"),
        (
            Reading(at=AT, bucket=BUCKET, absent=True),
            f"the bucket {BUCKET} does not exist: run pinterest_provision_batch",
        ),
        (
            Reading(at=AT, bucket=BUCKET, denied=True),
            f"the bucket {BUCKET} may not be listed: allow s3:ListBucket on it",
        ),
    ],
    ids=["unreachable", "absent", "denied"],
)
def test_what_cannot_be_listed_is_down_and_keeps_the_memory(faulty: Reading, sentence: str) -> None:
    found = judge(faulty, MEMORY)
    assert (found.status, found.sentence, found.memory) == (Status.DOWN, sentence, MEMORY)
