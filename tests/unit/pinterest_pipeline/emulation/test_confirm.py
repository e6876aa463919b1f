from __future__ import annotations

from collections import Counter
from typing import NoReturn

import pytest

from pinterest_pipeline.emulation.confirm import Account, Window, account, check, make_windows, touched
from pinterest_pipeline.emulation.offsets import OffsetRange
from pinterest_pipeline.errors import CountsWrong
from pinterest_pipeline.landing.objects import LandedObject


def landed(*first_offsets: int) -> list[LandedObject]:
    return [LandedObject(key=f"k{offset}", etag="", size=1, first_offset=offset) for offset in first_offsets]


def lines(count: int, key: int = 1) -> list[bytes]:
    return [b'{"ind": %d}' % key] * count


def not_needed() -> NoReturn:
    raise AssertionError("the lines were looked at by key though the window has lost nothing")


def sum_up(
    ranges: list[OffsetRange],
    windows: list[tuple[Window, list[bytes]]],
    dead: set[tuple[int, int]] | None = None,
    sent: Counter[int] | None = None,
) -> Account:
    return account(
        ranges=ranges,
        windows=windows,
        dead=dead or set(),
        sent_keys=not_needed if sent is None else lambda: sent,
        key_column="ind",
    )


def test_windows_end_where_the_next_object_begins() -> None:
    assert make_windows(3, landed(10, 20, 25), committed=40) == [
        Window(3, 10, 20, "k10"),
        Window(3, 20, 25, "k20"),
        Window(3, 25, 40, "k25"),
    ]
    assert make_windows(0, [], committed=40) == []


def test_only_windows_with_our_offsets_are_read() -> None:
    windows = [Window(0, 0, 10, "a"), Window(0, 10, 20, "b"), Window(1, 0, 20, "c"), Window(0, 20, 30, "d")]
    assert [window.key for window in touched(windows, [OffsetRange(0, 12, 20)])] == ["b", "d"]


def test_all_landed() -> None:
    windows = [(Window(0, 0, 10, "a"), lines(10)), (Window(0, 10, 15, "b"), lines(5))]
    assert sum_up([OffsetRange(0, 0, 14)], windows) == Account(15, 0, 0)


def test_records_of_others_in_between_are_not_counted() -> None:
    # Offsets 3 and 7 to 9 are foreign; the foreign 8 is a dead letter.
    ranges = [OffsetRange(0, 0, 2), OffsetRange(0, 4, 6)]
    assert sum_up(ranges, [(Window(0, 0, 10, "a"), lines(9))], {(0, 8)}) == Account(6, 0, 0)


def test_dead_letters_of_ours_are_told_apart() -> None:
    windows = [(Window(0, 0, 10, "a"), lines(8))]
    assert sum_up([OffsetRange(0, 0, 9)], windows, {(0, 3), (0, 9), (1, 3)}) == Account(8, 2, 0)


def test_dead_letters_in_front_of_the_first_object_count() -> None:
    windows = [(Window(0, 2, 5, "a"), lines(3))]
    assert sum_up([OffsetRange(0, 0, 4)], windows, {(0, 0), (0, 1)}) == Account(3, 2, 0)


def test_a_burst_of_dead_letters_only() -> None:
    assert sum_up([OffsetRange(0, 0, 1)], [], {(0, 0), (0, 1)}) == Account(0, 2, 0)


def test_partitions_are_counted_apart() -> None:
    windows = [(Window(0, 0, 4, "a"), lines(4)), (Window(1, 0, 2, "b"), lines(2))]
    assert sum_up([OffsetRange(0, 0, 3), OffsetRange(1, 0, 1)], windows) == Account(6, 0, 0)


def test_an_object_that_is_missing_is_a_loss() -> None:
    # The object at 10 is gone: the window of the first one reaches up to 20 and is too short.
    windows = [(Window(0, 0, 20, "a"), lines(10, key=1)), (Window(0, 20, 30, "b"), lines(10, key=1))]
    sent = Counter({1: 10, 2: 10, 3: 10})
    assert sum_up([OffsetRange(0, 0, 29)], windows, sent=sent) == Account(20, 0, 10)


def test_null_records_of_others_are_no_loss_of_ours() -> None:
    # Ten offsets: six are ours, four are null records of somebody else, which the sink leaves out.
    windows = [(Window(0, 0, 10, "a"), [b'{"ind": %d}' % key for key in range(6)])]
    ranges = [OffsetRange(0, 0, 2), OffsetRange(0, 5, 7)]
    assert sum_up(ranges, windows, sent=Counter(range(6))) == Account(6, 0, 0)


def test_lines_of_others_do_not_stand_in_for_lost_ones() -> None:
    # Five of ours, three foreign posts with other keys; two of ours were lost.
    content = [b'{"ind": 1}', b'{"ind": 2}', b'{"ind": 3}', b'{"ind": 91}', b'["ind"]', b"not JSON"]
    ranges = [OffsetRange(0, 0, 4)]
    sent = Counter([1, 2, 3, 4, 5])
    assert sum_up(ranges, [(Window(0, 0, 8, "a"), content)], sent=sent) == Account(3, 0, 2)


def test_a_tail_written_twice_is_no_loss() -> None:
    # After a kill the first object was written again, longer; the old second one lies inside of it.
    windows = [(Window(0, 0, 5, "a"), lines(7)), (Window(0, 5, 7, "b"), lines(2))]
    assert sum_up([OffsetRange(0, 0, 6)], windows) == Account(7, 0, 0)


def row(**counts: int) -> dict[str, object]:
    return {"entity": "pin", "sent": 5, "acknowledged": 5, "landed": 4, "dead_lettered": 1, **counts}


def test_counts_that_agree_pass() -> None:
    check([row(), row(landed=5, dead_lettered=0)])


@pytest.mark.parametrize("change", [{"sent": 6}, {"acknowledged": 4}, {"landed": 3}, {"dead_lettered": 0}])
def test_counts_that_do_not_agree_are_named(change: dict[str, int]) -> None:
    with pytest.raises(CountsWrong, match=r"pin: sent \d, acknowledged \d, landed \d \+ dead-lettered \d"):
        check([row(), row(**change)])
