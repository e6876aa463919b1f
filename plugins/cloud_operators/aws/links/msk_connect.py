"""Links to MSK Connect in the AWS console."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from cloud_operators.aws.base import BaseAwsLink


class MskConnectConnectorLink(BaseAwsLink):
    """Link to the page of a connector in the AWS console."""

    name = "MSK Connect connector"
    key = "msk_connect_connector"
    format_str = (
        "https://{region_name}.console.{aws_domain}/msk/home?region={region_name}#/connector/{connector}/view"
    )

    def format_link(self, **kwargs: Any) -> str:
        """Build the address.

        :param kwargs: what ``persist`` stored: ``region_name``, ``aws_domain`` and ``connector_arn``
        """
        return super().format_link(**kwargs, connector=quote(kwargs.get("connector_arn", ""), safe=""))
