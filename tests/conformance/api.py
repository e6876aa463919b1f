"""The API that the cases of API execution share.

Most of it is made by calls: of an OpenAPI document moto keeps neither keys nor validators and models.
"""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.conformance.target import Target
from tests.rest_consumer import EMBEDDED

STAGE = "test"
JSON = EMBEDDED.format("json")
#: Requests that a plan lets through: in a day, and at once.
QUOTA = 3
BURST = 1
#: Milliseconds that ``/hasty`` waits for the REST proxy: the least that AWS takes.
HASTE = 50

_HOST = "http://${stageVariables.restProxyHost}"
#: A produce request in the JSON format whose values all have a number.
_NUMBERED = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "title": "Numbered",
    "type": "object",
    "required": ["records"],
    "properties": {
        "records": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"value": {"type": "object", "required": ["index"]}},
                "required": ["value"],
            },
        }
    },
}


@dataclass(frozen=True, kw_only=True)
class Api:
    """A deployed API.

    - ``/{proxy+}`` is the REST proxy;
    - ``/keyed`` is its list of topics, for those with a key;
    - ``/numbered`` posts to the topic what fits a model;
    - ``/asked`` is the list of topics, for those who send query parameter ``why`` and header ``X-Who``;
    - ``/typed`` takes JSON only;
    - ``/hasty/{proxy+}`` is the REST proxy, which must answer at once.

    :param key: opens ``/keyed``.
    :param throttled_key: opens it too, for ``BURST`` requests at once.
    :param counted_key: opens it too, for ``QUOTA`` requests a day.
    """

    url: str
    key: str
    throttled_key: str
    counted_key: str

    def post(self, topic: str, values: list[Any], **headers: str) -> requests.Response:
        body = json.dumps({"records": [{"value": value, "partition": 0} for value in values]})
        return requests.post(
            f"{self.url}/topics/{topic}", data=body, headers={"Content-Type": JSON, **headers}, timeout=60
        )

    def keyed(self, key: str | None) -> requests.Response:
        headers = {} if key is None else {"x-api-key": key}
        return requests.get(f"{self.url}/keyed", headers=headers, timeout=30)


def deploy(target: Target, client: Any, removal: ExitStack) -> Api:
    """Make the API, its usage plans and keys, and wait for it; ``removal`` learns how each is removed."""
    api_id = client.create_rest_api(name=target.prefix)["id"]
    removal.callback(client.delete_rest_api, restApiId=api_id)
    client.put_rest_api(restApiId=api_id, mode="overwrite", body=_document(target.prefix))
    [root] = [item for item in client.get_resources(restApiId=api_id)["items"] if item["path"] == "/"]
    _add_methods(_Methods(client, api_id, root["id"]), target.topic)
    variables = {"restProxyHost": urlsplit(target.rest_proxy).netloc}
    client.create_deployment(restApiId=api_id, stageName=STAGE, variables=variables)
    made = Api(
        url=target.invoke_url(target.prefix, api_id, STAGE),
        key=_key(client, f"{target.prefix}-open", api_id, removal),
        throttled_key=_key(
            client,
            f"{target.prefix}-throttled",
            api_id,
            removal,
            throttle={"rateLimit": 1, "burstLimit": BURST},
        ),
        counted_key=_key(
            client, f"{target.prefix}-counted", api_id, removal, quota={"limit": QUOTA, "period": "DAY"}
        ),
    )

    def deployed() -> None:
        answer = requests.get(f"{made.url}/topics", timeout=30)
        if answer.status_code != 200:
            raise NotReady(f"{answer.status_code}: {answer.text}")

    wait_until(deployed, what="deployed API", timeout=60, interval=0.2)
    return made


