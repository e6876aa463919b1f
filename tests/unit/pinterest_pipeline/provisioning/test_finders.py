"""What is looked for, against the services or what stands in for them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning import finders
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka, FakeTopic

KEY = "kafka-connect-s3/sink.zip"


class Body:
    """The body of an answer without content."""

    def stream(self, *_: Any) -> list[bytes]:
        return []


def answered(s3: Any, status: int) -> Any:
    """A client whose looks at buckets are answered with a status, as S3 does to HEAD: without a word."""
    s3.meta.events.register(
        "before-send.s3.HeadBucket", lambda request, **_: AWSResponse(request.url, status, {}, Body())
    )
    return s3


def test_a_bucket(real_s3: Any) -> None:
    assert finders.find_bucket(real_s3, "demo") is None
    real_s3.create_bucket(Bucket="demo")
    assert finders.find_bucket(real_s3, "demo") == "demo"


def test_a_bucket_that_may_not_be_looked_at(real_s3: Any) -> None:
    with pytest.raises(Permanent, match=r"bucket demo: this role needs s3:ListBucket.*another account"):
        finders.find_bucket(answered(real_s3, 403), "demo")


def test_other_errors_of_a_bucket_are_shown_as_they_are(real_s3: Any) -> None:
    with pytest.raises(ClientError, match="400"):
        finders.find_bucket(answered(real_s3, 400), "demo")


def test_an_object_of_exactly_this_key(real_s3: Any) -> None:
    real_s3.create_bucket(Bucket="demo")
    real_s3.put_object(Bucket="demo", Key=f"{KEY}.old", Body=b"")
    assert finders.find_object(real_s3, "demo", KEY) is None
    real_s3.put_object(Bucket="demo", Key=KEY, Body=b"")
    assert finders.find_object(real_s3, "demo", KEY) == f"s3://demo/{KEY}"


def test_topics(kafka: FakeKafka) -> None:
    kafka.topics["sandbox.pin"] = FakeTopic({0: 0})
    assert finders.find_topics(["sandbox.pin", "sandbox.geo"]) == {
        # Another topic of this name would have another id.
        ("topic", "sandbox.pin"): kafka.topics["sandbox.pin"].topic_id,
        ("topic", "sandbox.geo"): None,
    }


def test_a_rest_api_of_exactly_this_name(account: None) -> None:
    client = connections.aws_client("apigateway")
    client.create_rest_api(name="sandbox2")
    assert finders.find_rest_api("sandbox") is None
    made = client.create_rest_api(name="sandbox")
    assert finders.find_rest_api("sandbox") == made["id"]


def test_key_and_usage_plan(account: None) -> None:
    client = connections.aws_client("apigateway")
    assert finders.find_access("sandbox") == {("api_key", "sandbox"): None, ("usage_plan", "sandbox"): None}
    key = client.create_api_key(name="sandbox", enabled=True)["id"]
    plan = client.create_usage_plan(name="sandbox")["id"]
    assert finders.find_access("sandbox") == {("api_key", "sandbox"): key, ("usage_plan", "sandbox"): plan}


def test_a_secret(account: None) -> None:
    client = connections.aws_client("secretsmanager")
    assert finders.find_secret("airflow/connections/pinterest_api") is None
    made = client.create_secret(Name="airflow/connections/pinterest_api", SecretString="{}")
    assert finders.find_secret("airflow/connections/pinterest_api") == made["ARN"]


def test_msk_connect(msk: FakeMsk) -> None:
    found = finders.find_msk_connect(names())
    assert found == {
        ("custom_plugin", "sandbox-plugin"): None,
        ("worker_configuration", "sandbox-worker"): None,
        ("connector", "sandbox-connector"): None,
    }
    client = connections.aws_client("kafkaconnect")
    plugin = client.create_custom_plugin(
        name="sandbox-plugin",
        contentType="ZIP",
        location={"s3Location": {"bucketArn": "arn:aws:s3:::demo", "fileKey": KEY}},
    )
    assert finders.find_msk_connect(names()) == found | {
        ("custom_plugin", "sandbox-plugin"): plugin["customPluginArn"]
    }


@pytest.mark.usefixtures("msk", "kafka")
@pytest.mark.parametrize("with_key", [True, False])
@pytest.mark.parametrize("with_alarm", [True, False])
def test_everything_that_provisioning_makes_is_looked_for(
    real_s3: Any, with_key: bool, with_alarm: bool
) -> None:
    real_s3.create_bucket(Bucket="user-sandbox-bucket")
    found = finders.find_batch_resources(names(), KEY, with_key=with_key, with_alarm=with_alarm)
    # As the DAG's manual lists them under "Writes".
    assert set(found) == {
        ("bucket", "user-sandbox-bucket"),
        ("plugin_file", KEY),
        *(("topic", f"sandbox.{name}") for name in ("pin", "geo", "user", "dead-letter")),
        ("custom_plugin", "sandbox-plugin"),
        ("worker_configuration", "sandbox-worker"),
        ("connector", "sandbox-connector"),
        ("rest_api", "sandbox"),
        *((kind, "sandbox") for kind in ("api_key", "usage_plan") if with_key),
        ("secret", "airflow/connections/pinterest_api"),
        *([("alarm", "sandbox-health-heartbeat")] if with_alarm else []),
    }
    assert {resource for resource, identifier in found.items() if identifier} == {
        ("bucket", "user-sandbox-bucket")
    }
