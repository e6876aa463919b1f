"""What happens to records when a process is killed, and what the proxy says without a broker."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import requests

from pinterest_sandbox.kafka.ready import check_broker, check_worker
from pinterest_sandbox.waiting import wait_until
from tests.rest_consumer import error_of
from tests.running_sandbox import RunningSandbox
from tests.sandbox.kafka.clients import PATIENCE, Connect, Kafka, Landing, poll, post, taken


class Sender(threading.Thread):
    """Posts numbered records, ten at a time, until it is told to stop."""

    def __init__(self, url: str, topic: str) -> None:
        super().__init__(daemon=True)
        self._url, self._topic = url, topic
        self._stopped = threading.Event()
        self.acknowledged: list[int] = []
        self.refusals: list[tuple[int, int]] = []
        self.longest = 0.0

    def run(self) -> None:
        number = 0
        # Slow enough that a process which is starting on the same machine has some of it.
        while not self._stopped.wait(0.02):
            batch = range(number, number + 10)
            number += 10
            began = time.monotonic()
            answer = post(self._url, self._topic, [{"value": {"index": index}} for index in batch])
            self.longest = max(self.longest, time.monotonic() - began)
            if answer.status_code == 200 and taken(answer) == 10:
                self.acknowledged += batch
            elif answer.status_code == 200:
                entries = zip(batch, answer.json()["offsets"], strict=True)
                self.acknowledged += [index for index, entry in entries if entry["error_code"] is None]
            else:
                self.refusals.append((answer.status_code, answer.json()["error_code"]))

    def stop(self) -> None:
        self._stopped.set()
        self.join(timeout=30)
        assert not self.is_alive()


@contextmanager
def sending(url: str, topic: str) -> Iterator[Sender]:
    sender = Sender(url, topic)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop()


def test_killed_worker_loses_nothing(
    sandbox: RunningSandbox,
    proxy: str,
    kafka: Kafka,
    landing: Landing,
    sink: Connect,
    options: dict[str, str],
    prefix: str,
) -> None:
    topic = kafka.create(f"{prefix}.pin")
    sink.configure(**options)
    with sending(proxy, topic) as sender:
        poll(lambda: landing.count(topic), lambda count: count > 100)
        sandbox.command("kill", "connect")
        sent = len(sender.acknowledged)
        wait_until(lambda: check_worker(sandbox.url("connect")), what="Connect worker", timeout=60)
        poll(lambda: len(sender.acknowledged), lambda count: count > sent + 100)
    assert sender.refusals == []

    ends = poll(lambda: kafka.ends(topic), lambda ends: ends == {0: len(sender.acknowledged)})
    poll(lambda: kafka.committed(f"connect-{sink.name}", topic), lambda committed: committed == ends)
    # Objects may overlap after a kill, so an offset can have several lines; it has one value.
    positions: dict[int, set[int]] = {}
    for (_, first), lines in landing.objects(topic).items():
        for offset, line in enumerate(lines, first):
            positions.setdefault(offset, set()).add(json.loads(line)["index"])
    assert positions == {offset: {index} for offset, index in enumerate(sender.acknowledged)}


def test_killed_broker_loses_nothing_that_was_acknowledged(
    sandbox: RunningSandbox, proxy: str, kafka: Kafka, prefix: str
) -> None:
    topic = kafka.create(f"{prefix}.pin")
    with sending(proxy, topic) as sender:
        poll(lambda: len(sender.acknowledged), lambda count: count > 100)
        sandbox.command("kill", "kafka")
        sent = len(sender.acknowledged)
        wait_until(lambda: check_broker(kafka.bootstrap), what="Kafka broker", timeout=60)
        poll(lambda: len(sender.acknowledged), lambda count: count > sent + 100)
    stored = [json.loads(message.value())["index"] for message in kafka.read(topic)]
    assert set(sender.acknowledged) <= set(stored)
    assert set(sender.refusals) <= {(500, 50003)}
    assert sender.longest < PATIENCE


def test_without_a_broker_the_answer_is_a_retriable_error_within_seconds(broker_away: str) -> None:
    calls: dict[str, Callable[[], requests.Response]] = {
        "produce": lambda: post(broker_away, "sandbox.pin", [{"value": 1}]),
        "list": lambda: requests.get(f"{broker_away}/topics", timeout=30),
        "describe": lambda: requests.get(f"{broker_away}/topics/sandbox.pin", timeout=30),
    }

    def ask(name: str) -> tuple[str, tuple[int, int], bool]:
        began = time.monotonic()
        answer = calls[name]()
        return name, error_of(answer), time.monotonic() - began < PATIENCE

    # At once, as a burst sends them: none may wait for the end of another.
    asked = [name for name in calls for _ in range(8)]
    with ThreadPoolExecutor(len(asked)) as threads:
        answers = list(threads.map(ask, asked))
    assert answers == [(name, (500, 50003), True) for name in asked]
