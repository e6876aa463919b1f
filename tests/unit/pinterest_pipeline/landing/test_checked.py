"""From where on the quality of the batch tables is checked."""

from __future__ import annotations

from typing import Any

from pinterest_pipeline.landing.checked import behind, first_unchecked, read_passed, write_passed
from tests.unit.pinterest_pipeline.fakes import FakeS3

URI = "s3://bucket/_state/checked.json"


def manifest(*partitions: tuple[int | None, list[int]]) -> dict[str, Any]:
    """A manifest of geo: for each partition the mark's first offset and those of its objects."""
    return {
        "entities": {
            "geo": {
                "partitions": [
                    {
                        "partition": number,
                        "mark": None if mark is None else {"first_offset": mark, "lines": 1},
                        "objects": [{"first_offset": offset} for offset in offsets],
                    }
                    for number, (mark, offsets) in enumerate(partitions)
                ]
            }
        }
    }


def test_the_first_check_looks_at_everything() -> None:
    assert first_unchecked(manifest((500, [500, 700])), {}) == {"geo": 0}


def test_a_check_looks_at_what_its_run_has_read() -> None:
    assert first_unchecked(manifest((500, [500, 700])), {"geo": 500}) == {"geo": 500}


def test_a_full_refresh_is_checked_from_the_beginning() -> None:
    assert first_unchecked(manifest((None, [0, 500, 700])), {"geo": 500}) == {"geo": 0}


def test_rows_of_a_run_whose_check_failed_are_looked_at_again() -> None:
    passed = behind(manifest((None, [0, 500]), (None, [0, 40])))
    assert passed == {"geo": 40}
    # The check of the run that read these did not pass.
    failed = manifest((500, [500, 700, 900]), (40, [40, 60]))
    assert first_unchecked(failed, passed) == {"geo": 40}
    assert first_unchecked(manifest((900, [900]), (60, [60])), passed) == {"geo": 40}


def test_a_run_without_objects_passes_its_marks() -> None:
    assert behind(manifest((500, []), (40, []))) == {"geo": 40}
    assert first_unchecked(manifest((500, []), (40, [])), {"geo": 40}) == {"geo": 40}


def test_a_partition_that_was_never_read_keeps_everything_open() -> None:
    assert behind(manifest((None, [0, 500]), (None, []))) == {"geo": 0}


def test_what_has_passed_is_kept() -> None:
    s3 = FakeS3()
    assert read_passed(s3, URI) == {}
    write_passed(s3, URI, {"geo": 40, "pin": 2**40})
    assert read_passed(s3, URI) == {"geo": 40, "pin": 2**40}
