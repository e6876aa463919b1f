"""Whether the broker and the worker answer."""

from __future__ import annotations

import requests
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from pinterest_sandbox.waiting import NotReady


def check_broker(bootstrap: str) -> None:
    """Ask for the cluster's metadata.

    :param bootstrap: ``host:port`` of the broker.
    :raises NotReady: when it does not answer within a second.
    """
    client = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0, "reconnect.backoff.max.ms": 100})
    try:
        metadata = client.list_topics(timeout=1)
    except KafkaException as error:
        raise NotReady(str(error)) from error
    if not metadata.brokers:
        raise NotReady("the broker has not registered itself yet")


def check_worker(url: str) -> None:
    """Ask for the list of connectors: the port is open long before the worker can be used.

    :param url: of its REST API.
    :raises NotReady: when the answer is not 200.
    """
    try:
        answer = requests.get(f"{url}/connectors", timeout=5)
    except requests.RequestException as error:
        raise NotReady(str(error)) from error
    if answer.status_code != 200:
        raise NotReady(f"GET /connectors: {answer.status_code} {answer.text[:200]}")
