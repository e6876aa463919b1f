from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloud_operators.aws.operators.msk_connect import (
    MskConnectBaseOperator,
    MskConnectCreateConnectorOperator,
    MskConnectCreateCustomPluginOperator,
    MskConnectCreateWorkerConfigurationOperator,
    MskConnectDeleteConnectorOperator,
    MskConnectDeleteCustomPluginOperator,
    MskConnectDeleteWorkerConfigurationOperator,
    MskConnectRestartConnectorOperator,
    MskConnectUpdateConnectorOperator,
)
from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.aws.fake_msk import ACCOUNT, CLUSTER_ARN, FakeMsk

CONFIGURATION = {
    "connector.class": "io.confluent.connect.s3.S3SinkConnector",
    "topics.regex": r"^demo\.(pin|geo|user)$",
    "tasks.max": "3",
}
CAPACITY = {"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}}

CreateConnector = Callable[..., MskConnectCreateConnectorOperator]
#: Makes an operator with the arguments of a way to wait.
Make = Callable[..., MskConnectBaseOperator]


def arn(kind: str, name: str, number: int) -> str:
    return f"{ACCOUNT}:{kind}/{name}/00000000-0000-0000-0000-{number:012d}-1"


# What the operators below delete or update is there ...
PLUGIN, WORKER = arn("custom-plugin", "demo-plugin", 1), arn("worker-configuration", "demo-worker", 2)
CONNECTOR = arn("connector", "demo-connector", 3)
# ... and what they make is the fourth thing that the fake numbers.
NEW_PLUGIN, NEW_CONNECTOR = arn("custom-plugin", "new", 4), arn("connector", "new", 4)
OPERATION = arn("connector-operation", "demo-connector", 4)


@pytest.fixture
def create_connector(msk: FakeMsk) -> CreateConnector:
    """Make create operators for a connector whose plugin and worker configuration are there."""
    msk.looks = 0
    plugin = running.run(
        MskConnectCreateCustomPluginOperator(
            task_id="plugin",
            name="demo-plugin",
            bucket_arn="arn:aws:s3:::demo",
            file_key="sink.zip",
            aws_conn_id=None,
            waiter_delay=0,
        ),
        running.context(),
    )
    worker = running.run(
        MskConnectCreateWorkerConfigurationOperator(
            task_id="worker", name="demo-worker", properties="a=b", aws_conn_id=None
        ),
        running.context(),
    )
    msk.looks = 2

    def create(**arguments: Any) -> MskConnectCreateConnectorOperator:
        defaults: dict[str, Any] = {
            "task_id": "create",
            "name": "demo-connector",
            "configuration": CONFIGURATION,
            "cluster_arn": CLUSTER_ARN,
            "custom_plugin_arn": plugin,
            "worker_configuration_arn": worker,
            "service_execution_role_arn": "arn:aws:iam::123456789012:role/connector",
            "capacity": CAPACITY,
            "aws_conn_id": None,
            "waiter_delay": 0,
        }
        return MskConnectCreateConnectorOperator(**{**defaults, **arguments})

    return create


@pytest.fixture
def connector_arn(msk: FakeMsk, create_connector: CreateConnector) -> str:
    """A connector that runs."""
    arn: str = running.run(create_connector(), running.context())
    msk.requests.clear()
    return arn


@pytest.fixture
def operators(msk: FakeMsk, create_connector: CreateConnector, connector_arn: str) -> dict[str, Make]:
    """An operator for each thing that is waited for; what they delete or update is there."""
    assert (list(msk.plugins), list(msk.workers), connector_arn) == ([PLUGIN], [WORKER], CONNECTOR)

    def delete_connector(**way: Any) -> MskConnectBaseOperator:
        return MskConnectDeleteConnectorOperator(task_id="task", connector_arn=CONNECTOR, **way)

    def delete_plugin(**way: Any) -> MskConnectBaseOperator:
        return MskConnectDeleteCustomPluginOperator(task_id="task", custom_plugin_arn=PLUGIN, **way)

    def delete_worker(**way: Any) -> MskConnectBaseOperator:
        return MskConnectDeleteWorkerConfigurationOperator(
            task_id="task", worker_configuration_arn=WORKER, **way
        )

    def update(**way: Any) -> MskConnectBaseOperator:
        return MskConnectUpdateConnectorOperator(
            task_id="task",
            connector_arn=CONNECTOR,
            configuration={**CONFIGURATION, "tasks.max": "6"},
            **way,
        )

    def restart(**way: Any) -> MskConnectBaseOperator:
        return MskConnectRestartConnectorOperator(task_id="task", connector_arn=CONNECTOR, **way)

    def create_plugin(**way: Any) -> MskConnectBaseOperator:
        return MskConnectCreateCustomPluginOperator(
            task_id="task", name="new", bucket_arn="arn:aws:s3:::demo", file_key="sink.zip", **way
        )

    return {
        "create plugin": create_plugin,
        "create connector": lambda **way: create_connector(name="new", **way),
        "update": update,
        "restart": restart,
        "delete connector": delete_connector,
        "delete plugin": delete_plugin,
        "delete worker": delete_worker,
    }
