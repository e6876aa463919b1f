"""Every long-running operator and sensor, with what it leads to; and those that have nothing to wait for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from airflow.sdk import BaseOperator

from cloud_operators.aws.operators import apigateway, kinesis, msk_connect
from cloud_operators.aws.sensors.kinesis import KinesisStreamStateSensor
from cloud_operators.aws.sensors.msk_connect import MskConnectConnectorStateSensor
from cloud_operators.databricks.operators.keep_running import DatabricksKeepNotebookRunningOperator
from cloud_operators.databricks.operators.notebook import DatabricksRunNotebookOperator
from cloud_operators.databricks.operators.sql import (
    DatabricksMaterializeQueryOperator,
    DatabricksSqlStatementOperator,
)
from cloud_operators.databricks.operators.workspace import DatabricksPublishFolderOperator
from cloud_operators.kafka.operators.delete_topics import KafkaDeleteTopicsOperator
from cloud_operators.kafka.operators.topics import KafkaEnsureTopicsOperator
from cloud_operators.kafka.sensors.sink import KafkaSinkCaughtUpSensor
from tests.unit.cloud_operators.aws import fake_kinesis
from tests.unit.cloud_operators.aws.fake_kinesis import FakeKinesis
from tests.unit.cloud_operators.aws.fake_msk import ACCOUNT, CLUSTER_ARN, FakeMsk, Resource
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks, Notebook
from tests.unit.cloud_operators.databricks.warehouse import BUCKET, ROWS, TABLE, Warehouse
from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka, FakeTopic

SENSOR = "a sensor is there to wait"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What an operator leads to, however it waits.

    :param service: fixture of the service that it is run against
    :param arguments: brings the service into the state before, and gives the operator's arguments
    :param effect: reads the state after
    :param done: that state when the task has waited
    :param begun: that state when it has not
    :param returned: the task's result when it has waited
    :param returned_at_once: its result when it has not; the same, if not given
    :param links: name of each link -> text that its address contains
    :param always_waits: why there is no ``wait_for_completion``
    :param defers: whether there is something to wait for, so that a deferrable task defers
    :param fixtures: what else has to be there
    """

    service: str
    arguments: Callable[[Any], dict[str, Any]]
    effect: Callable[[Any], Any]
    done: Any
    begun: Any = None
    returned: Any
    returned_at_once: Any = None
    links: dict[str, str] = field(default_factory=dict)
    always_waits: str = ""
    defers: bool = True
    fixtures: tuple[str, ...] = ()


# --- MSK Connect. The fake numbers its resources, so each case knows the ARNs that it leads to.

PLUGIN = {"name": "demo", "bucket_arn": "arn:aws:s3:::demo", "file_key": "sink.zip"}
CONFIGURATION = {"connector.class": "io.confluent.connect.s3.S3SinkConnector", "tasks.max": "3"}
CAPACITY = {"provisionedCapacity": {"mcuCount": 1, "workerCount": 1}}
QUICK = {"waiter_delay": 0, "waiter_max_attempts": 10, "aws_conn_id": None}


def arn(kind: str, number: int) -> str:
    return f"{ACCOUNT}:{kind}/demo/00000000-0000-0000-0000-{number:012d}-1"


def states(kind: str) -> Callable[[FakeMsk], list[str]]:
    return lambda msk: [resource.state for resource in getattr(msk, kind).values()]


def with_plugin(msk: FakeMsk) -> str:
    body = {"contentType": "ZIP", "location": {}, "name": "demo"}
    plugin = str(msk._plugin("POST", [], {}, body)["customPluginArn"])
    msk.plugins[plugin].body["customPluginState"] = "ACTIVE"
    msk.plugins[plugin].ending = None
    return plugin


def with_worker(msk: FakeMsk) -> str:
    body = {"name": "demo", "propertiesFileContent": "YT1i"}
    return str(msk._worker("POST", [], {}, body)["workerConfigurationArn"])


def with_connector(msk: FakeMsk, state: str = "RUNNING", then: str | None = None) -> str:
    body = {
        "connectorArn": arn("connector", 1),
        "connectorName": "demo",
        "connectorState": state,
        "connectorConfiguration": CONFIGURATION,
        "capacity": CAPACITY,
        "currentVersion": "K1",
    }
    msk._serial = 1
    msk.connectors[arn("connector", 1)] = Resource(body, "connectorState", ending=(1, then) if then else None)
    return arn("connector", 1)


CONNECTOR_LINK = {"MSK Connect connector": "/connector/arn%3Aaws%3Akafkaconnect%3Aus-east-1%3A123456789012"}

