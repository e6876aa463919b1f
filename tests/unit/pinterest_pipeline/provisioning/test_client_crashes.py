"""The setting up of the EC2 client, killed behind any of its requests, and the run after it: all once."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pinterest_pipeline.provisioning import client, client_tasks
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.pinterest_pipeline.provisioning.fake_ssm import DOWN, EMPTY, INSTANCE, FakeSsm
from tests.unit.pinterest_pipeline.provisioning.killing import Killer, Reset, check_each_kill

PARAMS = {"kafka_client": {f"{part}Sha256": "0" * 64 for part in ("Kafka", "IamAuth", "RestProxy")}}
STATUS = "pinterest-sandbox-show-kafka-client-status"


@pytest.fixture
def fresh(configured: Any, fake_ssm: FakeSsm, msk: FakeMsk, monkeypatch: pytest.MonkeyPatch) -> Reset:
    """An instance with nothing installed, and no documents."""
    configured(CLIENT_INSTANCE_ID=INSTANCE)
    monkeypatch.setattr(client, "LOOK_SECONDS", 0.02)
    msk.brokers = {"bootstrapBrokerStringSaslIam": "b-1.pins.example.com:9098"}

    def reset() -> None:
        fake_ssm.documents.clear()
        fake_ssm.commands.clear()
        fake_ssm.status = copy.deepcopy(EMPTY)

    return reset


def set_up(run_id: str) -> None:
    client_tasks.ensure_client_documents.function()
    status = client_tasks.read_client_status.function()
    done = client_tasks.prepare_client.function(status, params=PARAMS)
    client_tasks.verify_client.function(done, params=PARAMS)


def left(fake: FakeSsm) -> Any:
    """Documents with all their versions, what the client is, and how often it was changed."""
    changes = [name for name, _ in fake.sent() if name != STATUS]
    return copy.deepcopy((fake.documents, fake.status, changes))


def test_an_installation_killed_anywhere_is_made_once(
    killer: Killer, fresh: Reset, fake_ssm: FakeSsm
) -> None:
    requests = check_each_kill(killer, fresh, set_up, lambda: left(fake_ssm))
    # The status is asked for before the installation and after it.
    assert requests == [*["CreateDocument"] * 3, *["SendCommand"] * 3]
    documents, status, changes = left(fake_ssm)
    assert [len(each.contents) for each in documents.values()] == [1, 1, 1]
    assert status["healthy"]
    assert changes == ["pinterest-sandbox-install-kafka-client"]


def test_newer_documents_and_a_restart_killed_anywhere_are_made_once(
    killer: Killer, fresh: Reset, fake_ssm: FakeSsm
) -> None:
    def older() -> None:
        fresh()
        set_up("manual__0")
        fake_ssm.commands.clear()
        fake_ssm.status |= {name: DOWN[name] for name in ("healthy", "state", "http_status")}
        for document in fake_ssm.documents.values():
            document.contents = ['{"schemaVersion": "2.2"}']

    requests = check_each_kill(killer, older, set_up, lambda: left(fake_ssm))
    assert requests == [
        *["UpdateDocument", "UpdateDocumentDefaultVersion"] * 3,
        *["SendCommand"] * 3,
    ]
    documents, status, changes = left(fake_ssm)
    assert [(len(each.contents), each.default) for each in documents.values()] == [(2, 2)] * 3
    assert status["healthy"]
    assert changes == ["pinterest-sandbox-restart-rest-proxy"]
