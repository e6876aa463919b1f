"""What each path looks at, and what it needs to be set."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from pinterest_pipeline.provisioning.prerequisites.findings import (
    PrerequisitesMissing,
)
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.pinterest_pipeline.provisioning.customer_account import (
    Network,
)
from tests.unit.pinterest_pipeline.provisioning.prerequisites.looking import (
    look,
    refused,
)


@pytest.mark.usefixtures("versioned")
def test_all_is_there(network: Network, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        rows = look()
    assert {name: (row["required"], row["status"]) for name, row in rows.items()} == {
        "settings": (True, "there"),
        "AWS account": (True, "there"),
        "MSK cluster": (True, "there"),
        "role of the connector": (True, "there"),
        "bucket": (True, "there"),
        "S3 endpoint": (False, "there"),
    }
    assert rows["S3 endpoint"]["found"] == f"{network.endpoint} in {network.vpc}"
    # XCom takes it.
    assert json.loads(json.dumps(list(rows.values()))) == list(rows.values())
    lines = [record.getMessage() for record in caplog.records]
    (head,) = [line for line in lines if line.startswith("STATUS")]
    (endpoint,) = [line for line in lines if "S3 endpoint" in line]
    assert endpoint.index("S3 endpoint") == head.index("WHAT")
    assert len([line for line in lines if line.startswith("there ")]) == len(rows)


@pytest.mark.usefixtures("versioned")
def test_the_stream_path_looks_at_its_own_role() -> None:
    assert {name: row["status"] for name, row in look("stream").items()} == {
        "settings": "there",
        "AWS account": "there",
        "role of the API": "there",
        "bucket": "there",
    }


def test_every_setting_that_is_missing_is_named_and_the_rest_is_looked_at(
    configured: Any, versioned: Any, msk: FakeMsk
) -> None:
    msk.cluster["State"] = "FAILED"
    configured(REST_PROXY_ADDRESS="", CONNECTOR_PLUGIN_SOURCE="")
    with pytest.raises(PrerequisitesMissing) as caught:
        look()
    rows = {finding.name: finding for finding in caught.value.findings}
    assert list(rows) == ["settings", "MSK cluster"]
    assert rows["settings"].found == (
        "not set: PINTEREST_REST_PROXY_ADDRESS, PINTEREST_CONNECTOR_PLUGIN_SOURCE"
    )
    configured(KINESIS_API_ROLE_ARN="")
    assert refused("stream")[1]["found"] == "not set: PINTEREST_KINESIS_API_ROLE_ARN"
