from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from cloud_operators.exceptions import StatementFailed
from pinterest_pipeline import connections
from pinterest_pipeline.health.checks.streams import Backlog, Stream
from pinterest_pipeline.health.readings import streams
from tests.unit.cloud_operators.aws import fake_kinesis
from tests.unit.cloud_operators.aws.fake_kinesis import FakeKinesis
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks
from tests.unit.pinterest_pipeline.health.readings.workspace import (
    MISSING,
    STARTING,
    WAREHOUSE,
    answer,
    cancelled,
    connect,
    databricks,
    rows,
)
from tests.unit.pinterest_pipeline.provisioning.customer_account import answering

__all__ = ["databricks"]

NAMES = [f"streaming-sandbox-{entity}" for entity in ("pin", "geo", "user")]


@pytest.fixture(autouse=True)
def warehouse(use_settings: Callable[..., None]) -> Callable[..., None]:
    use_settings(DATABRICKS_WAREHOUSE_ID=WAREHOUSE)
    return use_settings


@pytest.fixture
def kinesis(account: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeKinesis]:
    """Kinesis with the three streams."""
    fake = FakeKinesis()
    server = fake_kinesis.start(fake)
    monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", fake.url)
    for name in NAMES:
        fake.add(name, shards=2, retention=48)
    yield fake
    server.shutdown()
    server.server_close()


def test_streams_and_backlog(kinesis: FakeKinesis, databricks: FakeDatabricks) -> None:
    kinesis.add(NAMES[1], status="UPDATING", shards=3)
    del kinesis.streams[NAMES[2]]
    answer(
        databricks,
        health__stream_backlog=rows(
            {"entity": "geo", "unread": 0, "handled": 500}, {"entity": "pin", "unread": 70, "handled": 2**40}
        ),
    )
    found = streams.read({})
    assert found.streams == {
        NAMES[0]: Stream(status="ACTIVE", shards=2, retention_h=48),
        NAMES[1]: Stream(status="UPDATING", shards=3, retention_h=24),
        NAMES[2]: None,
    }
    assert found.backlog == {"geo": Backlog(unread=0, handled=500), "pin": Backlog(unread=70, handled=2**40)}
    assert (found.trouble, found.unasked) == ("", "")
    # Kinesis is only asked for summaries.
    assert set(kinesis.requests) == {"DescribeStreamSummary"}


def throttle(stream: str, records: int, at: datetime) -> None:
    connections.aws_client("cloudwatch").put_metric_data(
        Namespace="AWS/Kinesis",
        MetricData=[
            {
                "MetricName": "WriteProvisionedThroughputExceeded",
                "Dimensions": [{"Name": "StreamName", "Value": stream}],
                "Value": records,
                "Timestamp": at,
            }
        ],
    )


def test_what_the_streams_have_refused_by_minute(kinesis: FakeKinesis, databricks: FakeDatabricks) -> None:
    del kinesis.streams[NAMES[2]]
    answer(databricks, health__stream_backlog=MISSING)
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    early, late = minute - timedelta(minutes=3), minute - timedelta(minutes=1)
    throttle(NAMES[0], 20, early + timedelta(seconds=5))
    throttle(NAMES[0], 30, early + timedelta(seconds=50))
    throttle(NAMES[0], 7, late)
    throttle(NAMES[0], 900, minute - timedelta(hours=2))
    throttle("of-somebody-else", 900, late)
    found = streams.read({})
    assert found.unmeasured == ""
    assert found.refused == {NAMES[0]: {early.isoformat(): 50, late.isoformat(): 7}, NAMES[1]: {}}


def test_without_cloudwatch_the_streams_are_judged_all_the_same(
    kinesis: FakeKinesis, databricks: FakeDatabricks, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(databricks, health__stream_backlog=MISSING)

    def refuse(path: str, body: str) -> tuple[int, str, str]:
        return 400, "application/json", '{"__type": "AccessDeniedException", "message": "user x may not"}'

    with answering(refuse) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDWATCH", url)
        found = streams.read({})
    assert (found.refused, found.unmeasured) == (None, "AccessDeniedException")
    assert len(found.streams) == 3


def test_without_a_ledger_there_is_no_backlog(kinesis: FakeKinesis, databricks: FakeDatabricks) -> None:
    answer(databricks, health__stream_backlog=MISSING)
    assert streams.read({}).backlog == {}


def test_without_a_warehouse_nobody_is_asked(
    kinesis: FakeKinesis, databricks: FakeDatabricks, warehouse: Callable[..., None]
) -> None:
    warehouse(DATABRICKS_WAREHOUSE_ID="")
    found = streams.read({})
    assert (found.backlog, found.unasked) == (None, "PINTEREST_DATABRICKS_WAREHOUSE_ID is not set")
    assert found.streams[NAMES[0]] is not None
    assert databricks.requests == []


def test_a_cold_warehouse_does_not_hide_the_streams(
    kinesis: FakeKinesis, databricks: FakeDatabricks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "LIMIT_S", 0.3)
    answer(databricks, health__stream_backlog=STARTING)
    found = streams.read({})
    assert (found.backlog, found.unasked) == (None, "the warehouse did not answer within 0.3 s")
    assert len(found.streams) == 3
    assert cancelled(databricks) == [True]


def test_a_workspace_that_cannot_be_asked_does_not_hide_the_streams(
    kinesis: FakeKinesis, databricks: FakeDatabricks, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(monkeypatch, databricks.port, "dapi-of-somebody")
    refused = "the workspace refuses the connection databricks_default (403)"
    assert streams.read({}).unasked == refused
    monkeypatch.delenv("AIRFLOW_CONN_DATABRICKS_DEFAULT")
    found = streams.read({})
    assert found.unasked == "there is no connection databricks_default"
    assert len(found.streams) == 3


def test_a_statement_that_fails_is_no_backlog(kinesis: FakeKinesis, databricks: FakeDatabricks) -> None:
    failed = Answer(state="FAILED", error={"error_code": "BAD_REQUEST", "message": "[DIVIDE_BY_ZERO]"})
    answer(databricks, health__stream_backlog=failed)
    with pytest.raises(StatementFailed):
        streams.read({})


def test_nothing_listens(account: None, databricks: FakeDatabricks, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", f"http://127.0.0.1:{probe.getsockname()[1]}")
        found = streams.read({})
    assert found.trouble == "Kinesis does not answer (EndpointConnectionError)"
    assert databricks.requests == []


def test_refused_credentials(kinesis: FakeKinesis) -> None:
    kinesis.refuse_looks = [(400, "UnrecognizedClientException")] * 3
    assert streams.read({}).trouble == "AWS does not take the credentials of the connection aws_default"


def test_other_errors_are_no_state_of_the_streams(kinesis: FakeKinesis) -> None:
    kinesis.refuse_looks = [(400, "AccessDeniedException")] * 3
    with pytest.raises(ClientError, match="AccessDenied"):
        streams.read({})
