"""What ``docs/mwaa.md`` says of other roles than the environment's, and who writes the API's connection."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Connection

from pinterest_pipeline.entities import Names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning.connection import CONNECTION_ID, SECRET_NAME, base_url
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

PAGE = (CHECKOUT / "docs" / "mwaa.md").read_text(encoding="utf-8")
#: As the page writes them.
NAMES = Names(user_id="<id>", catalog="c", schema="s", state_root="s3://user-<id>-bucket/_state")
DAGS = re.compile(r"pinterest_provision_\w+")

Statement = dict[str, Any]


def section(title: str) -> str:
    found = PAGE.partition(f"## {title}\n")[2].partition("\n## ")[0]
    assert found, title
    return found


@pytest.fixture(scope="module")
def policies() -> list[list[Statement]]:
    """The statements of each policy, in the page's order."""
    blocks = re.findall(r"```json\n(.*?)```", section("What the API's role and Databricks may do"), re.DOTALL)
    documents = [json.loads(block) for block in blocks]
    assert all(document["Version"] == "2012-10-17" for document in documents)
    return [document["Statement"] for document in documents]


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def allowed(statements: list[Statement], resource: str) -> set[str]:
    """The actions that are allowed on a resource."""
    assert all(statement["Effect"] == "Allow" for statement in statements)
    return {
        action
        for statement in statements
        if any(fnmatchcase(resource, pattern) for pattern in listed(statement["Resource"]))
        for action in listed(statement["Action"])
    }


def stream(entity: str) -> str:
    return f"arn:aws:kinesis:<region>:<account>:stream/{NAMES.stream(entity)}"


def in_bucket(key: str) -> str:
    return f"arn:aws:s3:::{NAMES.bucket}/{key}"


def test_the_role_of_the_api_is_trusted_to_api_gateway(policies: list[list[Statement]]) -> None:
    assert policies[0] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]


def test_the_role_of_the_api_may_do_what_its_methods_do(policies: list[list[Statement]]) -> None:
    methods = set(re.findall(r"kinesis:action/(\w+)", read_include("apigateway/pinterest.json")))
    assert len(methods) == 6
    wanted = {f"kinesis:{method}" for method in methods}
    for entity in ("pin", "geo", "user"):
        assert allowed(policies[1], stream(entity)) == wanted
    # It has no stream to be limited to.
    assert allowed(policies[1], stream("pin").replace("<id>", "other")) == {"kinesis:ListStreams"}


def test_databricks_may_read_what_the_notebooks_read_and_write_checkpoints(
    policies: list[list[Statement]],
) -> None:
    databricks = policies[2]
    assert len(policies) == 3
    # https://docs.databricks.com/aws/en/connect/streaming/kinesis/authentication
    reads = {"kinesis:ListShards", "kinesis:GetShardIterator", "kinesis:GetRecords"}
    writes = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}
    for entity in ("pin", "geo", "user"):
        assert allowed(databricks, stream(entity)) == reads
        assert allowed(databricks, in_bucket(f"{NAMES.landing_prefix(entity)}partition=0/a.json")) == {
            "s3:GetObject"
        }
        assert allowed(databricks, in_bucket(f"_state/checkpoints/{entity}/1.0/offsets/0")) == writes
    assert allowed(databricks, in_bucket("_state/manifests/run-0.json")) == {"s3:GetObject"}
    assert allowed(databricks, f"arn:aws:s3:::{NAMES.bucket}") == {"s3:ListBucket"}
    for key in ("results/top_country/result.csv", "_state/resources.json", "kafka-connect-s3/sink.zip"):
        assert allowed(databricks, in_bucket(key)) == set()


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
