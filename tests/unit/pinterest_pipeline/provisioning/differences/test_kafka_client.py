"""What is to be done with the client: from what it shows and what the param asks for."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning.changes import Action, Change, check_allowed
from pinterest_pipeline.provisioning.differences.kafka_client import (
    CHECKSUMS,
    Step,
    address_fields,
    client_changes,
    differences,
    kept_fields,
    missing_checksums,
    next_step,
    wanted_client,
)
from pinterest_pipeline.provisioning.ssm_documents import SsmDocument, ssm_document
from tests.unit.pinterest_pipeline.provisioning.fake_ssm import DOWN, EMPTY, HEALTHY, INSTANCE
from tests.unit.pinterest_pipeline.provisioning.kafka_client_machine import read_checkout

INSTALL = ssm_document(SsmDocument.INSTALL, read_checkout)
SHAS = dict.fromkeys(CHECKSUMS, "0" * 64)
AS_IT_IS = {
    "JavaVersion": "17",
    "KafkaVersion": "3.9.1",
    "IamAuthVersion": "2.3.2",
    "RestProxyVersion": "7.9.1",
    "Port": "8082",
    "BootstrapServers": "b-1.example.com:9098",
    "RoleArn": "instance",
}
STRANGE = HEALTHY | {"installed": {**HEALTHY["installed"], "java": "25.0.1", "aws-msk-iam-auth": None}}


@pytest.mark.parametrize(
    ("status", "wanted", "step"),
    [
        (HEALTHY, {}, Step.NOTHING),
        (HEALTHY, AS_IT_IS, Step.NOTHING),
        (HEALTHY, {**AS_IT_IS, **SHAS, "AnswerSeconds": "60"}, Step.NOTHING),
        (DOWN, {}, Step.RESTART),
        (DOWN, AS_IT_IS, Step.RESTART),
        (EMPTY, {}, Step.INSTALL),
        (DOWN, {"KafkaVersion": "3.9.2"}, Step.INSTALL),
        *(
            (HEALTHY, {field: value}, Step.INSTALL)
            for field, value in {
                "JavaVersion": "21",
                "KafkaVersion": "3.9.2",
                "IamAuthVersion": "2.3.3",
                "RestProxyVersion": "7.9.2",
                "Port": "8083",
                "BootstrapServers": "b-2.example.com:9098",
                "RoleArn": "arn:aws:iam::123456789012:role/x",
            }.items()
        ),
    ],
)
def test_the_next_step(status: dict[str, Any], wanted: dict[str, str], step: Step) -> None:
    assert next_step(status, wanted) is step


def changes(status: dict[str, Any] | None, wanted: dict[str, str]) -> list[Change]:
    return client_changes(status, wanted, instance_id=INSTANCE)


def test_nothing_is_planned_for_a_client_that_is_as_wanted() -> None:
    assert changes(HEALTHY, {}) == changes(HEALTHY, AS_IT_IS) == []


def test_a_restart_is_planned() -> None:
    (change,) = changes(DOWN, {})
    assert (change.kind, change.name, change.action) == ("kafka_client", INSTANCE, Action.UPDATE)
    assert (change.field, change.found, change.wanted) == ("healthy", False, True)
    assert "restarted" in change.note


def test_exactly_what_differs_is_planned() -> None:
    rows = changes(HEALTHY, {**AS_IT_IS, **SHAS, "KafkaVersion": "3.9.2", "Port": "8083"})
    assert {row.field: (row.found, row.wanted, row.action) for row in rows} == {
        "KafkaVersion": ("3.9.1", "3.9.2", Action.UPDATE),
        "Port": ("8082", "8083", Action.UPDATE),
    }


def test_an_installation_is_planned_without_its_checksums_in_the_table() -> None:
    (change,) = changes(EMPTY, {**SHAS, "KafkaVersion": "3.9.2"})
    assert (change.action, change.wanted) == (Action.CREATE, {"KafkaVersion": "3.9.2"})


@pytest.mark.parametrize(("status", "wanted"), [(EMPTY, {}), (HEALTHY, {"KafkaVersion": "3.9.2"})])
def test_an_installation_without_checksums_is_refused_naming_param_and_fields(
    status: dict[str, Any], wanted: dict[str, str]
) -> None:
    (change,) = changes(status, wanted)
    assert change.action is Action.REFUSE
    with pytest.raises(Permanent) as caught:
        check_allowed([change], allow_replace=False)
    assert "KafkaSha256, IamAuthSha256, RestProxySha256 in the param kafka_client" in str(caught.value)


def test_only_the_checksums_that_are_missing_are_named() -> None:
    said = missing_checksums({"KafkaSha256": "0" * 64})
    assert "IamAuthSha256, RestProxySha256 in" in said
    assert "KafkaSha256" not in said
    assert missing_checksums(SHAS) == ""


def test_a_client_that_can_not_be_looked_at_yet_is_one_row() -> None:
    (change,) = changes(None, {})
    assert (change.action, change.field) == (Action.UPDATE, "status")
    assert "once the SSM documents are there" in change.note


def test_what_is_not_shown_is_not_compared() -> None:
    assert differences(HEALTHY, {"AnswerSeconds": "9", "KafkaUrl": "https://host/x.tgz", **SHAS}) == {}


def test_an_installation_keeps_what_is_there_and_can_be_kept() -> None:
    assert kept_fields(HEALTHY, INSTALL) == AS_IT_IS
    assert kept_fields(EMPTY, INSTALL) == {}
    left_out = kept_fields(STRANGE, INSTALL)
    assert left_out == {
        name: value for name, value in AS_IT_IS.items() if name not in ("JavaVersion", "IamAuthVersion")
    }


@pytest.mark.parametrize(
    ("address", "fields"),
    [
        ("proxy.example.com:8090", {"Port": "8090"}),
        ("proxy.example.com:80", {}),
        ("proxy.example.com:1023", {}),
        ("proxy.example.com:99999", {}),
        ("", {}),
    ],
)
def test_a_new_proxy_listens_where_it_is_looked_for(address: str, fields: dict[str, str]) -> None:
    assert address_fields(address, INSTALL) == fields


def test_numbers_are_taken_as_text() -> None:
    assert wanted_client({"Port": 8083, "JavaVersion": 21}, INSTALL) == {"Port": "8083", "JavaVersion": "21"}
    assert wanted_client({}, INSTALL) == {}


@pytest.mark.parametrize(
    ("param", "said"),
    [
        ({"kafkaVersion": "3.9.1"}, "unknown field 'kafkaVersion': there are JavaVersion, KafkaVersion"),
        ({"KafkaVersion": "3.9"}, "field KafkaVersion: '3.9' does not match"),
        ({"KafkaVersion": "3.9.1\n"}, "field KafkaVersion"),
        ({"KafkaSha256": "A" * 64}, "field KafkaSha256"),
        ({"KafkaUrl": "http://host/x.tgz"}, "field KafkaUrl"),
        ({"Port": True}, "field Port: 'True'"),
        ({"Port": None}, "field Port: 'None'"),
        ({"RoleArn": "arn:aws:iam::1:role/x"}, "field RoleArn"),
        ({"BootstrapServers": "b-1:9098; reboot"}, "field BootstrapServers"),
    ],
)
def test_a_wrong_field_is_named(param: dict[str, Any], said: str) -> None:
    with pytest.raises(Permanent) as caught:
        wanted_client(param, INSTALL)
    assert str(caught.value).startswith("param kafka_client")
    assert said in str(caught.value)
