"""Run Command: scripts that really run, their states, outputs and parameters."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.aws.ssm.commands import Commands
from pinterest_sandbox.aws.ssm.documents import Documents
from pinterest_sandbox.aws.ssm.facade import Ssm, application
from pinterest_sandbox.aws.ssm.store import Store
from pinterest_sandbox.config import CLIENT_INSTANCE_ID
from pinterest_sandbox.waiting import NotReady, wait_until
from tests.unit.pinterest_sandbox.aws.serving import serving
from tests.unit.pinterest_sandbox.aws.ssm_machine import FakeMachine, document

PATTERNED = {"type": "String", "allowedPattern": "^[a-z]+$", "interpolationType": "ENV_VAR"}


@dataclass
class Account:
    """The facade, its machine and a client."""

    client: Any
    machine: FakeMachine

    def make(self, *scripts: str, **options: Any) -> None:
        """A document ``words`` in place of any other of that name."""
        if self.client.list_documents()["DocumentIdentifiers"]:
            self.client.delete_document(Name="words")
        self.client.create_document(
            Name="words", Content=document(*scripts, **options), DocumentType="Command", DocumentFormat="JSON"
        )

    def send(self, **parameters: str | list[str]) -> str:
        given = {name: [value] if isinstance(value, str) else value for name, value in parameters.items()}
        sent = self.client.send_command(
            InstanceIds=[CLIENT_INSTANCE_ID], DocumentName="words", Parameters=given
        )
        return str(sent["Command"]["CommandId"])

    def look(self, command: str, **more: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_command_invocation(
            CommandId=command, InstanceId=CLIENT_INSTANCE_ID, **more
        )
        return found

    def run(self, **parameters: str | list[str]) -> dict[str, Any]:
        return self.end(self.send(**parameters))

    def end(self, command: str, **more: str) -> dict[str, Any]:
        def ended() -> None:
            (row,) = self.client.list_command_invocations(CommandId=command)["CommandInvocations"]
            if row["Status"] in ("Pending", "InProgress", "Cancelling"):
                raise NotReady(row["Status"])

        wait_until(ended, what="end of the command", timeout=20, interval=0.02)
        return self.look(command, **more)


@contextmanager
def started(folder: Path, moto_url: str) -> Iterator[Account]:
    store, machine = Store(folder / "state.json"), FakeMachine(folder)
    with serving(application(Ssm(Documents(store), Commands(store, machine), moto_url))) as url:
        yield Account(aws_client("ssm", url), machine)


@pytest.fixture
def account(tmp_path: Path, moto_url: str) -> Iterator[Account]:
    with started(tmp_path, moto_url) as made:
        yield made


def seen(found: dict[str, Any]) -> tuple[Any, ...]:
    return found["Status"], found["StatusDetails"], found["ResponseCode"]


def test_a_script_runs_with_bash_and_its_output_is_kept(account: Account) -> None:
    account.make('[[ -n $BASH ]] && echo "in $WHERE"\necho wrong >&2')
    found = account.run()
    assert seen(found) == ("Success", "Success", 0)
    assert found["StandardOutputContent"] == f"in {account.machine.folder}\n"
    assert found["StandardErrorContent"] == "wrong\n"
    assert (found["PluginName"], found["DocumentVersion"]) == ("step1", "1")
    assert found["ExecutionStartDateTime"] <= found["ExecutionEndDateTime"]


def test_the_exit_code_of_a_failure(account: Account) -> None:
    account.make("echo out\necho why >&2\nexit 3")
    found = account.run()
    assert seen(found) == ("Failed", "Failed", 3)
    assert (found["StandardOutputContent"], found["StandardErrorContent"]) == ("out\n", "why\n")


def test_the_states_on_the_way(account: Account, tmp_path: Path) -> None:
    go = tmp_path / "go"
    account.make(f"echo here\nuntil [[ -e {go} ]]; do sleep 0.02; done")
    command = account.send()

    def runs() -> None:
        if account.look(command)["Status"] != "InProgress":
            raise NotReady("pending")

    wait_until(runs, what="the command", timeout=10)
    found = account.look(command)
    assert (seen(found), found["ExecutionEndDateTime"]) == (("InProgress", "InProgress", -1), "")
    (listed,) = account.client.list_command_invocations(
        InstanceId=CLIENT_INSTANCE_ID,
        Filters=[{"key": "DocumentName", "value": "words"}, {"key": "Status", "value": "InProgress"}],
    )["CommandInvocations"]
    assert listed["CommandId"] == command
    go.touch()
    assert seen(account.end(command)) == ("Success", "Success", 0)


def test_output_is_cut(account: Account) -> None:
    account.make("head -c 30000 /dev/zero | tr '\\0' x\nhead -c 9000 /dev/zero | tr '\\0' y >&2")
    command = account.send()
    found = account.end(command)
    end = "--output truncated--"
    assert found["StandardOutputContent"] == "x" * (24_000 - len(end)) + end
    assert found["StandardErrorContent"] == "y" * (8_000 - len(end)) + end
    (row,) = account.client.list_command_invocations(CommandId=command, Details=True)["CommandInvocations"]
    assert len(row["CommandPlugins"][0]["Output"]) == 2500


def test_what_fits_is_not_cut(account: Account) -> None:
    account.make("head -c 24000 /dev/zero | tr '\\0' x")
    assert account.run()["StandardOutputContent"] == "x" * 24_000


def test_a_step_that_takes_too_long_is_stopped_with_its_children(account: Account, tmp_path: Path) -> None:
    account.make(f"sleep 600 & echo $! >{tmp_path}/child\nwait", seconds=1)
    found = account.run()
    assert seen(found) == ("TimedOut", "ExecutionTimedOut", 137)
    assert gone(int((tmp_path / "child").read_text()))


def test_a_command_is_cancelled_with_its_children(account: Account, tmp_path: Path) -> None:
    child = tmp_path / "child"
    account.make(f"sleep 600 & echo $! >{child}.new\nmv {child}.new {child}\nwait")
    command = account.send()

    def runs() -> None:
        if not child.exists():
            raise NotReady("no child")

    wait_until(runs, what="the script", timeout=10)
    account.client.cancel_command(CommandId=command)
    assert seen(account.end(command)) == ("Cancelled", "Cancelled", 137)
    assert gone(int(child.read_text()))
    # Harmless at its end.
    account.client.cancel_command(CommandId=command)
    assert account.look(command)["Status"] == "Cancelled"


def gone(pid: int) -> bool:
    """Whether a process has ended; nobody may have collected it yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_steps_run_in_their_order_and_one_that_fails_fails_the_command(account: Account) -> None:
    account.make("echo one\nexit 1", "echo two")
    command = account.send()
    assert account.end(command, PluginName="step2")["StandardOutputContent"] == "two\n"
    assert seen(account.look(command, PluginName="step1")) == ("Failed", "Failed", 1)
    with pytest.raises(account.client.exceptions.InvalidPluginName):
        account.look(command)


