"""The scripts of the SSM documents, run as SSM Agent runs them, on a folder and with stand-ins."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pinterest_pipeline.provisioning.ssm_documents import SsmDocument
from tests.unit.pinterest_pipeline.provisioning.kafka_client_machine import (
    BROKERS,
    Machine,
    RefusedParameter,
    archive,
)

HOME = "/opt/kafka-client"
UNIT = "kafka-rest-proxy.service"
CLIENT = "/etc/kafka-client/client.properties"
PROXY = "/etc/kafka-client/kafka-rest.properties"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """What listens on the proxy's port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


@pytest.fixture
def machine(tmp_path: Path, listener: socket.socket) -> Machine:
    return Machine(tmp_path, listener.getsockname()[1])


def in_use(machine: Machine) -> dict[str, str]:
    """The version of each part that its link points to, without the checksum."""
    parts = ("aws-msk-iam-auth", "kafka", "kafka-rest")
    return {part: os.readlink(machine.file(f"{HOME}/{part}")).rpartition("-")[0] for part in parts}


def leftovers(machine: Machine) -> list[str]:
    """What a run must not leave behind."""
    return [path for path in machine.tree() if re.search(r"\.work|\.new$|\.file$", path)]


# --- Installing ------------------------------------------------------------------------------------------


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


def changes(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith(("unchanged:", "answers:"))]


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


# --- What goes wrong -------------------------------------------------------------------------------------


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


LOG = "".join(f"[2025-01-01] INFO line {number} (x)\n" for number in range(30)) + (
    "ERROR Server died unexpectedly: (io.confluent.kafkarest.KafkaRestMain)\n"
    "java.lang.RuntimeException: SaslAuthenticationException: Access denied\n"
)


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


# --- Parameters ------------------------------------------------------------------------------------------

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
        "errors": [],
    }


def test_status_of_a_proxy_that_is_down(machine: Machine, listener: socket.socket) -> None:
    machine.installed()
    machine.log("systemctl")
    listener.close()
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


def test_status_shows_errors_only(machine: Machine) -> None:
    machine.installed()
    machine.log("systemctl")
    machine.set(journal=LOG)
    assert status(machine)["errors"] == LOG.splitlines()[-2:]


def test_status_of_an_empty_instance(machine: Machine) -> None:
    shown = status(machine)
    assert (shown["healthy"], shown["state"], shown["port"]) == (False, "inactive", None)
    assert shown["installed"] == dict.fromkeys(("java", "kafka", "kafka-rest", "aws-msk-iam-auth"))
