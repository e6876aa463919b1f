"""Request validators, with validators and models put into moto by boto3."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
import requests

from tests.unit.pinterest_sandbox.apigateway.apis import add_method, message
from tests.unit.pinterest_sandbox.apigateway.conftest import Backend

POST = {
    "$schema": "http://json-schema.org/draft-04/schema#",
    "type": "object",
    "required": ["index"],
    "properties": {"index": {"type": "integer", "minimum": 0}, "tags": {"$ref": "#/definitions/tags"}},
    "definitions": {"tags": {"type": "array", "items": {"type": "string"}}},
}
JSON_V2 = "application/vnd.kafka.json.v2+json"


def validated(
    control: Any,
    execution: str,
    endpoint: str,
    *,
    body: bool = False,
    parameters: bool = False,
    models: dict[str, Any] | None = None,
    path: str = "/checked",
    **method: Any,
) -> str:
    """Invoke URL of an API whose one method has a validator."""
    api = str(control.create_rest_api(name="validated")["id"])
    for name, schema in (models or {}).items():
        text = json.dumps(schema).replace("{api}", api) if not isinstance(schema, str) else schema
        control.create_model(restApiId=api, name=name, contentType="application/json", schema=text)
    validator = control.create_request_validator(
        restApiId=api, name="v", validateRequestBody=body, validateRequestParameters=parameters
    )["id"]
    add_method(control, api, path, f"http://{endpoint}{path}", requestValidatorId=validator, **method)
    control.create_deployment(restApiId=api, stageName="test")
    return f"{execution}/{api}/test"


@pytest.fixture(scope="module")
def with_model(control: Any, execution: str, endpoint: str) -> str:
    return validated(
        control,
        execution,
        endpoint,
        body=True,
        models={"Post": POST},
        requestModels={"application/json": "Post"},
    )


@pytest.mark.parametrize(
    ("body", "content_type", "reaches"),
    [
        ('{"index": 1, "tags": ["a"]}', "application/json", True),
        ('{"index": 1}', "application/json; charset=utf-8", True),
        ('{"index": 1}', "APPLICATION/JSON", True),
        ('{"index": 1}', None, True),
        ('{"index": -1}', "application/json", False),
        ('{"index": 1.5}', "application/json", False),
        ('{"index": "1"}', "application/json", False),
        ('{"index": 1, "tags": [1]}', "application/json", False),
        ("{}", "application/json", False),
        ("", "application/json", False),
        ("", None, False),
        ("[]", "application/json", False),
        ('{"index": 1', "application/json", False),
        ('{"index": NaN}', "application/json", False),
        ('{"index": ' + "1" * 5000 + "}", "application/json", False),
        ("[" * 100_000, "application/json", False),
        ("no JSON", None, False),
        # No model takes these content types: nothing is checked.
        ("no JSON", "text/plain", True),
        ("{}", JSON_V2, True),
    ],
    ids=lambda value: str(value)[:40],
)
def test_bodies_are_checked_by_the_model_of_their_content_type(
    with_model: str, backend: Backend, body: str, content_type: str | None, reaches: bool
) -> None:
    headers = {"Content-Type": content_type} if content_type is not None else {}

    answer = requests.post(f"{with_model}/checked", data=body.encode(), headers=headers, timeout=30)

    if reaches:
        assert answer.status_code == 200
        assert backend.bodies() == [body.encode()]
    else:
        assert message(answer) == (400, "Invalid request body")
        assert answer.headers["x-amzn-ErrorType"] == "BadRequestException"
        assert backend.seen == []


def test_a_default_model_takes_every_content_type(
    control: Any, execution: str, endpoint: str, backend: Backend
) -> None:
    url = validated(
        control, execution, endpoint, body=True, models={"Post": POST}, requestModels={"$default": "Post"}
    )

    for content_type in (JSON_V2, "text/plain", "application/json"):
        headers = {"Content-Type": content_type}
        refused = requests.post(f"{url}/checked", data=b"{}", headers=headers, timeout=30)
        assert message(refused) == (400, "Invalid request body"), content_type
    assert backend.seen == []
    answer = requests.post(
        f"{url}/checked", data=b'{"index":1}', headers={"Content-Type": JSON_V2}, timeout=30
    )
    assert answer.status_code == 200


def test_models_may_name_each_other(control: Any, execution: str, endpoint: str, backend: Backend) -> None:
    uri = "https://apigateway.amazonaws.com/restapis/{api}/models/Post"
    many = {"type": "object", "required": ["posts"], "properties": {"posts": {"items": {"$ref": uri}}}}
    url = validated(
        control,
        execution,
        endpoint,
        body=True,
        models={"Many": many, "Post": POST},
        requestModels={"application/json": "Many"},
    )

    statuses = [
        requests.post(f"{url}/checked", json={"posts": posts}, timeout=30).status_code
        for posts in ([{"index": 1}, {"index": 2}], [{"index": 1}, {}])
    ]

    assert statuses == [200, 400]
    assert len(backend.seen) == 1


def test_empty_model_wants_an_object(control: Any, execution: str, endpoint: str) -> None:
    url = validated(control, execution, endpoint, body=True, requestModels={"application/json": "Empty"})

    statuses = [
        requests.post(f"{url}/checked", data=body, timeout=30).status_code for body in (b"", b"{}", b"[]")
    ]
    assert statuses == [200, 200, 400]


def test_without_a_model_no_body_is_checked(control: Any, execution: str, endpoint: str) -> None:
    url = validated(control, execution, endpoint, body=True)

    assert requests.post(f"{url}/checked", data=b"no JSON", timeout=30).status_code == 200


@pytest.mark.parametrize("schema", [None, "no JSON", {"type": "nothing"}, {"$ref": "#/definitions/none"}])
def test_a_wrong_model_is_an_internal_error_and_named_in_the_log(
    control: Any, execution: str, endpoint: str, schema: Any, caplog: pytest.LogCaptureFixture
) -> None:
    models = {} if schema is None else {"Wrong": schema}
    url = validated(
        control,
        execution,
        endpoint,
        body=True,
        models=models,
        requestModels={"application/json": "Wrong"},
    )
    caplog.set_level(logging.ERROR)

    answer = requests.post(f"{url}/checked", json={}, timeout=30)

    assert message(answer) == (500, "Internal server error")
    assert "model Wrong" in caplog.text


@pytest.fixture(scope="module")
def with_parameters(control: Any, execution: str, endpoint: str) -> str:
    return validated(
        control,
        execution,
        endpoint,
        parameters=True,
        path="/checked/{name}",
        requestParameters={
            "method.request.querystring.page": True,
            "method.request.querystring.a.dotted": True,
            "method.request.header.X-Wanted": True,
            "method.request.header.X-Optional": False,
            "method.request.path.name": True,
        },
    )


@pytest.mark.parametrize(
    ("query", "header", "missing"),
    [
        ("page=1&a.dotted=2", "x", None),
        ("page=&page=1&a.dotted=0", "x ", None),
        ("a.dotted=2", "x", "page"),
        ("page=&a.dotted=2", "x", "page"),
        ("page=%20&a.dotted=2", "x", "page"),
        ("page=1&a.dotted=2", None, "X-Wanted"),
        ("page=1&a.dotted=2", "", "X-Wanted"),
        ("Page=1", None, "X-Wanted, a.dotted, page"),
    ],
)
def test_required_parameters_are_there_and_not_blank(
    with_parameters: str, backend: Backend, query: str, header: str | None, missing: str | None
) -> None:
    headers = {"x-wanted": header} if header is not None else {}

    answer = requests.get(f"{with_parameters}/checked/a?{query}", headers=headers, timeout=30)

    if missing is None:
        assert answer.status_code == 200
        assert backend.paths() == [f"/checked/a?{query}"]
    else:
        assert message(answer) == (400, f"Missing required request parameters: [{missing}]")
        assert answer.headers["x-amzn-ErrorType"] == "BadRequestException"
        assert backend.seen == []


def test_a_validator_checks_only_what_it_is_for(
    control: Any, execution: str, endpoint: str, backend: Backend
) -> None:
    wanted = {
        "models": {"Post": POST},
        "requestModels": {"application/json": "Post"},
        "requestParameters": {"method.request.querystring.page": True},
    }
    urls = [
        validated(control, execution, endpoint, body=body, parameters=parameters, **wanted)
        for body, parameters in ((False, False), (True, False), (False, True), (True, True))
    ]

    found = [requests.post(f"{url}/checked", data=b"{}", timeout=30) for url in urls]

    assert [answer.status_code for answer in found] == [200, 400, 400, 400]
    assert [answer.json()["message"] for answer in found[1:]] == [
        "Invalid request body",
        "Missing required request parameters: [page]",
        "Missing required request parameters: [page]",
    ]
    assert len(backend.seen) == 1