def test_parameters_come_through_the_environment_or_as_text(account: Account) -> None:
    account.make(
        'echo "$SSM_Word"\necho "{{ Text }} {{Number}}"',
        Word=PATTERNED,
        Text={"type": "String", "default": "as it is"},
        Number={"type": "String"},
    )
    found = account.run(Word="abc", Number="7 \\1")
    assert found["StandardOutputContent"] == "abc\nas it is 7 \\1\n"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"Word": "ABC"}, "not matching"),
        ({"Word": "abc\n"}, "not matching"),
        ({"Word": ["a", "b"]}, "one value"),
        ({}, "is required"),
        ({"Word": "abc", "Other": "x"}, "no parameter Other"),
    ],
    ids=["pattern", "line break", "two values", "missing", "unknown"],
)
def test_wrong_parameters_start_nothing(account: Account, given: dict[str, Any], said: str) -> None:
    account.make("touch $WHERE/ran", Word=PATTERNED)
    with pytest.raises(account.client.exceptions.InvalidParameters, match=said):
        account.send(**given)
    assert account.client.list_command_invocations()["CommandInvocations"] == []


def test_the_version_that_is_asked_for_runs(account: Account) -> None:
    account.make("echo one")
    account.client.update_document(Name="words", Content=document("echo two"), DocumentVersion="$LATEST")
    sent = account.client.send_command(
        InstanceIds=[CLIENT_INSTANCE_ID], DocumentName="words", DocumentVersion="2"
    )
    assert account.end(sent["Command"]["CommandId"])["StandardOutputContent"] == "two\n"
    assert account.run()["StandardOutputContent"] == "one\n"


