"""``/topics``: list them, describe one, produce to one."""

from __future__ import annotations

from aiohttp import web
from confluent_kafka import KafkaError
from confluent_kafka.admin import PartitionMetadata

from pinterest_sandbox.rest_proxy.cluster import Cluster, is_retriable, is_unknown_topic
from pinterest_sandbox.rest_proxy.errors import (
    KAFKA_AUTHORIZATION,
    KAFKA_ERROR,
    KAFKA_RETRIABLE,
    partition_not_found,
    retriable,
    topic_not_found,
)
from pinterest_sandbox.rest_proxy.negotiation import sent_records
from pinterest_sandbox.rest_proxy.produce_request import parse_produce
from pinterest_sandbox.rest_proxy.producing import Outcome, Senders
from pinterest_sandbox.rest_proxy.records import Record
from pinterest_sandbox.rest_proxy.responses import answer, tolerant

CLUSTER = web.AppKey("cluster", Cluster)
SENDERS = web.AppKey("senders", Senders)

routes = web.RouteTableDef()


@routes.get(tolerant("/topics"))
async def list_topics(request: web.Request) -> web.Response:
    """``GET /topics``: the names of all topics."""
    return answer(await request.app[CLUSTER].topics())


@routes.get(tolerant("/topics/{topic}"))
async def get_topic(request: web.Request) -> web.Response:
    """``GET /topics/<topic>``: name, configuration and partitions."""
    cluster = request.app[CLUSTER]
    name = request.match_info["topic"]
    metadata = await cluster.topic(name)
    partitions = [described(metadata.partitions[number]) for number in sorted(metadata.partitions)]
    return answer({"name": name, "configs": await cluster.configs(name), "partitions": partitions})


@routes.post(tolerant("/topics/{topic}"))
async def produce(request: web.Request) -> web.Response:
    """``POST /topics/<topic>``: send records; 200 tells of each whether it was taken."""
    records = await read_records(request)
    return await send(request, records)


async def read_records(request: web.Request) -> list[Record]:
    """The records in the body of a produce request.

    :raises RestError: 415 for another content type than of an embedded format, and as :func:`parse_produce`.
    """
    embedded = sent_records(request)
    return parse_produce(await request.read(), embedded)


async def send(request: web.Request, records: list[Record]) -> web.Response:
    """Send records to the topic of a request; 200 tells of each whether it was taken.

    :raises RestError: 40401 or 40402 for an unknown topic or partition, 50003 when Kafka takes none of them.
    """
    name = request.match_info["topic"]
    count = await request.app[CLUSTER].partition_count(name)
    if any(record.partition is not None and record.partition >= count for record in records):
        # It may have got more partitions since it was asked about.
        count = len((await request.app[CLUSTER].topic(name)).partitions)
        _check_partitions(records, count)
    outcomes = await request.app[SENDERS].send(name, records)
    _raise_if_all_failed(outcomes)
    return answer(
        {
            "offsets": [_offset(outcome) for outcome in outcomes],
            "key_schema_id": None,
            "value_schema_id": None,
        }
    )


def _check_partitions(records: list[Record], count: int) -> None:
    if any(record.partition is not None and record.partition >= count for record in records):
        raise partition_not_found()


def _raise_if_all_failed(outcomes: list[Outcome]) -> None:
    """When Kafka, not a record, is why nothing was taken, the request as a whole has failed."""
    errors = [outcome.error for outcome in outcomes if outcome.error is not None]
    if len(errors) < len(outcomes):
        return
    if all(is_unknown_topic(error) for error in errors):
        raise topic_not_found()
    if all(is_retriable(error) for error in errors):
        raise retriable(errors[0].str())


def _offset(outcome: Outcome) -> dict[str, int | str | None]:
    error = outcome.error
    return {
        "partition": outcome.partition,
        "offset": outcome.offset,
        "error_code": None if error is None else _code(error),
        "error": None if error is None else error.str(),
    }


def _code(error: KafkaError) -> int:
    if error.code() in (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.CLUSTER_AUTHORIZATION_FAILED):
        return KAFKA_AUTHORIZATION
    return KAFKA_RETRIABLE if is_retriable(error) else KAFKA_ERROR


def described(metadata: PartitionMetadata) -> dict[str, object]:
    """Leader and replicas of a partition."""
    replicas = [
        {"broker": broker, "leader": broker == metadata.leader, "in_sync": broker in metadata.isrs}
        for broker in metadata.replicas
    ]
    return {"partition": metadata.id, "leader": metadata.leader, "replicas": replicas}
