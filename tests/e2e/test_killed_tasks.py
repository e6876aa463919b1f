"""The burst's tasks killed, each once, in one run to both paths: a breakage of the drill that takes long."""

from __future__ import annotations

import pytest

from pinterest_sandbox.airflow.dags import EMULATE
from pinterest_sandbox.drill.mailbox import Mailbox
from pinterest_sandbox.drill.stage import Stage
from tests.e2e.conftest import ENTITIES, Demo
from tests.e2e.drilling import FIRST_KEY, RATE, broken, mailbox, stage
from tests.e2e.driving import query, table, tries

__all__ = ["mailbox", "stage"]

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

POSTS = 50
#: Of each topic and stream: 2 s until the progress is saved, 1 s that is caught up, and a batch in flight.
SENT_AGAIN = 5 * RATE


def test_a_burst_killed_in_each_of_its_phases_goes_on_where_it_stopped(
    demo: Demo, stage: Stage, mailbox: Mailbox
) -> None:
    outcome = broken(stage, mailbox, "tasks", range(FIRST_KEY, FIRST_KEY + POSTS))
    tasks = ("send_posts", "wait_for_sink", "confirm_streamed", "confirm_landed", "record_ledger")
    assert {task: tries(stage.airflow, EMULATE, stage.burst, task) for task in tasks} == dict.fromkeys(
        tasks, 2
    )
    # What was in flight when it was killed may be there twice; it did not begin anew.
    assert outcome.sent <= outcome.landed <= outcome.sent + SENT_AGAIN * len(ENTITIES) * 2
    # It stands in the ledger once an entity and path, with everything sent, acknowledged and landed.
    rows = query(
        demo,
        f"SELECT stage, entity, sent, acknowledged, landed + coalesce(dead_lettered, 0) "
        f"FROM {table(demo, 'ledger')} WHERE run_id = '{stage.burst}' ORDER BY stage, entity",
    )
    paths = ("burst", "stream_burst")
    assert rows == [[path, entity, *[str(POSTS)] * 3] for path in paths for entity in sorted(ENTITIES)]
