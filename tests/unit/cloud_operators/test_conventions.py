"""Rules that hold for every operator and sensor of the package."""

from __future__ import annotations

import inspect
import re
import socket
from typing import Any

import pytest
from airflow.sdk import DAG, BaseHook, BaseOperator, task

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
from tests.unit.cloud_operators.public import arguments, public_operators

#: The arguments that each cannot do without; the first is one to map over.
OPERATORS: dict[type[BaseOperator], dict[str, Any]] = {
    msk_connect.MskConnectCreateCustomPluginOperator: {"name": "a", "bucket_arn": "b", "file_key": "c"},
    msk_connect.MskConnectDeleteCustomPluginOperator: {"custom_plugin_arn": "a"},
    msk_connect.MskConnectCreateWorkerConfigurationOperator: {"name": "a", "properties": "b=c"},
    msk_connect.MskConnectDeleteWorkerConfigurationOperator: {"worker_configuration_arn": "a"},
    msk_connect.MskConnectCreateConnectorOperator: {
        "name": "a",
        "configuration": {},
        "cluster_arn": "b",
        "custom_plugin_arn": "c",
        "worker_configuration_arn": "d",
        "service_execution_role_arn": "e",
        "capacity": {},
    },
    msk_connect.MskConnectUpdateConnectorOperator: {"connector_arn": "a", "configuration": {}},
    msk_connect.MskConnectRestartConnectorOperator: {"connector_arn": "a"},
    msk_connect.MskConnectDeleteConnectorOperator: {"connector_arn": "a"},
    MskConnectConnectorStateSensor: {"connector_arn": "a"},
    kinesis.KinesisCreateStreamOperator: {"name": "a"},
    kinesis.KinesisUpdateStreamOperator: {"stream": "a", "shard_count": 1},
    kinesis.KinesisDeleteStreamOperator: {"stream": "a"},
    kinesis.KinesisPutRecordsOperator: {"stream": "a", "records": []},
    KinesisStreamStateSensor: {"stream": "a"},
    apigateway.ApiGatewayPutRestApiOperator: {"name": "a", "specification": {}},
    apigateway.ApiGatewayCreateDeploymentOperator: {"rest_api_id": "a", "stage_name": "b"},
    KafkaEnsureTopicsOperator: {"topics": [{"name": "a"}]},
    KafkaDeleteTopicsOperator: {"topics": ["a"]},
    KafkaSinkCaughtUpSensor: {"group_id": "a", "topics": ["b"]},
    DatabricksPublishFolderOperator: {"source_folder": "a", "workspace_root": "/b"},
    DatabricksRunNotebookOperator: {"notebook_path": "/a", "compute": {}},
    DatabricksKeepNotebookRunningOperator: {"notebook_path": "/a", "compute": {}, "run_name": "b"},
    DatabricksSqlStatementOperator: {"sql": "a", "warehouse_id": "b"},
    DatabricksMaterializeQueryOperator: {
        "sql": "a",
        "warehouse_id": "b",
        "result_table": "`c`",
        "destination": "s3://d/e",
    },
}
#: Arguments that say how a task goes about it, not what it does: they are the same for every run.
NOT_TEMPLATED = {
    "wait_for_completion",
    "deferrable",
    "waiter_delay",
    "waiter_max_attempts",
    "polling_period_seconds",
    "min_seconds",
    "replace_on_change",
    "failures_tolerated",
    "only_failed_tasks",
    "request_timeout",
    "databricks_retry_limit",
    "databricks_retry_delay",
    "missing_table_ok",
    "update",
    "order_by",
    "include",
    "keep",
    "enforce_consumer_deletion",
    "ordered",
    "max_attempts",
    "first_pause",
}
#: SQL statements alone are given up by their own clock; the limit of a notebook run is part of the request.
NOT_TEMPLATED_OF = {
    DatabricksSqlStatementOperator: {"timeout_seconds"},
    DatabricksMaterializeQueryOperator: {"timeout_seconds"},
}
#: Why an operator links to no page.
NO_LINK: dict[type[BaseOperator], str] = {
    msk_connect.MskConnectDeleteCustomPluginOperator: "what it deleted has no page",
    msk_connect.MskConnectDeleteWorkerConfigurationOperator: "what it deleted has no page",
    msk_connect.MskConnectDeleteConnectorOperator: "what it deleted has no page",
    kinesis.KinesisDeleteStreamOperator: "what it deleted has no page",
    KafkaEnsureTopicsOperator: "brokers have no pages",
    KafkaDeleteTopicsOperator: "brokers have no pages",
    KafkaSinkCaughtUpSensor: "brokers have no pages",
}
AWS = [operator for operator in OPERATORS if operator.__module__.startswith("cloud_operators.aws.")]
EACH = pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)


def made(operator: type[BaseOperator], **change: Any) -> Any:
    return operator(task_id="task", **{**OPERATORS[operator], **change})


def test_every_operator_is_listed() -> None:
    assert set(public_operators()) == set(OPERATORS)


