"""What lies in each part of the pipeline, counted in the parts themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.config import Config
from pinterest_sandbox.databricks.sql_client import run_sql

ENTITIES = ("pin", "geo", "user")
#: Kinds of tables, and the one of each path.
BATCH, STREAM = "batch", "table"
KINDS = {"batch": BATCH, "stream": STREAM}
SMOKE_TEST = "smoke-test-"
TIMEOUT_S = 20.0


@dataclass(frozen=True)
class Stock:
    """Counts at one time; all of them only grow.

    :param acknowledged: records in the topics, by entity: the sums of their next offsets.
    :param dead: dead letters of the sink.
    :param lines: lines of all landed objects, by entity.
    :param streamed: records in the streams, by entity, without those of provisioning.
    :param read: records that the ingest has read, by entity.
    :param quarantined: rows of the quarantine, by entity.
    """

    acknowledged: Mapping[str, int]
    dead: int
    lines: Mapping[str, int]
    streamed: Mapping[str, int]
    read: Mapping[str, int]
    quarantined: Mapping[str, int]


def take_stock(config: Config) -> Stock:
    """Count everything now."""
    offsets = next_offsets(config, (*ENTITIES, "dead-letter"))
    return Stock(
        acknowledged={entity: offsets[entity] for entity in ENTITIES},
        dead=offsets["dead-letter"],
        lines=landed_lines(config),
        streamed={entity: _records_in_stream(config, entity) for entity in ENTITIES},
        read=_by_entity(
            config,
            f"SELECT entity, sum(lines_read) FROM {table(config, 'ledger')} WHERE stage = 'stream' "
            "GROUP BY entity",
        ),
        quarantined=_by_entity(
            config,
            " UNION ALL ".join(
                f"SELECT '{entity}', count(*) FROM {table(config, f'{entity}_quarantine')}"
                for entity in ENTITIES
            ),
        ),
    )


@dataclass(frozen=True)
class Rows:
    """What the tables have of the posts with some keys.

    :param kept: distinct keys of these, over both paths and all entities.
    :param missing: keys that a table lacks, as ``entity on path: number``.
    :param doubled: rows that have the key of another row of their table, of all keys.
    """

    kept: int
    missing: tuple[str, ...]
    doubled: int


def count_rows(config: Config, keys: range) -> Rows:
    """Look for posts in the six tables.

    :param keys: of the posts; each must be in every table once.
    """
    kept, doubled, missing = 0, 0, []
    for path, kind in KINDS.items():
        for entity in ENTITIES:
            ((rows, distinct, found),) = run_sql(
                config,
                "SELECT count(*), count(DISTINCT ind), "
                "count(DISTINCT CASE WHEN ind BETWEEN CAST(:first AS BIGINT) AND CAST(:last AS BIGINT) "
                f"THEN ind END) FROM {table(config, f'{entity}_{kind}')}",
                {"first": str(keys.start), "last": str(keys.stop - 1)},
            )
            kept += int(found or 0)
            doubled += int(rows or 0) - int(distinct or 0)
            if lacking := len(keys) - int(found or 0):
                missing.append(f"{entity} on the {path} path: {lacking}")
    return Rows(kept, tuple(missing), doubled)


def table_versions(config: Config, kind: str) -> dict[str, int]:
    """The newest version of each table of a kind.

    :param kind: of the tables.
    :returns: entity to version.
    """
    return {
        entity: int(
            run_sql(config, f"DESCRIBE HISTORY {table(config, f'{entity}_{kind}')} LIMIT 1")[0][0] or 0
        )
        for entity in ENTITIES
    }


def next_offsets(config: Config, suffixes: tuple[str, ...]) -> dict[str, int]:
    """What comes next in topics, as the broker says.

    :param suffixes: of their names.
    :returns: suffix to the sum over the partitions.
    """
    consumer = Consumer({"bootstrap.servers": config.address("kafka"), "group.id": "drill"})
    try:
        topics = consumer.list_topics(timeout=TIMEOUT_S).topics
        return {
            suffix: sum(
                consumer.get_watermark_offsets(TopicPartition(name, partition), timeout=TIMEOUT_S)[1]
                for partition in topics[name].partitions
            )
            for suffix in suffixes
            if (name := f"{config.user_id}.{suffix}") in topics
        }
    finally:
        consumer.close()


def landed_lines(config: Config) -> dict[str, int]:
    """Lines of all landed objects by entity, counted in S3."""
    s3: Any = aws_client("s3", config.url("moto"))
    lines: Counter[str] = Counter(dict.fromkeys(ENTITIES, 0))
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=config.bucket, Prefix="topics/"):
        for item in page.get("Contents", []):
            topic = item["Key"].split("/")[1]
            body = s3.get_object(Bucket=config.bucket, Key=item["Key"])["Body"].read()
            lines[topic.rpartition(".")[2]] += body.count(b"\n")
    return dict(lines)


def table(config: Config, name: str) -> str:
    """The name of a table of the pipeline, quoted."""
    return f"`spark_catalog`.`default`.`{config.user_id}_{name}`"


def _records_in_stream(config: Config, entity: str) -> int:
    kinesis: Any = aws_client("kinesis", config.url("moto"))
    stream, count = f"streaming-{config.user_id}-{entity}", 0
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=10_000)
            count += sum(not each["PartitionKey"].startswith(SMOKE_TEST) for each in answer["Records"])
            if not answer["Records"] and not answer["MillisBehindLatest"]:
                break
            iterator = answer.get("NextShardIterator")
    return count


def _by_entity(config: Config, statement: str) -> dict[str, int]:
    found = {str(entity): int(count or 0) for entity, count in run_sql(config, statement)}
    return {entity: found.get(entity, 0) for entity in ENTITIES}
