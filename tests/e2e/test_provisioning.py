"""Provisioning from a plan to a teardown and back, by the DAGs as a person runs them.

It comes last on its demo: what the demo has made is taken down and made again.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from pinterest_sandbox.airflow.client import AirflowClient, RunFailed
from pinterest_sandbox.airflow.dags import EMULATE, PROVISION, PROVISION_STREAM, STREAM_INGEST
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.e2e.api import api_url
from tests.e2e.conftest import ENTITIES, RUNS, Demo, aws_client, landed_lines, s3_client
from tests.e2e.driving import DAILY, cleaned_rows, finished, query, table
from tests.e2e.secrets_search import places_that_show

pytestmark = pytest.mark.parametrize("demo", [list(RUNS)[-1]], indirect=True)

TEARDOWN = "pinterest_teardown"
OTHERS = (PROVISION, PROVISION_STREAM, EMULATE, DAILY, STREAM_INGEST)
DAGS = (*OTHERS, TEARDOWN)
POSTS = 300
#: Behind the posts of the demo.
FIRST_POST = 2000


@pytest.fixture
def airflow(demo: Demo) -> AirflowClient:
    """Airflow, in which no run begins by itself."""
    client = AirflowClient(demo.sandbox.url("airflow"))
    client.wait_for_dags(DAGS, timeout=60)
    for dag in DAGS:
        client.unpause(dag)
    client.pause(STREAM_INGEST)
    return client


def test_plan_apply_teardown_and_again(demo: Demo, airflow: AirflowClient) -> None:
    cloud = Cloud(demo)
    as_provisioned = cloud.state()
    assert [name for name, *_ in as_provisioned["alarms"]] == [f"{demo.sandbox.user_id}-health-heartbeat"]

    # What is as wanted is left alone, and that is said.
    assert plan(airflow, PROVISION) == plan(airflow, PROVISION_STREAM) == []
    for dag in (PROVISION, PROVISION_STREAM):
        assert run(airflow, dag, {"dry_run": False}) == []
    assert cloud.state() == as_provisioned

    # Three changes: a plan shows exactly those and makes none.
    asked = {"flush_size": 777, "topic_config": {"retention.ms": "86400000"}}
    expected = [
        *(("update", topic, "config retention.ms", "86400000") for topic in cloud.data_topics),
        ("update", cloud.connector, "configuration.flush.size", "777"),
    ]
    expected_streams = [("update", stream, "shard_count", 2) for stream in cloud.streams]
    assert plan(airflow, PROVISION, asked) == expected
    assert plan(airflow, PROVISION_STREAM, {"shard_count": 2}) == expected_streams
    assert cloud.state() == as_provisioned

    # Applied, nothing else has moved.
    assert run(airflow, PROVISION, {"dry_run": False, **asked}) == expected
    assert run(airflow, PROVISION_STREAM, {"dry_run": False, "shard_count": 2}) == expected_streams
    changed = cloud.state()
    for topic in cloud.data_topics:
        as_provisioned["topics"][topic]["retention.ms"] = "86400000"
    as_provisioned["connector"]["flush.size"] = "777"
    as_provisioned["streams"] = dict.fromkeys(cloud.streams, 2)
    assert changed == as_provisioned
    assert plan(airflow, PROVISION) == plan(airflow, PROVISION_STREAM) == []

    # Neither key nor address stands anywhere but in the secret.
    secret = cloud.secret()
    for text in (secret["password"], secret["host"]):
        assert places_that_show(text, demo.sandbox.home / "airflow") == []

    send_and_read(airflow, POSTS, FIRST_POST)
    before = {entity: cleaned_rows(demo, entity) for entity in ENTITIES}
    landed = landed_lines(demo.sandbox)

    # A teardown without an approval deletes nothing; with one, nothing of it is left.
    listed = airflow.result(TEARDOWN, run_to_end(airflow, TEARDOWN, {}), "list_resources")
    assert cloud.state() == changed
    pause_others(airflow)
    refused_while_another_runs(airflow)
    assert cloud.state() == changed
    created = {(item["kind"], item["name"]) for item in listed["items"]}
    assert {("connector", cloud.connector), *(("stream", stream) for stream in cloud.streams)} <= created
    take_down(demo, airflow, cloud)
    assert cloud.leftovers() == []
    answer = requests.get(api_url(demo, "/topics"), headers={"x-api-key": secret["password"]}, timeout=30)
    assert answer.status_code == 403
    # The data is kept, out of the way of what comes.
    assert cloud.objects("topics/") == []
    assert cloud.lines("retired/") == sum(landed.values())
    assert {entity: cleaned_rows(demo, entity) for entity in ENTITIES} == before

    for text in (secret["password"], secret["host"]):
        assert places_that_show(text, demo.sandbox.home / "airflow") == []

    # Made again, both paths run; nothing is lost, doubled or read twice.
    for dag in OTHERS:
        airflow.unpause(dag)
    airflow.pause(STREAM_INGEST)
    for dag in (PROVISION, PROVISION_STREAM):
        run(airflow, dag, {"dry_run": False, **({"partitions": demo.partitions} if dag == PROVISION else {})})
    assert plan(airflow, PROVISION) == plan(airflow, PROVISION_STREAM) == []
    assert cloud.secret()["password"] != secret["password"]
    send_and_read(airflow, POSTS, FIRST_POST + POSTS)
    again = landed_lines(demo.sandbox)
    for entity in ENTITIES:
        assert sum(lines for (name, _), lines in again.items() if name == entity) == POSTS
        sent = cloud.keys_landed(entity)
        rows = {row["ind"]: row for row in cleaned_rows(demo, entity)}
        assert set(rows) == {row["ind"] for row in before[entity]} | sent
        assert len(rows) == len(cleaned_rows(demo, entity))
        assert list(rows.values()) == cleaned_rows(demo, entity, kind="table")
        ((kept, merged, quarantined),) = query(
            demo,
            f"SELECT kept, merged, quarantined FROM {table(demo, 'ledger')} "
            f"WHERE stage = 'batch' AND entity = '{entity}' ORDER BY recorded_at DESC LIMIT 1",
        )
        new = sent - {row["ind"] for row in before[entity]}
        assert (kept, merged, quarantined) == (str(len(new)), str(POSTS - len(new)), "0")


def run_to_end(airflow: AirflowClient, dag: str, conf: dict[str, object]) -> str:
    run_id = airflow.trigger(dag, conf)
    finished(airflow, dag, run_id)
    return run_id


def run(airflow: AirflowClient, dag: str, conf: dict[str, object]) -> list[tuple[Any, ...]]:
    """Run a provisioning DAG; gives action, name, field and wanted value of each change."""
    planned = airflow.result(dag, run_to_end(airflow, dag, conf), "plan_changes")
    return [(row["action"], row["name"], row["field"], row["wanted"]) for row in planned["changes"]]


def plan(airflow: AirflowClient, dag: str, conf: dict[str, object] | None = None) -> list[tuple[Any, ...]]:
    return run(airflow, dag, conf or {})


def send_and_read(airflow: AirflowClient, posts: int, start: int) -> None:
    """A burst on both paths, and what reads it."""
    burst = {"posts": posts, "start": start, "order": "sequential", "target": "both"}
    run_to_end(airflow, EMULATE, burst)
    run_to_end(airflow, DAILY, {})
    airflow.unpause(STREAM_INGEST)
    run_to_end(airflow, STREAM_INGEST, {})
    airflow.pause(STREAM_INGEST)


def pause_others(airflow: AirflowClient) -> None:
    """Pause what needs the resources, when no run of it is left: one that is paused does not end."""

    def paused() -> None:
        for dag in OTHERS:
            airflow.pause(dag)
        active = [dag for dag in OTHERS if airflow.active_runs(dag)]
        for dag in active:
            airflow.unpause(dag)
        if active:
            raise NotReady(f"runs of {active} are left")

    wait_until(paused, what="the other DAGs to rest", timeout=300, interval=1)


def refused_while_another_runs(airflow: AirflowClient) -> None:
    waiting = airflow.trigger(PROVISION, {})
    with pytest.raises(RunFailed, match=f"{PROVISION} has runs that are queued or running"):
        run_to_end(airflow, TEARDOWN, {"dry_run": False})
    airflow.unpause(PROVISION)
    finished(airflow, PROVISION, waiting)
    airflow.pause(PROVISION)


def take_down(demo: Demo, airflow: AirflowClient, cloud: Cloud) -> None:
    """Run the teardown and approve it, as a person does in the UI."""
    state = cloud.state()
    run_id = airflow.trigger(TEARDOWN, {"dry_run": False})

    def asked() -> None:
        states = [task.state for task in airflow.tasks(TEARDOWN, run_id) if task.task_id == "approve"]
        if states != ["awaiting_input"]:
            running = airflow.run_state(TEARDOWN, run_id) in ("queued", "running")
            assert running, airflow.tasks(TEARDOWN, run_id)
            raise NotReady(f"approve is {states}")

    wait_until(asked, what="the question", timeout=120, interval=0.5)
    assert cloud.state() == state
    url = demo.sandbox.url("airflow")
    token = requests.get(f"{url}/auth/token", timeout=30).json()["access_token"]
    answer = requests.patch(
        f"{url}/api/v2/dags/{TEARDOWN}/dagRuns/{run_id}/taskInstances/approve/-1/hitlDetails",
        json={"chosen_options": ["Approve"]},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    finished(airflow, TEARDOWN, run_id)


class Cloud:
    """What provisioning has made, seen by plain clients."""

    def __init__(self, demo: Demo) -> None:
        self.demo = demo
        user = demo.sandbox.user_id
        self.data_topics = [f"{user}.{entity}" for entity in ENTITIES]
        self.topics = [*self.data_topics, f"{user}.dead-letter"]
        self.streams = [f"streaming-{user}-{entity}" for entity in ENTITIES]
        self.connector = f"{user}-connector"
        self.kafka = AdminClient({"bootstrap.servers": demo.sandbox.environment["SANDBOX_KAFKA_BOOTSTRAP"]})

    def client(self, service: str) -> Any:
        return aws_client(self.demo.sandbox, service)

    def state(self) -> dict[str, Any]:
        """All that must not move by itself: ids, versions, settings."""
        connect, gateway, kinesis = (self.client(name) for name in ("kafkaconnect", "apigateway", "kinesis"))
        listed = self.kafka.list_topics(timeout=10).topics
        (connector,) = connect.list_connectors(connectorNamePrefix=self.connector)["connectors"]
        described = connect.describe_connector(connectorArn=connector["connectorArn"])
        configuration = described["connectorConfiguration"]
        (api,) = gateway.get_rest_apis()["items"]
        (stage,) = gateway.get_stages(restApiId=api["id"])["item"]
        usage_plans = gateway.get_usage_plans()["items"]
        return {
            "topics": {
                topic: {
                    "partitions": len(listed[topic].partitions),
                    "retention.ms": self._topic_setting(topic, "retention.ms"),
                }
                for topic in self.topics
            },
            "connector": {
                "arn": connector["connectorArn"],
                "flush.size": configuration["flush.size"],
                "others": {name: value for name, value in configuration.items() if name != "flush.size"},
                "capacity": described["capacity"],
                "plugins": described["plugins"],
                "worker": described["workerConfiguration"],
                "state": described["connectorState"],
            },
            "plugins": [item["customPluginArn"] for item in connect.list_custom_plugins()["customPlugins"]],
            "workers": [
                item["workerConfigurationArn"]
                for item in connect.list_worker_configurations()["workerConfigurations"]
            ],
            "api": (api["id"], stage["deploymentId"], stage.get("variables")),
            "deployments": len(gateway.get_deployments(restApiId=api["id"])["items"]),
            "usage_plans": [(item["id"], item["throttle"], item["apiStages"]) for item in usage_plans],
            "keys": [item["id"] for item in gateway.get_api_keys()["items"]],
            "streams": {
                stream: kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
                    "OpenShardCount"
                ]
                for stream in self.streams
            },
            "secret": self.secret(),
            "documents": sorted(self._documents()),
            # A date that would move with each PutMetricAlarm.
            "alarms": [
                (alarm["AlarmName"], alarm["AlarmActions"], alarm["AlarmConfigurationUpdatedTimestamp"])
                for alarm in self._alarms()
            ],
        }

    def leftovers(self) -> list[str]:
        """What is still there of all that provisioning makes."""
        connect, gateway = self.client("kafkaconnect"), self.client("apigateway")
        user = self.demo.sandbox.user_id
        secrets = self.client("secretsmanager").list_secrets(IncludePlannedDeletion=True)["SecretList"]
        return [
            *(topic for topic in self.kafka.list_topics(timeout=10).topics if topic.startswith(f"{user}.")),
            *(item["connectorArn"] for item in connect.list_connectors()["connectors"]),
            *(item["customPluginArn"] for item in connect.list_custom_plugins()["customPlugins"]),
            *(
                item["workerConfigurationArn"]
                for item in connect.list_worker_configurations()["workerConfigurations"]
            ),
            *(item["id"] for item in gateway.get_rest_apis()["items"]),
            *(item["id"] for item in gateway.get_api_keys()["items"]),
            *(item["id"] for item in gateway.get_usage_plans()["items"]),
            *(
                name
                for name in self.client("kinesis").list_streams()["StreamNames"]
                if name.startswith(f"streaming-{user}-")
            ),
            *(item["Name"] for item in secrets if item["Name"].endswith("/pinterest_api")),
            *self._documents(),
            *(alarm["AlarmName"] for alarm in self._alarms()),
            *self.objects("kafka-connect-s3/"),
        ]

    def secret(self) -> dict[str, str]:
        found = self.client("secretsmanager").get_secret_value(SecretId="airflow/connections/pinterest_api")
        content: dict[str, str] = json.loads(found["SecretString"])
        return content

    def objects(self, prefix: str) -> list[str]:
        pages = s3_client(self.demo.sandbox).get_paginator("list_objects_v2")
        found = pages.paginate(Bucket=self.demo.sandbox.bucket, Prefix=prefix)
        return [item["Key"] for page in found for item in page.get("Contents", [])]

    def lines(self, prefix: str) -> int:
        return sum(len(self._body(key).splitlines()) for key in self.objects(prefix))

    def keys_landed(self, entity: str) -> set[int]:
        """Keys of an entity's landed lines."""
        name = {"pin": "index", "geo": "ind", "user": "ind"}[entity]
        prefix = f"topics/{self.demo.sandbox.user_id}.{entity}/"
        lines = (line for key in self.objects(prefix) for line in self._body(key).splitlines())
        return {json.loads(line)[name] for line in lines}

    def _body(self, key: str) -> bytes:
        body: bytes = (
            s3_client(self.demo.sandbox).get_object(Bucket=self.demo.sandbox.bucket, Key=key)["Body"].read()
        )
        return body

    def _documents(self) -> list[str]:
        filters = [{"Key": "Owner", "Values": ["Self"]}]
        return [
            item["Name"] for item in self.client("ssm").list_documents(Filters=filters)["DocumentIdentifiers"]
        ]

    def _alarms(self) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return listed

    def _topic_setting(self, topic: str, name: str) -> str:
        resource = ConfigResource(ResourceType.TOPIC, topic)
        value: str = self.kafka.describe_configs([resource])[resource].result(10)[name].value
        return value
