from __future__ import annotations

import json
import socket
from typing import Any

import pytest
import requests

from pinterest_pipeline.health.checks.api import Reading
from pinterest_pipeline.health.readings import api
from tests.unit.pinterest_pipeline.fake_streams import FakeApi
from tests.unit.pinterest_pipeline.fakes import Answer

KEY = "key-of-the-api-0123456789"


def connect(monkeypatch: pytest.MonkeyPatch, host: str, key: str = KEY) -> None:
    connection = {"conn_type": "http", "host": host, "password": key}
    monkeypatch.setenv("AIRFLOW_CONN_PINTEREST_API", json.dumps(connection))


def test_it_asks_for_the_topics_with_the_key(monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeApi) -> None:
    connect(monkeypatch, f"{rest_proxy.url}/prod/")
    rest_proxy.script = [Answer(200, ["sandbox.pin"])]
    found = api.read({})
    assert (found.status, found.trouble, found.error_type) == (200, "", "")
    assert 0 < found.latency_s < 5
    (request,) = rest_proxy.requests
    assert (request.method, request.path) == ("GET", "/prod/topics")
    assert request.headers["x-api-key"] == KEY


def test_an_api_without_a_key(monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeApi) -> None:
    connect(monkeypatch, rest_proxy.url, key="")
    assert api.read({}).status == 200
    (request,) = rest_proxy.requests
    assert "x-api-key" not in request.headers


@pytest.mark.parametrize("status", [301, 403, 429, 500, 504])
def test_every_answer_is_taken_as_it_is_and_once(
    monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeApi, status: int
) -> None:
    connect(monkeypatch, rest_proxy.url)
    headers = {"x-amzn-ErrorType": "ForbiddenException", "Location": f"{rest_proxy.url}/elsewhere"}
    rest_proxy.script = [Answer(status, {"message": "no"}, headers=headers)]
    found = api.read({})
    assert (found.status, found.error_type) == (status, "ForbiddenException")
    assert len(rest_proxy.requests) == 1


def test_an_answer_that_is_cut_off(monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeApi) -> None:
    connect(monkeypatch, rest_proxy.url)
    rest_proxy.script = [Answer(status=0)]
    assert api.read({}) == Reading(trouble="no connection")


def test_nothing_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        connect(monkeypatch, f"http://127.0.0.1:{probe.getsockname()[1]}")
        assert api.read({}) == Reading(trouble="no connection")


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (requests.exceptions.ConnectTimeout, "no connection in time"),
        (requests.exceptions.ReadTimeout, "no answer in time"),
        (requests.exceptions.SSLError, "its certificate is not good"),
        (requests.exceptions.ConnectionError, "no connection"),
        (requests.exceptions.InvalidURL, "the host of the connection is not good (InvalidURL)"),
    ],
)
def test_no_answer_is_told_without_the_address(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception], trouble: str
) -> None:
    connect(monkeypatch, "https://abc123.execute-api.us-east-1.amazonaws.com/prod")

    def get(url: str, *, timeout: tuple[float, float], **_: Any) -> None:
        assert max(timeout) <= 5
        raise error(f"HTTPSConnectionPool(host='{url}')")

    monkeypatch.setattr(requests, "get", get)
    assert api.read({}) == Reading(trouble=trouble)


def test_without_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_PINTEREST_API", raising=False)
    assert api.read({}) == Reading(no_connection=True)
    monkeypatch.setenv("AIRFLOW_CONN_PINTEREST_API", json.dumps({"conn_type": "http", "password": KEY}))
    assert api.read({}) == Reading(no_connection=True)
