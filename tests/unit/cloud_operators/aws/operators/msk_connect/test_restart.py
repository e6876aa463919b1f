from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cloud_operators.aws.operators.msk_connect import MskConnectRestartConnectorOperator
from cloud_operators.aws.operators.msk_connect.restart import RESTART
from cloud_operators.exceptions import ResourceMissing, ServiceFailed, WaitTimedOut
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk, Refused
from tests.unit.cloud_operators.aws.operators.msk_connect.conftest import OPERATION
from tests.unit.cloud_operators.running import run

AT_ONCE: dict[str, Any] = {"aws_conn_id": None, "wait_for_completion": False, "deferrable": False}


def restart(connector_arn: str, **arguments: Any) -> MskConnectRestartConnectorOperator:
    return MskConnectRestartConnectorOperator(task_id="restart", connector_arn=connector_arn, **arguments)


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [({}, "true"), ({"only_failed_tasks": True}, "true"), ({"only_failed_tasks": False}, "false")],
    ids=["default", "failed tasks", "all tasks"],
)
def test_restarts(
    msk: FakeMsk,
    connector_arn: str,
    way: dict[str, Any],
    context: Any,
    xcoms: dict[str, Any],
    arguments: dict[str, Any],
    sent: str,
) -> None:
    assert run(restart(connector_arn, **arguments, **way), context) == connector_arn

    waited = way["deferrable"] or way["wait_for_completion"]
    assert msk.restarts == [sent]
    assert msk.connectors[connector_arn].state == ("RUNNING" if waited else "RESTARTING")
    assert msk.operations[OPERATION].state == ("RESTART_COMPLETE" if waited else "RESTART_IN_PROGRESS")
    assert xcoms["action"] == "restarted"


