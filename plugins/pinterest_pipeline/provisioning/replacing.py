"""The group of tasks that deletes what can't be changed, so that it is made again behind it."""

from __future__ import annotations

from typing import Any

from airflow.sdk import TaskGroup, TriggerRule, chain

from pinterest_pipeline.connections import AWS
from pinterest_pipeline.provisioning import change_tasks

#: Half an hour, looked at every other second: MSK Connect takes from seconds to a quarter of an hour.
WAITING = {"waiter_delay": 2, "waiter_max_attempts": 900}


def replace_task_group(changes: Any) -> TaskGroup:
    """Delete the connector first, then what it was made of. Mostly all of it is skipped.

    :param changes: the plan.
    """
    from cloud_operators.aws.operators.msk_connect import (
        MskConnectDeleteConnectorOperator,
        MskConnectDeleteCustomPluginOperator,
        MskConnectDeleteWorkerConfigurationOperator,
    )

    operators: dict[str, Any] = {
        "connector": MskConnectDeleteConnectorOperator,
        "custom_plugin": MskConnectDeleteCustomPluginOperator,
        "worker_configuration": MskConnectDeleteWorkerConfigurationOperator,
    }
    with TaskGroup("replace", tooltip="Deletes what can't be changed and will be made again") as group:
        deleting = {
            kind: operator.partial(
                task_id=f"delete_{kind}", trigger_rule=TriggerRule.NONE_FAILED, aws_conn_id=AWS, **WAITING
            ).expand_kwargs(change_tasks.list_replaced.override(task_id=f"{kind}s")(kind, changes))
            for kind, operator in operators.items()
        }
        chain(deleting["connector"], [deleting["custom_plugin"], deleting["worker_configuration"]])
    return group
