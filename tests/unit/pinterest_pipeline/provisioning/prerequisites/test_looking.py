"""Refused credentials, missing permissions, services that do not answer."""

from __future__ import annotations

import logging
import threading
from typing import Any

import pytest
from airflow.sdk import BaseHook

from pinterest_pipeline.provisioning.prerequisites import clients
from pinterest_pipeline.provisioning.prerequisites.findings import (
    PrerequisitesMissing,
    PrerequisitesUnknown,
)
from pinterest_pipeline.provisioning.prerequisites.refusals import CredentialsRefused
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.pinterest_pipeline.provisioning.customer_account import (
    Answer,
    query_error,
)
from tests.unit.pinterest_pipeline.provisioning.prerequisites.looking import (
    look,
)


@pytest.mark.usefixtures("versioned")
@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId"])
def test_refused_credentials_are_told_before_anything_is_looked_at(
    instead: Any, msk: FakeMsk, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    instead("STS", lambda path, body: query_error(403, code, "The security token is not valid"))
    with caplog.at_level(logging.INFO), pytest.raises(CredentialsRefused) as caught:
        look()
    message = str(caught.value)
    assert "credentials of the connection aws_default" in message
    assert f"{code}: The security token is not valid" in message
    assert "renew the keys" in message
    assert msk.requests == []
    assert not any("STATUS" in record.getMessage() for record in caplog.records)


@pytest.mark.usefixtures("versioned")
def test_a_permission_that_lacks_is_named(instead: Any) -> None:
    instead("IAM", lambda path, body: query_error(403, "AccessDenied", "not authorized"))
    with pytest.raises(PrerequisitesUnknown) as caught:
        look()
    (finding,) = caught.value.findings
    assert (finding.name, finding.status) == ("role of the connector", "unknown")
    assert finding.remedy.startswith("allow iam:GetRole")


@pytest.mark.usefixtures("versioned")
def test_a_service_that_does_not_answer_hides_nothing_else(
    instead: Any, msk: FakeMsk, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def hang(path: str, body: str) -> Answer:
        over.wait(60)
        return query_error(500, "Late", "late")

    instead("IAM", hang)
    monkeypatch.setattr(clients, "READ_SECONDS", 3)
    monkeypatch.setattr(clients, "ATTEMPTS", 1)
    msk.cluster["State"] = "FAILED"
    try:
        with pytest.raises(PrerequisitesMissing) as caught:
            look()
    finally:
        over.set()
    found = {finding.name: finding for finding in caught.value.findings}
    assert {name: each.status for name, each in found.items()} == {
        "MSK cluster": "wrong",
        "role of the connector": "unknown",
    }
    assert "no answer in time" in found["role of the connector"].found


@pytest.mark.usefixtures("versioned")
def test_connections_are_looked_up_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that ask `airflow dags test` at once are given each other's answers."""
    find, asking, together = BaseHook.get_connection, threading.Lock(), threading.Event()

    def get_connection(cls: Any, conn_id: str) -> Any:
        if not asking.acquire(blocking=False):
            together.set()
            return find(conn_id)
        try:
            # Long enough for another thread to ask, if it may.
            together.wait(0.05)
            return find(conn_id)
        finally:
            asking.release()

    monkeypatch.setattr(BaseHook, "get_connection", classmethod(get_connection))
    assert look()["MSK cluster"]["status"] == "there"
    assert not together.is_set()
