"""The forms of the provisioning DAGs. A param that is left empty keeps what is there."""

from __future__ import annotations

from airflow.sdk import Param


def batch_params() -> dict[str, Param]:
    """The params of ``pinterest_provision_batch``."""
    return {
        "dry_run": _dry_run(),
        "allow_replace": Param(
            False,
            type="boolean",
            description="Let custom plugin, worker configuration and connector be deleted and made again "
            "where they can't be changed; the connector goes on at its offsets",
        ),
        "partitions": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=64,
            description="Partitions of each data topic. Empty: as many as there are, 1 for a new one",
        ),
        "topic_config": Param(
            {},
            type="object",
            additionalProperties={"type": "string"},
            description='Settings of each data topic, e.g. {"retention.ms": "604800000"}. Others stay',
        ),
        "tasks": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=64,
            description="Most tasks of the S3 sink. Empty: as it is, 1 for a new one",
        ),
        "flush_size": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=100_000,
            description="Records after which an object is closed. Empty: as it is, 1000 for a new one",
        ),
        "rotate_interval_ms": Param(
            None,
            type=["null", "integer"],
            minimum=200,
            maximum=3_600_000,
            description="Milliseconds after which an object is closed, however few records it has. Empty: as "
            "it is, 1000 for a new one",
        ),
        "mcu_count": Param(
            None,
            type=["null", "integer"],
            enum=[None, 1, 2, 4, 8],
            description="MSK Connect units of each worker. Empty: as it is, 1 for a new one",
        ),
        "worker_count": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=10,
            description="Workers of the sink. Empty: as it is, 1 for a new one",
        ),
        "kafka_client": Param(
            {},
            type="object",
            additionalProperties={"type": "string"},
            description="What the EC2 Kafka client must have: parameters of the SSM document "
            "install-kafka-client. Empty: as it is, and restarted where it is not healthy",
        ),
    }


def stream_params() -> dict[str, Param]:
    """The params of ``pinterest_provision_stream``."""
    return {
        "dry_run": _dry_run(),
        "stream_mode": Param(
            None,
            type=["null", "string"],
            enum=[None, "PROVISIONED", "ON_DEMAND"],
            description="Whether the number of shards is given, or Kinesis decides on it. Empty: as it is, "
            "PROVISIONED for a new stream",
        ),
        "shard_count": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=200,
            description="Shards of each stream, when provisioned. Empty: as it is, 1 for a new stream",
        ),
        "retention_hours": Param(
            None,
            type=["null", "integer"],
            minimum=24,
            maximum=8760,
            description="Hours that records are kept. Empty: as it is, 24 for a new stream",
        ),
    }


def _dry_run() -> Param:
    return Param(True, type="boolean", description="Show what would be changed, and change nothing")