MSK_CONNECT: dict[type[BaseOperator], Case] = {
    msk_connect.MskConnectCreateCustomPluginOperator: Case(
        service="msk",
        arguments=lambda msk: {**PLUGIN, **QUICK},
        effect=states("plugins"),
        begun=["CREATING"],
        done=["ACTIVE"],
        returned=arn("custom-plugin", 1),
        links={"MSK Connect custom plugin": "/customPlugin/arn%3Aaws%3Akafkaconnect"},
    ),
    msk_connect.MskConnectDeleteCustomPluginOperator: Case(
        service="msk",
        arguments=lambda msk: {"custom_plugin_arn": with_plugin(msk), **QUICK},
        effect=states("plugins"),
        begun=["DELETING"],
        done=[],
        returned=arn("custom-plugin", 1),
    ),
    msk_connect.MskConnectCreateWorkerConfigurationOperator: Case(
        service="msk",
        arguments=lambda msk: {"name": "demo", "properties": "a=b", **QUICK},
        effect=states("workers"),
        begun=["ACTIVE"],
        done=["ACTIVE"],
        returned=arn("worker-configuration", 1),
        links={"MSK Connect worker configurations": "#/workerConfigurations"},
        defers=False,
    ),
    msk_connect.MskConnectDeleteWorkerConfigurationOperator: Case(
        service="msk",
        arguments=lambda msk: {"worker_configuration_arn": with_worker(msk), **QUICK},
        effect=states("workers"),
        begun=["DELETING"],
        done=[],
        returned=arn("worker-configuration", 1),
    ),
    msk_connect.MskConnectCreateConnectorOperator: Case(
        service="msk",
        arguments=lambda msk: {
            "name": "demo",
            "configuration": CONFIGURATION,
            "cluster_arn": CLUSTER_ARN,
            "custom_plugin_arn": with_plugin(msk),
            "worker_configuration_arn": with_worker(msk),
            "service_execution_role_arn": "arn:aws:iam::123456789012:role/demo",
            "capacity": CAPACITY,
            **QUICK,
        },
        effect=states("connectors"),
        begun=["CREATING"],
        done=["RUNNING"],
        returned=arn("connector", 3),
        links=CONNECTOR_LINK,
    ),
    msk_connect.MskConnectUpdateConnectorOperator: Case(
        service="msk",
        arguments=lambda msk: {
            "connector_arn": with_connector(msk),
            "configuration": {**CONFIGURATION, "tasks.max": "6"},
            **QUICK,
        },
        effect=lambda msk: [
            (each.state, each.body["connectorConfiguration"]["tasks.max"]) for each in msk.connectors.values()
        ],
        begun=[("UPDATING", "3")],
        done=[("RUNNING", "6")],
        returned=arn("connector", 1),
        links=CONNECTOR_LINK,
    ),
    msk_connect.MskConnectRestartConnectorOperator: Case(
        service="msk",
        arguments=lambda msk: {"connector_arn": with_connector(msk), **QUICK},
        effect=lambda msk: (states("connectors")(msk), states("operations")(msk), msk.restarts),
        begun=(["RESTARTING"], ["RESTART_IN_PROGRESS"], ["true"]),
        done=(["RUNNING"], ["RESTART_COMPLETE"], ["true"]),
        returned=arn("connector", 1),
        links=CONNECTOR_LINK,
    ),
    msk_connect.MskConnectDeleteConnectorOperator: Case(
        service="msk",
        arguments=lambda msk: {"connector_arn": with_connector(msk), **QUICK},
        effect=states("connectors"),
        begun=["DELETING"],
        done=[],
        returned=arn("connector", 1),
    ),
    MskConnectConnectorStateSensor: Case(
        service="msk",
        arguments=lambda msk: {
            "connector_arn": with_connector(msk, "CREATING", "RUNNING"),
            "aws_conn_id": None,
            "poke_interval": 0.1,
            "timeout": 5,
        },
        effect=states("connectors"),
        done=["RUNNING"],
        returned=arn("connector", 1),
        links=CONNECTOR_LINK,
        always_waits=SENSOR,
    ),
}

# --- Kinesis

STREAM_ARN = f"{fake_kinesis.ACCOUNT}:stream/demo"
STREAM_LINK = {"Kinesis stream": "#/streams/details/demo/"}


def streams(kinesis: FakeKinesis) -> list[tuple[str, int]]:
    return [(stream.status, stream.shards) for stream in kinesis.streams.values()]


def with_stream(kinesis: FakeKinesis, **arguments: Any) -> dict[str, Any]:
    kinesis.add("demo")
    return {"stream": "demo", **arguments}


def with_new_stream(kinesis: FakeKinesis) -> dict[str, Any]:
    kinesis.add("demo", status="CREATING", then="ACTIVE")
    return {"stream": "demo", "aws_conn_id": None, "poke_interval": 0.1, "timeout": 5}


