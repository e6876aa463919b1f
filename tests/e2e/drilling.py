"""Breakages of the drill on a running demo, as the end-to-end tests let them happen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import HEAL, HEALTH, RESULTS, STREAM_INGEST
from pinterest_sandbox.drill.breakages import BREAKAGES
from pinterest_sandbox.drill.looks import Looks
from pinterest_sandbox.drill.mailbox import Mailbox
from pinterest_sandbox.drill.performing import Outcome, perform
from pinterest_sandbox.drill.stage import SETTINGS, Stage
from pinterest_sandbox.parts import restart_airflow
from tests.e2e.conftest import ENTITIES, Demo

POSTS, RATE = 50, 1
#: The demo's posts, and those of the other tests, have keys up to 11,000; the source has 153 beyond.
FIRST_KEY = 11_001


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
