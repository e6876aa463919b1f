from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.aws.base import BaseAwsLink
from cloud_operators.aws.links.apigateway import ApiGatewayRestApiLink, ApiGatewayStageLink
from cloud_operators.aws.links.kinesis import KinesisStreamLink
from cloud_operators.aws.links.msk_connect import (
    MskConnectConnectorLink,
    MskConnectCustomPluginLink,
    MskConnectWorkerConfigurationsLink,
)

ARN = "arn:aws:kafkaconnect:eu-west-1:123456789012:connector/demo/1-2"
EUROPE = {"region_name": "eu-west-1", "aws_domain": "aws.amazon.com"}
CHINA = {"region_name": "cn-north-1", "aws_domain": "amazonaws.cn"}


@pytest.mark.parametrize(
    ("link", "stored", "address"),
    [
        (
            MskConnectConnectorLink(),
            {**EUROPE, "arn": ARN},
            "https://eu-west-1.console.aws.amazon.com/msk/home?region=eu-west-1#/connector/"
            "arn%3Aaws%3Akafkaconnect%3Aeu-west-1%3A123456789012%3Aconnector%2Fdemo%2F1-2/view",
        ),
        (
            MskConnectCustomPluginLink(),
            {**CHINA, "arn": "arn:aws-cn:kafkaconnect:cn-north-1:123456789012:custom-plugin/demo/1-2"},
            "https://cn-north-1.console.amazonaws.cn/msk/home?region=cn-north-1#/customPlugin/"
            "arn%3Aaws-cn%3Akafkaconnect%3Acn-north-1%3A123456789012%3Acustom-plugin%2Fdemo%2F1-2/view",
        ),
        (
            MskConnectWorkerConfigurationsLink(),
            {**EUROPE, "arn": ARN},
            "https://eu-west-1.console.aws.amazon.com/msk/home?region=eu-west-1#/workerConfigurations",
        ),
        (
            ApiGatewayRestApiLink(),
            {**EUROPE, "rest_api_id": "abc"},
            "https://eu-west-1.console.aws.amazon.com/apigateway/main/apis/abc/resources"
            "?api=abc&region=eu-west-1",
        ),
        (
            ApiGatewayStageLink(),
            {**CHINA, "rest_api_id": "abc", "stage_name": "test"},
            "https://cn-north-1.console.amazonaws.cn/apigateway/main/apis/abc/stages"
            "?api=abc&region=cn-north-1&stage=test",
        ),
        (ApiGatewayStageLink(), EUROPE, ""),
        (
            KinesisStreamLink(),
            {**CHINA, "stream_name": "demo"},
            "https://cn-north-1.console.amazonaws.cn/kinesis/home?region=cn-north-1"
            "#/streams/details/demo/monitoring",
        ),
    ],
    ids=[
        "connector",
        "plugin in China",
        "worker configurations",
        "rest api",
        "stage in China",
        "nothing stored",
        "stream in China",
    ],
)
def test_address(link: BaseAwsLink, stored: dict[str, Any], address: str) -> None:
    assert link.format_link(**stored) == address
