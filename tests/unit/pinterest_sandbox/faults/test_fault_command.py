from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result

from pinterest_sandbox import lifecycle
from pinterest_sandbox.cli import main
from pinterest_sandbox.config import Config
from tests.unit.pinterest_sandbox.faults.gates import Gate, RawServer, opened_gate, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with raw_server(OK) as server:
        yield server


@pytest.fixture(scope="module")
def open_gate(server: RawServer) -> Iterator[Gate]:
    with opened_gate({"s3": server.port, "api": server.port}) as gate:
        yield gate


@pytest.fixture
def gate(open_gate: Gate, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Gate:
    """An open gate that the command takes for the running sandbox's."""
    config = Config(
        home=tmp_path,
        user_id="sandbox",
        ports=dict(open_gate.ports),
        source_password="",
        databricks_token="",
        control_password="",
    )
    monkeypatch.setattr(lifecycle, "running_config", lambda: config)
    open_gate.book.clear()
    return open_gate


def fault(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["fault", *arguments])


def test_a_fault_strikes_its_share_and_is_listed_and_cleared(gate: Gate) -> None:
    begun = fault("s3", "--client", "airflow", "--error", "SlowDown", "--for", "2m", "--share", "0.5")
    assert begun.exit_code == 0, begun.output
    assert "0.5 of the requests to s3 by airflow get 503 SlowDown for 120 s" in begun.output
    statuses = [requests.get(gate.url("s3"), timeout=10).status_code for _ in range(4)]
    assert statuses == [200, 503, 200, 503]
    assert requests.get(gate.url("s3", "spark"), timeout=10).status_code == 200
    row = next(line for line in fault("--list").output.splitlines() if "airflow" in line)
    assert [cell.strip() for cell in row.strip("│").split("│")][1:] == [
        "s3",
        "airflow",
        "503 SlowDown",
        "1/2",
        "4",
        "2",
        "120 s",
    ]
    assert "SlowDown" in fault("--clear").output
    assert fault("--list").output == "No fault is active.\n"
    assert requests.get(gate.url("s3"), timeout=10).status_code == 200


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("20s", 20.0), ("2m", 120.0), ("1h", 3600.0), ("1.5", 1.5)]
)
def test_a_time_has_a_unit(gate: Gate, text: str, seconds: float) -> None:
    assert fault("s3", "--status", "503", "--for", text).exit_code == 0
    (active,) = gate.book.active()
    assert gate.book.left(active) == seconds


def test_what_is_not_said_is_all_clients_all_requests_and_20_s(gate: Gate) -> None:
    fault("api", "--refuse-records")
    (active,) = gate.book.active()
    assert (active.fault.client, active.fault.share, active.fault.seconds) == (None, 1, 20.0)
    assert active.fault.refuse_records


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["s4", "--status", "503"], "no service s4; there are: s3, kinesis, api, rest-proxy, databricks"),
        ([], "name a service: s3, kinesis, api, rest-proxy, databricks"),
        (["s3"], "say one of --status, --error and --refuse-records"),
        (["s3", "--status", "503", "--error", "SlowDown"], "say one of"),
        (["s3", "--status", "503", "--share", "1.01"], "a share is above 0 and at most 1, not 1.01"),
        (["s3", "--status", "503", "--share", "0"], "a share is above 0"),
        (["s3", "--status", "503", "--share", "half"], "'half' is no number"),
        (["s3", "--status", "503", "--for", "soon"], "'soon' is no time"),
        (["s3", "--status", "503", "--for", "0s"], "more than 0 s"),
        (["s3", "--status", "503", "--client", "me"], "'airflow', 'connector', 'spark', 'api', 'other'"),
        (["s3", "--error", "Slow"], "no error Slow; there are: SlowDown (503)"),
        (["s3", "--refuse-records"], "s3 takes no records; these do: kinesis, api, rest-proxy"),
        (["s3", "--list"], "--list and --clear are for all services"),
    ],
)
def test_a_wrong_command_says_what_there_is(gate: Gate, arguments: list[str], message: str) -> None:
    answer = fault(*arguments)
    assert answer.exit_code != 0
    assert message in " ".join(answer.output.split())
    assert gate.book.active() == []


def test_without_a_sandbox_or_without_its_gate_the_command_says_so(
    monkeypatch: pytest.MonkeyPatch, gate: Gate, tmp_path: Path
) -> None:
    config = lifecycle.running_config()
    assert config is not None
    nowhere = {**config.ports, "fault_gate": gate.ports["databricks"]}
    gone = Config(**{**vars(config), "ports": nowhere})
    monkeypatch.setattr(lifecycle, "running_config", lambda: gone)
    assert "the sandbox runs without its fault-gate" in fault("--list").output
    monkeypatch.setattr(lifecycle, "running_config", lambda: None)
    assert "start it with `make up`" in fault("--list").output
