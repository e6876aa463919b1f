from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.aws.kinesis_records import PreparedRecord, fingerprint, next_request, prepare_records

MIB = 1024 * 1024


def record(data: Any = "x", key: Any = "a", **more: Any) -> dict[str, Any]:
    return {"Data": data, "PartitionKey": key, **more}


def requests(records: list[PreparedRecord], *, ordered: bool = False) -> list[range]:
    found: list[range] = []
    while (start := found[-1].stop if found else 0) < len(records):
        found.append(next_request(records, start, ordered=ordered))
    return found


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        (b"\x00\xff", b"\x00\xff"),
        ("é", b"\xc3\xa9"),
        ('{"a": 1}', b'{"a": 1}'),
        ({"b": [1, None, "é"], "a": True}, b'{"b":[1,null,"\xc3\xa9"],"a":true}'),
        (7, b"7"),
        (None, b"null"),
        ("", b""),
    ],
    ids=["bytes", "text", "text that is JSON", "object", "number", "null", "empty"],
)
def test_data_is_encoded(data: Any, sent: bytes) -> None:
    (prepared,) = prepare_records([record(data, "é")], MIB)

    assert prepared == ({"Data": sent, "PartitionKey": "é"}, len(sent) + 2)


@pytest.mark.parametrize(
    ("bad", "problem"),
    [
        ("text", "an object is needed, not str"),
        ({"Data": "x"}, "missing: PartitionKey"),
        ({}, "missing: Data, PartitionKey"),
        ({"data": "x", **record()}, "unknown: data"),
        (record(key=""), "PartitionKey: text of 1 to 256 characters is needed"),
        (record(key="é" * 257), "PartitionKey: text of 1 to 256 characters is needed"),
        (record(key=7), "PartitionKey: text of 1 to 256 characters is needed"),
        (record(ExplicitHashKey="01"), "ExplicitHashKey: the decimal digits"),
        (record(ExplicitHashKey=str(2**128)), "ExplicitHashKey: the decimal digits"),
        (record(ExplicitHashKey=0), "ExplicitHashKey: the decimal digits"),
        (record(float("nan")), "Out of range float values are not JSON compliant"),
        (record({1, 2}), "Data: Object of type set is not JSON serializable"),
        (record("x" * MIB), f"{MIB + 1} bytes with its key; the stream takes {MIB}"),
    ],
)
def test_names_what_cannot_be_sent(bad: Any, problem: str) -> None:
    with pytest.raises(ValueError, match="can't be sent") as raised:
        prepare_records([record(), bad, record()], MIB)

    title, line = str(raised.value).splitlines()
    assert title == "1 of 3 records can't be sent, so none was."
    assert line.startswith(f"  record 1: {problem}")


def test_names_the_first_of_many() -> None:
    with pytest.raises(ValueError, match="12 of 12 records can't be sent, so none was") as raised:
        prepare_records([{}] * 12, MIB)

    assert str(raised.value).splitlines()[-2:] == [
        "  record 9: missing: Data, PartitionKey",
        "  and 2 more",
    ]


@pytest.mark.parametrize("records", ["[]", {"Data": "x"}, None], ids=["text", "one record", "nothing"])
def test_refuses_what_is_no_list(records: Any) -> None:
    with pytest.raises(ValueError, match="records: a list is needed"):
        prepare_records(records, MIB)


def test_takes_records_at_the_limits() -> None:
    largest = record("x" * (MIB - 512), "é" * 256, ExplicitHashKey=str(2**128 - 1))

    (prepared,) = prepare_records([largest], MIB)

    assert prepared.size == MIB
    assert prepared.entry["ExplicitHashKey"] == str(2**128 - 1)


def test_a_request_has_500_records() -> None:
    records = prepare_records([record(n) for n in range(1001)], MIB)

    assert requests(records) == [range(500), range(500, 1000), range(1000, 1001)]


def test_a_request_has_5_mib_with_its_keys() -> None:
    fifth = prepare_records([record("x" * (MIB - 1))] * 11, MIB)

    assert requests(fifth) == [range(5), range(5, 10), range(10, 11)]
    longer = prepare_records([record("x" * (MIB - 1), "aa")] * 5, 2 * MIB)
    assert requests(longer) == [range(4), range(4, 5)]


def test_a_record_beyond_that_goes_alone() -> None:
    sizes = [10, 6 * MIB, 10, 10]
    records = prepare_records([record("x" * size) for size in sizes], 10 * MIB)

    assert requests(records) == [range(1), range(1, 2), range(2, 4)]


def test_an_ordered_request_has_one_record_of_a_key() -> None:
    records = prepare_records([record(key=key) for key in "abacbc"], MIB)

    assert requests(records) == [range(6)]
    assert requests(records, ordered=True) == [range(2), range(2, 5), range(5, 6)]


def test_fingerprint_tells_records_apart() -> None:
    lists = [
        [record("ab", "c"), record()],
        [record(), record("ab", "c")],
        [record("a", "bc"), record()],
        [record("ab", "c", ExplicitHashKey="0"), record()],
        [record("ab", "c")],
    ]

    prints = [fingerprint(prepare_records(each, MIB)) for each in lists]

    assert len(set(prints)) == len(lists)
    assert fingerprint(prepare_records([dict(each) for each in lists[0]], MIB)) == prints[0]
