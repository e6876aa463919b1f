"""Parameters that are refused, and the restart and status of the REST proxy."""

from __future__ import annotations

import json
import socket

import pytest

from pinterest_pipeline.provisioning.ssm_documents import SsmDocument
from tests.unit.pinterest_pipeline.provisioning.kafka_client_machine import (
    BROKERS,
    CLIENT,
    HOME,
    LOG,
    UNIT,
    Machine,
    RefusedParameter,
)

INJECTIONS = (
    "$(touch pwned)",
    "`touch pwned`",
    "; touch pwned #",
    "\ntouch pwned",
    "'; touch pwned; '",
    "\n",
)
GOOD = {
    "JavaVersion": "17",
    "KafkaVersion": "3.9.1",
    "KafkaUrl": "https://host/kafka.tgz",
    "KafkaSha256": "0" * 64,
    "IamAuthVersion": "2.3.2",
    "IamAuthUrl": "https://host/iam.jar",
    "IamAuthSha256": "0" * 64,
    "RestProxyVersion": "7.9.1",
    "RestProxyUrl": "https://host/confluent.tar.gz",
    "RestProxySha256": "0" * 64,
    "BootstrapServers": "host:9098",
    "RoleArn": "arn:aws:iam::123456789012:role/x",
    "Port": "8082",
    "AnswerSeconds": "10",
}


@pytest.mark.parametrize("name", GOOD)
def test_shell_metacharacters_are_refused_by_service_and_script(machine: Machine, name: str) -> None:
    for value in ("", "-x", *INJECTIONS, *(GOOD[name] + added for added in INJECTIONS)):
        with pytest.raises(RefusedParameter, match=name):
            machine.run(**{name: value})
        assert f"error: parameter {name} is refused" in machine.refused(checked=False, **{name: value})
    assert machine.tree() == {}
    assert not list(machine.state.parent.rglob("pwned"))


def test_a_value_that_passes_is_data(machine: Machine) -> None:
    """Of what the patterns let through, nothing is special to the shell, sed or the properties format."""
    role = "arn:aws:iam::123456789012:role/a+=,.@-_b"
    machine.installed(RoleArn=role)
    assert f'awsRoleArn="{role}";' in machine.text(CLIENT)


@pytest.mark.parametrize("port", ["1023", "65536", "99999"])
def test_a_port_that_the_proxy_cannot_take(machine: Machine, port: str) -> None:
    assert "parameter Port is refused" in machine.refused(Port=port)
    assert machine.tree() == {}


# --- Restart ---------------------------------------------------------------------------------------------


def test_restart(machine: Machine) -> None:
    machine.installed()
    machine.log("systemctl")
    done = machine.run(SsmDocument.RESTART)
    port = machine.parameters["Port"]
    assert (done.returncode, done.stdout) == (0, f"answers: {UNIT} on port {port}\nrestarted: {UNIT}\n")
    assert f"restart {UNIT}" in machine.log("systemctl")
    # It runs with the installed files: nothing is left to do.
    assert machine.installed()[-1] == "result: unchanged"


def test_restart_without_the_iam_library(machine: Machine) -> None:
    machine.installed()
    machine.file(f"{HOME}/aws-msk-iam-auth").unlink()
    done = machine.run(SsmDocument.RESTART)
    assert (done.returncode, done.stderr) == (0, "")
    # The library is brought back, and the unit started with it.
    assert {"installed: aws-msk-iam-auth 2.3.2", f"started: {UNIT}"} <= set(machine.installed())


def test_restart_of_a_unit_that_does_not_come_up(machine: Machine) -> None:
    machine.installed()
    machine.set(state_after_restart="failed", journal=LOG)
    error = machine.refused(SsmDocument.RESTART)
    assert f"error: unit {UNIT} did not come up, it is failed. Its last log lines:\n" in error
    assert "Access denied" in error


def test_restart_of_what_is_not_installed(machine: Machine) -> None:
    assert "run the document install-kafka-client on this instance first" in machine.refused(
        SsmDocument.RESTART
    )
    assert machine.log("systemctl") == []


# --- Status ----------------------------------------------------------------------------------------------


def status(machine: Machine) -> dict[str, object]:
    before = machine.tree()
    done = machine.run(SsmDocument.STATUS)
    assert (done.returncode, done.stderr) == (0, "")
    # Run Command keeps 2,500 characters of the output in its list of invocations.
    assert len(done.stdout) < 2500
    assert done.stdout.count("\n") == 1
    assert machine.tree() == before
    assert machine.log("systemctl") == []
    shown: dict[str, object] = json.loads(done.stdout)
    return shown


def test_status_of_a_proxy_that_answers(machine: Machine) -> None:
    machine.installed()
    machine.log("systemctl")
    assert status(machine) == {
        "healthy": True,
        "unit": UNIT,
        "state": "active",
        "sub_state": "running",
        "enabled": True,
        "restarts": 0,
        "port": int(machine.parameters["Port"]),
        "listening": True,
        "http_status": 200,
        "installed": {
            "java": "17.0.13",
            "kafka": "3.9.1",
            "kafka-rest": "7.9.1",
            "aws-msk-iam-auth": "2.3.2",
        },
        "bootstrap_servers": BROKERS,
        "role_arn": "instance",
        "errors": [],
    }


def test_status_of_a_proxy_that_is_down(machine: Machine, listener: socket.socket) -> None:
    machine.installed()
    machine.log("systemctl")
    # It stays bound: a port that is given back may be another's at once.
    listener.shutdown(socket.SHUT_RDWR)
    noise = 'ERROR said "no" \\ to C:\\x\ttab \x07 bell é ' + "x" * 400 + "\n"
    machine.set(unit_state="failed", http_status="000", journal=LOG + noise * 9)
    shown = status(machine)
    assert (shown["healthy"], shown["state"], shown["listening"], shown["http_status"]) == (
        False,
        "failed",
        False,
        0,
    )
    errors = shown["errors"]
    assert isinstance(errors, list)
    assert len(errors) == 5
    assert errors[0].startswith('ERROR said "no" \\ to C:\\x?tab ? bell ?? xxx')
    assert {len(line) for line in errors} == {200}


def test_status_shows_the_role(machine: Machine) -> None:
    role = "arn:aws:iam::123456789012:role/team/0a1b-ec2-access-role"
    machine.installed(RoleArn=role)
    machine.log("systemctl")
    assert status(machine)["role_arn"] == role


def test_status_shows_errors_only(machine: Machine) -> None:
    machine.installed()
    machine.log("systemctl")
    machine.set(journal=LOG)
    assert status(machine)["errors"] == LOG.splitlines()[-2:]


def test_status_of_an_empty_instance(machine: Machine) -> None:
    shown = status(machine)
    assert (shown["healthy"], shown["state"], shown["port"]) == (False, "inactive", None)
    assert (shown["bootstrap_servers"], shown["role_arn"]) == (None, None)
    assert shown["installed"] == dict.fromkeys(("java", "kafka", "kafka-rest", "aws-msk-iam-auth"))
