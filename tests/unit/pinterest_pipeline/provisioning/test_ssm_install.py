"""The EC2 client installed, run again and configured by its script on a throw-away root."""

from __future__ import annotations

import os

import pytest

from tests.unit.pinterest_pipeline.provisioning.kafka_client_machine import (
    BROKERS,
    CLIENT,
    HOME,
    PROXY,
    UNIT,
    UNIT_FILE,
    Machine,
    changes,
    in_use,
    leftovers,
)


def test_a_fresh_instance(machine: Machine) -> None:
    port = machine.parameters["Port"]
    assert machine.installed() == [
        "unchanged: package tar",
        "unchanged: package gzip",
        "installed: package java-17-amazon-corretto-headless",
        "installed: aws-msk-iam-auth 2.3.2",
        "installed: kafka 3.9.1",
        "installed: kafka-rest 7.9.1",
        f"written: {CLIENT}",
        f"written: {PROXY}",
        f"written: {UNIT_FILE}",
        f"enabled: {UNIT} starts with the instance",
        f"answers: {UNIT} on port {port}",
        f"started: {UNIT}",
        "result: changed",
    ]
    assert in_use(machine) == {
        "aws-msk-iam-auth": "aws-msk-iam-auth-2.3.2",
        "kafka": "kafka-3.9.1",
        "kafka-rest": "kafka-rest-7.9.1",
    }
    assert machine.text(f"{HOME}/kafka/bin/kafka-topics.sh") == "kafka 3.9.1"
    assert machine.text(f"{HOME}/kafka-rest/bin/kafka-rest-start") == "rest proxy 7.9.1"
    # The command line tools find the library among their own.
    assert machine.text(f"{HOME}/kafka/libs/aws-msk-iam-auth.jar") == "jar 2.3.2"
    assert machine.log("systemctl") == [f"enable --quiet {UNIT}", "daemon-reload", f"restart {UNIT}"]
    assert leftovers(machine) == []


def test_downloads_go_over_https_alone(machine: Machine) -> None:
    machine.installed()
    calls = machine.log("curl")
    assert len(calls) == 3
    assert all("--fail" in call and "--proto =https --proto-redir =https" in call for call in calls)


def test_a_second_run_changes_nothing_and_says_so(machine: Machine) -> None:
    machine.installed()
    before = machine.tree()
    for stand_in in ("curl", "dnf", "systemctl"):
        machine.log(stand_in)
    assert machine.installed() == [
        "unchanged: package java-17-amazon-corretto-headless",
        "unchanged: package tar",
        "unchanged: package gzip",
        "unchanged: aws-msk-iam-auth 2.3.2",
        "unchanged: kafka 3.9.1",
        "unchanged: kafka-rest 7.9.1",
        f"unchanged: {CLIENT}",
        f"unchanged: {PROXY}",
        f"unchanged: {UNIT_FILE}",
        f"unchanged: {UNIT} starts with the instance",
        f"unchanged: {UNIT} runs with these files",
        f"answers: {UNIT} on port {machine.parameters['Port']}",
        "result: unchanged",
    ]
    assert machine.tree() == before
    assert machine.log("curl") + machine.log("dnf") + machine.log("systemctl") == []


def test_a_newer_kafka_client_replaces_that_alone(machine: Machine) -> None:
    machine.installed()
    machine.log("systemctl")
    before = machine.tree()
    old = os.readlink(machine.file(f"{HOME}/kafka"))
    machine.publish("Kafka", "3.9.2")
    assert changes(machine.installed()) == [
        "installed: kafka 3.9.2",
        f"removed: {HOME}/{old}",
        "result: changed",
    ]
    assert in_use(machine)["kafka"] == "kafka-3.9.2"
    new = os.readlink(machine.file(f"{HOME}/kafka"))
    here, other = f"{HOME}/kafka"[1:], (f"{HOME}/{old}"[1:], f"{HOME}/{new}"[1:])

    def rest(tree: dict[str, object]) -> dict[str, object]:
        return {path: value for path, value in tree.items() if path != here and not path.startswith(other)}

    assert rest(machine.tree()) == rest(before)
    # The proxy does not run with it.
    assert machine.log("systemctl") == []


@pytest.mark.parametrize(("part", "name"), [("RestProxy", "kafka-rest"), ("IamAuth", "aws-msk-iam-auth")])
def test_a_newer_version_of_what_the_proxy_runs_with_starts_it_anew(
    machine: Machine, part: str, name: str
) -> None:
    machine.installed()
    machine.log("systemctl")
    machine.log("curl")
    old = os.readlink(machine.file(f"{HOME}/{name}"))
    machine.publish(part, "8.0.0")
    assert changes(machine.installed()) == [
        f"installed: {name} 8.0.0",
        f"started: {UNIT}",
        f"removed: {HOME}/{old}",
        "result: changed",
    ]
    assert len(machine.log("curl")) == 1
    assert machine.log("systemctl") == ["daemon-reload", f"restart {UNIT}"]


