"""Asking the REST proxy: what it answers, and all the ways in which it does not."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pinterest_pipeline.health.checks.rest_proxy import judge
from pinterest_pipeline.health.readings import rest_proxy
from tests.unit.pinterest_pipeline.provisioning.customer_account import Answer, answering

Use = Callable[..., None]


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def look(use_settings: Use, address: str) -> Any:
    use_settings(REST_PROXY_ADDRESS=address)
    return rest_proxy.read({})


def answered(use_settings: Use, status: int, body: Any, kind: str = "application/vnd.kafka.v2+json") -> Any:
    asked = []

    def answer(path: str, _: str) -> Answer:
        asked.append(path)
        return status, kind, body if isinstance(body, str) else json.dumps(body)

    with answering(answer) as url:
        found = look(use_settings, url.removeprefix("http://"))
    assert asked == ["/topics"]
    return found


def test_the_topics_are_asked_for_once(use_settings: Use) -> None:
    found = answered(use_settings, 200, ["sandbox.pin"])
    assert (found.status, found.lists_topics, found.trouble) == (200, True, "")
    assert 0 < found.seconds < 3
    assert judge(found, {}).status == "healthy"


def test_an_error_is_read_with_its_code(use_settings: Use) -> None:
    found = answered(use_settings, 500, {"error_code": 50003, "message": "no broker"})
    assert (found.status, found.error_code, found.lists_topics) == (500, 50003, False)


@pytest.mark.parametrize("body", ["<html>", '"text"', "{}", '{"error_code": "secret"}', ""])
def test_what_is_no_list_is_no_proxy(use_settings: Use, body: str) -> None:
    found = answered(use_settings, 200, body, "text/html")
    assert (found.lists_topics, found.error_code) == (False, None)
    assert judge(found, {}).status == "down"


def test_a_redirect_is_not_followed(use_settings: Use) -> None:
    assert answered(use_settings, 302, "").status == 302


def test_a_missing_setting(use_settings: Use) -> None:
    assert look(use_settings, "").address == ""


def test_nothing_listens(use_settings: Use, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    # It stays bound: a port that is given back may be another's at once.
    listener.shutdown(socket.SHUT_RDWR)
    found = judge(look(use_settings, f"127.0.0.1:{port}"), {})
    assert found.status == "down"
    assert found.sentence == f"the REST proxy at 127.0.0.1:{port} can't be reached: Connection refused"


def test_a_name_that_is_not_known(use_settings: Use) -> None:
    found = judge(look(use_settings, "proxy.invalid:8082"), {})
    assert found.status == "down"
    assert found.sentence == "the REST proxy at proxy.invalid:8082 can't be reached: its name is not known"


def test_nothing_is_answered_in_time(
    use_settings: Use, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rest_proxy.READ_S <= 5
    monkeypatch.setattr(rest_proxy, "READ_S", 0.2)
    found = look(use_settings, f"127.0.0.1:{listener.getsockname()[1]}")
    assert found.trouble == "does not answer within 0.2 s"
    assert judge(found, {}).status == "down"


@pytest.mark.parametrize(
    "sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n["], ids=["at-once", "midway"]
)
def test_the_connection_is_broken_off(use_settings: Use, listener: socket.socket, sent: bytes) -> None:
    def hang_up() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(sent)

    thread = threading.Thread(target=hang_up, daemon=True)
    thread.start()
    found = look(use_settings, f"127.0.0.1:{listener.getsockname()[1]}")
    thread.join(5)
    assert found.trouble == "breaks the connection off"
    assert judge(found, {}).status == "down"
