"""One module for each type of integration, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping

from pinterest_sandbox.apigateway.integrations.aws import AwsIntegration
from pinterest_sandbox.apigateway.integrations.base import Exchange, Handler, Outcome
from pinterest_sandbox.apigateway.integrations.http_proxy import execute_http_proxy

__all__ = ["AwsIntegration", "Exchange", "Handler", "Outcome", "handlers"]


def handlers(aws: AwsIntegration) -> Mapping[str, Handler]:
    """Integration type to what executes it."""
    return {"HTTP_PROXY": execute_http_proxy, "AWS": aws.execute}
