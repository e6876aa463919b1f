"""Errors of the pipeline itself. Messages are written for the person who reads the task log."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta


class PipelineError(RuntimeError):
    """Base of the pipeline's errors."""


class Permanent(PipelineError):
    """An error that another try would meet again."""


class MissingRows(Permanent):
    """The source database lacks rows that a burst is about to post.

    :param table: the source table.
    :param keys: keys without a row.
    """

    def __init__(self, table: str, keys: list[int]) -> None:
        self.table = table
        self.keys = keys
        shown = ", ".join(map(str, keys[:10])) + (", ..." if len(keys) > 10 else "")
        super().__init__(f"table {table} of the source database has no row for {len(keys)} keys: {shown}")


class EmptySource(Permanent):
    """A table of the source database has no row."""

    def __init__(self) -> None:
        super().__init__("a table of the source database is empty: there is nothing to post")


class ParamsChanged(Permanent):
    """The burst that a task would go on with posts something else than its params say.

    :param kept: what the burst posts.
    :param now: what the params say.
    """

    def __init__(self, kept: Mapping[str, object], now: Mapping[str, object]) -> None:
        super().__init__(
            f"the burst that was begun posts {dict(kept)}, the params now say {dict(now)}: "
            "trigger a new run, or clear the task without keeping its state"
        )


class TooSlow(Permanent):
    """A burst would take longer than its task may.

    :param posts: posts that are left to send.
    :param rate: posts a second.
    :param limit: the time that the task has.
    """

    def __init__(self, posts: int, rate: float, limit: timedelta) -> None:
        seconds = limit.total_seconds()
        super().__init__(
            f"{posts} posts at rate {rate:g} take {posts / rate / 3600:.1f} hours, but the task is stopped "
            f"after {seconds / 3600:g} hours: set rate to at least {math.ceil(posts / seconds)}, or to 0 for "
            f"as fast as it goes, or send at most {int(rate * seconds)} posts in a run"
        )


class Refused(Permanent):
    """The API refuses a request for good.

    :param status: HTTP status.
    :param message: the server's own words.
    """

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        self.message = message
        super().__init__(f"the API refused a request with status {status}: {message}")


class RecordRefused(Refused):
    """A stream refuses a record that may be too large for it.

    :param place: the stream.
    :param key: the record's partition key.
    :param size: of its data and key, in bytes.
    :param refusal: of its request, which held nothing else.
    """

    def __init__(self, place: str, key: str, size: int, refusal: Refused) -> None:
        super().__init__(
            refusal.status,
            f"{refusal.message}\n"
            f"It is the record with key {key} for {place}: {size} bytes with its key. A stream takes 1048576 "
            "bytes, unless it was given another limit (MaxRecordSizeInKiB, up to 10240). Raise it with "
            "'aws kinesis update-max-record-size', or shorten the row in the source; then clear send_posts "
            "with its state kept: it goes on with this record. No record is left out.",
        )
        self.place = place
        self.key = key
        self.size = size


class StreamsGone(Permanent):
    """Streams that have acknowledged records of a burst were deleted since, or made again.

    :param streams: stream to when the burst's one was made, when the present one was (``None`` without
        one), and how many records of the burst it had acknowledged.
    """

    def __init__(self, streams: Mapping[str, tuple[str | None, str | None, int]]) -> None:
        self.streams = dict(streams)
        shown = "".join(
            f"\n  {name}: begun with the one made at {begun}; "
            + (f"the present one was made at {now}" if now else "there is none now")
            + f"; {records} records of this burst are gone with the old one"
            for name, (begun, now, records) in sorted(self.streams.items())
        )
        super().__init__(
            f"streams were deleted since the burst began:{shown}\n"
            "So this burst can neither go on nor be confirmed. Trigger a new run, which posts all again; if "
            "the burst went to the topics too and only the streams lack it, with target stream."
        )


class PositionLost(Permanent):
    """The sink's committed offsets do not lie behind the records that were read before.

    Reading on from the marks would pass over everything below them without a word.

    :param topic: the topic.
    :param places: partition to its mark's first offset and the committed offset, ``None`` without one.
    """

    def __init__(self, topic: str, places: Mapping[int, tuple[int, int | None]]) -> None:
        self.topic = topic
        self.places = dict(places)
        shown = ", ".join(
            f"partition {number}: read up to the object at offset {mark}, the sink has committed "
            f"{'nothing' if pin is None else pin}"
            for number, (mark, pin) in sorted(self.places.items())
        )
        super().__init__(
            f"topic {topic} was read further than the sink has come: {shown}.\n"
            "If only this task of an old run was cleared: clear its wait_for_sink too.\n"
            "If the topic is the same and the sink's offsets were reset or have expired: start the sink; "
            "once it has committed beyond these offsets, clear wait_for_sink.\n"
            "If the topic was created anew: full_refresh does not help, because old rows count as later than "
            "new records. Use a new resource id, or follow 'A topic that was created anew' in the manual of "
            "this DAG."
        )


class StillRefused(PipelineError):
    """Records were not acknowledged within the attempts that are allowed.

    :param place: the topic or stream that they were sent to.
    :param records: how many are left.
    :param reason: what was answered last.
    """

    def __init__(self, place: str, records: int, reason: str) -> None:
        self.place = place
        self.records = records
        super().__init__(f"{records} records for {place} were not acknowledged; the last answer: {reason}")


class CountsWrong(PipelineError):
    """Counts that must agree do not.

    :param problems: one line each.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("counts do not agree:\n  " + "\n  ".join(problems))


class RecordsLost(Permanent):
    """Records of a stream were acknowledged, and no run has read them nor can.

    They are written off: another run does not tell them again.

    :param records: entity to how many.
    :param problems: all that was found, one line each.
    """

    def __init__(self, records: Mapping[str, int], problems: list[str]) -> None:
        self.records = dict(records)
        self.problems = problems
        super().__init__(
            "records are lost:\n  "
            + "\n  ".join(problems)
            + "\nThey are gone with a stream that was deleted, or are older than its retention. They are "
            "written off in the ledger (stage stream_loss), and the next run does not tell them again. To "
            "have them in the tables, post their keys again."
        )


class QualityFailed(Permanent):
    """Quality checks found rows that must not be there.

    :param findings: check to the rows it found, already rendered as text.
    """

    def __init__(self, findings: dict[str, str]) -> None:
        self.findings = findings
        super().__init__("\n".join(f"{check} found:\n{rows}" for check, rows in findings.items()))
