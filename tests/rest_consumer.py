"""A client of the REST proxy's consumer API, as a user of Confluent's reference would write it."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Any, Self

import requests

V2 = "application/vnd.kafka.v2+json"
EMBEDDED = "application/vnd.kafka.{}.v2+json"

#: Seconds that a test waits for records.
PATIENCE = 30.0


class RestConsumer:
    """One consumer instance, deleted at the end of a ``with`` block.

    :param url: of the proxy.
    :param group: consumer group.
    :param options: of the instance: ``name``, ``format`` and the rest.
    """

    def __init__(self, url: str, group: str, **options: Any) -> None:
        self.format = options.setdefault("format", "json")
        answer = requests.post(
            f"{url}/consumers/{group}", json=options, headers={"Content-Type": V2}, timeout=30
        )
        assert answer.status_code == 200, answer.text
        self.created: dict[str, str] = answer.json()
        self.base_uri = self.created["base_uri"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self.call("DELETE").status_code in (204, 404)

    def call(self, method: str, path: str = "", body: object = None, **options: Any) -> requests.Response:
        """One request to the instance."""
        headers = {"Accept": V2}
        if body is not None:
            headers["Content-Type"] = V2
        return requests.request(
            method, f"{self.base_uri}{path}", json=body, headers=headers, timeout=60, **options
        )

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request that must succeed, and its answer."""
        answer = self.call(method, path, body)
        assert answer.status_code in (200, 204), answer.text
        return answer.json() if answer.status_code == 200 else None

    def read(self, **query: Any) -> requests.Response:
        """One read, as it is answered."""
        accept = {"Accept": EMBEDDED.format(self.format)}
        return requests.get(f"{self.base_uri}/records", params=query, headers=accept, timeout=60)

    def records(self, **query: Any) -> list[dict[str, Any]]:
        """The records of one read."""
        answer = self.read(**query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    def poll(self, count: int, **query: Any) -> list[dict[str, Any]]:
        """Read until ``count`` records have come; more are an error, and so is waiting for too long."""
        deadline = time.monotonic() + PATIENCE
        found: list[dict[str, Any]] = []
        while len(found) < count:
            assert time.monotonic() < deadline, f"{len(found)} of {count} records came"
            found += self.records(**query)
        assert len(found) == count
        return found

    def subscribe(self, *topics: str) -> None:
        self.ask("POST", "/subscription", {"topics": topics})

    def assign(self, topic: str, *partitions: int) -> None:
        self.ask("POST", "/assignments", {"partitions": places(topic, *partitions)})


def places(topic: str, *partitions: int) -> list[dict[str, Any]]:
    """Partitions, as requests name them."""
    return [{"topic": topic, "partition": partition} for partition in partitions]


def error_of(answer: requests.Response) -> tuple[int, int]:
    """Status and error code."""
    return answer.status_code, answer.json()["error_code"]
