"""What provisioning leaves in an account, and what a teardown does to it step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cloud_operators.aws.operators.kinesis import KinesisDeleteStreamOperator
from cloud_operators.aws.operators.msk_connect import (
    MskConnectDeleteConnectorOperator,
    MskConnectDeleteCustomPluginOperator,
    MskConnectDeleteWorkerConfigurationOperator,
)
from cloud_operators.kafka.operators.delete_topics import KafkaDeleteTopicsOperator
from pinterest_pipeline import connections
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.entities import ENTITIES, names
from pinterest_pipeline.landing.objects import object_key
from pinterest_pipeline.provisioning import bucket, heartbeat_alarm, resources
from pinterest_pipeline.provisioning.plugin_source import ORIGIN
from pinterest_pipeline.provisioning.tasks import resource_tags
from pinterest_pipeline.provisioning.teardown import tasks
from pinterest_pipeline.provisioning.teardown.kinds import ORDER, finder
from tests.unit.cloud_operators import running
from tests.unit.cloud_operators.aws.fake_msk import CLUSTER_ARN, FakeMsk
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka, FakeTopic

BUCKET = "user-sandbox-bucket"
STATE_ROOT = f"s3://{BUCKET}/_state"
PLUGIN_KEY = "kafka-connect-s3/sink.zip"
SECRET = "airflow/connections/pinterest_api"
TOPICS = [f"sandbox.{entity}" for entity in ENTITIES]
DEAD_LETTERS = "sandbox.dead-letter"
SSM_DOCUMENT = "pinterest-sandbox-show-kafka-client-status"
ALARM = "sandbox-health-heartbeat"
TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:alerts"
PARAMS = {"dry_run": False, "delete_data": False, "leave_unread": False}
#: Records of each topic.
RECORDS = 5
POSITIONS = "tables/read_ingest_positions.sql"
UNREAD = "tables/read_unread_stream_records.sql"
QUICK = {"waiter_delay": 0, "waiter_max_attempts": 10}
#: The steps of the DAG that change something, in its order.
STEPS = (
    "delete_api",
    "delete_secret",
    "wait_until_written",
    "delete_connectors",
    "delete_custom_plugins",
    "delete_worker_configurations",
    "delete_plugin_file",
    "delete_ssm_documents",
    "delete_alarm",
    "delete_streams",
    "retire_objects",
    "reset_positions",
    "delete_topics",
    "update_record",
    "delete_data",
    "prove_gone",
)


class Site:
    """An account with brokers and a warehouse.

    :param statements: the stand-in of the warehouse.
    """

    def __init__(self, msk: FakeMsk, kafka: FakeKafka, s3: Any, statements: dict[str, Any]) -> None:
        self.msk = msk
        self.kafka = kafka
        self.s3 = s3
        self.statements = statements
        #: DAGs with runs that are queued or running.
        self.running: set[str] = set()
        self.gateway = connections.aws_client("apigateway")
        self.kinesis = connections.aws_client("kinesis")
        self.secrets = connections.aws_client("secretsmanager")
        self.ssm = connections.aws_client("ssm")
        self.cloudwatch = connections.aws_client("cloudwatch")

    def provision(self, *, adopted: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        """Make everything and record it.

        :param adopted: kinds that were there before, and so are not in the record.
        """
        bucket.create_bucket(self.s3, BUCKET, resource_tags())
        self.make_connect()
        self.make_api()
        self.secrets.create_secret(Name=SECRET, SecretString="{}")
        self.ssm.create_document(
            Name=SSM_DOCUMENT, Content='{"schemaVersion": "2.2"}', DocumentType="Command"
        )
        self.make_alarm(resource_tags())
        for entity in ENTITIES:
            self.make_stream(f"streaming-sandbox-{entity}")
        for topic in (*TOPICS, DEAD_LETTERS):
            self.kafka.topics[topic] = FakeTopic({0: RECORDS if topic in TOPICS else 0})
        self.land_and_read()
        entries = [
            {
                "kind": kind,
                "name": name,
                "state": "created",
                "identifier": identifier,
                "run_id": "manual__1",
                "recorded_at": now_text(),
            }
            for (kind, name), identifier in self.present().items()
            if kind not in adopted
        ]
        resources.update_record(self.s3, STATE_ROOT, lambda _: entries)  # type: ignore[arg-type,return-value]

    def make_connect(self) -> None:
        client = connections.aws_client("kafkaconnect")
        self.s3.put_object(
            Bucket=BUCKET, Key=PLUGIN_KEY, Body=b"PK", Metadata={ORIGIN: "s3://artifacts/sink"}
        )
        place = {"s3Location": {"bucketArn": f"arn:aws:s3:::{BUCKET}", "fileKey": PLUGIN_KEY}}
        plugin = client.create_custom_plugin(name="sandbox-plugin", contentType="ZIP", location=place)
        worker = client.create_worker_configuration(name="sandbox-worker", propertiesFileContent="YT1i")
        client.create_connector(
            connectorName="sandbox-connector",
            connectorConfiguration={"topics": "a"},
            capacity={"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}},
            kafkaConnectVersion="3.7.x",
            serviceExecutionRoleArn="arn:aws:iam::123456789012:role/pinterest-connector",
            plugins=[{"customPlugin": {"customPluginArn": plugin["customPluginArn"], "revision": 1}}],
            workerConfiguration={"workerConfigurationArn": worker["workerConfigurationArn"], "revision": 1},
            kafkaCluster={
                "apacheKafkaCluster": {
                    "bootstrapServers": CLUSTER_ARN,
                    "vpc": {"subnets": ["subnet-1"], "securityGroups": ["sg-1"]},
                }
            },
            kafkaClusterClientAuthentication={"authenticationType": "IAM"},
            kafkaClusterEncryptionInTransit={"encryptionType": "TLS"},
        )

    def make_api(self) -> None:
        api = self.gateway.create_rest_api(name="sandbox")["id"]
        root = self.gateway.get_resources(restApiId=api)["items"][0]["id"]
        method = {"restApiId": api, "resourceId": root, "httpMethod": "GET"}
        self.gateway.put_method(**method, authorizationType="NONE")
        self.gateway.put_integration(**method, type="MOCK")
        self.gateway.create_deployment(restApiId=api, stageName="test")
        key = self.gateway.create_api_key(name="sandbox", enabled=True)["id"]
        plan = self.gateway.create_usage_plan(name="sandbox", apiStages=[{"apiId": api, "stage": "test"}])[
            "id"
        ]
        self.gateway.create_usage_plan_key(usagePlanId=plan, keyId=key, keyType="API_KEY")

    def make_alarm(self, tags: dict[str, str]) -> None:
        wanted = heartbeat_alarm.wanted_alarm(names(), TOPIC_ARN)
        heartbeat_alarm.ensure_alarm(self.cloudwatch, wanted, tags)
        # moto gives an alarm the tags of one of its name that was deleted.
        if stale := sorted(resource_tags().keys() - tags.keys()):
            arn = self.present()["alarm", ALARM]
            self.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=stale)

    def make_stream(self, name: str) -> None:
        self.kinesis.create_stream(StreamName=name, ShardCount=1)
        self.kinesis.get_waiter("stream_exists").wait(
            StreamName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
        )

    def land_and_read(self) -> None:
        """One object a topic, from offset 0, and the marks behind it."""
        rows = []
        for topic in TOPICS:
            key = object_key(topic, 0, 0)
            self.s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}\n" * RECORDS)
            rows.append(
                {"topic": topic, "partition": 0, "first_offset": 0, "object_key": key, "lines": RECORDS}
            )
        self.statements[POSITIONS] = rows
        self.kafka.committed = [RECORDS]

    def present(self) -> dict[tuple[str, str], str]:
        """Kind and name to the identifier of what is there of all that provisioning makes."""
        find = finder(BUCKET)
        everything = [
            ("connector", "sandbox-connector"),
            ("custom_plugin", "sandbox-plugin"),
            ("worker_configuration", "sandbox-worker"),
            ("plugin_file", PLUGIN_KEY),
            ("usage_plan", "sandbox"),
            ("api_key", "sandbox"),
            ("rest_api", "sandbox"),
            ("secret", SECRET),
            ("ssm_document", SSM_DOCUMENT),
            ("alarm", ALARM),
            *(("stream", f"streaming-sandbox-{entity}") for entity in ENTITIES),
            *(("topic", topic) for topic in (*TOPICS, DEAD_LETTERS)),
            ("bucket", BUCKET),
        ]
        assert {kind for kind, _ in everything} == set(ORDER)
        return {
            resource: found.identifier for resource in everything if (found := find(*resource)) is not None
        }

    def keys(self, prefix: str = "") -> list[str]:
        """Keys of the objects in the bucket."""
        listed = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix)
        return [entry["Key"] for entry in listed.get("Contents", [])]

    def recorded(self) -> set[tuple[str, str]]:
        """Kind and name of what the record holds."""
        return {(entry["kind"], entry["name"]) for entry in resources.read_record(self.s3, STATE_ROOT)}

    def entries(self) -> list[resources.Entry]:
        """The record."""
        return resources.read_record(self.s3, STATE_ROOT)

    def write(self, entries: list[Any]) -> None:
        """Write the record."""
        resources.update_record(self.s3, STATE_ROOT, lambda _: entries)

    def list_resources(self, **params: Any) -> dict[str, Any]:
        found: dict[str, Any] = tasks.list_resources.function(params=PARAMS | params, ti=self)
        return found

    def check_again(self, listed: Any, **params: Any) -> dict[str, Any]:
        found: dict[str, Any] = tasks.check_again.function(listed, params=PARAMS | params, ti=self)
        return found

    def get_dr_count(self, dag_id: str, states: list[str]) -> int:
        """As a task instance counts runs."""
        assert states == ["queued", "running"]
        return int(dag_id in self.running)

    def teardown(self, *, stop_before: str = "", checked: Any = None, **params: Any) -> Any:
        """Run the tasks in the DAG's order, with an approval.

        :param stop_before: the step before which the run breaks off.
        :param checked: what an earlier run of ``check_again`` returned; else it is run here.
        :returns: what ``prove_gone`` returned; when it was broken off, what ``check_again`` did.
        """
        params = PARAMS | params
        if checked is None:
            listed = self.list_resources(**params)
            assert tasks.stop_dry_run.function(listed, params=params) is True
            checked = self.check_again(listed, **params)
        retired: list[str] | None = None
        for step in STEPS:
            if step == stop_before:
                return checked
            if step == "retire_objects":
                retired = tasks.retire_objects.function(checked["topics"], params=params)
            elif step == "prove_gone":
                return tasks.prove_gone.function(checked, retired)
            else:
                self.steps(checked, params)[step]()
        raise AssertionError(f"there is no step {stop_before}")

    def steps(self, checked: Any, params: dict[str, Any]) -> dict[str, Callable[[], Any]]:
        """The other steps by name."""
        items = checked["items"]

        def mapped(operator: Any, argument: str, kind: str, **arguments: Any) -> Callable[[], None]:
            def run() -> None:
                for each in tasks.choose.function(items, kind):
                    task = operator(task_id="task", **{argument: each}, **QUICK, **arguments)
                    running.run(task, running.context())

            return run

        def delete_topics() -> None:
            topics = tasks.choose.function(items, "topic")
            KafkaDeleteTopicsOperator(task_id="task", topics=topics).execute({})

        return {
            "delete_connectors": mapped(MskConnectDeleteConnectorOperator, "connector_arn", "connector"),
            "delete_custom_plugins": mapped(
                MskConnectDeleteCustomPluginOperator, "custom_plugin_arn", "custom_plugin"
            ),
            "delete_worker_configurations": mapped(
                MskConnectDeleteWorkerConfigurationOperator,
                "worker_configuration_arn",
                "worker_configuration",
            ),
            "delete_plugin_file": lambda: tasks.delete_plugin_file.function(items),
            "delete_api": lambda: tasks.delete_api.function(items),
            "delete_secret": lambda: tasks.delete_secret.function(items),
            "delete_ssm_documents": lambda: tasks.delete_ssm_documents.function(items),
            "delete_alarm": lambda: tasks.delete_alarm.function(items),
            "wait_until_written": lambda: tasks.wait_until_written.function(params=params),
            "delete_streams": mapped(KinesisDeleteStreamOperator, "stream", "stream"),
            "reset_positions": lambda: tasks.reset_positions.function(checked["topics"]),
            "delete_topics": delete_topics,
            "update_record": lambda: tasks.update_record.function(checked, params=params),
            "delete_data": lambda: tasks.delete_data.function(checked, params=params),
        }
