"""The quick breakages of the drill: nothing is lost or doubled, people are told once of each and its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import DAILY, EMULATE, HEAL, HEALTH, RESULTS, STREAM_INGEST
from pinterest_sandbox.databricks.runs_client import list_states
from pinterest_sandbox.drill.breakages import BREAKAGES
from pinterest_sandbox.drill.looks import Looks
from pinterest_sandbox.drill.mailbox import Mailbox
from pinterest_sandbox.drill.performing import Outcome, perform
from pinterest_sandbox.drill.stage import SETTINGS, Stage
from pinterest_sandbox.parts import restart_airflow
from tests.e2e.conftest import ENTITIES, Demo
from tests.e2e.driving import query, table, tries

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

POSTS, RATE = 50, 2
#: The demo's posts, and those of the other tests, have keys up to 11,000; the source has 153 beyond.
FIRST_KEY = 11_001
#: Of each topic and stream: 2 s until the progress is saved, 1 s that is caught up, and a batch in flight.
SENT_AGAIN = 5 * RATE


@pytest.fixture(scope="module")
def stage(demo: Demo) -> Iterator[Stage]:
    """The running demo, which heals itself; nothing runs by its schedule."""
    restart_airflow(demo.sandbox, SETTINGS)
    airflow = AirflowClient(demo.sandbox.url("airflow"))
    for dag_id in (HEALTH, RESULTS):
        airflow.pause(dag_id)
    for dag_id in (HEAL, STREAM_INGEST):
        airflow.unpause(dag_id)
    yield Stage(demo.sandbox, airflow)
    for dag_id in (HEAL, STREAM_INGEST):
        airflow.pause(dag_id)
    airflow.unpause(RESULTS)


@pytest.fixture(scope="module")
def mailbox(demo: Demo) -> Mailbox:
    return Mailbox(demo.sandbox)


def broken(stage: Stage, mailbox: Mailbox, name: str, number: int) -> Outcome:
    """Let a breakage happen; all must be as it should be."""
    first = FIRST_KEY + number * POSTS
    looks = Looks(stage.config, stage.airflow)
    outcome = perform(stage, looks, mailbox, BREAKAGES[name], keys=range(first, first + POSTS), rate=RATE)
    print(outcome)
    assert outcome.problems == []
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert outcome.kept == POSTS * len(ENTITIES) * 2
    return outcome


def subjects(outcome: Outcome) -> list[str]:
    return [letter.subject for letter in outcome.letters]


def test_the_rest_proxy_is_restarted_by_the_pipeline_itself(stage: Stage, mailbox: Mailbox) -> None:
    outcome = broken(stage, mailbox, "rest-proxy", 0)
    assert subjects(outcome) == [
        "Pinterest pipeline: Kafka REST proxy down",
        "Pinterest pipeline: Kafka REST proxy healthy",
    ]
    assert "docs/runbooks/rest-proxy.md" in outcome.letters[0].text
    assert "restart the REST proxy on the EC2 client: healed" in outcome.letters[1].text


def test_a_worker_killed_during_the_daily_run_costs_a_retry_and_nothing_else(
    stage: Stage, mailbox: Mailbox
) -> None:
    before = len(list_states(stage.config))
    outcome = broken(stage, mailbox, "daily-worker", 1)
    assert subjects(outcome) == [
        "Pinterest pipeline: Databricks degraded",
        "Pinterest pipeline: Databricks healthy",
    ]
    states = list_states(stage.config)
    # The killed one and its retry; the daily run and the ingest that came after.
    assert sorted(states[: len(states) - before]) == ["FAILED", "SUCCESS", "SUCCESS", "SUCCESS"]
    assert stage.airflow.active_runs(DAILY) == []


def test_a_burst_killed_in_each_of_its_phases_goes_on_where_it_stopped(
    demo: Demo, stage: Stage, mailbox: Mailbox
) -> None:
    outcome = broken(stage, mailbox, "tasks", 2)
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
