"""Rules that hold for every operator and sensor of the package."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from airflow.providers.amazon.aws.hooks.base_aws import AwsGenericHook
from airflow.sdk import DAG, BaseOperator, task

from cloud_operators.aws.operators import apigateway, msk_connect
from cloud_operators.aws.sensors.msk_connect import MskConnectConnectorStateSensor

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
    msk_connect.MskConnectDeleteConnectorOperator: {"connector_arn": "a"},
    MskConnectConnectorStateSensor: {"connector_arn": "a"},
    apigateway.ApiGatewayPutRestApiOperator: {"name": "a", "specification": {}},
    apigateway.ApiGatewayCreateDeploymentOperator: {"rest_api_id": "a", "stage_name": "b"},
}
EACH = pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.__name__)


def own_arguments(operator: type[BaseOperator]) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(operator.__init__).parameters
    return {
        name: parameter
        for name, parameter in parameters.items()
        if name != "self" and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }


def test_every_operator_is_listed() -> None:
    public = {
        value
        for module in (msk_connect, apigateway)
        for name, value in vars(module).items()
        if name.endswith("Operator") and value.__module__.startswith("cloud_operators.")
    }
    assert public - {msk_connect.MskConnectBaseOperator} == {
        operator for operator in OPERATORS if operator.__name__.endswith("Operator")
    }


@EACH
def test_arguments_are_keyword_only(operator: type[BaseOperator]) -> None:
    assert {parameter.kind for parameter in own_arguments(operator).values()} == {
        inspect.Parameter.KEYWORD_ONLY
    }


@EACH
def test_template_fields(operator: type[BaseOperator]) -> None:
    """Every argument but a switch is templated, and every field is an attribute set from it."""
    arguments = {**OPERATORS[operator], "aws_conn_id": "x", "region_name": "eu-west-1", "verify": False}
    made = operator(task_id="task", **arguments)

    fields = set(operator.template_fields)
    assert {"aws_conn_id", "region_name", "verify"} <= fields
    assert set(own_arguments(operator)) - fields <= {"deferrable"}
    assert {name: getattr(made, name) for name in arguments} == arguments
    assert all(hasattr(made, field) for field in fields)
    assert set(operator.template_fields_renderers) <= fields


@EACH
def test_documents_every_argument(operator: type[BaseOperator]) -> None:
    documentation = inspect.getdoc(operator) or ""
    assert [name for name in own_arguments(operator) if f":param {name}:" not in documentation] == []


@EACH
def test_reaches_nothing_when_made(operator: type[BaseOperator], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Any, *_: Any) -> None:
        raise RuntimeError("A DAG file that is parsed must not reach AWS.")

    monkeypatch.setattr(AwsGenericHook, "get_session", refuse)

    assert operator(task_id="task", **OPERATORS[operator]).task_id == "task"


@EACH
def test_can_be_mapped(operator: type[BaseOperator]) -> None:
    field, *_ = OPERATORS[operator]
    rest = {name: value for name, value in OPERATORS[operator].items() if name != field}
    with DAG("demo"):
        mapped = operator.partial(task_id="task", **rest).expand(**{field: [OPERATORS[operator][field]]})

    made = mapped.unmap({field: OPERATORS[operator][field]})

    assert isinstance(made, operator)
    assert getattr(made, field) == OPERATORS[operator][field]


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
