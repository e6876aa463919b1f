"""What the policies of other roles than MWAA's allow, and who writes the API's connection."""

from __future__ import annotations

import re

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Connection

from pinterest_pipeline.entities import Names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning.connection import CONNECTION_ID, SECRET_NAME, base_url
from tests.integrity.iam import VALUES, allowed, statements
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

PAGE = (CHECKOUT / "docs" / "mwaa.md").read_text(encoding="utf-8")
NAMES = Names(user_id="sandbox", catalog="c", schema="s", state_root="s3://user-sandbox-bucket/_state")
ENTITIES = ("pin", "geo", "user")
DAGS = re.compile(r"pinterest_provision_\w+")


def section(title: str) -> str:
    found = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    assert found, title
    return found


def stream(entity: str) -> str:
    return f"arn:aws:kinesis:us-east-1:123456789012:stream/{NAMES.stream(entity)}"


def in_bucket(key: str) -> str:
    return f"arn:aws:s3:::{NAMES.bucket}/{key}"


def in_cluster(kind: str, name: str) -> str:
    return f"arn:aws:kafka:us-east-1:123456789012:{kind}/{VALUES['CLUSTER_NAME']}/8b1c8a6e-1/{name}"


def test_the_page_points_to_the_policies_and_repeats_none() -> None:
    for title in ("What the role may do", "What the other roles may do"):
        assert "(../include/iam/README.md)" in section(title)
        assert "```json" not in section(title)


def test_the_role_of_the_api_is_trusted_to_api_gateway() -> None:
    (trust,) = statements("kinesis-api-trust")
    assert {name: trust[name] for name in trust if name != "Sid"} == {
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }


def test_the_role_of_the_api_may_do_what_its_methods_do() -> None:
    methods = set(re.findall(r"kinesis:action/(\w+)", read_include("apigateway/pinterest.json")))
    assert len(methods) == 6
    wanted = {f"kinesis:{method}" for method in methods}
    policy = statements("kinesis-api")
    for entity in ENTITIES:
        assert allowed(policy, stream(entity)) == wanted
    # It has no stream to be limited to.
    assert allowed(policy, stream("pin").replace("sandbox", "other")) == {"kinesis:ListStreams"}


def test_databricks_may_read_what_the_notebooks_read_and_write_checkpoints() -> None:
    databricks = statements("databricks")
    # https://docs.databricks.com/aws/en/connect/streaming/kinesis/authentication
    reads = {"kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"}
    writes = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
    for entity in ENTITIES:
        assert allowed(databricks, stream(entity)) == reads
        assert allowed(databricks, in_bucket(f"{NAMES.landing_prefix(entity)}partition=0/a.json")) == {
            "s3:GetObject"
        }
        assert allowed(databricks, in_bucket(f"_state/checkpoints/{entity}/1.0/offsets/0")) == writes
    assert allowed(databricks, in_bucket("_state/manifests/run-0.json")) == {"s3:GetObject"}
    assert allowed(databricks, f"arn:aws:s3:::{NAMES.bucket}") == {"s3:ListBucket"}
    for key in ("results/top_country/result.csv", "_state/resources.json", "kafka-connect-s3/sink.zip"):
        assert allowed(databricks, in_bucket(key)) == set()


def test_the_connector_may_read_the_topics_and_write_what_lands() -> None:
    connector = statements("connector")
    for entity in ENTITIES:
        assert allowed(connector, in_cluster("topic", NAMES.topic(entity))) == {
            "kafka-cluster:DescribeTopic",
            "kafka-cluster:ReadData",
        }
        assert allowed(connector, in_bucket(f"{NAMES.landing_prefix(entity)}partition=0/a.json")) == {
            "s3:GetObject",
            "s3:PutObject",
            "s3:AbortMultipartUpload",
        }
    assert allowed(connector, in_cluster("topic", NAMES.dead_letter_topic)) == {
        "kafka-cluster:DescribeTopic",
        "kafka-cluster:WriteData",
    }
    assert allowed(connector, in_cluster("group", NAMES.sink_group)) == {
        "kafka-cluster:AlterGroup",
        "kafka-cluster:DescribeGroup",
    }
    # https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-service-execution-role.html
    own = in_cluster("topic", f"__amazon_msk_connect_status_{NAMES.connector}_1")
    assert "kafka-cluster:CreateTopic" in allowed(connector, own)
    for key in ("results/top_country/result.csv", "_state/resources.json", "kafka-connect-s3/sink.zip"):
        assert allowed(connector, in_bucket(key)) == set()
    assert allowed(connector, in_cluster("topic", "other.pin")) == set()


def test_the_rest_proxy_may_write_and_read_the_topics_of_the_id_only() -> None:
    client = statements("ec2-client")
    for entity in ENTITIES:
        assert {"kafka-cluster:WriteData", "kafka-cluster:ReadData"} < allowed(
            client, in_cluster("topic", NAMES.topic(entity))
        )
    assert allowed(client, in_cluster("topic", "other.pin")) == set()
    assert allowed(client, in_cluster("group", "sandbox-readers")) == {
        "kafka-cluster:AlterGroup",
        "kafka-cluster:DescribeGroup",
    }
    assert allowed(client, in_cluster("group", NAMES.sink_group)) == set()


def test_every_dag_that_writes_the_connection_is_named(dag_bag: DagBag) -> None:
    writers = {dag_id for dag_id, dag in dag_bag.dags.items() if dag.has_task("write_api_connection")}
    assert len(writers) == 2

    (row,) = [line for line in section("Connections").splitlines() if f"`{SECRET_NAME}`" in line]
    assert set(DAGS.findall(row)) == writers
    said = re.search(
        r"need, and no other DAG: .*?`pinterest_api`\.", section("What the role may do"), re.DOTALL
    )
    assert said is not None
    before, _, _ = section("What the role may do").partition(said[0])
    assert set(DAGS.findall(before.rpartition("\n\n")[2])) == writers
    with pytest.raises(Permanent) as raised:
        base_url(Connection(conn_id=CONNECTION_ID, conn_type="http"))
    assert set(DAGS.findall(str(raised.value))) == writers
