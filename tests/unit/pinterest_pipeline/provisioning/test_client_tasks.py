"""The client's tasks, called as functions, over a small Systems Manager."""

from __future__ import annotations

import copy
import logging
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from cloud_operators.exceptions import ServiceFailed, WaitTimedOut
from pinterest_pipeline.errors import Permanent, PipelineError
from pinterest_pipeline.provisioning import client, client_tasks
from pinterest_pipeline.provisioning.changes import Action
from pinterest_pipeline.provisioning.client import kafka_client, parse_status
from pinterest_pipeline.provisioning.finders import find_resources
from pinterest_pipeline.provisioning.planning.client import plan_client
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.pinterest_pipeline.provisioning.fake_ssm import DOWN, EMPTY, HEALTHY, INSTANCE, FakeSsm

SHAS = {f"{part}Sha256": "0" * 64 for part in ("Kafka", "IamAuth", "RestProxy")}
STATUS, RESTART, INSTALL = (
    f"pinterest-sandbox-{name}"
    for name in ("show-kafka-client-status", "restart-rest-proxy", "install-kafka-client")
)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Short pauses between two looks."""
    monkeypatch.setattr(client, "LOOK_SECONDS", 0.02)


@pytest.fixture
def ssm(configured: Any, fake_ssm: FakeSsm) -> FakeSsm:
    """Systems Manager without documents; the instance is set."""
    configured(CLIENT_INSTANCE_ID=INSTANCE)
    return fake_ssm


@pytest.fixture
def ready(ssm: FakeSsm) -> FakeSsm:
    """With the documents."""
    client_tasks.ensure_client_documents.function()
    return ssm


def run(**param: Any) -> str:
    """The tasks after the documents, one after another."""
    params = {"kafka_client": param}
    status = client_tasks.read_client_status.function()
    done: str = client_tasks.prepare_client.function(status, params=params)
    client_tasks.verify_client.function(done, params=params)
    return done


def sent(fake: FakeSsm) -> list[str]:
    """What ran but to look."""
    return [name for name, _ in fake.sent() if name != STATUS]


def test_without_an_instance_all_is_skipped_with_a_word(configured: Any, fake_ssm: FakeSsm) -> None:
    configured()
    with pytest.raises(AirflowSkipException, match="PINTEREST_CLIENT_INSTANCE_ID is not set"):
        client_tasks.ensure_client_documents.function()
    assert fake_ssm.calls == []


def test_the_documents_are_those_of_the_project(ssm: FakeSsm) -> None:
    assert client_tasks.ensure_client_documents.function() == dict.fromkeys(
        (INSTALL, STATUS, RESTART), "created"
    )
    assert client_tasks.ensure_client_documents.function() == dict.fromkeys(
        (INSTALL, STATUS, RESTART), "unchanged"
    )
    assert {each["Key"] for each in ssm.documents[STATUS].tags} == {
        "pinterest:resource-id",
        "pinterest:created-by",
    }


def test_the_documents_are_among_the_resources_where_an_instance_is_set(
    ssm: FakeSsm, configured: Any
) -> None:
    def documents() -> dict[str, str | None]:
        found = find_resources(client_tasks.names(), client_tasks.settings(), "batch")
        return {name: identifier for (kind, name), identifier in found.items() if kind == "ssm_document"}

    assert documents() == dict.fromkeys((INSTALL, STATUS, RESTART))
    client_tasks.ensure_client_documents.function()
    assert documents() == {name: name for name in (INSTALL, STATUS, RESTART)}
    configured()
    assert documents() == {}


def test_a_healthy_client_is_left_alone(ready: FakeSsm, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        assert run() == "nothing"
    assert "healthy and as wanted: nothing to do" in caplog.text
    assert ready.sent() == [(STATUS, {})]


def test_a_proxy_that_is_down_is_restarted_and_the_next_run_finds_nothing_to_do(ready: FakeSsm) -> None:
    ready.status = copy.deepcopy(DOWN)
    assert run() == "restart"
    assert sent(ready) == [RESTART]
    assert run() == "nothing"
    assert sent(ready) == [RESTART]


def test_a_proxy_that_does_not_come_up_is_told(ready: FakeSsm) -> None:
    ready.status, ready.helps = copy.deepcopy(DOWN), False
    with pytest.raises(PipelineError, match="not healthy after restart") as caught:
        run()
    assert str(caught.value).endswith("\n  ERROR Access denied")


def test_a_new_client_is_installed_with_the_brokers_of_the_cluster(ready: FakeSsm, msk: FakeMsk) -> None:
    ready.status = copy.deepcopy(EMPTY)
    msk.brokers = {"bootstrapBrokerStringSaslIam": "b-1.pins.example.com:9098"}
    assert run(**SHAS) == "install"
    assert [(name, given) for name, given in ready.sent() if name == INSTALL] == [
        (INSTALL, {**SHAS, "BootstrapServers": "b-1.pins.example.com:9098", "Port": "8082"})
    ]
    assert run(**SHAS) == "nothing"
    assert sent(ready) == [INSTALL]


def test_a_cluster_without_iam_is_refused(ready: FakeSsm, msk: FakeMsk) -> None:
    ready.status = copy.deepcopy(EMPTY)
    msk.cluster["ClientAuthentication"] = {"Unauthenticated": {"Enabled": True}}
    msk.brokers = {"bootstrapBrokerString": "b-1.pins.example.com:9092"}
    with pytest.raises(Permanent, match="for brokers that ask for IAM"):
        run(**SHAS)
    assert sent(ready) == []


def test_another_version_is_installed_and_all_else_kept(ready: FakeSsm) -> None:
    assert run(KafkaVersion="3.9.2", **SHAS) == "install"
    (given,) = (given for name, given in ready.sent() if name == INSTALL)
    assert given == {
        **SHAS,
        "KafkaVersion": "3.9.2",
        "IamAuthVersion": "2.3.2",
        "RestProxyVersion": "7.9.1",
        "JavaVersion": "17",
        "Port": "8082",
        "RoleArn": "instance",
        "BootstrapServers": "b-1.example.com:9098",
    }
    assert run(KafkaVersion="3.9.2", **SHAS) == "nothing"


def test_an_installation_that_changes_nothing_is_told(ready: FakeSsm) -> None:
    ready.helps = False
    with pytest.raises(PipelineError, match=r"after install: KafkaVersion is '3\.9\.1', not '3\.9\.2'"):
        run(KafkaVersion="3.9.2", **SHAS)


@pytest.mark.parametrize(
    ("status", "param", "said"),
    [
        (
            EMPTY,
            {},
            "the REST proxy is not installed on i-0123456789abcdef0, and an installation needs Kafka",
        ),
        (
            HEALTHY,
            {"KafkaVersion": "3.9.2"},
            "KafkaVersion is '3.9.1', not '3.9.2', and an installation needs",
        ),
    ],
    ids=["not installed", "another version"],
)
def test_an_installation_without_checksums_is_refused(
    ready: FakeSsm, status: dict[str, Any], param: dict[str, str], said: str
) -> None:
    ready.status = copy.deepcopy(status)
    with pytest.raises(Permanent) as caught:
        run(**param)
    assert said in str(caught.value)
    assert "param kafka_client" in str(caught.value)
    assert sent(ready) == []


def test_a_wrong_field_is_refused_before_anything_is_sent(ready: FakeSsm) -> None:
    with pytest.raises(Permanent, match="field KafkaVersion"):
        client_tasks.prepare_client.function(EMPTY, params={"kafka_client": {"KafkaVersion": "x", **SHAS}})
    assert ready.sent() == []


def test_a_script_that_fails_says_why(ready: FakeSsm) -> None:
    ready.status = copy.deepcopy(DOWN)
    ready.failures["restart-rest-proxy"] = (
        "error: unit did not come up. Its last log lines:\n    Access denied\n"
    )
    with pytest.raises(ServiceFailed, match="restart-rest-proxy on i-0123456789abcdef0 is Failed") as caught:
        run()
    assert "Access denied" in str(caught.value)


def test_an_instance_that_systems_manager_does_not_reach_is_named_with_its_setting(ready: FakeSsm) -> None:
    ready.instances.clear()
    with pytest.raises(
        Permanent, match=r"does not reach i-0123456789abcdef0 \(PINTEREST_CLIENT_INSTANCE_ID\)"
    ):
        client_tasks.read_client_status.function()


def test_what_a_killed_task_has_sent_is_waited_for(ready: FakeSsm) -> None:
    ready.status = copy.deepcopy(DOWN)
    kafka_client(INSTANCE).hook.conn.send_command(InstanceIds=[INSTANCE], DocumentName=RESTART)
    assert run() == "restart"
    assert sent(ready) == [RESTART]


def test_the_wait_has_an_end(ready: FakeSsm) -> None:
    ready.looks = 1000
    with pytest.raises(WaitTimedOut, match="last seen as InProgress"):
        client.KafkaClient(hook=kafka_client(INSTANCE).hook, instance_id=INSTANCE, look_seconds=0.1).run(
            STATUS, seconds=1
        )


@pytest.mark.parametrize("text", ["", "Killed", "[]", "{}", '{"healthy": true, "installed": null}'])
def test_what_is_no_status(text: str) -> None:
    with pytest.raises(PipelineError, match="did not print a status"):
        parse_status(text)


def planned(ssm: FakeSsm, **param: Any) -> list[tuple[str, str, str]]:
    changes = plan_client(client_tasks.names(), client_tasks.settings(), {"kafka_client": param})
    return [(change.kind, change.action, change.field) for change in changes]


def test_the_plan_before_the_documents_are_there_changes_nothing(ssm: FakeSsm) -> None:
    assert planned(ssm) == [
        *[("ssm_document", Action.CREATE, "")] * 3,
        ("kafka_client", Action.UPDATE, "status"),
    ]
    assert (ssm.documents, ssm.commands) == ({}, {})


def test_the_plan_of_a_client_that_is_as_wanted_is_empty(ready: FakeSsm) -> None:
    assert planned(ready) == []
    assert planned(ready, KafkaVersion="3.9.1") == []


def test_the_plan_tells_what_differs_and_only_looks(ready: FakeSsm) -> None:
    assert planned(ready, KafkaVersion="3.9.2", **SHAS) == [("kafka_client", Action.UPDATE, "KafkaVersion")]
    ready.status = copy.deepcopy(DOWN)
    assert planned(ready) == [("kafka_client", Action.UPDATE, "healthy")]
    assert sent(ready) == []


def test_there_is_no_plan_without_an_instance(configured: Any, fake_ssm: FakeSsm) -> None:
    configured()
    assert planned(fake_ssm, nonsense="x") == []
    assert fake_ssm.calls == []
