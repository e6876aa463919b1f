"""Reading the connector from MSK Connect, CloudWatch and CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pinterest_pipeline import connections
from pinterest_pipeline.health.checks.connector import judge
from pinterest_pipeline.health.readings import connector
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk, Resource
from tests.unit.pinterest_pipeline.provisioning.customer_account import Answer, answering

NAME = "sandbox-connector"
ARN = f"arn:aws:kafkaconnect:us-east-1:123456789012:connector/{NAME}/1"
GROUP = "/msk/connect"
LINE = f"[Worker-0bb8] [2026-03-01 12:00:00,123] ERROR [{NAME}|task-0] "

pytestmark = pytest.mark.usefixtures("use_settings")


@pytest.fixture
def made(msk: FakeMsk) -> dict[str, Any]:
    """A connector that runs since an hour; gives what DescribeConnector shows."""
    created = datetime.now(UTC) - timedelta(hours=1)
    body = {
        "connectorArn": ARN,
        "connectorName": NAME,
        "connectorState": "RUNNING",
        "connectorConfiguration": {},
        "creationTime": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    # One whose name only begins alike comes first.
    other = {**body, "connectorArn": f"{ARN}9", "connectorName": f"{NAME}-2", "connectorState": "FAILED"}
    for each in (other, body):
        msk.connectors[each["connectorArn"]] = Resource(each, "connectorState")
    return body


@pytest.fixture
def logged(made: dict[str, Any]) -> Any:
    """The connector's log goes to CloudWatch Logs; gives a function that writes to it, minutes ago."""
    made["logDelivery"] = {"workerLogDelivery": {"cloudWatchLogs": {"enabled": True, "logGroup": GROUP}}}
    logs = connections.aws_client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName="worker")

    def write(message: str, minutes: float = 1) -> None:
        stamp = datetime.now(UTC) - timedelta(minutes=minutes)
        event = {"timestamp": int(stamp.timestamp() * 1000), "message": message}
        logs.put_log_events(logGroupName=GROUP, logStreamName="worker", logEvents=[event])

    return write


def measure(metric: str, value: float, minutes: float = 1, name: str = NAME) -> None:
    connections.aws_client("cloudwatch").put_metric_data(
        Namespace="AWS/KafkaConnect",
        MetricData=[
            {
                "MetricName": metric,
                "Dimensions": [{"Name": "ConnectorName", "Value": name}],
                "Value": value,
                "Timestamp": datetime.now(UTC) - timedelta(minutes=minutes),
            }
        ],
    )


@pytest.fixture
def refusing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """CloudWatch and its logs refuse all requests."""

    def answer(path: str, body: str) -> Answer:
        return 400, "application/json", '{"__type": "AccessDeniedException", "message": "user x may not"}'

    with answering(answer) as url:
        for service in ("CLOUDWATCH", "CLOUDWATCH_LOGS"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
        yield


def test_a_connector_that_is_not_there(msk: FakeMsk) -> None:
    found = connector.read({})
    assert (found.name, found.state) == (NAME, None)
    assert judge(found, {}).status == "down"


def test_a_new_connector_without_metrics_and_log(made: dict[str, Any]) -> None:
    found = connector.read({})
    assert (found.state, found.reason) == ("RUNNING", "")
    assert found.created is not None
    assert timedelta(minutes=59) < found.at - found.created < timedelta(minutes=61)
    assert (found.running, found.errored, found.metrics_trouble) == (None, None, "")
    assert (found.error_count, list(found.errors), found.log_trouble) == (None, [], "")
    assert judge(found, {}).status == "healthy"


def test_state_and_reason(made: dict[str, Any]) -> None:
    made["connectorState"] = "FAILED"
    made["stateDescription"] = {"code": "InvalidInput", "message": "x" * 1000}
    found = connector.read({})
    assert found.state == "FAILED"
    assert found.reason.startswith("InvalidInput: xxx")
    assert len(found.reason) == 300


class TestMetrics:
    @pytest.fixture(autouse=True)
    def connector(self, made: dict[str, Any]) -> None:
        """It is there."""

    def test_the_newest_of_each_is_read(self) -> None:
        for minutes, running, failed in ((8, 2, 0), (4, 0, 2), (2, 1, 1)):
            measure("RunningTaskCount", running, minutes)
            measure("ErroredTaskCount", failed, minutes)
        found = connector.read({})
        assert found.running is not None
        assert found.errored is not None
        assert (found.running.value, found.errored.value) == (1, 1)
        assert timedelta(minutes=1) < found.at - found.running.at < timedelta(minutes=4)
        assert judge(found, {}).sentence == f"connector {NAME}: 1 task has failed, 1 runs"

    def test_within_a_minute_the_worst_counts(self) -> None:
        minute = datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=2)
        ages = [(datetime.now(UTC) - minute).total_seconds() / 60 - seconds / 60 for seconds in (10, 30)]
        for age, running, failed in ((ages[0], 1, 0), (ages[1], 0, 1)):
            measure("RunningTaskCount", running, age)
            measure("ErroredTaskCount", failed, age)
        found = connector.read({})
        assert found.running is not None
        assert found.errored is not None
        assert (found.running.value, found.errored.value) == (0, 1)

    def test_those_of_now_are_among_them(self) -> None:
        measure("RunningTaskCount", 3, 0)
        found = connector.read({})
        assert found.running is not None
        assert found.running.value == 3

    def test_those_of_others_and_of_long_ago_are_not(self) -> None:
        measure("RunningTaskCount", 1, name=f"{NAME}-2")
        measure("ErroredTaskCount", 1, minutes=12)
        found = connector.read({})
        assert (found.running, found.errored) == (None, None)


