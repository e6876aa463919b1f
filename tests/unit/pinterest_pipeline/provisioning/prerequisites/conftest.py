"""An account as both paths need it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import pytest

from pinterest_pipeline import connections
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.pinterest_pipeline.provisioning.customer_account import (
    API_ROLE,
    Answer,
    Network,
    answering,
    make_network,
    make_roles,
)
from tests.unit.pinterest_pipeline.provisioning.prerequisites.looking import BUCKET, ROLE


@pytest.fixture
def prepared(configured: Any, msk: FakeMsk) -> None:
    """The account is as both paths need it, but for the bucket, and without a network: moto's is slow."""
    msk.cluster["BrokerNodeGroupInfo"]["ClientSubnets"] = []
    make_roles(connections.aws_client("iam"))
    configured(KINESIS_API_ROLE_ARN=f"{ROLE}/{API_ROLE}")


@pytest.fixture
def network(prepared: None, msk: FakeMsk) -> Network:
    """The cluster's."""
    made = make_network(connections.aws_client("ec2"))
    msk.cluster["BrokerNodeGroupInfo"]["ClientSubnets"] = [made.subnet]
    return made


@pytest.fixture
def instead(account: None, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Let a service answer as told."""
    with ExitStack() as stack:

        def use(service: str, answer: Callable[[str, str], Answer]) -> None:
            url = stack.enter_context(answering(answer))
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)

        yield use


@pytest.fixture
def versioned(real_s3: Any, prepared: None) -> Any:
    """The bucket is there too."""
    real_s3.create_bucket(Bucket=BUCKET)
    real_s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    return real_s3
