"""The EC2 client, as Systems Manager sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.pinterest_pipeline.provisioning.customer_account import (
    Answer,
)
from tests.unit.pinterest_pipeline.provisioning.prerequisites.looking import (
    INSTANCE,
    look,
    refused,
)


def instances(*found: dict[str, Any]) -> Callable[[str, str], Answer]:
    def answer(path: str, body: str) -> Answer:
        assert json.loads(body)["Filters"] == [{"Key": "InstanceIds", "Values": [INSTANCE]}]
        return 200, "application/x-amz-json-1.1", json.dumps({"InstanceInformationList": list(found)})

    return answer


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize(
    ("found", "status", "text"),
    [
        ([], "missing", f"Systems Manager does not manage {INSTANCE}"),
        (
            [{"InstanceId": INSTANCE, "PingStatus": "ConnectionLost"}],
            "wrong",
            "is ConnectionLost, not Online",
        ),
    ],
)
def test_an_ec2_client_that_systems_manager_does_not_reach(
    configured: Any, instead: Any, found: list[dict[str, Any]], status: str, text: str
) -> None:
    instead("SSM", instances(*found))
    configured(CLIENT_INSTANCE_ID=INSTANCE)
    message, row = refused()
    assert (row["name"], row["status"]) == ("EC2 Kafka client", status)
    assert text in message


@pytest.mark.usefixtures("versioned")
def test_an_ec2_client_that_is_online(configured: Any, instead: Any) -> None:
    instead("SSM", instances({"InstanceId": INSTANCE, "PingStatus": "Online"}))
    configured(CLIENT_INSTANCE_ID=INSTANCE)
    assert look()["EC2 Kafka client"]["status"] == "there"
