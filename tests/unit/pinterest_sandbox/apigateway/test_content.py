"""Content types: text and binary bodies, and what an integration's templates let through."""

from __future__ import annotations

import gzip
import hashlib
import os
from typing import Any

import pytest
import requests

from pinterest_sandbox.apigateway.answers import GatewayAnswer
from pinterest_sandbox.apigateway.content import as_text, is_binary, media_type, request_template
from pinterest_sandbox.apigateway.definitions import Integration
from tests.unit.pinterest_sandbox.apigateway.apis import add_method
from tests.unit.pinterest_sandbox.apigateway.conftest import Backend


@pytest.fixture(scope="module")
def pictures(control: Any, execution: str, endpoint: str) -> str:
    """Invoke URL of an API for which pictures and octet streams are binary."""
    api = control.create_rest_api(name="pictures")["id"]
    control.update_rest_api(
        restApiId=api,
        patchOperations=[
            # AWS reads the type from the path, moto from the value.
            {"op": "add", "path": f"/binaryMediaTypes/{kind.replace('/', '~1')}", "value": kind}
            for kind in ("image/*", "application/octet-stream")
        ],
    )
    add_method(control, api, "/{proxy+}", f"http://{endpoint}/{{proxy}}")
    control.create_deployment(restApiId=api, stageName="test")
    return f"{execution}/{api}/test"


@pytest.mark.parametrize("kind", ["image/png", "IMAGE/PNG", "application/octet-stream; x=1"])
def test_binary_types_pass_untouched_in_both_directions(pictures: str, backend: Backend, kind: str) -> None:
    body = os.urandom(3_000_000)

    answer = requests.post(f"{pictures}/bytes", data=body, headers={"Content-Type": kind}, timeout=60)

    assert answer.status_code == 201
    assert answer.headers["X-Own"] == "1"
    assert answer.headers["Content-Type"] == kind
    assert [hashlib.sha256(found).digest() for found in (answer.content, *backend.bodies())] == [
        hashlib.sha256(body).digest()
    ] * 2


def test_any_other_body_is_text_and_loses_what_is_no_utf8(pictures: str, backend: Backend) -> None:
    answer = requests.post(
        f"{pictures}/bytes",
        data="é😀".encode() + b"\xff\x00",
        headers={"Content-Type": "application/pdf"},
        timeout=30,
    )

    assert backend.bodies() == ["é😀\ufffd\x00".encode()]
    assert answer.content == "é😀\ufffd\x00".encode()


@pytest.mark.parametrize(
    ("accept", "content"),
    [
        ("*/*", "\x1f\ufffd".encode()),
        ("text/html, image/png", "\x1f\ufffd".encode()),
        ("image/png, text/html", b"\x1f\xff"),
    ],
)
def test_a_binary_answer_is_text_unless_the_first_accepted_type_is_binary(
    pictures: str, accept: str, content: bytes
) -> None:
    answer = requests.get(f"{pictures}/pdf", headers={"Accept": accept}, timeout=30)

    assert answer.content == content


def test_an_encoded_body_passes_as_it_is(invoke: str, backend: Backend) -> None:
    body = gzip.compress(b'{"records": []}')

    answer = requests.post(
        f"{invoke}/bytes",
        data=body,
        headers={"Content-Encoding": "gzip", "Content-Type": "application/json"},
        stream=True,
        timeout=30,
    )

    assert backend.bodies() == [body]
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.raw.read(decode_content=False) == body


def test_a_chunked_encoded_body_arrives_whole(invoke: str, backend: Backend) -> None:
    body = gzip.compress(os.urandom(200_000))

    answer = requests.post(
        f"{invoke}/bytes",
        data=(body[start : start + 7_000] for start in range(0, len(body), 7_000)),
        headers={"Content-Encoding": "gzip"},
        timeout=30,
    )

    assert backend.bodies() == [body]
    assert answer.content == gzip.decompress(body)


@pytest.mark.parametrize(
    ("types", "headers", "binary"),
    [
        ((), {}, False),
        (("*/*",), {}, True),
        (("image/*",), {"Content-Type": "image/png"}, True),
        (("image/png",), {"Content-Type": "image/jpeg"}, False),
        (("application/json",), {}, True),
        ((), {"Content-Encoding": "gzip"}, True),
        ((), {"Content-Encoding": "Identity"}, False),
    ],
)
def test_what_is_binary(types: tuple[str, ...], headers: dict[str, str], binary: bool) -> None:
    assert is_binary(types, headers) is binary


def test_media_types_and_text() -> None:
    kinds = [media_type(header) for header in (None, "", " Text/Plain ; charset=x", ";")]

    assert kinds == ["application/json", "application/json", "text/plain", "application/json"]
    assert as_text(b"a\xc3") == "a\ufffd".encode()


#: AWS's three examples of its page on passthrough behaviours, row by row: templates, content type, and what
#: happens with WHEN_NO_MATCH, WHEN_NO_TEMPLATES and NEVER.
PASSTHROUGH = [
    (("application/json",), None, "template", "template", "template"),
    (("application/json",), "application/json", "template", "template", "template"),
    (("application/json",), "application/xml", "passes", 415, 415),
    (("application/xml",), None, "passes", 415, 415),
    (("application/xml",), "application/json", "passes", 415, 415),
    (("application/xml",), "application/xml", "template", "template", "template"),
    ((), None, "passes", "passes", 415),
    ((), "application/json", "passes", "passes", 415),
    ((), "application/xml", "passes", "passes", 415),
]


@pytest.mark.parametrize(
    ("templates", "content_type", "behaviour", "outcome"),
    [
        (templates, content_type, behaviour, outcome)
        for templates, content_type, *outcomes in PASSTHROUGH
        for behaviour, outcome in zip(("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"), outcomes, strict=True)
    ],
)
def test_passthrough(
    templates: tuple[str, ...], content_type: str | None, behaviour: str, outcome: str | int
) -> None:
    integration = Integration(
        kind="AWS",
        uri="",
        http_method="POST",
        request_templates=dict.fromkeys(templates, "template"),
        passthrough_behavior=behaviour,
    )
    if outcome == 415:
        with pytest.raises(GatewayAnswer) as refused:
            request_template(integration, content_type)
        assert refused.value.status == 415
    else:
        assert request_template(integration, content_type) == (None if outcome == "passes" else outcome)


def test_a_proxy_integration_lets_every_content_type_through(
    control: Any, execution: str, endpoint: str
) -> None:
    api = control.create_rest_api(name="never")["id"]
    add_method(control, api, "/x", f"http://{endpoint}/x", integration={"passthroughBehavior": "NEVER"})
    control.create_deployment(restApiId=api, stageName="test")

    answer = requests.post(
        f"{execution}/{api}/test/x", data=b"x", headers={"Content-Type": "text/plain"}, timeout=30
    )

    assert answer.json()["body"] == "x"
