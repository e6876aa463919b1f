"""What notebooks and SQL run on. Nothing is provisioned there, so all of it is a warning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from pinterest_pipeline import connections
from pinterest_pipeline.hasty_hooks import ONE_AT_A_TIME
from pinterest_pipeline.provisioning.prerequisites.findings import Outcome, Status
from pinterest_pipeline.provisioning.prerequisites.looking import Check
from pinterest_pipeline.settings import Settings

if TYPE_CHECKING:
    from cloud_operators.databricks.hooks.compute import DatabricksComputeHook

COMPUTE, WAREHOUSE = "PINTEREST_DATABRICKS_COMPUTE", "PINTEREST_DATABRICKS_WAREHOUSE_ID"
#: States from which neither a cluster nor a warehouse is started by what needs it.
_ENDED = {"DELETED", "DELETING", "ERROR", "UNKNOWN"}


def databricks_checks(values: Settings) -> list[Check]:
    """The checks of compute and warehouse, as far as they are set.

    :param values: the settings.
    """
    looks: dict[str, Callable[[DatabricksComputeHook], Outcome]] = {}
    if cluster := values.databricks_compute.get("existing_cluster_id"):
        looks["Databricks compute"] = lambda hook: judge_state(
            f"cluster {cluster}", COMPUTE, hook.get_cluster(cluster)
        )
    elif version := values.databricks_compute.get("new_cluster", {}).get("spark_version", ""):
        looks["Databricks compute"] = lambda hook: judge_version(version, hook.spark_versions())
    if warehouse := values.databricks_warehouse_id:
        looks["Databricks warehouse"] = lambda hook: judge_state(
            f"warehouse {warehouse}", WAREHOUSE, hook.get_warehouse(warehouse)
        )
    return [
        Check(name=name, required=False, service="databricks", look=partial(_look, look))
        for name, look in looks.items()
    ]


def judge_state(what: str, setting: str, found: Mapping[str, Any] | None) -> Outcome:
    """What is to be said of a cluster or a warehouse.

    :param what: kind and id.
    :param setting: the environment variable.
    :param found: the workspace's description; ``None`` when there is none.
    """
    if found is None:
        return Outcome(
            status=Status.MISSING,
            found=f"the workspace has no {what}",
            remedy=f"correct {setting}, or the connection {connections.DATABRICKS} if it leads elsewhere.",
        )
    if found["state"] in _ENDED:
        return Outcome(
            status=Status.WRONG,
            found=f"{what} is {found['state']}",
            remedy=f"look at it in the workspace, or set {setting} to another one.",
        )
    return Outcome(status=Status.THERE, found=f"{what} is {found['state']}")


def judge_version(version: str, found: list[str]) -> Outcome:
    """What is to be said of the compute of new clusters.

    :param version: runtime version that they are asked for with.
    :param found: those that the workspace has.
    """
    # Those that begin so are worked out by a policy.
    if version in found or version.startswith("auto:"):
        return Outcome(status=Status.THERE, found=f"the workspace answers; clusters are made with {version}")
    return Outcome(
        status=Status.WRONG,
        found=f"the workspace has no runtime {version}",
        remedy=f"set spark_version in {COMPUTE} to one of 17.3 LTS, such as 17.3.x-scala2.13.",
    )


def judge_refusal(status: int | None) -> Outcome:
    """What is to be said when the workspace refuses to answer.

    :param status: of its HTTP answer.
    """
    if status in (401, 403):
        return Outcome(
            status=Status.WRONG,
            found=f"the workspace refuses the connection {connections.DATABRICKS} ({status})",
            remedy=f"renew the token in {connections.DATABRICKS}, and let its owner restart the compute and "
            "use the warehouse (CAN RESTART, CAN USE).",
        )
    return Outcome(
        status=Status.UNKNOWN,
        found=f"the workspace answers {status}",
        remedy="see the task's log for its words, and clear this task to try again.",
    )


def _look(look: Callable[[DatabricksComputeHook], Outcome]) -> Outcome:
    from airflow.providers.databricks.exceptions import DatabricksApiError
    from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

    from cloud_operators.databricks.hooks.compute import DatabricksComputeHook

    hook = DatabricksComputeHook(connections.DATABRICKS, timeout_seconds=10, retry_limit=2)
    try:
        with ONE_AT_A_TIME:
            _ = hook.databricks_conn  # keeps the connection
        return look(hook)
    except AirflowNotFoundException:
        return Outcome(
            status=Status.MISSING,
            found=f"there is no connection {connections.DATABRICKS}",
            remedy="write it as the table of connections in docs/mwaa.md shows.",
        )
    except DatabricksApiError as error:
        return judge_refusal(error.http_status_code)
    except AirflowException:
        # Its text may hold the address with what somebody wrote into it.
        return Outcome(
            status=Status.UNKNOWN,
            found="the workspace does not answer",
            remedy=f"correct the host of {connections.DATABRICKS}, or give Airflow a way to it: NAT or "
            "PrivateLink.",
        )
