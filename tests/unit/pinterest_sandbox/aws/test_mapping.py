"""From MSK Connect's configuration to the local worker's."""

from __future__ import annotations

import base64

import pytest

from pinterest_sandbox.aws.msk_connect.mapping import SinkStore, connect_configuration, decode_properties
from pinterest_sandbox.aws.wire import AwsError

STORE = SinkStore(url="http://127.0.0.1:1", access_key="a", secret_key="s", region="us-east-1")
CONVERTERS = "key.converter=a.K\nvalue.converter=a.V\n"


def decode(text: str) -> dict[str, str]:
    return decode_properties(base64.b64encode(text.encode()).decode())


def test_properties_file_is_read() -> None:
    text = "# comment\n! comment\n\n key.converter = a.K \nvalue.converter=a.V\n"
    text += "consumer.max.poll.records=5\nx=a=b\n"

    assert decode(text) == {
        "key.converter": "a.K",
        "value.converter": "a.V",
        "consumer.max.poll.records": "5",
        "x": "a=b",
    }


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("group.id=x", "group.id"),
        ("bootstrap.servers=x", "bootstrap.servers"),
        ("plugin.path=x", "plugin.path"),
        ("rest.port=1", "rest.port"),
        ("admin.retries=1", "admin.retries"),
        ("ssl.protocol=x", "ssl.protocol"),
        ("consumer.client.id=x", "consumer.client.id"),
        ("producer.client.id=x", "producer.client.id"),
    ],
)
def test_unsupported_properties_are_refused(line: str, named: str) -> None:
    with pytest.raises(AwsError, match=named):
        decode(CONVERTERS + line)


@pytest.mark.parametrize("content", ["§", "a", base64.b64encode(b"\xff\xfe").decode()])
def test_what_is_no_text_is_refused(content: str) -> None:
    with pytest.raises(AwsError):
        decode_properties(content)


def test_line_without_value_is_refused() -> None:
    with pytest.raises(AwsError, match="nonsense"):
        decode(CONVERTERS + "nonsense")


def test_other_classes_are_left_as_they_are() -> None:
    configuration = {"connector.class": "org.x.Source", "tasks.max": "1", "key.converter": "a.K"}

    mapped = connect_configuration(configuration, {}, STORE)

    # MSK Connect's default worker configuration has StringConverter for both.
    assert mapped == {**configuration, "value.converter": "org.apache.kafka.connect.storage.StringConverter"}


def test_client_properties_become_overrides() -> None:
    worker = {
        "key.converter": "a.K",
        "value.converter": "a.V",
        "consumer.max.poll.records": "5",
        "producer.acks": "all",
        "offset.flush.interval.ms": "1000",
    }

    mapped = connect_configuration({"connector.class": "org.x.Source"}, worker, STORE)

    assert mapped == {
        "connector.class": "org.x.Source",
        "key.converter": "a.K",
        "value.converter": "a.V",
        "consumer.override.max.poll.records": "5",
        "producer.override.acks": "all",
    }


def test_own_converter_does_not_inherit_the_options_of_another() -> None:
    worker = {"key.converter": "a.K", "value.converter": "a.Json", "value.converter.schemas.enable": "false"}

    mapped = connect_configuration(
        {"connector.class": "org.x.Source", "value.converter": "a.Avro"}, worker, STORE
    )

    assert mapped == {"connector.class": "org.x.Source", "key.converter": "a.K", "value.converter": "a.Avro"}


def test_region_of_the_connector_is_kept() -> None:
    configuration = {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "s3.region": "eu-west-1"}

    mapped = connect_configuration(configuration, {}, STORE)

    assert mapped["s3.region"] == "eu-west-1"
    assert mapped["store.url"] == "http://127.0.0.1:1"
