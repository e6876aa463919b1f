"""What API execution answers by itself: validators, usage plans, media types, sizes, time-outs.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""

from __future__ import annotations

import re
import time

import pytest
import requests

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.conformance.api import JSON, QUOTA, Api
from tests.conformance.target import Target
from tests.rest_consumer import RestConsumer, error_of

#: Seconds until a new key and the limits of its plan hold everywhere on AWS.
SPREADING = 120
#: AWS's limit for bodies.
MAX_BYTES = 10 * 2**20


def refusal(answer: requests.Response) -> tuple[int, str, str]:
    """Status, message and type of one of the gateway's own answers."""
    return answer.status_code, answer.json()["message"], answer.headers["x-amzn-ErrorType"]


def numbered(api: Api, body: bytes, content_type: str = JSON) -> requests.Response:
    return requests.post(f"{api.url}/numbered", data=body, headers={"Content-Type": content_type}, timeout=30)


def test_body_that_fits_its_model_passes(api: Api) -> None:
    answer = numbered(api, b'{"records": [{"value": {"index": 1}}]}')

    assert answer.status_code == 200, answer.text
    assert [entry["error_code"] for entry in answer.json()["offsets"]] == [None]


@pytest.mark.parametrize(
    "body",
    [b'{"records": [{"value": {"title": "x"}}]}', b'{"records": [{"value": {"index": 1}}', b"{}", b""],
    ids=["member missing", "no JSON", "empty object", "empty body"],
)
def test_body_that_does_not_fit_its_model_is_refused(api: Api, body: bytes) -> None:
    assert refusal(numbered(api, body)) == (400, "Invalid request body", "BadRequestException")


def test_body_of_a_type_without_a_model_is_not_checked(api: Api) -> None:
    """The REST proxy refuses it then, in its own form."""
    assert error_of(numbered(api, b"no JSON", "text/plain")) == (415, 415)


@pytest.mark.parametrize(
    ("query", "headers", "missing"),
    [
        ({}, {}, {"why", "X-Who"}),
        ({"why": "1"}, {}, {"X-Who"}),
        ({}, {"X-Who": "me"}, {"why"}),
        ({"why": ""}, {"X-Who": "me"}, {"why"}),
    ],
    ids=["both", "header", "query parameter", "blank query parameter"],
)
def test_missing_parameters_are_named(
    api: Api, query: dict[str, str], headers: dict[str, str], missing: set[str]
) -> None:
    status, message, kind = refusal(
        requests.get(f"{api.url}/asked", params=query, headers=headers, timeout=30)
    )

    assert (status, kind) == (400, "BadRequestException")
    found = re.fullmatch(r"Missing required request parameters: \[(.+)\]", message)
    assert found is not None, message
    assert set(found[1].split(", ")) == missing


def test_request_with_its_parameters_passes(target: Target, api: Api) -> None:
    answer = requests.get(f"{api.url}/asked?why=1", headers={"X-Who": "me"}, timeout=30)

    assert answer.status_code == 200, answer.text
    assert target.topic in answer.json()


def test_media_type_without_a_template_is_refused(api: Api) -> None:
    """Its integration's passthrough behaviour is ``NEVER``."""
    answer = requests.post(
        f"{api.url}/typed", data=b"<a/>", headers={"Content-Type": "application/xml"}, timeout=30
    )

    assert refusal(answer) == (415, "Unsupported Media Type", "BadRequestException")


def test_body_that_is_too_large_is_refused(target: Target, api: Api) -> None:
    body = b'{"records":[{"value":"' + b"x" * MAX_BYTES + b'"}]}'

    answer = requests.post(
        f"{api.url}/topics/{target.topic}", data=body, headers={"Content-Type": JSON}, timeout=120
    )

    assert refusal(answer) == (413, "Request Too Long", "RequestTooLargeException")


def test_integration_that_is_too_slow(target: Target, api: Api) -> None:
    """A consumer without records takes its whole time to answer."""
    options = {"name": "slow", "consumer.request.timeout.ms": "3000"}
    with RestConsumer(target.rest_proxy, f"{target.prefix}-slow", **options) as consumer:
        consumer.assign(target.topic, 0)
        path = f"consumers/{target.prefix}-slow/instances/slow/records"
        began = time.monotonic()
        answer = requests.get(f"{api.url}/hasty/{path}", headers={"Accept": JSON}, timeout=30)
        took = time.monotonic() - began

    assert refusal(answer) == (504, "Endpoint request timed out", "InternalServerErrorException")
    assert took < 3


def until_refused(api: Api, key: str) -> tuple[int, requests.Response]:
    """Ask with a key until it is told to wait: how often it passed, and the refusal."""
    answers: list[requests.Response] = []

    def refused() -> None:
        # AWS takes a while until a new key works everywhere.
        answers.append(api.keyed(key))
        if answers[-1].status_code in (200, 403):
            raise NotReady(f"{len(answers)} passed or had no key yet")

    wait_until(refused, what="refusal", timeout=SPREADING, interval=0.05)
    return sum(answer.status_code == 200 for answer in answers), answers[-1]


def test_key_that_asks_too_fast_has_to_wait(api: Api) -> None:
    passed, refused = until_refused(api, api.throttled_key)

    assert passed >= 1
    assert refusal(refused) == (429, "Too Many Requests", "TooManyRequestsException")

    def passes_again() -> None:
        answer = api.keyed(api.throttled_key)
        if answer.status_code != 200:
            raise NotReady(f"{answer.status_code}: {answer.text}")

    wait_until(passes_again, what="the next token", timeout=SPREADING, interval=2)


def test_key_that_has_used_up_its_quota_is_refused(api: Api) -> None:
    """AWS counts on a best-effort basis: it may let more through, not less."""
    passed, refused = until_refused(api, api.counted_key)

    assert passed >= QUOTA
    assert refusal(refused) == (429, "Limit Exceeded", "LimitExceededException")
