"""Key and limits as provisioning makes them, in front of the running sandbox's gateway."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import requests

from pinterest_pipeline.provisioning.access import PlanLimits, ensure_api_key
from pinterest_pipeline.provisioning.api import ApiPart
from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.running_sandbox import RunningSandbox
from tests.sandbox.apigateway.product_api import deployed

NAME = "access"
#: ``deployed`` looks at the API with a key of its own, in a plan without limits.
OWN_KEY = "a-key-of-the-tests-0123456789abc"


def test_limits_hold_at_once_and_when_they_are_changed(sandbox: RunningSandbox) -> None:
    client = aws_client("apigateway", sandbox.url("moto"))
    with deployed(sandbox, NAME, ApiPart.STREAM, key=OWN_KEY) as url:
        (api,) = [item["id"] for item in client.get_rest_apis()["items"] if item["name"] == NAME]

        def provision(**limits: int) -> dict[str, str]:
            key = ensure_api_key(
                client,
                name=f"{NAME}-senders",
                rest_api_id=api,
                stage="test",
                limits=PlanLimits(**limits),
                tags={},
            )
            return {"x-api-key": key}

        def ask(headers: dict[str, str]) -> requests.Response:
            return requests.get(f"{url}/streams", headers=headers, timeout=30)

        def admitted() -> None:
            answer = ask(header)
            if answer.status_code != 200:
                raise NotReady(answer.text)

        # A request a second: none comes back while twelve are sent at once.
        header = provision(rate_limit=1, burst_limit=4)
        assert ask({}).json() == {"message": "Forbidden"}
        wait_until(admitted, what="the key", timeout=10)
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: ask(header), range(12)))
        refused = [answer for answer in answers if answer.status_code != 200]
        assert len(refused) >= 12 - 4 - 2
        assert {(answer.status_code, answer.json()["message"]) for answer in refused} == {
            (429, "Too Many Requests")
        }

        assert provision(rate_limit=500, burst_limit=500) == header

        def thirty_pass() -> None:
            with ThreadPoolExecutor(12) as pool:
                statuses = {answer.status_code for answer in pool.map(lambda _: ask(header), range(30))}
            if statuses != {200}:
                raise NotReady(str(statuses))

        wait_until(thirty_pass, what="the new limits", timeout=10)

        # What is used up is used up for the day.
        provision(rate_limit=500, burst_limit=500, daily_quota=1)

        def quota_is_spent() -> None:
            answer = ask(header)
            if answer.status_code != 429:
                raise NotReady(str(answer.status_code))
            assert answer.json() == {"message": "Limit Exceeded"}

        wait_until(quota_is_spent, what="the quota", timeout=10)
        (plan,) = [item for item in client.get_usage_plans()["items"] if item["name"] == f"{NAME}-senders"]
        (kept,) = client.get_usage_plan_keys(usagePlanId=plan["id"])["items"]
        client.delete_usage_plan_key(usagePlanId=plan["id"], keyId=kept["id"])
        client.delete_usage_plan(usagePlanId=plan["id"])
        client.delete_api_key(apiKey=kept["id"])
