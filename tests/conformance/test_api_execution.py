"""Execution of an API that proxies to the Kafka REST proxy.

https://docs.aws.amazon.com/apigateway/latest/developerguide/
"""

from __future__ import annotations

import requests

from pinterest_sandbox.waiting import NotReady, wait_until
from tests.conformance.api import STAGE, Api
from tests.conformance.target import Target
from tests.rest_consumer import RestConsumer, error_of


def test_posts_reach_the_topic_as_sent(target: Target, api: Api) -> None:
    values = [{"index": n, "zeta": "é", "alpha": [n, None, 1.5]} for n in range(50)]

    answer = api.post(target.topic, values)

    assert answer.status_code == 200, answer.text
    offsets = [entry["offset"] for entry in answer.json()["offsets"]]
    with RestConsumer(target.rest_proxy, f"{target.prefix}-api") as consumer:
        consumer.assign(target.topic, 0)
        position = {"topic": target.topic, "partition": 0, "offset": offsets[0]}
        consumer.ask("POST", "/positions", {"offsets": [position]})
        found = {record["offset"]: record["value"] for record in consumer.poll(len(values))}
    assert [found[offset] for offset in offsets] == values


def test_answers_of_the_backend_pass(target: Target, api: Api) -> None:
    """An HTTP proxy integration passes status and body on."""
    through = requests.get(f"{api.url}/topics/{target.prefix}.none", timeout=30)
    described = requests.get(f"{api.url}/topics/{target.topic}/partitions/0", timeout=30)

    assert error_of(through) == (404, 40401)
    assert described.status_code == 200
    assert described.json()["partition"] == 0


def test_every_answer_has_a_request_id(target: Target, api: Api) -> None:
    answers = [requests.get(f"{api.url}{path}", timeout=30) for path in ("/topics", "/keyed", "/topics")]

    ids = [answer.headers["x-amzn-RequestId"] for answer in answers]
    assert len(set(ids)) == 3


def test_resource_without_a_method(api: Api) -> None:
    """``/`` is not matched by ``/{proxy+}``."""
    answer = requests.get(f"{api.url}/", timeout=30)

    assert answer.status_code == 403
    assert answer.json() == {"message": "Missing Authentication Token"}
    assert answer.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"


def test_stage_that_is_not_deployed(api: Api) -> None:
    answer = requests.get(f"{api.url.removesuffix(STAGE)}absent/topics", timeout=30)

    assert answer.status_code == 403
    assert answer.json() == {"message": "Forbidden"}
    assert answer.headers["x-amzn-ErrorType"] == "ForbiddenException"


def test_key_is_needed_where_it_is_required(target: Target, api: Api) -> None:
    for key in (None, "wrong"):
        refused = api.keyed(key)
        assert refused.status_code == 403
        assert refused.json() == {"message": "Forbidden"}

    def accepted() -> None:
        answer = api.keyed(api.key)
        if answer.status_code != 200:
            raise NotReady(f"{answer.status_code}: {answer.text}")
        assert target.topic in answer.json()

    # AWS takes a while until a new key works everywhere.
    wait_until(accepted, what="the new key", timeout=120, interval=0.5)
