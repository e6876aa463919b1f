"""Connections and topics of the tests."""

from __future__ import annotations

import json

import pytest

from cloud_operators.kafka.operators.topics import KafkaEnsureTopicsOperator


def set_connection(monkeypatch: pytest.MonkeyPatch, servers: str) -> None:
    connection = {"conn_type": "kafka", "extra": {"bootstrap.servers": servers}}
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", json.dumps(connection))


def make_topic(name: str, *, partitions: int = 1) -> str:
    topic = {"name": name, "partitions": partitions, "replication_factor": 1}
    KafkaEnsureTopicsOperator(task_id="make", topics=[topic]).execute({})
    return name
