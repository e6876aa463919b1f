from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.aws.operators.msk_connect import MskConnectUpdateConnectorOperator
from cloud_operators.exceptions import ServiceFailed
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.aws.operators.msk_connect.conftest import (
    CAPACITY,
    CONFIGURATION,
    CreateConnector,
)
from tests.unit.cloud_operators.running import run

NEW = {**CONFIGURATION, "tasks.max": "6"}
LARGER = {"provisionedCapacity": {"mcuCount": 2, "workerCount": 2}}


def update(connector_arn: str, **arguments: Any) -> MskConnectUpdateConnectorOperator:
    return MskConnectUpdateConnectorOperator(task_id="update", connector_arn=connector_arn, **arguments)


@pytest.mark.parametrize(
    ("change", "key"),
    [({"configuration": NEW}, "connectorConfiguration"), ({"capacity": LARGER}, "capacity")],
    ids=["configuration", "capacity"],
)
def test_updates_one_part(
    msk: FakeMsk,
    connector_arn: str,
    way: dict[str, Any],
    context: Any,
    xcoms: dict[str, Any],
    change: dict[str, Any],
    key: str,
) -> None:
    assert run(update(connector_arn, **change, **way), context) == connector_arn

    body = msk.connectors[connector_arn].body
    if way["deferrable"] or way["wait_for_completion"]:
        assert body[key] == next(iter(change.values()))
        assert body["connectorState"] == "RUNNING"
    else:
        assert body["connectorState"] == "UPDATING"
    assert len(msk.operations) == 1
    assert xcoms["action"] == "updated"


def test_updates_both_parts_one_after_the_other(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    run(update(connector_arn, configuration=NEW, capacity=LARGER, **waiting), context)

    body = msk.connectors[connector_arn].body
    assert (body["connectorConfiguration"], body["capacity"]) == (NEW, LARGER)
    assert [operation.state for operation in msk.operations.values()] == ["UPDATE_COMPLETE"] * 2
    assert xcoms["action"] == "updated"


def test_sends_each_part_once(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any
) -> None:
    """Also when the service shows the new configuration in another form than it was sent."""
    shown = {**NEW, "added.by": "the service"}
    msk.show_configuration = lambda _: shown

    assert run(update(connector_arn, configuration=NEW, **waiting), context) == connector_arn
    assert len(msk.operations) == 1


def test_changes_nothing_when_nothing_differs(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    same = update(connector_arn, configuration=CONFIGURATION, capacity=CAPACITY, **waiting)

    assert run(same, context) == connector_arn
    assert msk.operations == {}
    assert xcoms["action"] == "unchanged"


def test_waits_for_a_connector_that_is_being_created(
    msk: FakeMsk, create_connector: CreateConnector, waiting: dict[str, Any], context: Any
) -> None:
    arn = run(create_connector(wait_for_completion=False), context)

    run(update(arn, configuration=NEW, **waiting), context)

    assert msk.connectors[arn].body["connectorConfiguration"] == NEW


def test_does_not_update_during_an_update_when_not_waiting(
    msk: FakeMsk, connector_arn: str, context: Any
) -> None:
    msk.looks = 5
    quick = {"aws_conn_id": None, "wait_for_completion": False}
    run(update(connector_arn, configuration=NEW, **quick), context)

    with pytest.raises(ServiceFailed, match="only when it is RUNNING, but is UPDATING"):
        run(update(connector_arn, capacity=LARGER, **quick), context)


def test_reports_a_failed_operation(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any
) -> None:
    msk.failures["operation"] = ("ROLLBACK_COMPLETE", "InvalidInput.Config", "tasks.max is too large")

    with pytest.raises(
        ServiceFailed, match=r"is ROLLBACK_COMPLETE \(InvalidInput.Config: tasks.max is too large\)"
    ):
        run(update(connector_arn, configuration=NEW, **waiting), context)

    assert msk.connectors[connector_arn].body["connectorConfiguration"] == CONFIGURATION


def test_reports_a_failed_connector(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any
) -> None:
    msk.connectors[connector_arn].body |= {
        "connectorState": "FAILED",
        "stateDescription": {"code": "Gone", "message": "The bucket is gone"},
    }

    with pytest.raises(ServiceFailed, match=r"but is FAILED \(Gone: The bucket is gone\)"):
        run(update(connector_arn, configuration=NEW, **waiting), context)


def test_refuses_an_update_of_nothing() -> None:
    with pytest.raises(ValueError, match="configuration, capacity or both"):
        update("arn")


def test_refuses_both_parts_without_waiting() -> None:
    with pytest.raises(ValueError, match="One update at a time"):
        update("arn", configuration=NEW, capacity=LARGER, wait_for_completion=False, deferrable=False)
