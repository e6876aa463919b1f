"""What the cases run against: the sandbox, or an AWS account and a Databricks workspace."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pinterest_sandbox.aws.clients import aws_client
from tests.conformance.msk_connect_surroundings import Pace
from tests.running_sandbox import RunningSandbox

#: Environment variables that ``TARGET=aws`` needs; docs/conformance.md says what each is.
VARIABLES = (
    "CONFORMANCE_BUCKET",
    "CONFORMANCE_PLUGIN_KEY",
    "CONFORMANCE_ROLE_ARN",
    "CONFORMANCE_API_ROLE_ARN",
    "CONFORMANCE_CLUSTER_ARN",
    "CONFORMANCE_REST_PROXY_URL",
    "CONFORMANCE_TOPIC",
    "CONFORMANCE_WAREHOUSE_ID",
    "CONFORMANCE_COMPUTE",
    "CONFORMANCE_WORKSPACE_FOLDER",
    "DATABRICKS_HOST",
    "DATABRICKS_TOKEN",
)


class Unusable(Exception):
    """The target can't be made from what the environment has."""


@dataclass(frozen=True, kw_only=True)
class Databricks:
    """A workspace.

    :param compute: what a task runs on, as in a run's submission.
    :param folder: an existing workspace folder; cases work in a new one below it.
    """

    host: str
    token: str
    warehouse: str
    compute: Mapping[str, Any]
    folder: str


@dataclass(frozen=True, kw_only=True)
class Target:
    """What a case needs.

    :param prefix: unique to this run; begins every name that a case makes.
    :param client: makes a boto3 client of a service.
    :param bucket: holds the S3 sink's zip.
    :param plugin_key: of the zip.
    :param role_arn: the role that connectors run with.
    :param api_role_arn: the role that API Gateway calls Kinesis with.
    :param cluster_arn: the MSK cluster.
    :param rest_proxy: URL of the Kafka REST proxy; API Gateway reaches it too.
    :param topic: an existing topic that cases may write to.
    :param invoke_url: of an API that is deployed, by its name, id and stage.
    :param pace: of what is made slowly: connectors and plugins.
    """

    prefix: str
    client: Callable[[str], Any]
    bucket: str
    plugin_key: str
    role_arn: str
    api_role_arn: str
    cluster_arn: str
    rest_proxy: str
    topic: str
    invoke_url: Callable[[str, str, str], str]
    databricks: Databricks
    pace: Pace


@contextmanager
def sandbox_target(sandbox: RunningSandbox, prefix: str) -> Iterator[Target]:
    """The sandbox, with a topic that lives as long as the block."""
    topic = f"{prefix}.pin"
    endpoints = {"kafka": sandbox.url("msk"), "kafkaconnect": sandbox.url("msk_connect")}
    admin = AdminClient({"bootstrap.servers": sandbox.address("kafka")})
    admin.create_topics([NewTopic(topic, num_partitions=2, replication_factor=1)])[topic].result(30)
    try:
        yield Target(
            prefix=prefix,
            client=lambda service: aws_client(service, endpoints.get(service, sandbox.url("moto"))),
            bucket="sandbox-artifacts",
            plugin_key="s3-sink.zip",
            role_arn=sandbox.environment["PINTEREST_CONNECTOR_ROLE_ARN"],
            api_role_arn=sandbox.environment["PINTEREST_KINESIS_API_ROLE_ARN"],
            cluster_arn=sandbox.environment["PINTEREST_MSK_CLUSTER_ARN"],
            rest_proxy=sandbox.url("rest_proxy"),
            topic=topic,
            invoke_url=lambda name, _, stage: sandbox.url("api", f"/{name}/{stage}"),
            databricks=Databricks(
                host=sandbox.url("databricks"),
                token=sandbox.databricks_token,
                warehouse=sandbox.environment["PINTEREST_DATABRICKS_WAREHOUSE_ID"],
                compute=json.loads(sandbox.environment["PINTEREST_DATABRICKS_COMPUTE"]),
                folder="/Shared",
            ),
            pace=Pace(),
        )
    finally:
        admin.delete_topics([topic])[topic].result(30)


def aws_target(environment: Mapping[str, str], prefix: str) -> Target:
    """An account and a workspace, from environment variables and boto3's own credential chain.

    :raises Unusable: names every variable that is missing or wrong, and missing credentials.
    """
    session = boto3.Session()
    problems = [name for name in VARIABLES if not environment.get(name)]
    if session.region_name is None:
        problems.append("AWS_DEFAULT_REGION (or a region in the profile)")
    if session.get_credentials() is None:
        problems.append("AWS credentials (boto3's chain finds none)")
    if problems:
        raise Unusable("TARGET=aws lacks: " + ", ".join(problems) + "; see docs/conformance.md")
    return Target(
        prefix=prefix,
        client=session.client,
        bucket=environment["CONFORMANCE_BUCKET"],
        plugin_key=environment["CONFORMANCE_PLUGIN_KEY"],
        role_arn=environment["CONFORMANCE_ROLE_ARN"],
        api_role_arn=environment["CONFORMANCE_API_ROLE_ARN"],
        cluster_arn=environment["CONFORMANCE_CLUSTER_ARN"],
        rest_proxy=environment["CONFORMANCE_REST_PROXY_URL"].rstrip("/"),
        topic=environment["CONFORMANCE_TOPIC"],
        invoke_url=lambda _, api_id, stage: (
            f"https://{api_id}.execute-api.{session.region_name}.amazonaws.com/{stage}"
        ),
        databricks=Databricks(
            host=_with_scheme(environment["DATABRICKS_HOST"]),
            token=environment["DATABRICKS_TOKEN"],
            warehouse=environment["CONFORMANCE_WAREHOUSE_ID"],
            compute=_compute(environment["CONFORMANCE_COMPUTE"]),
            folder=environment["CONFORMANCE_WORKSPACE_FOLDER"].rstrip("/"),
        ),
        pace=Pace(limit=1800, interval=10),
    )


def _with_scheme(host: str) -> str:
    """``DATABRICKS_HOST`` is an address or a URL to Databricks' own tools too."""
    return (host if "://" in host else f"https://{host}").rstrip("/")


def _compute(text: str) -> dict[str, Any]:
    try:
        compute = json.loads(text)
    except ValueError as error:
        raise Unusable(f"CONFORMANCE_COMPUTE is no JSON: {error}") from error
    if not isinstance(compute, dict):
        raise Unusable('CONFORMANCE_COMPUTE is no JSON object; serverless is "{}"')
    return compute
