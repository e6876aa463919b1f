"""boto3 clients of the running sandbox, and what its MSK Connect cases work with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from pinterest_sandbox.aws.clients import aws_client
from tests.conformance.msk_connect_surroundings import (
    KafkaCluster,
    Surroundings,
    prepare_surroundings,
    remove_surroundings,
)
from tests.running_sandbox import RunningSandbox

PREFIX = "awsring"
TOPIC = "awsring.pin"
DEAD_LETTERS = "awsring.dead-letter"


@pytest.fixture(scope="session")
def s3(sandbox: RunningSandbox) -> Any:
    return aws_client("s3", sandbox.url("moto"))


@pytest.fixture(scope="session")
def landing(s3: Any) -> str:
    """A bucket of these tests' own."""
    s3.create_bucket(Bucket="awsring-landing")
    return "awsring-landing"


@pytest.fixture(scope="session")
def topic(sandbox: RunningSandbox) -> Iterator[str]:
    admin = AdminClient({"bootstrap.servers": sandbox.address("kafka")})
    for future in admin.create_topics(
        [NewTopic(name, num_partitions=2, replication_factor=1) for name in (TOPIC, DEAD_LETTERS)]
    ).values():
        future.result(30)
    yield TOPIC
    for future in admin.delete_topics([TOPIC, DEAD_LETTERS]).values():
        future.result(30)


@pytest.fixture(scope="module")
def surroundings(sandbox: RunningSandbox, landing: str, topic: str) -> Iterator[Surroundings]:
    made = prepare_surroundings(
        aws_client("kafkaconnect", sandbox.url("msk_connect")),
        prefix=PREFIX,
        bucket="sandbox-artifacts",
        plugin_key="s3-sink.zip",
        cluster=KafkaCluster(bootstrap=sandbox.address("kafka")),
        configuration={
            "topics": topic,
            "topics.dir": "topics",
            "s3.bucket.name": landing,
            "s3.region": "us-east-1",
            "storage.class": "io.confluent.connect.s3.storage.S3Storage",
            "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
            "partitioner.class": "io.confluent.connect.storage.partitioner.DefaultPartitioner",
            "schema.compatibility": "NONE",
            "flush.size": "100",
            "rotate.schedule.interval.ms": "500",
            "timezone": "UTC",
            "behavior.on.null.values": "ignore",
            "errors.tolerance": "all",
            "errors.deadletterqueue.topic.name": DEAD_LETTERS,
            "errors.deadletterqueue.topic.replication.factor": "1",
            "errors.deadletterqueue.context.headers.enable": "true",
        },
    )
    yield made
    remove_surroundings(made)
