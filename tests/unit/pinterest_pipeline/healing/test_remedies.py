"""Which remedy a state has, and what it does."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.errors import PipelineError
from pinterest_pipeline.healing import remedies
from pinterest_pipeline.provisioning import client
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


def apply(component: str) -> None:
    remedy = remedies.choose(component)
    assert remedy is not None
    assert remedy.apply is not None
    remedy.apply()


def test_failed_tasks_of_a_running_connector_are_restarted(connector: Any, msk: FakeMsk) -> None:
    apply("connector")
    assert msk.restarts == ["true"]
    assert connector.state == "RUNNING"


def test_a_failed_connector_is_made_again_by_provisioning(connector: Any) -> None:
    connector.body["connectorState"] = "FAILED"
    remedy = remedies.choose("connector")
    assert remedy is not None
    assert remedy.apply is None
    assert (remedy.dag_id, remedy.conf) == (
        "pinterest_provision_batch",
        {"dry_run": False, "allow_replace": True},
    )


@pytest.mark.parametrize("state", ["CREATING", "UPDATING", "DELETING"])
def test_a_connector_that_somebody_works_on_is_left_alone(connector: Any, state: str) -> None:
    connector.body["connectorState"] = state
    assert remedies.choose("connector") is None


def test_the_rest_proxy_is_restarted_where_there_is_an_instance(
    ward: Ward, fake_ssm: FakeSsm, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert remedies.choose("rest_proxy") is None
    monkeypatch.setattr(client, "LOOK_SECONDS", 0.02)
    ward.use(CLIENT_INSTANCE_ID=INSTANCE)
    fake_ssm.documents[RESTART] = Document(['{"schemaVersion": "2.2"}'])
    fake_ssm.status |= DOWN
    apply("rest_proxy")
    assert [name for name, _ in fake_ssm.sent()] == [RESTART]
    assert fake_ssm.status["healthy"]


def test_only_a_continuous_stream_run_is_looked_after(ward: Ward) -> None:
    assert remedies.choose("streams") is remedies.choose("databricks") is None
    ward.use(STREAM_MODE="continuous")
    for component in ("streams", "databricks"):
        remedy = remedies.choose(component)
        assert remedy is not None
        assert remedy.dag_id == "pinterest_stream_ingest"


def test_most_components_have_no_remedy(ward: Ward) -> None:
    assert remedies.choose("source") is None


def test_a_restart_that_fails_is_told_with_its_state(connector: Any, msk: FakeMsk) -> None:
    msk.failures["restart"] = ("RESTART_FAILED", "WorkerGone", "no worker answers")
    with pytest.raises(PipelineError, match="sandbox-connector is RESTART_FAILED no worker answers"):
        apply("connector")
