"""The product's own API document, deployed to the running sandbox under a name of a test's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from pinterest_pipeline.provisioning import api
from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.running_sandbox import CHECKOUT, RunningSandbox


@contextmanager
def deployed(sandbox: RunningSandbox, name: str, *parts: api.ApiPart, key: str = "") -> Iterator[str]:
    """Its invoke URL, while the block runs.

    :param parts: what is deployed, each merged by itself as its provisioning DAG does.
    :param key: the key that all methods want; none unless given.
    """
    client = aws_client("apigateway", sandbox.url("moto"))
    role = sandbox.environment["PINTEREST_KINESIS_API_ROLE_ARN"]
    values = api.stream_values(sandbox.environment["AWS_REGION"], role)
    document = (CHECKOUT / "include" / "apigateway" / "pinterest.json").read_text(encoding="utf-8")
    found = client.create_rest_api(name=name)["id"]
    for part in parts:
        specification = api.api_specification(document, part, values=values, require_api_key=bool(key))
        body = json.dumps(specification).encode()
        client.put_rest_api(restApiId=found, mode="merge", failOnWarnings=True, body=body)
    variables = api.batch_variables(sandbox.address("rest_proxy")) | api.stream_variables(role)
    client.create_deployment(restApiId=found, stageName="test", variables=variables)
    if key:
        kept = client.create_api_key(name=name, value=key, enabled=True)["id"]
        stages = [{"apiId": found, "stage": "test"}]
        plan = client.create_usage_plan(name=name, apiStages=stages)["id"]
        client.create_usage_plan_key(usagePlanId=plan, keyId=kept, keyType="API_KEY")
    url = sandbox.url("api", f"/{name}/test")

    def answers() -> None:
        if requests.get(f"{url}/streams", headers={"x-api-key": key}, timeout=10).status_code != 200:
            raise NotReady("not deployed")

    wait_until(answers, what="deployed API", timeout=10)
    yield url
    if key:
        client.delete_usage_plan_key(usagePlanId=plan, keyId=kept)
        client.delete_usage_plan(usagePlanId=plan)
        client.delete_api_key(apiKey=kept)
    client.delete_rest_api(restApiId=found)
