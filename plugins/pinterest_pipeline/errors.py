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
        super().__init__(f"the API refused a request with status {status}: {message}")


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


class QualityFailed(Permanent):
    """Quality checks found rows that must not be there.

    :param findings: check to the rows it found, already rendered as text.
    """

    def __init__(self, findings: dict[str, str]) -> None:
        self.findings = findings
        super().__init__("\n".join(f"{check} found:\n{rows}" for check, rows in findings.items()))