def test_the_same_version_with_another_checksum_is_another_file(machine: Machine) -> None:
    machine.installed()
    machine.publish("IamAuth", "2.3.2", b"jar, built again")
    assert "installed: aws-msk-iam-auth 2.3.2" in machine.installed()
    assert machine.text(f"{HOME}/aws-msk-iam-auth/aws-msk-iam-auth.jar") == "jar, built again"


def test_another_java_is_what_the_unit_runs_with(machine: Machine) -> None:
    machine.installed()
    assert changes(machine.installed(JavaVersion="21")) == [
        "installed: package java-21-amazon-corretto-headless",
        f"written: {UNIT_FILE}",
        f"started: {UNIT}",
        "result: changed",
    ]
    assert "Environment=JAVA_HOME=/usr/lib/jvm/java-21-amazon-corretto.x86_64\n" in machine.text(UNIT_FILE)


def test_a_file_that_someone_has_changed_is_written_again(machine: Machine) -> None:
    machine.installed()
    wanted = machine.text(PROXY)
    machine.file(PROXY).write_text(wanted.replace("SASL_SSL", "PLAINTEXT"))
    assert changes(machine.installed()) == [f"written: {PROXY}", f"started: {UNIT}", "result: changed"]
    assert machine.text(PROXY) == wanted


def test_a_part_that_someone_has_exchanged_is_installed_again(machine: Machine) -> None:
    machine.installed()
    link = machine.file(f"{HOME}/kafka-rest")
    installed = link.readlink()
    machine.file(f"{HOME}/of-their-own").mkdir()
    link.unlink()
    link.symlink_to("of-their-own")
    assert changes(machine.installed()) == [
        "installed: kafka-rest 7.9.1",
        f"started: {UNIT}",
        "result: changed",
    ]
    assert link.readlink() == installed


def test_a_file_that_was_right_already_but_not_in_use(machine: Machine) -> None:
    """Someone has edited it, and the parameters follow; the unit was not restarted in between."""
    machine.installed()
    role = "arn:aws:iam::123456789012:role/access"
    proxy = machine.file(PROXY)
    proxy.write_text(proxy.read_text().replace("required;", f'required awsRoleArn="{role}";'))
    lines = machine.installed(RoleArn=role)
    assert f"unchanged: {PROXY}" in lines
    assert changes(lines) == [f"written: {CLIENT}", f"started: {UNIT}", "result: changed"]


def test_a_file_that_the_unit_could_not_read_is_written_again(machine: Machine) -> None:
    machine.installed()
    machine.file(PROXY).chmod(0o600)
    assert f"written: {PROXY}" in machine.installed()
    assert machine.file(PROXY).stat().st_mode & 0o777 == 0o644


def test_a_unit_that_was_stopped_is_started(machine: Machine) -> None:
    machine.installed()
    machine.set(unit_state="inactive")
    assert changes(machine.installed()) == [f"started: {UNIT}", "result: changed"]


# --- Configuration ---------------------------------------------------------------------------------------


def test_the_properties_are_those_of_aws(machine: Machine) -> None:
    """As https://docs.aws.amazon.com/msk/latest/developerguide/configure-clients-for-iam-access-control.html."""
    machine.installed()
    assert machine.text(CLIENT) == (
        f"bootstrap.servers={BROKERS}\n"
        "security.protocol=SASL_SSL\n"
        "sasl.mechanism=AWS_MSK_IAM\n"
        "sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;\n"
        "sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler\n"
    )
    # The proxy hands to its clients what begins with client. (Confluent: kafka-rest, security).
    assert machine.text(PROXY) == (
        f"listeners=http://0.0.0.0:{machine.parameters['Port']}\n"
        f"bootstrap.servers={BROKERS}\n"
        "client.security.protocol=SASL_SSL\n"
        "client.sasl.mechanism=AWS_MSK_IAM\n"
        "client.sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;\n"
        "client.sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler\n"
    )


def test_a_role_is_named_to_the_login_module(machine: Machine) -> None:
    role = "arn:aws:iam::123456789012:role/team/0a1b-ec2-access-role"
    machine.installed(RoleArn=role)
    line = f'sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required awsRoleArn="{role}";\n'
    assert line in machine.text(CLIENT)
    assert f"client.{line}" in machine.text(PROXY)


def test_the_unit(machine: Machine) -> None:
    machine.installed()
    lines = machine.text(UNIT_FILE).splitlines()
    assert f"ExecStart={HOME}/kafka-rest/bin/kafka-rest-start {PROXY}" in lines
    assert f"Environment=CLASSPATH={HOME}/aws-msk-iam-auth/aws-msk-iam-auth.jar" in lines
    assert "Environment=JAVA_HOME=/usr/lib/jvm/java-17-amazon-corretto.x86_64" in lines
    assert "DynamicUser=yes" in lines
    # No path of the machine that it was tested on.
    assert str(machine.root) not in machine.text(UNIT_FILE) + machine.text(PROXY)
