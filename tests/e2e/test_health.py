"""Health and healing on a running demo: of a breakage and of its end people are told once."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import HEAL, HEALTH, PROVISION
from pinterest_sandbox.aws.health_page import health_page
from pinterest_sandbox.drill.mailbox import Mailbox
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.conftest import ENTITIES, Demo, aws_client, landed_lines
from tests.e2e.driving import EMULATE, finished
from tests.e2e.landing import ends, post_records
from tests.faults import Faults
from tests.running_sandbox import CHECKOUT, sandbox_variables

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

ROUNDS = 50
#: Behind what the demo has posted.
FIRST_POST = 30000


@pytest.fixture
def airflow(demo: Demo) -> Iterator[AirflowClient]:
    """Airflow, in which runs of health and healing are only those of the test."""
    client = AirflowClient(demo.sandbox.url("airflow"))
    client.wait_for_dags((HEALTH, HEAL), timeout=60)
    for dag in (HEAL, PROVISION, EMULATE):
        client.unpause(dag)
    yield client
    client.pause(HEALTH)
    client.pause(HEAL)


@pytest.fixture
def mailbox(demo: Demo) -> Mailbox:
    return Mailbox(demo.sandbox)


@pytest.fixture
def faults(demo: Demo) -> Iterator[Faults]:
    faults = Faults(demo.sandbox)
    yield faults
    faults.clear()


def look(airflow: AirflowClient) -> dict[str, dict[str, Any]]:
    """A run of the health DAG; gives the states by component. Paused otherwise: none comes by itself."""
    run_id = airflow.trigger(HEALTH, {})
    airflow.unpause(HEALTH)
    finished(airflow, HEALTH, run_id)
    airflow.pause(HEALTH)
    states: dict[str, dict[str, Any]] = airflow.result(HEALTH, run_id, "keep_record")["components"]
    return states


def ill(states: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: state["sentence"] for name, state in states.items() if state["status"] != "healthy"}


def look_until_known(airflow: AirflowClient) -> dict[str, dict[str, Any]]:
    """A warehouse that is busy may not answer one look in time; nobody is told of a single such look."""
    for _ in range(3):
        states = look(airflow)
        if not any(state["status"] == "unknown" for state in states.values()):
            break
    return states


def page(demo: Demo) -> str:
    """The page, as a browser gets it."""
    answer = requests.get(health_page(demo.sandbox), timeout=10)
    answer.raise_for_status()
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer.text


def connector_state(demo: Demo) -> str:
    client = aws_client(demo.sandbox, "kafkaconnect")
    (found,) = client.list_connectors(connectorNamePrefix=f"{demo.sandbox.user_id}-connector")["connectors"]
    return str(found["connectorState"])


def test_fifty_rounds_of_the_checks_on_a_healthy_pipeline_tell_nothing(demo: Demo) -> None:
    done = subprocess.run(
        [str(CHECKOUT / ".venv" / "airflow" / "bin" / "python"), "-m", "tests.e2e.check_rounds", str(ROUNDS)],
        env={
            **os.environ,
            **sandbox_variables(demo.sandbox.home),
            **demo.sandbox.environment,
            "PYTHONPATH": f"{CHECKOUT / 'plugins'}:{CHECKOUT}",
        },
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    found = json.loads(done.stdout.splitlines()[-1])
    print(found)
    assert (found["rounds"], found["told"]) == (ROUNDS, [])
    # A look may fail once; none may find illness.
    assert [each for each in found["ill"] if each["status"] != "unknown"] == []


def test_a_breakage_is_told_once_healed_and_its_end_told_once(
    demo: Demo, airflow: AirflowClient, mailbox: Mailbox, faults: Faults
) -> None:
    # A healthy pipeline: green, and nobody is told.
    for _ in range(3):
        assert ill(look_until_known(airflow)) == {}
    assert mailbox.received() == []
    assert "All 12 components are healthy" in page(demo)

    # S3 refuses the connector: its task fails, and records wait in Kafka.
    faults.begin("s3", "--client", "connector", "--error", "AccessDenied")
    before = ends(demo)
    for entity in ENTITIES:
        name = {"pin": "index", "geo": "ind", "user": "ind"}[entity]
        post_records(demo, entity, [{name: FIRST_POST + number} for number in range(20)])

    def failed() -> None:
        if connector_state(demo) != "FAILED":
            raise NotReady(connector_state(demo))

    wait_until(failed, what="the connector to fail", timeout=60, interval=0.5)
    faults.clear()
    states = look(airflow)
    assert states["connector"]["status"] == "down"
    assert "<title>S3 sink connector down" in page(demo)
    (letter,) = mailbox.received()
    assert letter.subject == "Pinterest pipeline: S3 sink connector down"
    assert "docs/runbooks/connector.md" in letter.text
    look(airflow)
    assert mailbox.received() == []

    # Healed by its own DAG, behind the same group: nothing is lost or doubled.
    began = time.monotonic()
    run_id = airflow.trigger(HEAL, {"component": "connector"})
    finished(airflow, HEAL, run_id)
    assert airflow.result(HEAL, run_id, "look_again") == {"connector": "healed"}
    print(f"healed within {time.monotonic() - began:.0f} s")
    assert connector_state(demo) == "RUNNING"
    after = ends(demo)

    def landed() -> None:
        lines = landed_lines(demo.sandbox)
        counts = {entity: sum(n for (of, _), n in lines.items() if of == entity) for entity in ENTITIES}
        if any(counts[entity] < after[entity] for entity in ENTITIES):
            raise NotReady(f"{counts} of {after}")
        assert counts == {entity: after[entity] for entity in ENTITIES}

    assert {entity: after[entity] - before[entity] for entity in ENTITIES} == dict.fromkeys(ENTITIES, 20)
    wait_until(landed, what="what was posted meanwhile in S3", timeout=60, interval=1)

    assert ill(look_until_known(airflow)) == {}
    (letter,) = mailbox.received()
    assert letter.subject == "Pinterest pipeline: S3 sink connector healthy"
    assert "make the connector again: healed" in letter.text
    look(airflow)
    assert mailbox.received() == []
