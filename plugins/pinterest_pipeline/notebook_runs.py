"""Names of the notebook runs that write the tables.

Runs that must not go on beside each other know each other by these: each waits for those it names, and of two
that were submitted at once the later one gives way if it names the other.
"""

from __future__ import annotations

from typing import NamedTuple


class NotebookRuns(NamedTuple):
    """The names of one pipeline's runs.

    :param daily: of the daily batch.
    :param stream: of the stream ingest in the mode ``available_now``.
    :param continuous: of the stream ingest in the mode ``continuous``, which only ends when it is cancelled.
    :param replay: of the replay.
    :param replay_trial: of a replay that only counts; nobody needs to wait for it.
    """

    daily: str
    stream: str
    continuous: str
    replay: str
    replay_trial: str


def notebook_runs(user_id: str) -> NotebookRuns:
    """The names of a pipeline's runs.

    :param user_id: the resource id.
    """
    return NotebookRuns(
        daily=f"{user_id}: daily batch",
        stream=f"{user_id}: stream ingest",
        continuous=f"{user_id}: continuous stream ingest",
        replay=f"{user_id}: replay",
        replay_trial=f"{user_id}: replay, dry run",
    )