@pytest.mark.parametrize(
    ("state", "description", "reason", "advice"),
    [
        (
            "FAILED",
            {"code": "Gone", "message": "The bucket is gone"},
            "Gone: The bucket is gone",
            "It can only be made anew: delete it and create it with the same name and configuration; "
            "its consumer group keeps the offsets.",
        ),
        (
            "UPDATING",
            {},
            "an operation on it is under way",
            "Wait for its end with MskConnectConnectorStateSensor, or let the task try again.",
        ),
        (
            "RESTARTING",
            {},
            "an operation on it is under way",
            "Wait for its end with MskConnectConnectorStateSensor, or let the task try again.",
        ),
        (
            "DELETING",
            {},
            "an operation on it is under way",
            "Create it anew when it is gone; its consumer group keeps the offsets.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
def test_refuses_a_connector_that_does_not_run(
    msk: FakeMsk,
    connector_arn: str,
    way: dict[str, Any],
    context: Any,
    state: str,
    description: dict[str, str],
    reason: str,
    advice: str,
) -> None:
    msk.connectors[connector_arn].body |= {"connectorState": state, "stateDescription": description}

    with pytest.raises(ServiceFailed) as raised:
        run(restart(connector_arn, **way), context)

    assert str(raised.value) == (
        f"Connector {connector_arn} can be restarted only when it is RUNNING, but is {state} ({reason}). "
        f"{advice}"
    )
    assert {each.partition(" ")[0] for each in msk.requests} == {"GET"}


def test_a_paused_connector_is_to_be_resumed(msk: FakeMsk, connector_arn: str, context: Any) -> None:
    msk.connectors[connector_arn].body["connectorState"] = "PAUSED"

    with pytest.raises(ServiceFailed, match=r"is PAUSED; the service gave no reason\. Resume it instead"):
        run(restart(connector_arn, **AT_ONCE), context)


def test_tells_why_when_the_state_changes_after_the_look(
    msk: FakeMsk, connector_arn: str, way: dict[str, Any], context: Any
) -> None:
    connector = msk.connectors[connector_arn]
    msk.before_restart = lambda: connector.body.update(connectorState="UPDATING")

    with pytest.raises(ServiceFailed, match=r"but is UPDATING .* Wait for its end with"):
        run(restart(connector_arn, **way), context)

    assert context["task_state_store"] == {}


def test_passes_on_what_the_service_says_besides(
    msk: FakeMsk, connector_arn: str, way: dict[str, Any], context: Any
) -> None:
    def refuse() -> None:
        raise Refused(400, "BadRequestException", "Another operation is PENDING.")

    msk.before_restart = refuse

    with pytest.raises(
        ClientError,
        match=r"\(BadRequestException\) when calling the RestartConnector operation: "
        r"Another operation is PENDING\.",
    ):
        run(restart(connector_arn, **way), context)

    assert context["task_state_store"] == {}


def test_refuses_failed_tasks_alone_of_an_old_version(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any
) -> None:
    msk.connectors[connector_arn].body["kafkaConnectVersion"] = "2.7.1"

    with pytest.raises(ValueError, match=r"only_failed_tasks=True: .* has Kafka Connect 2\.7\.1, .*=False"):
        run(restart(connector_arn, **waiting), context)
    assert msk.restarts == []

    run(restart(connector_arn, only_failed_tasks=False, **waiting), context)
    assert msk.restarts == ["false"]


def test_refuses_a_connector_that_does_not_exist(msk: FakeMsk, context: Any) -> None:
    with pytest.raises(ResourceMissing, match="Connector arn:none does not exist: create it"):
        run(restart("arn:none", **AT_ONCE), context)


def test_the_next_try_waits_on(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any
) -> None:
    msk.looks = 8
    with pytest.raises(WaitTimedOut):
        run(restart(connector_arn, **{**waiting, "waiter_max_attempts": 2}), context)

    assert run(restart(connector_arn, **waiting), context) == connector_arn
    assert (msk.restarts, msk.operations[OPERATION].state) == (["true"], "RESTART_COMPLETE")


def test_the_next_try_finds_the_restart_at_its_end(
    msk: FakeMsk, connector_arn: str, way: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    """The task was killed, and the restart came to its end without it."""
    msk.looks = 0
    operator = restart(connector_arn, **AT_ONCE)
    operator._begin(context)
    msk._look(msk.operations, OPERATION)

    assert run(restart(connector_arn, **way), context) == connector_arn
    assert msk.restarts == ["true"]
    assert xcoms["action"] == "restarted"


def test_the_next_try_begins_a_failed_restart_anew(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any
) -> None:
    msk.failures["restart"] = ("RESTART_FAILED", "Bad", "no")
    with pytest.raises(ServiceFailed, match=rf"{OPERATION} is RESTART_FAILED \(Bad: no\)"):
        run(restart(connector_arn, **waiting), context)

    assert run(restart(connector_arn, **waiting), context) == connector_arn
    assert [each.state for each in msk.operations.values()] == ["RESTART_FAILED", "RESTART_COMPLETE"]


def test_the_next_try_begins_anew_what_it_was_not_asked_for_before(
    msk: FakeMsk, connector_arn: str, context: Any
) -> None:
    """Somebody has changed the DAG between the tries."""
    restart(connector_arn, **AT_ONCE)._begin(context)
    msk.connectors[connector_arn].body["connectorState"] = "RUNNING"

    run(restart(connector_arn, only_failed_tasks=False, **AT_ONCE), context)

    assert msk.restarts == ["true", "false"]


def test_a_task_that_is_cleared_restarts_again(
    msk: FakeMsk, connector_arn: str, waiting: dict[str, Any], context: Any
) -> None:
    for _ in range(2):
        run(restart(connector_arn, **waiting), context)

    assert msk.restarts == ["true", "true"]
    assert RESTART not in context["task_state_store"]


def test_works_without_a_state_store(
    msk: FakeMsk, connector_arn: str, way: dict[str, Any], context: Any
) -> None:
    del context["task_state_store"]

    assert run(restart(connector_arn, **way), context) == connector_arn
    assert msk.restarts == ["true"]
