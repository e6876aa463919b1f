"""The install script when downloads, archives, dnf, the unit or the agent are not as they should be."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import subprocess

import pytest

from pinterest_pipeline.provisioning.ssm_documents import SsmDocument
from tests.unit.pinterest_pipeline.provisioning.kafka_client_machine import (
    HOME,
    LOG,
    UNIT,
    Machine,
    archive,
    changes,
    leftovers,
)


@pytest.fixture
def settled(machine: Machine) -> Machine:
    """With an older version of all parts, in use."""
    machine.installed()
    for part in ("Kafka", "IamAuth", "RestProxy"):
        machine.publish(part, "9.0.0")
    machine.log("systemctl")
    machine.log("dnf")
    return machine


@pytest.mark.parametrize(
    ("part", "name"),
    [("Kafka", "kafka"), ("IamAuth", "aws-msk-iam-auth"), ("RestProxy", "kafka-rest")],
)
def test_a_wrong_checksum_stops_before_anything_is_replaced(settled: Machine, part: str, name: str) -> None:
    before = settled.tree()
    error = settled.refused(JavaVersion="21", **{f"{part}Sha256": "0" * 64})
    found = settled.parameters[f"{part}Sha256"]
    assert re.search(
        f"^error: {name} 9.0.0 from https://\\S+ has SHA-256 {found}, expected 0{{64}}; nothing was replaced",
        error,
        re.MULTILINE,
    )
    assert settled.tree() == before
    assert settled.log("systemctl") + settled.log("dnf") == []


@pytest.mark.parametrize("part", ["Kafka", "IamAuth", "RestProxy"])
def test_a_download_that_breaks_off_does_not_count(settled: Machine, part: str) -> None:
    before = settled.tree()
    served = settled.publish(part, "9.0.1")
    broken = served.with_name(f"{served.name}.broken")
    broken.touch()
    error = settled.refused()
    assert "curl: (18)" in error
    assert re.search(r" 9\.0\.1 could not be downloaded from https://\S+; nothing was replaced", error)
    assert settled.tree() == before
    broken.unlink()
    assert settled.installed()[-1] == "result: changed"


def test_a_checksum_that_is_wrong_at_its_end_alone(machine: Machine) -> None:
    machine.installed()
    before = machine.tree()
    right = machine.parameters["KafkaSha256"]
    wrong = right[:-1] + ("0" if right[-1] != "0" else "1")
    assert f"has SHA-256 {right}, expected {wrong}" in machine.refused(KafkaSha256=wrong)
    assert machine.tree() == before


def test_a_download_that_breaks_off_does_not_count_though_its_checksum_fits(settled: Machine) -> None:
    before = settled.tree()
    served = settled.publish("IamAuth", "9.0.1", b"jarjar")
    served.with_name(f"{served.name}.broken").touch()
    error = settled.refused(IamAuthSha256=hashlib.sha256(b"jar").hexdigest())
    assert "aws-msk-iam-auth 9.0.1 could not be downloaded" in error
    assert settled.tree() == before


def test_what_is_not_there(settled: Machine) -> None:
    before = settled.tree()
    error = settled.refused(KafkaUrl="https://mirror.example.com/kafka-{version}.tgz")
    assert "kafka 9.0.0 could not be downloaded from https://mirror.example.com/kafka-9.0.0.tgz" in error
    assert settled.tree() == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no archive", "the archive of kafka 9.0.1 could not be unpacked; nothing was replaced"),
        (archive("kafka", {"README": "x"}), "the archive of kafka 9.0.1 holds no bin/kafka-topics.sh"),
    ],
    ids=["no archive", "another archive"],
)
def test_an_archive_that_is_not_the_part(settled: Machine, content: bytes, said: str) -> None:
    before = settled.tree()
    settled.publish("Kafka", "9.0.1", content)
    assert said in settled.refused()
    assert settled.tree() == before


def test_dnf_fails(machine: Machine) -> None:
    machine.set(dnf_broken="")
    error = machine.refused()
    assert "error: dnf could not install java-17-amazon-corretto-headless" in error
    assert "Failed to download metadata" in error
    assert not machine.file(f"{HOME}/kafka").exists()


@pytest.mark.parametrize(
    ("state", "seconds", "said"),
    [
        ({"state_after_restart": "failed"}, "60", "did not come up, it is failed"),
        (
            {"state_after_restart": "activating", "crashes": ""},
            "60",
            "did not come up, systemd has started it",
        ),
        ({"restart_fails": ""}, "60", "could not be started"),
        (
            {"http_status": "500"},
            "2",
            r"is active and did not list the topics on port \d+ within 2 seconds \(last HTTP status 500\)",
        ),
    ],
    ids=["failed", "crashes again and again", "systemctl fails", "answers with an error"],
)
def test_a_unit_that_does_not_come_up(
    machine: Machine, state: dict[str, str], seconds: str, said: str
) -> None:
    machine.set(journal=LOG, **state)
    error = machine.refused(AnswerSeconds=seconds)
    assert re.search(f"^error: unit {UNIT} {said}.* Its last log lines:$", error, re.MULTILINE)
    assert "    java.lang.RuntimeException: SaslAuthenticationException: Access denied\n" in error
    assert "line 29 " in error
    assert "line 9 " not in error
    # Once the reason is gone, another run starts it: files that are as they must be do not hide that.
    for name in ("crashes", "restart_fails"):
        (machine.state / name).unlink(missing_ok=True)
    machine.set(state_after_restart="active", http_status="200", unit_state="active")
    assert changes(machine.installed()) == [f"started: {UNIT}", "result: changed"]


def test_a_start_that_failed_is_made_up_for_with_the_older_files_too(machine: Machine) -> None:
    """Back to what ran before is a change as well: the unit runs with the newer files."""
    machine.installed()
    older = dict(machine.parameters)
    machine.publish("RestProxy", "9.0.0")
    machine.set(http_status="500")
    machine.refused()
    machine.set(http_status="200")
    machine.parameters = older
    assert f"started: {UNIT}" in machine.installed()


def test_what_a_killed_run_left_is_taken_away(machine: Machine) -> None:
    left = machine.file(f"{HOME}/.work.abcdef/kafka.file")
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half of an archive")
    machine.installed()
    assert leftovers(machine) == []
    assert machine.text(f"{HOME}/kafka/bin/kafka-topics.sh") == "kafka 3.9.1"


@pytest.mark.parametrize("document", [SsmDocument.INSTALL, SsmDocument.RESTART])
def test_two_runs_at_once(machine: Machine, document: SsmDocument) -> None:
    machine.installed()
    machine.log("systemctl")
    before = machine.tree()
    with machine.file(f"{HOME}/.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another run of these documents is at work" in machine.refused(document)
    assert machine.tree() == before
    assert machine.log("systemctl") == []


def test_an_agent_that_hands_over_no_environment(machine: Machine) -> None:
    script = machine.state / "_script.sh"
    machine.installed()
    bare = {"PATH": os.environ["PATH"], "KAFKA_CLIENT_ROOT": str(machine.root)}
    done = subprocess.run([script], env=bare, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "SSM Agent 3.3.2746.0 or later" in done.stderr