class TestLog:
    def test_errors_are_counted_and_the_last_three_told(self, logged: Any) -> None:
        logged(f"{LINE}Too old", minutes=16)
        for number, word in enumerate(("first", "second", "third", "fourth", "third")):
            logged(f"{LINE}The {word} one", minutes=10 - number)
        logged(LINE.replace("ERROR", "INFO") + "All is well")
        logged(LINE.replace(NAME, "other") + "Of another connector")
        found = connector.read({})
        assert found.error_count == 5
        assert list(found.errors) == [
            "task-0: The second one",
            "task-0: The fourth one",
            "task-0: The third one",
        ]

    def test_content_of_records_is_not_told(self, logged: Any) -> None:
        logged(f"{LINE}java.io.IOException: Can't write 'Ada Lovelace'")
        found = judge(connector.read({}), {})
        assert "IOException" in found.sentence
        assert "Ada" not in found.sentence

    def test_all_pages_are_read(self, logged: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        for number in range(5):
            logged(f"{LINE}Failed", minutes=number + 1)
        plain = connector.aws_client

        def by_twos(service: str, **arguments: Any) -> Any:
            client = plain(service, **arguments)
            if service == "logs":
                paginate = client.get_paginator
                client.get_paginator = lambda operation: Paged(paginate(operation))
            return client

        class Paged:
            def __init__(self, paginator: Any) -> None:
                self.paginate = lambda **asked: paginator.paginate(**asked, PaginationConfig={"PageSize": 2})

        monkeypatch.setattr(connector, "aws_client", by_twos)
        assert connector.read({}).error_count == 5

    def test_a_log_without_errors(self, logged: Any) -> None:
        found = connector.read({})
        assert (found.error_count, list(found.errors)) == (0, [])

    def test_a_log_that_is_switched_off_is_not_read(self, logged: Any, made: dict[str, Any]) -> None:
        logged(f"{LINE}Failed")
        made["logDelivery"]["workerLogDelivery"]["cloudWatchLogs"]["enabled"] = False
        assert connector.read({}).error_count is None

    def test_a_log_group_that_is_not_there(self, made: dict[str, Any]) -> None:
        target = {"enabled": True, "logGroup": "/gone"}
        made["logDelivery"] = {"workerLogDelivery": {"cloudWatchLogs": target}}
        found = connector.read({})
        assert found.log_trouble == "there is no log group /gone"
        assert judge(found, {}).status == "healthy"


def test_the_state_is_known_though_cloudwatch_refuses(
    logged: Any, made: dict[str, Any], refusing: None
) -> None:
    made["connectorState"] = "FAILED"
    found = connector.read({})
    assert found.metrics_trouble == "AccessDeniedException"
    assert found.log_trouble == "AccessDeniedException"
    assert judge(found, {}).status == "down"


def test_the_state_is_known_though_cloudwatch_can_not_be_reached(
    logged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for service in ("CLOUDWATCH", "CLOUDWATCH_LOGS"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")
    found = connector.read({})
    assert found.state == "RUNNING"
    assert found.metrics_trouble == "EndpointConnectionError"
    assert found.log_trouble == "EndpointConnectionError"
