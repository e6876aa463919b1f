"""Systems Manager of the running sandbox: the pipeline's own documents against the real REST proxy."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import requests

from pinterest_pipeline.provisioning.ssm_documents import SsmDocument, ssm_content
from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.config import CLIENT_INSTANCE_ID
from pinterest_sandbox.supervision import Supervisor
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.running_sandbox import CHECKOUT, RunningSandbox

PREFIX = "ring"


def read(relative: str) -> str:
    return (CHECKOUT / "include" / relative).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def ssm(sandbox: RunningSandbox) -> Iterator[Any]:
    client = aws_client("ssm", sandbox.environment["AWS_ENDPOINT_URL_SSM"])
    names = [f"{PREFIX}-{document}" for document in SsmDocument]
    for document in SsmDocument:
        client.create_document(
            Name=f"{PREFIX}-{document}",
            Content=ssm_content(document, read),
            DocumentType="Command",
            DocumentFormat="JSON",
            TargetType="/AWS::EC2::Instance",
        )
    yield client
    for name in names:
        client.delete_document(Name=name)


def run(client: Any, document: SsmDocument, **parameters: str) -> dict[str, Any]:
    """Send a command and wait for its end, as operators do."""
    sent = client.send_command(
        InstanceIds=[CLIENT_INSTANCE_ID],
        DocumentName=f"{PREFIX}-{document}",
        Parameters={name: [value] for name, value in parameters.items()},
    )["Command"]
    place = {"CommandId": sent["CommandId"], "InstanceId": CLIENT_INSTANCE_ID}
    found: dict[str, Any] = {}

    def ended() -> None:
        found.update(client.get_command_invocation(**place))
        if found["Status"] in ("Pending", "InProgress"):
            raise NotReady(found["Status"])

    wait_until(ended, what=f"the end of {document}", timeout=120, interval=0.2)
    return found


def status(client: Any) -> dict[str, Any]:
    found = run(client, SsmDocument.STATUS)
    assert (found["Status"], found["StandardErrorContent"]) == ("Success", "")
    shown: dict[str, Any] = json.loads(found["StandardOutputContent"])
    return shown


def pid(sandbox: RunningSandbox) -> int:
    """The proxy's process id, 0 while it does not run."""
    return next(each.pid for each in Supervisor(sandbox).processes() if each.name == "rest-proxy")


def topics(sandbox: RunningSandbox) -> int:
    return requests.get(sandbox.url("rest_proxy", "/topics"), timeout=10).status_code


def test_the_instance_is_the_one_of_the_settings_and_online(sandbox: RunningSandbox, ssm: Any) -> None:
    (found,) = ssm.describe_instance_information()["InstanceInformationList"]
    assert found["InstanceId"] == sandbox.environment["PINTEREST_CLIENT_INSTANCE_ID"]
    assert found["PingStatus"] == "Online"


def test_status_of_the_proxy_that_runs(sandbox: RunningSandbox, ssm: Any) -> None:
    shown = status(ssm)
    assert {name: shown[name] for name in ("healthy", "state", "sub_state", "port", "http_status")} == {
        "healthy": True,
        "state": "active",
        "sub_state": "running",
        "port": sandbox.ports["rest_proxy"],
        "http_status": 200,
    }
    assert (shown["enabled"], shown["listening"]) == (True, True)
    (jar,) = (CHECKOUT / ".sandbox" / "cache" / "jars" / "kafka").glob("kafka-clients-*.jar")
    assert jar.name == f"kafka-clients-{shown['installed']['kafka']}.jar"
    assert shown["installed"]["aws-msk-iam-auth"] is None


def test_restart_gives_a_new_process_that_answers(sandbox: RunningSandbox, ssm: Any) -> None:
    before = pid(sandbox)
    done = run(ssm, SsmDocument.RESTART, AnswerSeconds="60")
    assert (done["Status"], done["ResponseCode"], done["StandardErrorContent"]) == ("Success", 0, "")
    assert "restarted: kafka-rest-proxy.service" in done["StandardOutputContent"].splitlines()
    after = pid(sandbox)
    assert after != before
    assert not psutil.pid_exists(before)
    assert topics(sandbox) == 200
    assert status(ssm)["restarts"] == 0


