"""Definitions of APIs put into moto, and requests to them."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import requests

from pinterest_sandbox.waiting import NotReady, wait_until

PROXY: dict[str, Any] = {
    "parameters": [{"name": "proxy", "in": "path", "required": True, "schema": {"type": "string"}}],
    "responses": {},
    "x-amazon-apigateway-integration": {
        "type": "http_proxy",
        "httpMethod": "ANY",
        "uri": "http://${stageVariables.host}/{proxy}",
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
        "passthroughBehavior": "when_no_match",
    },
}


def integration(**changes: Any) -> dict[str, Any]:
    """A GET method with the proxy integration, changed."""
    return {
        "get": {
            **PROXY,
            "x-amazon-apigateway-integration": {
                **PROXY["x-amazon-apigateway-integration"],
                **changes,
            },
        }
    }


def document(paths: dict[str, Any]) -> bytes:
    """An OpenAPI document as PutRestApi takes it."""
    return json.dumps({"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": paths}).encode()


def deploy(control: Any, name: str, paths: dict[str, Any], variables: dict[str, str]) -> str:
    """An API of that document, deployed to the stage ``test``; its id."""
    api = str(control.create_rest_api(name=name)["id"])
    control.put_rest_api(restApiId=api, mode="merge", body=document(paths))
    control.create_deployment(restApiId=api, stageName="test", variables=variables)
    return api


def add_method(control: Any, api: str, path: str, uri: str, *, verb: str = "ANY", **method: Any) -> None:
    """A method by PutMethod: of an OpenAPI document moto keeps no keys, validators or models.

    :param path: with its resources, made where they are missing.
    :param uri: of the integration; path parameters in it are mapped.
    :param method: more arguments of PutMethod; ``integration`` holds more of PutIntegration.
    """
    parts = [part for part in path.split("/") if part]
    more = method.pop("integration", {})
    resource = _resource(control, api, parts)
    control.put_method(
        restApiId=api,
        resourceId=resource,
        httpMethod=verb,
        authorizationType="NONE",
        **{"apiKeyRequired": False, **method},
    )
    names = [part.strip("{}+") for part in parts if part.startswith("{")]
    control.put_integration(
        restApiId=api,
        resourceId=resource,
        httpMethod=verb,
        type="HTTP_PROXY",
        integrationHttpMethod=verb,
        uri=uri,
        requestParameters={
            f"integration.request.path.{name}": f"method.request.path.{name}" for name in names
        },
        **more,
    )


def _resource(control: Any, api: str, parts: list[str]) -> str:
    found = {item["path"]: item["id"] for item in control.get_resources(restApiId=api)["items"]}
    resource, path = str(found["/"]), ""
    for part in parts:
        path = f"{path}/{part}"
        if path not in found:
            found[path] = control.create_resource(restApiId=api, parentId=resource, pathPart=part)["id"]
        resource = str(found[path])
    return resource


def raw(
    url: str, path: str, *, verb: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, bytes]:
    """A request whose path reaches the server as it is written here."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    connection.request(
        verb, address.path + path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, content


def message(answer: requests.Response) -> tuple[int, str]:
    """Status and message of one of the gateway's own answers."""
    return answer.status_code, answer.json()["message"]


def until_status(url: str, status: int, **arguments: Any) -> None:
    """Wait until a GET is answered with ``status``: the gateway looks at a stage once a second."""

    def answered() -> None:
        found = requests.get(url, timeout=30, **arguments).status_code
        if found != status:
            raise NotReady(f"{url} answered {found}")

    wait_until(answered, what=f"status {status}", timeout=30)
