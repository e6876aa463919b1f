from __future__ import annotations

import re

import pytest

from pinterest_pipeline.entities import Names
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning import plan

NAMES = Names(user_id="12b287eedf6d", catalog="c", schema="s", state_root="s3://b/_state")


@pytest.fixture
def connector() -> dict[str, str]:
    return plan.connector_configuration(
        read_include("connect/s3-sink.json"),
        NAMES,
        region="eu-west-1",
        tasks=3,
        flush_size=700,
        rotate_interval_ms=2000,
        replication=2,
    )


@pytest.mark.parametrize(("brokers", "copies"), [(1, 1), (2, 2), (3, 3), (9, 3)])
def test_replication_is_at_most_three(brokers: int, copies: int) -> None:
    assert plan.replication_factor(brokers) == copies


def test_the_sink_reads_exactly_the_data_topics(connector: dict[str, str]) -> None:
    pattern = re.compile(connector["topics.regex"])
    assert all(pattern.fullmatch(f"12b287eedf6d.{entity}") for entity in ("pin", "geo", "user"))
    others = ["12b287eedf6d.dead-letter", "12b287eedf6dxpin", "12b287eedf6d.pins", "x12b287eedf6d.pin", ""]
    assert not any(pattern.search(topic) for topic in others)


def test_the_sink_is_configured_as_designed(connector: dict[str, str]) -> None:
    expected = {
        "connector.class": "io.confluent.connect.s3.S3SinkConnector",
        "s3.bucket.name": "user-12b287eedf6d-bucket",
        "s3.region": "eu-west-1",
        "flush.size": "700",
        "rotate.schedule.interval.ms": "2000",
        "tasks.max": "3",
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
        "errors.tolerance": "all",
        "errors.deadletterqueue.topic.name": "12b287eedf6d.dead-letter",
        "errors.deadletterqueue.context.headers.enable": "true",
        "errors.deadletterqueue.topic.replication.factor": "2",
    }
    assert expected.items() <= connector.items()
    assert all(isinstance(value, str) and "${" not in value for value in connector.values())


@pytest.mark.parametrize(
    ("source", "kind"), [("https://x/a.zip", "ZIP"), ("s3://b/sink.JAR", "JAR"), ("", "ZIP")]
)
def test_kinds_of_plugin_files(source: str, kind: str) -> None:
    assert plan.plugin_content_type(source) == kind
