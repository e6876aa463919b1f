"""Which resource a path belongs to, and what is read from API Gateway's control plane."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_sandbox.apigateway.definitions import Definition, parse_resources
from pinterest_sandbox.apigateway.routing import Router


def item(path: str, uri: str = "http://x", **methods: Any) -> dict[str, Any]:
    chosen = methods or {"GET": {"methodIntegration": {"type": "HTTP_PROXY", "uri": uri}}}
    return {"id": "i", "path": path, "resourceMethods": chosen}


def router(*paths: str) -> Router:
    resources = parse_resources([item(path) for path in paths])
    return Router(Definition(api_id="a", deployment_id="d", resources=resources))


@pytest.mark.parametrize(
    ("path", "resource", "parameters"),
    [
        ("/", "/", {}),
        ("/streams", "/streams", {}),
        ("/streams/", "/streams", {}),
        ("/streams/a", "/streams/{name}", {"name": "a"}),
        ("/streams/a/record", "/streams/{name}/record", {"name": "a"}),
        ("/streams/fixed", "/streams/fixed", {}),
        ("/streams/fixed/record", "/streams/{name}/record", {"name": "fixed"}),
        ("/streams/a/other", "/{proxy+}", {"proxy": "streams/a/other"}),
        ("/topics", "/{proxy+}", {"proxy": "topics"}),
        ("//topics//x.pin", "/{proxy+}", {"proxy": "topics/x.pin"}),
        ("/topics/x/", "/{proxy+}", {"proxy": "topics/x/"}),
        ("/topics/a%2Fb%20c", "/{proxy+}", {"proxy": "topics/a%2Fb%20c"}),
        ("/%73treams", "/streams", {}),
    ],
)
def test_the_most_fixed_path_wins(path: str, resource: str, parameters: dict[str, str]) -> None:
    match = router(
        "/", "/{proxy+}", "/streams", "/streams/{name}", "/streams/fixed", "/streams/{name}/record"
    ).match(path)

    assert match is not None
    assert (match.resource.path, dict(match.parameters)) == (resource, parameters)


def test_a_greedy_path_takes_one_part_at_least() -> None:
    assert router("/{proxy+}").match("/") is None
    assert router("/topics/{proxy+}").match("/topics/") is None


def test_of_a_doubled_path_the_newest_is_taken() -> None:
    resources = parse_resources([item("/x", "http://old"), item("/x", "http://new")])

    integration = resources["/x"].methods["GET"].integration
    assert integration is not None
    assert integration.uri == "http://new"


def test_a_parent_without_methods_hides_nothing() -> None:
    resources = parse_resources([item("/x"), {"id": "j", "path": "/x"}])

    assert set(resources["/x"].methods) == {"GET"}


@pytest.mark.parametrize("name", ["ANY", "X-AMAZON-APIGATEWAY-ANY-METHOD"])
def test_any_takes_every_verb_that_has_no_method(name: str) -> None:
    raw = {"methodIntegration": {"type": "http_proxy", "httpMethod": name, "uri": "http://any"}}
    own = {"methodIntegration": {"type": "http_proxy", "httpMethod": "GET", "uri": "http://get"}}
    resource = parse_resources([{"id": "i", "path": "/x", "resourceMethods": {name: raw, "GET": own}}])["/x"]

    found = {verb: resource.method(verb) for verb in ("GET", "POST")}
    assert {
        verb: method.integration.uri for verb, method in found.items() if method and method.integration
    } == {
        "GET": "http://get",
        "POST": "http://any",
    }
    any_method = resource.method("POST")
    assert any_method is not None
    assert any_method.integration is not None
    assert (any_method.integration.kind, any_method.integration.http_method) == ("HTTP_PROXY", "ANY")


def test_timeout_is_29_seconds_unless_set() -> None:
    short = {"methodIntegration": {"type": "HTTP", "uri": "u", "timeoutInMillis": 50}}
    resources = parse_resources([item("/x"), item("/y", GET=short)])

    timeouts = {
        path: method.integration.timeout
        for path, resource in resources.items()
        for method in resource.methods.values()
        if method.integration
    }
    assert timeouts == {"/x": 29.0, "/y": 0.05}
