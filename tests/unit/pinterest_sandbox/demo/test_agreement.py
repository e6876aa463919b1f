"""When the two paths of a demo agree, and how they are told to disagree."""

from __future__ import annotations

import pytest

from pinterest_sandbox.demo.agreement import count_differences, find_disagreements
from tests.unit.pinterest_sandbox.demo.agreeing import COUNTS, agreeing


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_paths_that_agree(first: bool) -> None:
    assert find_disagreements(*agreeing(), first=first) == []


@pytest.mark.parametrize("name", list(COUNTS))
def test_on_the_first_burst_every_count_must_be_equal(name: str) -> None:
    paths, compared = agreeing()
    paths["stream"][name]["geo"] += 1

    found = find_disagreements(paths, compared, first=True)

    number = COUNTS[name]
    assert found[0] == f"geo: {name} {number:,} on the batch path, {number + 1:,} on the stream path"


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
@pytest.mark.parametrize("path", ["batch", "stream"])
def test_what_has_not_landed_is_seen_though_tables_agree(path: str, first: bool) -> None:
    paths, compared = agreeing()
    for name in ("landed", "kept", "merged"):
        paths[path][name]["pin"] = 0

    found = find_disagreements(paths, compared, first=first)

    assert f"pin: sent 1,500, landed 0 on the {path} path" in found
    assert all(line.startswith("pin: ") for line in found)


def test_what_neither_path_has_landed_is_seen() -> None:
    paths, compared = agreeing()
    for counts in paths.values():
        counts["landed"]["user"] = counts["kept"]["user"] = counts["merged"]["user"] = 0
    assert find_disagreements(paths, compared, first=True) == [
        "user: sent 1,500, landed 0 on the batch path",
        "user: sent 1,500, landed 0 on the stream path",
    ]


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_keys_in_both_tables_must_not_differ(first: bool) -> None:
    paths, compared = agreeing()
    compared["user"]["differences"] = 3

    found = find_disagreements(paths, compared, first=first)

    assert found == ["user: 3 of 1,400 keys in both tables differ"]
    assert count_differences(compared, first=first) == 3


@pytest.mark.parametrize("first", [True, False], ids=["first", "later"])
def test_table_that_is_not_there_is_seen(first: bool) -> None:
    paths, compared = agreeing()
    del compared["geo"]
    assert find_disagreements(paths, compared, first=first) == [
        "geo: the tables were not compared, for one of them is not there"
    ]


@pytest.mark.parametrize(("name", "path"), [("in_batch_alone", "batch"), ("in_stream_alone", "stream")])
def test_keys_of_one_table_alone_are_wrong_on_the_first_burst_only(name: str, path: str) -> None:
    paths, compared = agreeing()
    compared["pin"][name] = 1200
    assert find_disagreements(paths, compared, first=True) == [
        f"pin: 1,200 keys are in the {path} table alone"
    ]
    assert count_differences(compared, first=True) == 1200
    assert find_disagreements(paths, compared, first=False) == []
    assert count_differences(compared, first=False) == 0


def test_after_earlier_posts_more_may_be_read_and_fewer_kept() -> None:
    """Lines that were waiting or are read again, and keys that one table had already."""
    paths, compared = agreeing()
    paths["stream"]["landed"]["pin"] = 1550
    paths["stream"]["kept"]["pin"], paths["stream"]["merged"]["pin"] = 1000, 550
    paths["batch"]["merged"]["geo"] = 130
    assert find_disagreements(paths, compared, first=False) == []
    paths["stream"]["sent"]["pin"] = 1499
    assert find_disagreements(paths, compared, first=False) == [
        "pin: sent 1,500 on the batch path, 1,499 on the stream path"
    ]
