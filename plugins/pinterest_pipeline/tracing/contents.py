"""What may be told of a record: whose it is, its length and its hashes. Its content stays where it is."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, NamedTuple

#: Wrappings that the cleaning takes off, at most; see ``pinterest_spark.parsing``.
_LAYERS = 4
_INTEGER = re.compile(r"-?[0-9]{1,19}")


class Content(NamedTuple):
    """A record's content, told without a word of it.

    :param key: the key of the post that it is a record of; ``None`` when none can be read.
    :param length: bytes.
    :param sha256: of its bytes.
    :param same: hash of the JSON value, which Kafka Connect leaves alone when it writes the text anew.
    """

    key: int | None
    length: int
    sha256: str
    same: str

    def told(self) -> dict[str, Any]:
        """Length and hashes, as results have them."""
        return {"length": self.length, "sha256": self.sha256, "content_sha256": self.same}


def describe(data: bytes | None, key: str) -> Content:
    """Describe a record.

    :param data: its bytes; ``None`` of a record of Kafka without a value.
    :param key: name of the entity's key column.
    """
    data = data or b""
    digest = hashlib.sha256(data).hexdigest()
    try:
        value = json.loads(data.decode())
    except (ValueError, RecursionError):
        return Content(None, len(data), digest, digest)
    text = json.dumps(value, sort_keys=True).encode()
    return Content(_read_key(value, key), len(data), digest, hashlib.sha256(text).hexdigest())


def may_hold(data: bytes | None, ind: int) -> bool:
    """Whether a record may be one of a post's: a look that costs next to nothing.

    :param data: the record's bytes.
    :param ind: key of the post. Numbers written with an exponent are not seen.
    """
    return data is not None and str(ind).encode() in data


def _read_key(value: Any, key: str) -> int | None:
    record = _unwrapped(value)
    return _integer(record.get(key)) if isinstance(record, dict) else None


def _unwrapped(value: Any) -> Any:
    for _ in range(_LAYERS):
        inner = _inside(value)
        if inner is None:
            break
        value = inner
    return value


def _inside(value: Any) -> Any:
    """What a list of one, a text that holds JSON, or an envelope of one record holds; ``None`` otherwise."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, list):
        return value[0] if len(value) == 1 else None
    if isinstance(value, dict):
        records = value.get("records")
        if isinstance(records, list) and len(records) == 1 and isinstance(records[0], dict):
            return records[0].get("value")
    return None


def _integer(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str) and _INTEGER.fullmatch(text := value.rstrip()):
        return int(text)
    return None
