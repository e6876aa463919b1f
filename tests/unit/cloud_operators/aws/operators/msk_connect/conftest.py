from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloud_operators.aws.operators.msk_connect import (
    MskConnectCreateConnectorOperator,
    MskConnectCreateCustomPluginOperator,
    MskConnectCreateWorkerConfigurationOperator,
)
from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN, FakeMsk

CONFIGURATION = {
    "connector.class": "io.confluent.connect.s3.S3SinkConnector",
    "topics.regex": r"^demo\.(pin|geo|user)$",
    "tasks.max": "3",
}
CAPACITY = {"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}}

CreateConnector = Callable[..., MskConnectCreateConnectorOperator]


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
