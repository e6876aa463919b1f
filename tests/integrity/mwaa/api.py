"""The API with everything behind it: what is posted lies in the bucket at once, as the sink writes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pinterest_pipeline.entities import names
from pinterest_pipeline.landing.objects import object_key
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy, Request


class LandingApi(FakeRestProxy):
    """A REST proxy, a Kafka and a sink in one; each request's records become one object.

    :param s3: a boto3 S3 client.
    :param topics: the topics that exist.
    """

    def __init__(self, s3: Any, topics: list[str]) -> None:
        super().__init__()
        self.s3 = s3
        for topic in topics:
            self.topics[topic] = []

    def produce(self, request: Request, *, refuse: Callable[[int], bool]) -> Answer:
        topic = request.path.removeprefix("/topics/")
        first = len(self.topics[topic])
        answer = super().produce(request, refuse=refuse)
        lines = [json.dumps(record["value"]) for record in self.topics[topic][first:]]
        self.s3.put_object(
            Bucket=names().bucket,
            Key=object_key(topic, 0, first),
            Body="".join(f"{line}\n" for line in lines).encode(),
        )
        return answer
