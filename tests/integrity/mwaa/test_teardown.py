"""Everything provisioned, taken down with its data kept, provisioned again, and taken down with its data.

The services are others than those of the other tests here, which look at what is there.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integrity.mwaa import surroundings
from tests.integrity.mwaa.actions import Call, needs, recorded
from tests.integrity.mwaa.conftest import DAGS, PLUGIN_FILE, Mwaa, report
from tests.integrity.mwaa.surroundings import Surroundings
from tests.integrity.mwaa.test_policies import STATEMENTS, unmet

PROVISIONING = ("pinterest_provision_batch", "pinterest_provision_stream")
#: The DAGs here have no deadlines, with which `airflow dags test` would fail (apache/airflow#73428).
TOPIC = "arn:aws:sns:us-east-1:123456789012:pinterest-alerts"


def run_of(dag: str, **conf: Any) -> list[str]:
    """A command that runs a DAG, with everything approved."""
    conf = {"dry_run": False, **conf}
    return ["dags", "test", dag, "--conf", json.dumps(conf), "--mark-success-pattern", "approve"]


RUNS = {
    **{dag: run_of(dag) for dag in PROVISIONING},
    "pinterest_teardown": run_of("pinterest_teardown"),
    **{f"{dag} again": run_of(dag) for dag in PROVISIONING},
    "pinterest_teardown with data": run_of("pinterest_teardown", delete_data=True),
    "pinterest_teardown of nothing": run_of("pinterest_teardown"),
}


@dataclass(frozen=True)
class Ended:
    """What the runs have left.

    :param services: the services.
    :param runs: name to code, output and error.
    :param calls: the calls of AWS, by the name of their run.
    """

    services: Surroundings
    runs: dict[str, dict[str, Any]]
    calls: list[Call]


@pytest.fixture(scope="module")
def ended(mwaa: Mwaa, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ended]:
    with surroundings.running() as services:
        s3 = services.client("s3")
        s3.create_bucket(Bucket="artifacts")
        s3.put_object(Bucket="artifacts", Key="s3-sink.zip", Body=PLUGIN_FILE)
        variables = mwaa.variables | services.variables
        variables |= {"PINTEREST_API_BASE_URL": services.api.url, "PINTEREST_ALERT_TOPIC_ARN": TOPIC}
        target = tmp_path_factory.mktemp("teardown") / "report.json"
        found = report(target, mwaa.environment, variables, RUNS)
        yield Ended(services, found["commands"], recorded(found))


@pytest.mark.parametrize("run", RUNS)
def test_the_run_succeeds(ended: Ended, run: str) -> None:
    command = ended.runs[run]
    assert command["code"] == 0, command["output"][-5000:] + command["error"]


def test_the_alarm_is_made_and_deleted_by_calls_that_are_allowed(ended: Ended) -> None:
    """The runs of the other tests have no alert topic."""
    calls = [call for call in ended.calls if call.service == "cloudwatch"]
    assert {(call.dag, call.operation) for call in calls} >= {
        ("pinterest_provision_batch", "PutMetricAlarm"),
        ("pinterest_teardown", "DeleteAlarms"),
        ("pinterest_provision_batch again", "PutMetricAlarm"),
        ("pinterest_teardown with data", "DeleteAlarms"),
    }
    assert unmet(needs(call for call in calls if call.dag in DAGS), STATEMENTS) == set()


def test_nothing_is_left(ended: Ended) -> None:
    msk, client = ended.services.msk, ended.services.client
    assert (msk.connectors, msk.plugins, msk.workers) == ({}, {}, {})
    gateway = client("apigateway")
    assert gateway.get_rest_apis()["items"] == []
    assert gateway.get_api_keys()["items"] == []
    assert gateway.get_usage_plans()["items"] == []
    assert client("kinesis").list_streams()["StreamNames"] == []
    assert [bucket["Name"] for bucket in client("s3").list_buckets()["Buckets"]] == ["artifacts"]
    secrets = {secret["Name"] for secret in client("secretsmanager").list_secrets()["SecretList"]}
    assert "airflow/connections/pinterest_api" not in secrets
    assert "airflow/connections/databricks_default" in secrets
    assert client("cloudwatch").describe_alarms()["MetricAlarms"] == []
    documents = client("ssm").list_documents(Filters=[{"Key": "Owner", "Values": ["Self"]}])
    assert documents["DocumentIdentifiers"] == []
