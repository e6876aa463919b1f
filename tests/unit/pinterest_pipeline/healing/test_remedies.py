"""Which remedy a state has, and what it does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.healing import remedies
from pinterest_pipeline.health.checks.databricks import Reading
from pinterest_pipeline.health.findings import Figure, Finding, Status
from pinterest_pipeline.provisioning import client, finders
from pinterest_pipeline.provisioning.changes import Action, Change
from pinterest_pipeline.provisioning.planning import batch
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.pinterest_pipeline.healing.conftest import Ward
from tests.unit.pinterest_pipeline.provisioning.fake_ssm import DOWN, INSTANCE, Document, FakeSsm
from tests.unit.pinterest_pipeline.provisioning.teardown.site import Site as Provisioned

RESTART = "pinterest-sandbox-restart-rest-proxy"


@pytest.fixture
def connector(ward: Ward, msk: FakeMsk) -> Any:
    """A running connector."""
    Provisioned.make_connect(ward.site)  # type: ignore[arg-type]
    (found,) = msk.connectors.values()
    found.ending, found.body["connectorState"] = None, "RUNNING"
    return found


def ill(status: Status = Status.DOWN, **figures: int) -> Finding:
    shown = {name.replace("_", " "): Figure(value=value) for name, value in figures.items()}
    return Finding(status=status, sentence="it is ill", figures=shown)


FAILED_TASK = ill(Status.DEGRADED, failed_tasks=1, running_tasks=2)


def apply(component: str, found: Finding) -> None:
    remedy = remedies.choose(component, found)
    assert remedy is not None
    assert remedy.apply is not None
    remedy.apply()


def test_failed_tasks_of_a_running_connector_are_restarted(connector: Any, msk: FakeMsk) -> None:
    apply("connector", FAILED_TASK)
    assert msk.restarts == ["true"]
    assert connector.state == "RUNNING"


def test_where_no_task_runs_and_none_has_failed_all_are_restarted(connector: Any, msk: FakeMsk) -> None:
    apply("connector", ill(Status.DEGRADED, failed_tasks=0, running_tasks=0))
    assert msk.restarts == ["false"]


@pytest.mark.parametrize("found", [ill(failed_tasks=0, running_tasks=3), ill()])
def test_a_connector_whose_tasks_are_not_the_matter_is_left_alone(connector: Any, found: Finding) -> None:
    assert remedies.choose("connector", found) is None


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Change]:
    """What provisioning would change; it must be asked for nothing but what is there."""
    changes = [Change(kind="connector", name="sandbox-connector", action=Action.REPLACE)]

    def plan(names: Any, settings: Any, params: Any, found: Any) -> Any:
        assert {value for value in params.values() if value} == {True}
        assert [name for name, value in params.items() if value] == ["dry_run"]
        return {}, changes

    monkeypatch.setattr(batch, "plan_batch", plan)
    monkeypatch.setattr(finders, "find_resources", lambda *_: {})
    return changes


def test_a_failed_connector_is_made_again_by_provisioning(connector: Any, planned: list[Change]) -> None:
    connector.body["connectorState"] = "FAILED"
    remedy = remedies.choose("connector", ill())
    assert remedy is not None
    assert remedy.apply is None
    assert (remedy.dag_id, remedy.conf) == (
        "pinterest_provision_batch",
        {"dry_run": False, "allow_replace": True},
    )


def test_provisioning_that_would_do_more_is_left_to_a_person(connector: Any, planned: list[Change]) -> None:
    connector.body["connectorState"] = "FAILED"
    planned += [
        Change(kind="topic", name="sandbox.pin", action=Action.CREATE),
        Change(kind="custom_plugin", name="sandbox-plugin", action=Action.REPLACE, field="a"),
        Change(kind="custom_plugin", name="sandbox-plugin", action=Action.REPLACE, field="b"),
    ]
    with pytest.raises(remedies.Unsafe, match="also change custom_plugin sandbox-plugin, topic sandbox"):
        remedies.choose("connector", ill())


@pytest.mark.parametrize("state", ["CREATING", "UPDATING", "DELETING"])
def test_a_connector_that_somebody_works_on_is_left_alone(connector: Any, state: str) -> None:
    connector.body["connectorState"] = state
    assert remedies.choose("connector", FAILED_TASK) is None


def test_the_rest_proxy_is_restarted_where_there_is_an_instance(
    ward: Ward, fake_ssm: FakeSsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remedies.choose("rest_proxy", ill()) is None
    monkeypatch.setattr(client, "LOOK_SECONDS", 0.02)
    ward.use(CLIENT_INSTANCE_ID=INSTANCE)
    fake_ssm.documents[RESTART] = Document(['{"schemaVersion": "2.2"}'])
    fake_ssm.status |= DOWN
    apply("rest_proxy", ill())
    assert [name for name, _ in fake_ssm.sent()] == [RESTART]
    assert fake_ssm.status["healthy"]


@pytest.mark.parametrize("status", [Status.DEGRADED, Status.UNKNOWN])
def test_a_rest_proxy_that_answers_is_not_restarted(ward: Ward, status: Status) -> None:
    ward.use(CLIENT_INSTANCE_ID=INSTANCE)
    assert remedies.choose("rest_proxy", ill(status)) is None


@pytest.mark.parametrize("component", ["streams", "databricks"])
def test_only_a_continuous_stream_run_that_is_not_up_is_looked_after(
    ward: Ward, monkeypatch: pytest.MonkeyPatch, component: str
) -> None:
    seen: dict[str, Any] = {"alive": ()}

    def read(memory: Any) -> Reading:
        return Reading(at=datetime.now(UTC), notebooks=("n",), continuous="n", **seen)

    monkeypatch.setattr(remedies.databricks_reading, "read", read)
    assert remedies.choose(component, ill()) is None
    ward.use(STREAM_MODE="continuous")
    remedy = remedies.choose(component, ill())
    assert remedy is not None
    assert remedy.dag_id == "pinterest_stream_ingest"
    # It is ill of something else: of a failed batch, of throttling.
    seen["alive"] = ("n",)
    assert remedies.choose(component, ill()) is None
    seen |= {"alive": (), "trouble": "the workspace does not answer"}
    assert remedies.choose(component, ill()) is None


def test_most_components_have_no_remedy(ward: Ward) -> None:
    assert remedies.choose("source", ill()) is None


def test_a_restart_that_fails_is_told_with_its_state(connector: Any, msk: FakeMsk) -> None:
    msk.failures["restart"] = ("RESTART_FAILED", "WorkerGone", "no worker answers")
    with pytest.raises(PipelineError, match="sandbox-connector is RESTART_FAILED no worker answers"):
        apply("connector", FAILED_TASK)