def test_what_can_not_be_sent(account: Account) -> None:
    account.make("echo one")
    client = account.client
    with pytest.raises(client.exceptions.InvalidDocument):
        client.send_command(InstanceIds=[CLIENT_INSTANCE_ID], DocumentName="none")
    with pytest.raises(client.exceptions.InvalidDocumentVersion):
        client.send_command(InstanceIds=[CLIENT_INSTANCE_ID], DocumentName="words", DocumentVersion="9")
    with pytest.raises(client.exceptions.InvalidInstanceId):
        client.send_command(InstanceIds=["i-00000000000000000"], DocumentName="words")
    with pytest.raises(client.exceptions.DuplicateInstanceId):
        client.send_command(InstanceIds=[CLIENT_INSTANCE_ID] * 2, DocumentName="words")
    with pytest.raises(client.exceptions.InvocationDoesNotExist):
        account.look("0" * 36)
    with pytest.raises(client.exceptions.InvalidCommandId):
        client.cancel_command(CommandId="0" * 36)


def test_an_instance_that_is_not_running_is_not_managed(account: Account) -> None:
    account.make("echo one")
    (row,) = account.client.describe_instance_information(
        Filters=[{"Key": "InstanceIds", "Values": [CLIENT_INSTANCE_ID]}]
    )["InstanceInformationList"]
    assert (row["InstanceId"], row["PingStatus"], row["PlatformType"]) == (
        CLIENT_INSTANCE_ID,
        "Online",
        "Linux",
    )
    other = account.client.describe_instance_information(
        Filters=[{"Key": "InstanceIds", "Values": ["i-00000000000000000"]}]
    )
    assert other["InstanceInformationList"] == []
    account.machine.running = False
    assert account.client.describe_instance_information()["InstanceInformationList"] == []
    with pytest.raises(account.client.exceptions.InvalidInstanceId):
        account.send()


def test_commands_outlive_the_process_and_what_ran_has_failed(tmp_path: Path, moto_url: str) -> None:
    with started(tmp_path, moto_url) as account:
        account.make("echo one")
        done = account.send()
        before = account.end(done)
    store = Store(tmp_path / "state.json")
    store.commands[done].status = store.commands[done].steps[0].status = "InProgress"
    store.save()
    with started(tmp_path, moto_url) as account:
        found = account.look(done)
        assert found["StandardOutputContent"] == before["StandardOutputContent"] == "one\n"
        assert found["Status"] == "Failed"
        assert "was restarted" in found["StandardErrorContent"]


def test_the_facade_ends_what_runs_when_it_ends(tmp_path: Path, moto_url: str) -> None:
    child = tmp_path / "child"
    with started(tmp_path, moto_url) as account:
        account.make(f"echo $$ >{child}.new\nmv {child}.new {child}\nsleep 600")
        account.send()
        deadline = time.monotonic() + 10
        while not child.exists():
            assert time.monotonic() < deadline
    assert gone(int(child.read_text()))
