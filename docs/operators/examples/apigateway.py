"""Bring a REST API in line with an OpenAPI document and deploy it."""

from airflow.sdk import DAG, task

from cloud_operators.aws.operators.apigateway import (
    ApiGatewayCreateDeploymentOperator,
    ApiGatewayPutRestApiOperator,
)

with DAG("example_apigateway") as dag:

    @task
    def build_specification() -> dict:
        """Everything below the root goes to one server."""
        integration = {
            "type": "HTTP_PROXY",
            "httpMethod": "ANY",
            "uri": "http://${stageVariables.proxyHost}/{proxy}",
            "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
            "passthroughBehavior": "WHEN_NO_MATCH",
        }
        proxy = {"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}
        return {
            "openapi": "3.0.1",
            "info": {"title": "demo", "version": "1"},
            "paths": {
                "/{proxy+}": {
                    "x-amazon-apigateway-any-method": {
                        "parameters": [proxy],
                        "responses": {"200": {"description": "what the proxied server answers"}},
                        "x-amazon-apigateway-integration": integration,
                    }
                }
            },
        }

    specification = build_specification()
    rest_api = ApiGatewayPutRestApiOperator(
        task_id="put_rest_api", name="demo", specification=specification, tags={"made-by": "airflow"}
    )
    ApiGatewayCreateDeploymentOperator(
        task_id="deploy_api",
        rest_api_id=rest_api.output,
        stage_name="test",
        stage_variables={"proxyHost": "10.0.0.1:8082"},
        specification=specification,
    )
