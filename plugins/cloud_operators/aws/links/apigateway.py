"""Links to API Gateway in the AWS console."""

from __future__ import annotations

from cloud_operators.aws.base import BaseAwsLink

_API = "https://{region_name}.console.{aws_domain}/apigateway/main/apis/{rest_api_id}"


class ApiGatewayRestApiLink(BaseAwsLink):
    """Link to the resources of a REST API in the AWS console."""

    name = "API Gateway REST API"
    key = "apigateway_rest_api"
    format_str = _API + "/resources?api={rest_api_id}&region={region_name}"


class ApiGatewayStageLink(BaseAwsLink):
    """Link to the stages of a REST API in the AWS console."""

    name = "API Gateway stage"
    key = "apigateway_stage"
    format_str = _API + "/stages?api={rest_api_id}&region={region_name}&stage={stage_name}"
