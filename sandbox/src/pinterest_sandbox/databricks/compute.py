"""What the workspace runs on: one cluster and one SQL warehouse; other ids are refused as Databricks does.

- Clusters of runs: https://docs.databricks.com/api/workspace/jobs/submit
- "Cluster … does not exist": https://learn.microsoft.com/azure/data-factory/data-factory-troubleshoot-guide
- "… is not a valid endpoint id": MicrosoftDocs/azure-docs.de-de#774
- "The warehouse … was not found": databrickslabs/ucx#1467
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import ConfigDict

from pinterest_sandbox.config import CLUSTER_ID, WAREHOUSE_ID
from pinterest_sandbox.databricks.errors import InvalidParameter, NotFound
from pinterest_sandbox.databricks.fields import Count, Fields, FilledText

#: The form of a warehouse's id at Databricks.
_WAREHOUSE = re.compile(r"[0-9a-f]{16}")


def check_cluster(cluster_id: str) -> None:
    """Refuse the id of another cluster.

    :raises InvalidParameter: always then.
    """
    if cluster_id != CLUSTER_ID:
        raise InvalidParameter(f"Cluster {cluster_id} does not exist")


def check_warehouse(warehouse_id: str) -> None:
    """Refuse the id of another SQL warehouse.

    :raises NotFound: when it could be one's id.
    :raises InvalidParameter: when it could not.
    """
    if warehouse_id == WAREHOUSE_ID:
        return
    if _WAREHOUSE.fullmatch(warehouse_id):
        raise NotFound(f"The warehouse {warehouse_id} was not found.", "NOT_FOUND")
    raise InvalidParameter(f"{warehouse_id} is not a valid endpoint id.")


class NewCluster(Fields):
    """A cluster that a task asks for; what is not checked is kept as it is."""

    model_config = ConfigDict(extra="allow")

    spark_version: FilledText | None = None
    node_type_id: FilledText | None = None
    instance_pool_id: FilledText | None = None
    num_workers: Count | None = None
    autoscale: dict[str, Any] | None = None
    policy_id: FilledText | None = None
    apply_policy_default_values: bool = False

    def check(self) -> None:
        """Refuse a cluster that Databricks could not make.

        :raises InvalidParameter: when it has too little, or too much, to be made.
        """
        if self.instance_pool_id and self.node_type_id:
            raise InvalidParameter(
                "The field 'node_type_id' cannot be supplied when an instance pool ID is provided."
            )
        if self.policy_id and self.apply_policy_default_values:
            # What is missing may be in the policy, which is unknown here.
            return
        needed = {
            "size": self.num_workers is not None or self.autoscale is not None,
            "spark_version": self.spark_version is not None,
            "node_type_id": self.node_type_id is not None or self.instance_pool_id is not None,
        }
        for name, given in needed.items():
            if not given:
                raise InvalidParameter(
                    "Cluster validation error: "
                    f"Missing required field: settings.cluster_spec.new_cluster.{name}"
                )


class Compute(Fields):
    """What a task asks to run on; nothing of it is serverless compute."""

    existing_cluster_id: FilledText | None = None
    new_cluster: NewCluster | None = None
    environment_key: FilledText | None = None

    def check(self) -> None:
        """Refuse what is not here, or could not be made at Databricks.

        :raises InvalidParameter: always then.
        """
        if self.existing_cluster_id is not None and self.new_cluster is not None:
            raise InvalidParameter("Only one of existing_cluster_id and new_cluster can be specified.")
        if self.existing_cluster_id is not None:
            check_cluster(self.existing_cluster_id)
        if self.new_cluster is not None:
            self.new_cluster.check()
