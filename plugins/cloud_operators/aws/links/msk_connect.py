"""Links to MSK Connect in the AWS console."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from cloud_operators.aws.base import BaseAwsLink

if TYPE_CHECKING:
    from airflow.sdk import Context

    from cloud_operators.aws.base import AwsBaseOperator, AwsBaseSensor
    from cloud_operators.aws.hooks.msk_connect import MskConnectHook

_CONSOLE = "https://{region_name}.console.{aws_domain}/msk/home?region={region_name}#"


class MskConnectLink(BaseAwsLink):
    """Base of the links to the page of a resource, whose address has its ARN."""

    def format_link(self, **kwargs: Any) -> str:
        """Build the address.

        :param kwargs: what :meth:`remember` stored: ``region_name``, ``aws_domain`` and ``arn``
        """
        return super().format_link(**{**kwargs, "arn": quote(kwargs.get("arn", ""), safe="")})

    @classmethod
    def remember(
        cls,
        context: Context,
        operator: AwsBaseOperator[MskConnectHook] | AwsBaseSensor[MskConnectHook],
        arn: str,
    ) -> None:
        """Store what the address is built of.

        :param context: context of the task
        :param operator: the task's operator or sensor
        :param arn: ARN of the resource
        """
        cls.persist(
            context=context,
            operator=operator,
            region_name=operator.hook.conn_region_name,
            aws_partition=operator.hook.conn_partition,
            arn=arn,
        )


class MskConnectConnectorLink(MskConnectLink):
    """Link to the page of a connector in the AWS console."""

    name = "MSK Connect connector"
    key = "msk_connect_connector"
    format_str = _CONSOLE + "/connector/{arn}/view"


class MskConnectCustomPluginLink(MskConnectLink):
    """Link to the page of a custom plugin in the AWS console."""

    name = "MSK Connect custom plugin"
    key = "msk_connect_custom_plugin"
    format_str = _CONSOLE + "/customPlugin/{arn}/view"


class MskConnectWorkerConfigurationsLink(MskConnectLink):
    """Link to the list of worker configurations in the AWS console."""

    name = "MSK Connect worker configurations"
    key = "msk_connect_worker_configurations"
    format_str = _CONSOLE + "/workerConfigurations"
