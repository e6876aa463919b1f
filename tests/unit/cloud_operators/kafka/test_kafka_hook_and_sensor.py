"""What needs no broker: the client's configuration, arguments, errors, serialisation."""

from __future__ import annotations

import asyncio
import importlib
import json
import threading
import time
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from cloud_operators.exceptions import ServiceFailed, ServiceUnreachable
from cloud_operators.kafka.hooks.admin import KafkaAdminHook
from cloud_operators.kafka.operators.topics import KafkaEnsureTopicsOperator
from cloud_operators.kafka.sensors.sink import KafkaSinkCaughtUpSensor
from cloud_operators.kafka.triggers.sink import KafkaSinkCaughtUpTrigger


def connect(monkeypatch: pytest.MonkeyPatch, **config: Any) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", json.dumps({"conn_type": "kafka", "extra": config}))


def test_msk_tokens_are_signed_for_the_region_of_the_brokers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The client asks for its token by itself, in the background; no poll is needed."""
    signer = importlib.import_module("aws_msk_iam_sasl_signer.MSKAuthTokenProvider")
    regions: list[str] = []
    asked = threading.Event()

    def sign(region: str) -> tuple[str, int]:
        regions.append(region)
        asked.set()
        return "token", int(time.time() + 900) * 1000

    monkeypatch.setattr(signer, "generate_auth_token", sign)
    connect(
        monkeypatch,
        **{
            "bootstrap.servers": "b-1.demo.abcde1.c2.kafka.eu-west-1.amazonaws.com:9098",
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "OAUTHBEARER",
        },
    )
    hook = KafkaAdminHook()
    assert hook.client is not None
    assert asked.wait(10)
    assert regions[0] == "eu-west-1"


def test_a_callback_of_the_connection_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, **{"bootstrap.servers": "127.0.0.1:1", "error_cb": "builtins.print"})
    hook = KafkaAdminHook(request_timeout=0.5)
    with pytest.raises(ServiceUnreachable, match=r"127\.0\.0\.1:1"):
        hook.describe_topics(["t"])
    assert hook._last_error == ""


def test_connection_without_brokers_is_the_callers_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch)
    with pytest.raises(ValueError, match=r"bootstrap\.servers"):
        KafkaAdminHook().describe_topics(["t"])


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        pytest.param(KafkaError._TRANSPORT, ServiceUnreachable, id="transport"),
        pytest.param(KafkaError._TIMED_OUT, ServiceUnreachable, id="timed-out"),
        pytest.param(KafkaError._ALL_BROKERS_DOWN, ServiceUnreachable, id="all-down"),
        pytest.param(KafkaError.TOPIC_AUTHORIZATION_FAILED, ServiceFailed, id="not-allowed"),
        pytest.param(KafkaError.POLICY_VIOLATION, ServiceFailed, id="policy"),
    ],
)
def test_errors_are_told_apart(monkeypatch: pytest.MonkeyPatch, code: int, kind: type[Exception]) -> None:
    connect(monkeypatch, **{"bootstrap.servers": "127.0.0.1:1"})
    hook = KafkaAdminHook()
    error = hook.translated("topic 't'", KafkaException(KafkaError(code)))
    assert isinstance(error, kind)
    assert "127.0.0.1:1" in str(error)


def test_no_topics_need_no_broker() -> None:
    assert KafkaEnsureTopicsOperator(task_id="ensure", topics=[]).execute({}) == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        pytest.param({"topics": []}, "at least one", id="no-topics"),
        pytest.param({"topics": ["a b"]}, "topic name", id="bad-name"),
        pytest.param({"topics": ["t"], "dead_letter_topic": "a b"}, "topic name", id="bad-dead-letters"),
        pytest.param({"topics": ["t"], "offsets": {"u": {"0": 1}}}, "offsets of u", id="other-topic"),
        pytest.param({"topics": ["t"], "offsets": {"t": {"0": -1}}}, "no whole number", id="negative"),
    ],
)
def test_wrong_sensor_arguments(arguments: dict[str, Any], text: str) -> None:
    sensor = KafkaSinkCaughtUpSensor(task_id="wait", group_id="g", **arguments)
    with pytest.raises(ValueError, match=text):
        sensor.poke({})


def test_reschedule_mode_is_refused() -> None:
    with pytest.raises(ValueError, match="mode must be one of"):
        KafkaSinkCaughtUpSensor(task_id="wait", group_id="g", topics=["t"], mode="reschedule")


def trigger(**change: Any) -> KafkaSinkCaughtUpTrigger:
    arguments: dict[str, Any] = {
        "group_id": "connect-sandbox-connector",
        "offsets": {"sandbox.pin": {"0": 12, "1": 0}},
        "dead_letter_topic": "sandbox.dead-letter",
        "kafka_conn_id": "kafka_default",
        "poke_interval": 5.0,
        "request_timeout": 8,
    }
    return KafkaSinkCaughtUpTrigger(**{**arguments, **change})


def test_trigger_survives_json() -> None:
    path, arguments = trigger().serialize()
    module, _, name = path.rpartition(".")
    assert (module, name) == ("cloud_operators.kafka.triggers.sink", "KafkaSinkCaughtUpTrigger")
    again = KafkaSinkCaughtUpTrigger(**json.loads(json.dumps(arguments)))
    assert again.serialize() == (path, arguments)


def test_trigger_tells_the_task_that_no_broker_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    connect(monkeypatch, **{"bootstrap.servers": "127.0.0.1:1"})

    async def event() -> dict[str, Any]:
        payload: dict[str, Any] = (await anext(trigger(request_timeout=0.5).run())).payload
        return payload

    fired = asyncio.run(event())
    assert fired["status"] == "error"
    assert fired["message"].startswith("ServiceUnreachable: Kafka at 127.0.0.1:1 does not answer")


def test_template_fields_are_attributes() -> None:
    topics = KafkaEnsureTopicsOperator(task_id="ensure", topics=[])
    sensor = KafkaSinkCaughtUpSensor(task_id="wait", group_id="g", topics=["t"])
    for operator in (topics, sensor):
        assert [name for name in operator.template_fields if not hasattr(operator, name)] == []
