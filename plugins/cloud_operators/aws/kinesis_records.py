"""Records for PutRecords: checked, encoded, and packed into requests. Pure functions on plain data."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

#: Limits of one request. The service takes 10 MiB, and 5 MiB until 2025, as most emulators still do; a larger
#: request is no quicker, for a shard takes 1 MiB a second. A record that is larger goes alone.
REQUEST_RECORDS = 500
REQUEST_BYTES = 5 * 1024 * 1024
LONGEST_KEY = 256
_HASH_KEY = re.compile(r"0|[1-9]\d{0,38}")
_FIELDS = {"Data", "PartitionKey", "ExplicitHashKey"}
_PROBLEMS_SHOWN = 10


class PreparedRecord(NamedTuple):
    """A record as it is sent.

    :param entry: its entry in the request
    :param size: what it counts against the limits, in bytes: data and partition key
    """

    entry: dict[str, Any]
    size: int


def prepare_records(records: Sequence[Mapping[str, Any]], record_limit: int) -> list[PreparedRecord]:
    """Check and encode records. Data that is text is sent as UTF-8, bytes as they are, anything else as JSON.

    :param records: with ``Data``, ``PartitionKey`` and, if wanted, ``ExplicitHashKey``
    :param record_limit: limit of the stream for one record, in bytes
    :raises ValueError: names the records that are malformed or too large, by their positions from 0
    """
    if isinstance(records, str | bytes | Mapping) or not isinstance(records, Sequence):
        raise ValueError(f"records: a list is needed, not {type(records).__name__}")
    prepared: list[PreparedRecord] = []
    problems: list[str] = []
    for position, record in enumerate(records):
        try:
            prepared.append(_prepared(record, record_limit))
        except ValueError as error:
            problems.append(f"  record {position}: {error}")
    if problems:
        more = len(problems) - _PROBLEMS_SHOWN
        listed = problems[:_PROBLEMS_SHOWN] + ([f"  and {more} more"] if more > 0 else [])
        raise ValueError(
            f"{len(problems)} of {len(records)} records can't be sent, so none was.\n" + "\n".join(listed)
        )
    return prepared


def next_request(records: Sequence[PreparedRecord], start: int, *, ordered: bool) -> range:
    """Choose the records of the next request: as many as the limits allow.

    :param records: all records
    :param start: position of the first record to send
    :param ordered: whether a request may have only one record of a partition key
    :returns: positions of the records
    """
    size = 0
    keys: set[str] = set()
    end = start
    for record in records[start : start + REQUEST_RECORDS]:
        key = record.entry["PartitionKey"]
        full = end > start and size + record.size > REQUEST_BYTES
        if full or (ordered and key in keys):
            break
        size += record.size
        keys.add(key)
        end += 1
    return range(start, end)


def fingerprint(records: Sequence[PreparedRecord]) -> str:
    """Compute what tells these records from any others.

    :param records: the records, in their order
    """
    digest = hashlib.sha256()
    for record in records:
        entry = record.entry
        for part in (
            entry["PartitionKey"].encode(),
            entry.get("ExplicitHashKey", "").encode(),
            entry["Data"],
        ):
            digest.update(len(part).to_bytes(8))
            digest.update(part)
    return digest.hexdigest()


def _prepared(record: Any, record_limit: int) -> PreparedRecord:
    if not isinstance(record, Mapping):
        raise ValueError(f"an object is needed, not {type(record).__name__}")
    if unknown := set(record) - _FIELDS:
        raise ValueError(f"unknown: {', '.join(sorted(map(str, unknown)))}")
    if missing := {"Data", "PartitionKey"} - set(record):
        raise ValueError(f"missing: {', '.join(sorted(missing))}")
    key = record["PartitionKey"]
    if not isinstance(key, str) or not 1 <= len(key) <= LONGEST_KEY:
        raise ValueError(f"PartitionKey: text of 1 to {LONGEST_KEY} characters is needed")
    entry: dict[str, Any] = {"Data": _encoded(record["Data"]), "PartitionKey": key}
    if (hash_key := record.get("ExplicitHashKey")) is not None:
        if not isinstance(hash_key, str) or not _HASH_KEY.fullmatch(hash_key) or int(hash_key) >= 2**128:
            raise ValueError(
                "ExplicitHashKey: the decimal digits of a number below 2^128 are needed, as text"
            )
        entry["ExplicitHashKey"] = hash_key
    size = len(entry["Data"]) + len(key.encode())
    if size > record_limit:
        raise ValueError(f"{size} bytes with its key; the stream takes {record_limit}")
    return PreparedRecord(entry, size)


def _encoded(data: Any) -> bytes:
    if isinstance(data, bytes):
        return data
    if isinstance(data, str):
        return data.encode()
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except TypeError as error:
        raise ValueError(f"Data: {error}") from error