def _document(title: str) -> bytes:
    everything = {
        "parameters": [{"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}],
        "responses": {},
        "x-amazon-apigateway-integration": {
            "type": "http_proxy",
            "httpMethod": "ANY",
            "uri": f"{_HOST}/{{proxy}}",
            "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
            "passthroughBehavior": "when_no_match",
        },
    }
    document = {
        "openapi": "3.0.1",
        "info": {"title": title, "version": "1.0"},
        "paths": {"/{proxy+}": {"x-amazon-apigateway-any-method": everything}},
    }
    return json.dumps(document).encode()


class _Methods:
    """Adds methods to an API.

    :param root: id of its root resource.
    """

    def __init__(self, client: Any, api_id: str, root: str) -> None:
        self.client = client
        self.api_id = api_id
        self._root = root

    def add(self, path: str, verb: str, integration: dict[str, Any], **method: Any) -> None:
        """A method and the resources that its path lacks."""
        resource = self._root
        for part in path.strip("/").split("/"):
            made = self.client.create_resource(restApiId=self.api_id, parentId=resource, pathPart=part)
            resource = made["id"]
        place = {"restApiId": self.api_id, "resourceId": resource, "httpMethod": verb}
        self.client.put_method(**place, authorizationType="NONE", **{"apiKeyRequired": False, **method})
        self.client.put_integration(**place, **integration)

    def validator(self, **checks: bool) -> str:
        """A request validator; its id."""
        made = self.client.create_request_validator(restApiId=self.api_id, name="-".join(checks), **checks)
        return str(made["id"])


def _proxy(verb: str, path: str, **more: Any) -> dict[str, Any]:
    """An integration that sends to the REST proxy."""
    return {"type": "HTTP_PROXY", "integrationHttpMethod": verb, "uri": f"{_HOST}{path}", **more}


def _add_methods(methods: _Methods, topic: str) -> None:
    model = {"name": "Numbered", "contentType": "application/json", "schema": json.dumps(_NUMBERED)}
    methods.client.create_model(restApiId=methods.api_id, **model)
    methods.add("/keyed", "GET", _proxy("GET", "/topics"), apiKeyRequired=True)
    methods.add(
        "/numbered",
        "POST",
        _proxy("POST", f"/topics/{topic}"),
        requestValidatorId=methods.validator(validateRequestBody=True),
        requestModels={JSON: "Numbered"},
    )
    methods.add(
        "/asked",
        "GET",
        _proxy("GET", "/topics"),
        requestValidatorId=methods.validator(validateRequestParameters=True),
        requestParameters={"method.request.querystring.why": True, "method.request.header.X-Who": True},
    )
    only_json = {"application/json": '{"statusCode": 200}'}
    methods.add(
        "/typed", "POST", {"type": "MOCK", "passthroughBehavior": "NEVER", "requestTemplates": only_json}
    )
    mapped = {"integration.request.path.proxy": "method.request.path.proxy"}
    methods.add(
        "/hasty/{proxy+}",
        "GET",
        _proxy("GET", "/{proxy}", requestParameters=mapped, timeoutInMillis=HASTE),
        requestParameters={"method.request.path.proxy": True},
    )


def _key(client: Any, name: str, api_id: str, removal: ExitStack, **limits: Any) -> str:
    """The value of a new key with a usage plan of its own."""
    key = client.create_api_key(name=name, enabled=True)
    removal.callback(client.delete_api_key, apiKey=key["id"])
    stages = [{"apiId": api_id, "stage": STAGE}]
    plan = client.create_usage_plan(name=name, apiStages=stages, **limits)["id"]

    def remove_plan() -> None:
        # A plan that still has a stage can't be deleted.
        stage = {"op": "remove", "path": "/apiStages", "value": f"{api_id}:{STAGE}"}
        client.update_usage_plan(usagePlanId=plan, patchOperations=[stage])
        client.delete_usage_plan(usagePlanId=plan)

    removal.callback(remove_plan)
    client.create_usage_plan_key(usagePlanId=plan, keyId=key["id"], keyType="API_KEY")
    return str(key["value"])