def test_a_proxy_that_is_stopped_is_told_and_comes_back(sandbox: RunningSandbox, ssm: Any) -> None:
    Supervisor(sandbox).stop("rest-proxy")
    shown = status(ssm)
    assert (shown["healthy"], shown["state"], shown["listening"], shown["http_status"]) == (
        False,
        "inactive",
        False,
        0,
    )
    assert run(ssm, SsmDocument.RESTART, AnswerSeconds="60")["Status"] == "Success"
    assert status(ssm)["healthy"] is True
    assert topics(sandbox) == 200


def test_a_proxy_that_hangs_is_told_and_comes_back(sandbox: RunningSandbox, ssm: Any) -> None:
    victim = pid(sandbox)
    # 0 would be this process and its group.
    assert victim
    os.kill(victim, signal.SIGSTOP)
    shown = status(ssm)
    assert (shown["healthy"], shown["state"], shown["http_status"]) == (False, "active", 0)
    assert run(ssm, SsmDocument.RESTART, AnswerSeconds="60")["Status"] == "Success"
    assert not psutil.pid_exists(victim)
    assert status(ssm)["healthy"] is True


def test_a_proxy_that_was_killed_is_started_again_and_counted(sandbox: RunningSandbox, ssm: Any) -> None:
    run(ssm, SsmDocument.RESTART, AnswerSeconds="60")
    victim = Supervisor(sandbox).kill("rest-proxy")

    def started_again() -> None:
        if pid(sandbox) in (0, victim):
            raise NotReady("not started again")

    wait_until(started_again, what="the REST proxy", timeout=20)
    assert status(ssm)["restarts"] == 1
    assert run(ssm, SsmDocument.RESTART, AnswerSeconds="60")["Status"] == "Success"
    assert (status(ssm)["restarts"], topics(sandbox)) == (0, 200)


def test_an_installation_says_that_it_reaches_no_download(ssm: Any) -> None:
    shas = {f"{part}Sha256": "0" * 64 for part in ("Kafka", "IamAuth", "RestProxy")}
    done = run(ssm, SsmDocument.INSTALL, BootstrapServers="b-1.example.com:9098", **shas)
    assert (done["Status"], done["ResponseCode"]) == ("Failed", 1)
    assert "curl: (6)" in done["StandardErrorContent"]
    assert (
        "error: aws-msk-iam-auth 2.3.2 could not be downloaded from https://github.com/"
        in (done["StandardErrorContent"])
    )
    assert status(ssm)["healthy"] is True


@pytest.mark.parametrize(
    ("document", "parameters", "said"),
    [
        (SsmDocument.RESTART, {"AnswerSeconds": "soon"}, "AnswerSeconds"),
        (SsmDocument.RESTART, {"AnswerSeconds": "9; touch x"}, "AnswerSeconds"),
        (SsmDocument.RESTART, {"Wrong": "1"}, "Wrong"),
        (SsmDocument.INSTALL, {}, "KafkaSha256"),
    ],
    ids=["no number", "more than a number", "unknown", "missing"],
)
def test_wrong_parameters_are_refused(
    ssm: Any, document: SsmDocument, parameters: dict[str, str], said: str
) -> None:
    with pytest.raises(ssm.exceptions.InvalidParameters, match=said):
        run(ssm, document, **parameters)


def test_another_instance_is_refused(ssm: Any) -> None:
    with pytest.raises(ssm.exceptions.InvalidInstanceId):
        ssm.send_command(InstanceIds=["i-00000000000000000"], DocumentName=f"{PREFIX}-{SsmDocument.STATUS}")


def test_parameter_store_is_kept_apart(ssm: Any) -> None:
    ssm.put_parameter(Name="/ring/word", Value="here", Type="String")
    assert ssm.get_parameter(Name="/ring/word")["Parameter"]["Value"] == "here"
    ssm.delete_parameter(Name="/ring/word")
