"""What MSK Connect answers, as cases that run against anything that speaks its API.

They run against the conformance target, and against the facade over a worker of the unit tests' own.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.conformance.msk_connect_surroundings import WORKER_PROPERTIES, Surroundings, encoded


@dataclass(frozen=True, kw_only=True)
class Case:
    """One call and what must come of it.

    :param name: the test's id.
    :param call: makes the call.
    :param error: code of the expected error; ``None`` when the call must succeed.
    :param says: text that the error's message contains.
    :param check: judges the answer of a call that must succeed.
    """

    name: str
    call: Callable[[Surroundings], Any]
    error: str | None = None
    says: str = ""
    check: Callable[[Surroundings, Any], bool] | None = None


CASES = [
    Case(
        name="plugin name is unique",
        call=lambda s: s.client.create_custom_plugin(**s.plugin_request("plugin")),
        error="ConflictException",
        says="already exists",
    ),
    Case(
        name="plugin name has no underscore",
        call=lambda s: s.client.create_custom_plugin(**s.plugin_request("a_b")),
        error="BadRequestException",
    ),
    Case(
        name="plugin bucket is an ARN",
        call=lambda s: s.client.create_custom_plugin(
            **s.plugin_request("x", location={"s3Location": {"bucketArn": s.bucket, "fileKey": "k"}})
        ),
        error="BadRequestException",
    ),
    Case(
        name="unknown plugin",
        call=lambda s: s.client.describe_custom_plugin(customPluginArn=s.unknown_arn("custom-plugin")),
        error="NotFoundException",
    ),
    Case(
        name="delete unknown plugin",
        call=lambda s: s.client.delete_custom_plugin(customPluginArn=s.unknown_arn("custom-plugin")),
        error="NotFoundException",
    ),
    Case(
        name="plugin is described with its file",
        call=lambda s: s.client.describe_custom_plugin(customPluginArn=s.plugin_arn),
        check=lambda s, found: (
            found["latestRevision"]["revision"] == 1
            and found["latestRevision"]["location"]["s3Location"]["fileKey"] == s.plugin_key
            and found["latestRevision"]["fileDescription"]["fileSize"] > 0
        ),
    ),
    Case(
        name="plugins are listed by prefix",
        call=lambda s: s.client.list_custom_plugins(namePrefix=f"{s.prefix}-plug"),
        check=lambda s, found: [p["customPluginArn"] for p in found["customPlugins"]] == [s.plugin_arn],
    ),
    Case(
        name="worker configuration name is unique",
        call=lambda s: s.client.create_worker_configuration(
            name=f"{s.prefix}-worker", propertiesFileContent=encoded(WORKER_PROPERTIES)
        ),
        error="ConflictException",
    ),
    Case(
        name="worker configuration is base64",
        call=lambda s: s.client.create_worker_configuration(
            name=f"{s.prefix}-w", propertiesFileContent="key.converter=x"
        ),
        error="BadRequestException",
    ),
    Case(
        name="worker configuration may not set the cluster",
        call=lambda s: s.client.create_worker_configuration(
            name=f"{s.prefix}-w", propertiesFileContent=encoded(WORKER_PROPERTIES + "bootstrap.servers=a:1\n")
        ),
        error="BadRequestException",
        says="bootstrap.servers",
    ),
    Case(
        name="worker configuration has both converters",
        call=lambda s: s.client.create_worker_configuration(
            name=f"{s.prefix}-w", propertiesFileContent=encoded("key.converter=a.B\n")
        ),
        error="BadRequestException",
        says="value.converter",
    ),
    Case(
        name="unknown worker configuration",
        call=lambda s: s.client.describe_worker_configuration(
            workerConfigurationArn=s.unknown_arn("worker-configuration")
        ),
        error="NotFoundException",
    ),
    Case(
        name="worker configuration gives its properties back",
        call=lambda s: s.client.describe_worker_configuration(workerConfigurationArn=s.worker_arn),
        check=lambda s, found: (
            base64.b64decode(found["latestRevision"]["propertiesFileContent"]).decode() == WORKER_PROPERTIES
            and found["workerConfigurationState"] == "ACTIVE"
        ),
    ),
    Case(
        name="worker configurations are listed by prefix",
        call=lambda s: s.client.list_worker_configurations(namePrefix=f"{s.prefix}-worker"),
        check=lambda s, found: (
            [w["workerConfigurationArn"] for w in found["workerConfigurations"]] == [s.worker_arn]
        ),
    ),
    Case(
        name="unknown connector",
        call=lambda s: s.client.describe_connector(connectorArn=s.unknown_arn("connector")),
        error="NotFoundException",
    ),
    Case(
        name="delete unknown connector",
        call=lambda s: s.client.delete_connector(connectorArn=s.unknown_arn("connector")),
        error="NotFoundException",
    ),
    Case(
        name="unknown operation",
        call=lambda s: s.client.describe_connector_operation(
            connectorOperationArn=s.unknown_arn("connector-operation")
        ),
        error="NotFoundException",
    ),
    Case(
        name="operations of unknown connector",
        call=lambda s: s.client.list_connector_operations(connectorArn=s.unknown_arn("connector")),
        error="NotFoundException",
    ),
    Case(
        name="connector with unknown plugin",
        call=lambda s: s.client.create_connector(
            **s.connector_request(
                "c",
                plugins=[
                    {"customPlugin": {"customPluginArn": s.unknown_arn("custom-plugin"), "revision": 1}}
                ],
            )
        ),
        error="NotFoundException",
    ),
    Case(
        name="connector with unknown plugin revision",
        call=lambda s: s.client.create_connector(
            **s.connector_request(
                "c", plugins=[{"customPlugin": {"customPluginArn": s.plugin_arn, "revision": 9}}]
            )
        ),
        error="NotFoundException",
    ),
    Case(
        name="connector with unknown worker configuration",
        call=lambda s: s.client.create_connector(
            **s.connector_request(
                "c",
                workerConfiguration={
                    "workerConfigurationArn": s.unknown_arn("worker-configuration"),
                    "revision": 1,
                },
            )
        ),
        error="NotFoundException",
    ),
    Case(
        name="connector without class",
        call=lambda s: s.client.create_connector(
            **s.connector_request("c", connectorConfiguration={"tasks.max": "1"})
        ),
        error="BadRequestException",
        says="connector.class",
    ),
    Case(
        name="connector with unsupported version",
        call=lambda s: s.client.create_connector(**s.connector_request("c", kafkaConnectVersion="4.0.0")),
        error="BadRequestException",
        says="2.7.1",
    ),
    Case(
        name="connector with three MCU",
        call=lambda s: s.client.create_connector(
            **s.connector_request("c", capacity={"provisionedCapacity": {"mcuCount": 3, "workerCount": 1}})
        ),
        error="BadRequestException",
        says="mcuCount",
    ),
    Case(
        name="connector with two capacities",
        call=lambda s: s.client.create_connector(
            **s.connector_request(
                "c",
                capacity={
                    "provisionedCapacity": {"mcuCount": 1, "workerCount": 1},
                    "autoScaling": {"mcuCount": 1, "minWorkerCount": 1, "maxWorkerCount": 2},
                },
            )
        ),
        error="BadRequestException",
    ),
    Case(
        name="unknown token",
        call=lambda s: s.client.list_connectors(nextToken="!"),
        error="BadRequestException",
        says="nextToken",
    ),
    Case(
        name="tags of unknown resource",
        call=lambda s: s.client.list_tags_for_resource(resourceArn=s.unknown_arn("connector")),
        error="NotFoundException",
    ),
    Case(
        name="tags are given back",
        call=lambda s: s.client.list_tags_for_resource(resourceArn=s.plugin_arn),
        check=lambda s, found: found["tags"] == {"made-by": "tests"},
    ),
]


def run_case(case: Case, surroundings: Surroundings) -> None:
    """Make the case's call and judge what came of it."""
    if case.error is None:
        answer = case.call(surroundings)
        assert case.check is not None
        assert case.check(surroundings, answer), answer
        return
    try:
        answer = case.call(surroundings)
    except surroundings.client.exceptions.ClientError as error:
        found = error.response["Error"]
        assert found["Code"] == case.error, found
        assert case.says in found["Message"], found
    else:
        raise AssertionError(f"{case.name}: answered {answer} instead of {case.error}")