@EACH
def test_arguments_are_keyword_only(operator: type[BaseOperator]) -> None:
    assert {each.kind for each in arguments(operator).values()} == {inspect.Parameter.KEYWORD_ONLY}


@EACH
def test_arguments_become_attributes_as_they_are(operator: type[BaseOperator]) -> None:
    """Otherwise Airflow could not render them, nor show them, nor map over them."""
    task = made(operator)

    for name, parameter in arguments(operator).items():
        default = None if parameter.default is inspect.Parameter.empty else parameter.default
        assert getattr(task, name) == OPERATORS[operator].get(name, default), name


@EACH
def test_template_fields(operator: type[BaseOperator]) -> None:
    """Every argument is templated but for those that say how, and every field is an attribute."""
    fields = set(operator.template_fields)

    expected = set(arguments(operator)) - NOT_TEMPLATED - NOT_TEMPLATED_OF.get(operator, set())
    provided = {"aws_conn_id", "region_name", "verify"} if operator in AWS else set()
    assert fields == expected | provided
    assert [name for name in fields if not hasattr(made(operator), name)] == []
    assert set(operator.template_fields_renderers) <= fields


@EACH
def test_documents_every_argument(operator: type[BaseOperator]) -> None:
    """Itself, or in a base class of ours that its documentation names."""
    documentation = inspect.cleandoc(operator.__doc__ or "")
    bases = [base for base in operator.__mro__[1:] if f".{base.__name__}`" in documentation]
    described = documentation + "".join(inspect.cleandoc(base.__doc__ or "") for base in bases)

    assert [name for name in arguments(operator) if f":param {name}:" not in described] == []
    assert [
        name for name in re.findall(r":param (\w+):", documentation) if name not in _accepted(operator)
    ] == []


def _accepted(operator: type[BaseOperator]) -> set[str]:
    provided = {"aws_conn_id", "region_name", "verify", "botocore_config"} if operator in AWS else set()
    return {*arguments(operator), *provided, "kwargs"}


@EACH
def test_documents_results_and_the_service(operator: type[BaseOperator]) -> None:
    """The class names the page of what it calls; ``execute`` what it returns and raises."""
    assert re.search(r"\.\. seealso::\s+https://\S+", operator.__doc__ or "")
    executed = inspect.getdoc(operator.execute) or ""
    assert ":returns:" in executed
    assert ":raises " in executed


@EACH
def test_numbers_say_what_they_count(operator: type[BaseOperator]) -> None:
    """Seconds, looks or copies."""
    documentation = "".join(
        inspect.cleandoc(each.__doc__ or "")
        for each in operator.__mro__
        if each.__module__.startswith("cloud_operators.")
    )
    numbers = [
        name
        for name, parameter in arguments(operator).items()
        if str(parameter.annotation) in {"int", "float", "int | None", "float | None"}
    ]
    for name in numbers:
        (described,) = {
            re.sub(r"\s+", " ", found)
            for found in re.findall(rf":param {name}: (.*?)(?=:param|:raises|$)", documentation, re.DOTALL)
        }
        assert re.search(r"seconds|number of|how often|how many|pause|limit", described), (name, described)


@EACH
def test_links_are_offered(operator: type[BaseOperator]) -> None:
    links = made(operator).operator_extra_links

    assert bool(links) != (operator in NO_LINK)
    assert all(link.name and link.key for link in links)
    assert len({link.key for link in links}) == len(links)


@EACH
def test_reaches_nothing_when_made(operator: type[BaseOperator], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise RuntimeError("A DAG file that is parsed must not reach a service or the database.")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(BaseHook, "get_connection", refuse)

    assert made(operator).task_id == "task"


@EACH
def test_can_be_mapped(operator: type[BaseOperator]) -> None:
    field, *_ = OPERATORS[operator]
    value = OPERATORS[operator][field]
    rest = {name: value for name, value in OPERATORS[operator].items() if name != field}
    with DAG("demo"):
        mapped = operator.partial(task_id="task", **rest).expand(**{field: [value]})

    unmapped = mapped.unmap({field: value})

    assert isinstance(unmapped, operator)
    assert getattr(unmapped, field) == value


def test_a_document_of_another_task_is_not_rendered_again() -> None:
    """VTL has ``{#`` and ``{{``, which are Jinja's too: what a task returns must arrive as it is."""
    with DAG("demo"):

        @task
        def specification() -> dict[str, Any]:
            return {}

        operator = apigateway.ApiGatewayPutRestApiOperator(
            task_id="put",
            name="{{ 'de' }}mo",
            specification=specification(),  # type: ignore[arg-type]
        )

    document = {"paths": {"/x": {"template": '{#foreach($e in $input.path("$.r")){{"a":1}}#end}'}}}

    class Result:
        def xcom_pull(self, **_: Any) -> Any:
            return document

    operator.specification.resolve = lambda *_, **__: document  # type: ignore[attr-defined]
    operator.render_template_fields({"ti": Result()})  # type: ignore[typeddict-item]

    assert operator.specification == document
    assert operator.name == "demo"
