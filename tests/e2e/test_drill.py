"""The quick breakages of the drill: nothing is lost or doubled, people are told once of each and its end."""

from __future__ import annotations

import pytest

from pinterest_sandbox.airflow.dags import DAILY
from pinterest_sandbox.databricks.runs_client import list_states
from pinterest_sandbox.drill.mailbox import Mailbox
from pinterest_sandbox.drill.performing import Outcome
from pinterest_sandbox.drill.stage import Stage
from tests.e2e.balance import check_balance
from tests.e2e.conftest import Demo
from tests.e2e.drilling import FIRST_KEY, broken, mailbox, stage

__all__ = ["mailbox", "stage"]

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)


def subjects(outcome: Outcome) -> list[str]:
    return [letter.subject for letter in outcome.letters]


def test_the_rest_proxy_is_restarted_by_the_pipeline_itself(stage: Stage, mailbox: Mailbox) -> None:
    outcome = broken(stage, mailbox, "rest-proxy", range(FIRST_KEY, FIRST_KEY + 40))
    assert subjects(outcome) == [
        "Pinterest pipeline: Kafka REST proxy down",
        "Pinterest pipeline: Kafka REST proxy healthy",
    ]
    assert "docs/runbooks/rest-proxy.md" in outcome.letters[0].text
    assert "restart the REST proxy on the EC2 client: healed" in outcome.letters[1].text


def test_a_worker_killed_during_the_daily_run_costs_a_retry_and_nothing_else(
    demo: Demo, stage: Stage, mailbox: Mailbox
) -> None:
    before = len(list_states(stage.config))
    # Long enough for the daily run to have written its first table before the burst ends.
    outcome = broken(stage, mailbox, "daily-worker", range(FIRST_KEY + 40, FIRST_KEY + 150))
    assert subjects(outcome) == [
        "Pinterest pipeline: Databricks degraded",
        "Pinterest pipeline: Databricks healthy",
    ]
    states = list_states(stage.config)
    # The killed one and its retry; the daily run and the ingest that came after.
    assert sorted(states[: len(states) - before]) == ["FAILED", "SUCCESS", "SUCCESS", "SUCCESS"]
    assert stage.airflow.active_runs(DAILY) == []
    check_balance(demo)
