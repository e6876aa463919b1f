"""The burst's task killed in each of its phases: it goes on, and every record is accounted for once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.processes import task_process
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.conftest import ENTITIES, Demo
from tests.e2e.driving import EMULATE, finished, query, running, table, tries
from tests.e2e.landing import ends, lines_from
from tests.faults import Faults

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

#: Slow enough that the task can be killed in its middle.
SLOW_POSTS, POSTS_A_SECOND = 600, 40
#: It is killed when so many of its posts are in the topics; beginning anew would double all of them.
SENT_BEFORE = 300
#: What may be doubled: 2 s until the progress is saved, 1 s that is caught up, and what is in flight.
DOUBLED = 5 * POSTS_A_SECOND
#: What holds a task up, so that it can be killed in its middle: a service that fails for one client.
HELD_UP = {
    "wait_for_sink": ("s3", "connector"),
    "confirm_landed": ("s3", "airflow"),
    "record_ledger": ("databricks", "airflow"),
}
POSTS = 90


@pytest.fixture
def airflow(demo: Demo) -> AirflowClient:
    return AirflowClient(demo.sandbox.url("airflow"))


@pytest.fixture
def faults(demo: Demo) -> Iterator[Faults]:
    faults = Faults(demo.sandbox)
    yield faults
    faults.clear()


def added_lines(demo: Demo, before: dict[str, int]) -> dict[str, int]:
    """Entity to the lines that have landed behind an offset of each topic."""
    return {
        entity: sum(len(lines) for lines in lines_from(demo, entity, offset).values())
        for entity, offset in before.items()
    }


def check_ledger(demo: Demo, run_id: str, posts: int) -> None:
    """The burst stands in the ledger once an entity, with everything sent, acknowledged and landed."""
    rows = query(
        demo,
        f"SELECT entity, sent, acknowledged, landed + dead_lettered FROM {table(demo, 'ledger')} "
        f"WHERE stage = 'burst' AND run_id = '{run_id}' ORDER BY entity",
    )
    assert rows == [[entity, *[str(posts)] * 3] for entity in sorted(ENTITIES)]


def test_a_killed_burst_goes_on_where_it_stopped(demo: Demo, airflow: AirflowClient) -> None:
    before = ends(demo)
    run_id = airflow.trigger(EMULATE, {"posts": SLOW_POSTS, "rate": POSTS_A_SECOND, "batch_size": 20})
    wait_until(running(airflow, EMULATE, run_id, "send_posts"), what="the burst", timeout=60)

    def half_sent() -> None:
        # Not what has landed: to count that takes longer than the other half.
        if (sent := ends(demo, ["pin"])["pin"] - before["pin"]) < SENT_BEFORE:
            raise NotReady(f"{sent} records are in the topic")

    wait_until(half_sent, what="a part of the burst", timeout=60, interval=0.2)

    task_process(demo.sandbox, airflow, EMULATE, run_id, "send_posts").kill()

    finished(airflow, EMULATE, run_id)
    assert tries(airflow, EMULATE, run_id, "send_posts") == 2
    check_ledger(demo, run_id, SLOW_POSTS)
    added = added_lines(demo, before)
    # What was in flight when it was killed may be in the topic twice; it did not begin anew.
    assert all(SLOW_POSTS <= count <= SLOW_POSTS + DOUBLED for count in added.values()), added


@pytest.mark.parametrize("task_id", HELD_UP)
def test_a_burst_killed_after_its_last_record_sends_nothing_again(
    demo: Demo, airflow: AirflowClient, faults: Faults, task_id: str
) -> None:
    before = ends(demo)
    service, client = HELD_UP[task_id]
    faults.begin(service, "--client", client, "--status", "503")
    run_id = airflow.trigger(EMULATE, {"posts": POSTS})
    wait_until(running(airflow, EMULATE, run_id, task_id), what=task_id, timeout=90, interval=0.1)

    def held_up() -> None:
        if not all(faults.struck()):
            raise NotReady(f"{service} has not been asked")

    wait_until(held_up, what="the fault", timeout=30, interval=0.1)

    task_process(demo.sandbox, airflow, EMULATE, run_id, task_id).kill()

    faults.clear()
    finished(airflow, EMULATE, run_id)
    assert tries(airflow, EMULATE, run_id, "send_posts") == 1
    assert tries(airflow, EMULATE, run_id, task_id) == 2
    assert added_lines(demo, before) == dict.fromkeys(ENTITIES, POSTS)
    check_ledger(demo, run_id, POSTS)
