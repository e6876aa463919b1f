"""Streams, connections and a sink behind the tasks of the burst."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any

import pytest
from airflow.sdk import BaseHook, Connection

from cloud_operators.aws.hooks.kinesis import KinesisHook
from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook
from pinterest_pipeline.emulation import source
from pinterest_pipeline.emulation import tasks as emulation
from pinterest_pipeline.settings import load_settings
from tests.unit.pinterest_pipeline.emulation.burst_task import Source
from tests.unit.pinterest_pipeline.fake_streams import FakeApi, FakeStreams
from tests.unit.pinterest_pipeline.fakes import FakeRestProxy


@pytest.fixture
def streams(monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeApi) -> FakeStreams:
    """The streams behind the API, as the pipeline's own clients see them."""
    monkeypatch.setattr(KinesisHook, "find_stream", lambda _, name: rest_proxy.streams.describe(name))
    return rest_proxy.streams


@pytest.fixture
def airflow_connections(monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeRestProxy) -> None:
    known = {
        "pinterest_api": Connection(conn_id="pinterest_api", conn_type="http", host=rest_proxy.url),
        "pinterest_source": Connection(conn_id="pinterest_source", conn_type="mysql", host="db"),
    }

    @contextmanager
    def connect(_: Connection) -> Any:
        yield Source()

    monkeypatch.setattr(BaseHook, "get_connection", classmethod(lambda _, conn_id: known[conn_id]))
    monkeypatch.setattr(source, "connect", connect)


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """How far the sink has come, and where the dead-letter topic ends."""
    settings = load_settings({"PINTEREST_USER_ID": "sandbox", "PINTEREST_DATABRICKS_WAREHOUSE_ID": "w"})
    monkeypatch.setattr(emulation, "settings", lambda: settings)
    state: dict[str, Any] = {"committed": None, "dead_letters": 4}

    def committed(_: Any, group: str, topics: list[str]) -> dict[str, dict[int, int | None]]:
        assert group == "connect-sandbox-connector"
        return {topic: {0: state["committed"]} for topic in topics}

    monkeypatch.setattr(KafkaOffsetsHook, "committed_offsets", committed)
    monkeypatch.setattr(
        KafkaOffsetsHook,
        "end_offsets",
        lambda _, topics: {topic: {0: state["dead_letters"]} for topic in topics},
    )
    return state