KINESIS: dict[type[BaseOperator], Case] = {
    kinesis.KinesisCreateStreamOperator: Case(
        service="kinesis",
        arguments=lambda kinesis: {"name": "demo", "shard_count": 1, **QUICK},
        effect=streams,
        begun=[("CREATING", 1)],
        done=[("ACTIVE", 1)],
        returned=STREAM_ARN,
        links=STREAM_LINK,
    ),
    kinesis.KinesisUpdateStreamOperator: Case(
        service="kinesis",
        arguments=lambda kinesis: with_stream(kinesis, shard_count=2, **QUICK),
        effect=streams,
        begun=[("UPDATING", 1)],
        done=[("ACTIVE", 2)],
        returned=STREAM_ARN,
        links=STREAM_LINK,
    ),
    kinesis.KinesisDeleteStreamOperator: Case(
        service="kinesis",
        arguments=lambda kinesis: with_stream(kinesis, **QUICK),
        effect=streams,
        begun=[("DELETING", 1)],
        done=[],
        returned="demo",
    ),
    KinesisStreamStateSensor: Case(
        service="kinesis",
        arguments=with_new_stream,
        effect=streams,
        done=[("ACTIVE", 1)],
        returned="demo",
        links=STREAM_LINK,
        always_waits=SENSOR,
    ),
}

# --- Databricks

NOTEBOOK = "/Shared/demo/notebook"


def with_notebook(databricks: FakeDatabricks) -> dict[str, Any]:
    databricks.notebooks[NOTEBOOK] = [Notebook(exit_value='{"kept": 3}')]
    return {"notebook_path": NOTEBOOK, "compute": {}, "polling_period_seconds": 0.01}


def with_statement(databricks: FakeDatabricks) -> dict[str, Any]:
    databricks.statements = lambda _: Answer((("n", "LONG"),), ([["1"]], [["2"]]))
    return {"sql": "SELECT n FROM t", "warehouse_id": "w1", "polling_period_seconds": 0.01}


def with_query(databricks: FakeDatabricks) -> dict[str, Any]:
    databricks.statements = Warehouse(ROWS)
    return {
        "sql": "SELECT country, follower_count FROM pins",
        "result_table": TABLE,
        "destination": f"s3://{BUCKET}/results/demo",
        "warehouse_id": "w1",
        "polling_period_seconds": 0.01,
    }


def ended(kind: str) -> Callable[[FakeDatabricks], list[bool]]:
    """Of each run or statement, whether it was seen at its end."""
    return lambda databricks: [not each.looks for each in getattr(databricks, kind).values()]


DATABRICKS: dict[type[BaseOperator], Case] = {
    DatabricksRunNotebookOperator: Case(
        service="databricks",
        arguments=with_notebook,
        effect=ended("runs"),
        begun=[False],
        done=[True],
        returned={"kept": 3},
        returned_at_once=1000,
        links={"Databricks run": "/#job/1/run/1000"},
    ),
    DatabricksSqlStatementOperator: Case(
        service="databricks",
        arguments=with_statement,
        effect=ended("running"),
        begun=[False],
        done=[True],
        returned=[{"n": 1}, {"n": 2}],
        returned_at_once="01ef-0000",
        links={"Query history": "/sql/history?queryId=01ef-0000"},
    ),
    DatabricksMaterializeQueryOperator: Case(
        service="databricks",
        arguments=with_query,
        effect=ended("running"),
        done=[True, True, True],
        returned={
            "rows": 3,
            "columns": ["country", "follower_count"],
            "table": TABLE,
            "files": [
                f"s3://{BUCKET}/results/demo/result.csv",
                f"s3://{BUCKET}/results/demo/result.jsonl",
            ],
        },
        links={"Query history": "/sql/history?queryId=01ef-0000"},
        always_waits="the files are written from the table once it is there",
        fixtures=("s3",),
    ),
}

# --- Kafka


def with_records(kafka: FakeKafka) -> dict[str, Any]:
    kafka.topics["demo"] = FakeTopic({0: 7})
    kafka.committed = [5, 7]
    return {"group_id": "connect-demo", "topics": ["demo"], "poke_interval": 0.01, "timeout": 5}


KAFKA: dict[type[BaseOperator], Case] = {
    KafkaSinkCaughtUpSensor: Case(
        service="kafka",
        arguments=with_records,
        effect=lambda kafka: kafka.committed,
        done=[7],
        returned={"committed": {"demo": {"0": 7}}, "end": {"demo": {"0": 7}}, "dead_lettered": {}},
        always_waits=SENSOR,
    ),
}

LONG_RUNNING = MSK_CONNECT | KINESIS | DATABRICKS | KAFKA

#: Operators whose calls have done all there is to do when they are answered.
AT_ONCE: dict[type[BaseOperator], str] = {
    apigateway.ApiGatewayPutRestApiOperator: "PutRestApi answers once the API has the definition",
    apigateway.ApiGatewayCreateDeploymentOperator: "CreateDeployment answers once the stage is deployed",
    kinesis.KinesisPutRecordsOperator: "PutRecords answers once the records are stored or refused",
    KafkaEnsureTopicsOperator: "the brokers answer once the topic is created, within request_timeout",
    KafkaDeleteTopicsOperator: "the brokers tell of the topic no more, within request_timeout",
    DatabricksPublishFolderOperator: "the workspace answers each import once the object is there",
    DatabricksKeepNotebookRunningOperator: "the run is there once it is submitted, and its end is not wanted",
}
