"""Breakages of the drill on a running demo, as the end-to-end tests let them happen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import HEAL, HEALTH
from pinterest_sandbox.drill.breakages import BREAKAGES
from pinterest_sandbox.drill.looks import Looks
from pinterest_sandbox.drill.mailbox import Mailbox
from pinterest_sandbox.drill.performing import Outcome, perform
from pinterest_sandbox.drill.stage import SETTINGS, Stage
from pinterest_sandbox.parts import restart_airflow
from tests.e2e.conftest import BY_HAND_ALONE, ENTITIES, QUICK, Demo

RATE = 1
#: The demo's posts, and those of the other tests, have keys up to 11,000; the source has 153 beyond.
FIRST_KEY = 11_001


@pytest.fixture(scope="module")
def stage(demo: Demo) -> Iterator[Stage]:
    """The running demo, which heals itself.

    The pause before a task's next try is that of the DAGs: without it a look would come too late to see
    what broke.
    """
    restart_airflow(demo.sandbox, {**SETTINGS, **BY_HAND_ALONE})
    airflow = AirflowClient(demo.sandbox.url("airflow"))
    airflow.pause(HEALTH)
    airflow.unpause(HEAL)
    yield Stage(demo.sandbox, airflow)
    airflow.pause(HEAL)
    restart_airflow(demo.sandbox, {**BY_HAND_ALONE, **QUICK})


@pytest.fixture(scope="module")
def mailbox(demo: Demo) -> Mailbox:
    return Mailbox(demo.sandbox)


def broken(stage: Stage, mailbox: Mailbox, name: str, keys: range) -> Outcome:
    """Let a breakage happen; all must be as it should be.

    :param keys: of the posts of its burst.
    """
    looks = Looks(stage.config, stage.airflow)
    outcome = perform(stage, looks, mailbox, BREAKAGES[name], keys=keys, rate=RATE)
    print(outcome)
    assert outcome.problems == []
    assert (outcome.lost, outcome.doubled) == (0, 0)
    assert outcome.kept == len(keys) * len(ENTITIES) * 2
    return outcome
