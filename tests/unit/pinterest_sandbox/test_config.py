from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pinterest_sandbox.config import HOST, NotUp, choose_ports, load_config, new_config


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind((HOST, 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def test_a_free_port_is_taken_as_preferred_and_a_taken_one_moves() -> None:
    first, second = free_ports(2)
    with socket.socket() as other:
        other.bind((HOST, second))
        other.listen()
        chosen = choose_ports({"a": first, "b": second})
    assert chosen["a"] == first
    assert chosen["b"] not in (first, second)


def test_no_port_is_given_twice_when_all_are_taken() -> None:
    (port,) = free_ports(1)
    with socket.socket() as other:
        other.bind((HOST, port))
        other.listen()
        chosen = choose_ports({str(number): port for number in range(200)})
    assert len(set(chosen.values())) == 200
    assert port not in chosen.values()


def test_the_callers_user_id_is_respected(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PINTEREST_SANDBOX_HOME", str(tmp_path))
    monkeypatch.setenv("PINTEREST_USER_ID", "12b287eedf6d")
    config = new_config()
    assert config.user_id == "12b287eedf6d"
    assert config.bucket == "user-12b287eedf6d-bucket"


@pytest.mark.parametrize("user_id", ["Upper", "with-dash", "x" * 41, "ä"])
def test_a_wrong_user_id_is_named(monkeypatch: pytest.MonkeyPatch, user_id: str) -> None:
    monkeypatch.setenv("PINTEREST_USER_ID", user_id)
    with pytest.raises(ValueError, match="PINTEREST_USER_ID"):
        new_config()


def test_what_was_saved_is_loaded_and_only_its_owner_may_read_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PINTEREST_SANDBOX_HOME", str(tmp_path))
    monkeypatch.delenv("PINTEREST_USER_ID", raising=False)
    config = new_config()
    config.save()
    assert load_config() == config
    assert (tmp_path / "sandbox.json").stat().st_mode & 0o777 == 0o600


def test_without_a_sandbox_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PINTEREST_SANDBOX_HOME", str(tmp_path))
    with pytest.raises(NotUp, match="make up"):
        load_config()
