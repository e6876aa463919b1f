"""Operators for Amazon MSK Connect: custom plugins, worker configurations and connectors."""

from __future__ import annotations

from cloud_operators.aws.operators.msk_connect.base import MskConnectBaseOperator
from cloud_operators.aws.operators.msk_connect.connector import (
    MskConnectCreateConnectorOperator,
    MskConnectDeleteConnectorOperator,
)
from cloud_operators.aws.operators.msk_connect.custom_plugin import (
    MskConnectCreateCustomPluginOperator,
    MskConnectDeleteCustomPluginOperator,
)
from cloud_operators.aws.operators.msk_connect.restart import MskConnectRestartConnectorOperator
from cloud_operators.aws.operators.msk_connect.update import MskConnectUpdateConnectorOperator
from cloud_operators.aws.operators.msk_connect.worker_configuration import (
    MskConnectCreateWorkerConfigurationOperator,
    MskConnectDeleteWorkerConfigurationOperator,
)

__all__ = [
    "MskConnectBaseOperator",
    "MskConnectCreateConnectorOperator",
    "MskConnectCreateCustomPluginOperator",
    "MskConnectCreateWorkerConfigurationOperator",
    "MskConnectDeleteConnectorOperator",
    "MskConnectDeleteCustomPluginOperator",
    "MskConnectDeleteWorkerConfigurationOperator",
    "MskConnectRestartConnectorOperator",
    "MskConnectUpdateConnectorOperator",
]
