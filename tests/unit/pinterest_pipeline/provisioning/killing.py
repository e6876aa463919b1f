"""Kills a run of provisioning behind any of its requests, by an exception that nothing catches.

The service has done then what it was asked for, and nobody has noted it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import botocore.client
import pytest

from tests.unit.cloud_operators.kafka.fake_kafka import FakeKafka

READS = ("Describe", "List", "Get", "Head")
KAFKA_REQUESTS = ("create_topics", "create_partitions", "incremental_alter_configs")

Reset = Callable[[], None]


class Killed(BaseException):
    """As SIGKILL is: no step catches it."""


class Killer:
    """Kills behind the request with a number; counts them otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        self.seen: list[str] = []
        call = botocore.client.BaseClient._make_api_call
        kafka = {name: getattr(FakeKafka, name) for name in KAFKA_REQUESTS}

        def watched_call(client: Any, operation: str, params: Any) -> Any:
            answer = call(client, operation, params)
            if operation == "CreateBucket" and "CreateBucketConfiguration" in params:
                # moto drops the tags, which S3 takes with the request.
                tagging = {"TagSet": params["CreateBucketConfiguration"]["Tags"]}
                call(client, "PutBucketTagging", {"Bucket": params["Bucket"], "Tagging": tagging})
            if not operation.startswith(READS):
                self.note(operation)
            return answer

        def watched(name: str) -> Callable[..., Any]:
            def request(fake: FakeKafka, *arguments: Any, **options: Any) -> Any:
                answer = kafka[name](fake, *arguments, **options)
                if not options.get("validate_only"):
                    self.note(name)
                return answer

            return request

        for name in KAFKA_REQUESTS:
            monkeypatch.setattr(FakeKafka, name, watched(name))
        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", watched_call)

    def note(self, operation: str) -> None:
        if threading.current_thread() is not threading.main_thread():
            # boto3 copies objects in threads of its own, which a kill of the task does not end one by one.
            return
        self.seen.append(operation)
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                self.left = None
                raise Killed(operation)


def check_each_kill(
    killer: Killer, prepare: Reset, provision: Callable[[str], None], look: Callable[[], Any]
) -> list[str]:
    """Run once undisturbed, then killed behind each of its requests and run again.

    :returns: the requests.
    """
    prepare()
    killer.seen.clear()
    provision("manual__1")
    requests, expected = list(killer.seen), look()
    for number, request in enumerate(requests, 1):
        prepare()
        killer.left = number
        with pytest.raises(Killed, match=request):
            provision("manual__1")
        provision("manual__2")
        assert look() == expected, f"killed behind request {number}, {request}"
    return requests
