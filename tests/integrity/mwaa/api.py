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

    What is put to a stream goes to Kinesis.

    :param s3: a boto3 S3 client.
    :param kinesis: a boto3 Kinesis client.
    :param topics: the topics that exist.
    """

    def __init__(self, s3: Any, kinesis: Any, topics: list[str]) -> None:
        super().__init__()
        self.s3 = s3
        self.kinesis = kinesis
        for topic in topics:
            self.topics[topic] = []

    def usual(self, request: Request) -> Answer:
        if request.method != "PUT":
            return super().usual(request)
        _, path, stream, method = request.path.split("/")
        assert path == "streams"
        if method == "record":
            data, key = request.body["Data"], request.body["PartitionKey"]
            answer = self.kinesis.put_record(StreamName=stream, Data=json.dumps(data), PartitionKey=key)
            return Answer(200, {name: answer[name] for name in ("ShardId", "SequenceNumber")})
        assert method == "records"
        records = [
            {"Data": json.dumps(record["data"]), "PartitionKey": record["partition-key"]}
            for record in request.body["records"]
        ]
        answer = self.kinesis.put_records(StreamName=stream, Records=records)
        return Answer(200, {name: answer[name] for name in ("FailedRecordCount", "Records")})

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
