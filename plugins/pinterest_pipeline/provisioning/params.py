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
        "partitions": _number(
            "Partitions of each data topic. Empty: as many as there are, 1 for a new one", 1, 64
        ),
        "topic_config": Param(
            {},
            type="object",
            additionalProperties={"type": "string"},
            description='Settings of each data topic, e.g. {"retention.ms": "604800000"}. Others stay',
        ),
        "tasks": _number("Most tasks of the S3 sink. Empty: as it is, 1 for a new one", 1, 64),
        "flush_size": _number(
            "Records after which an object is closed. Empty: as it is, 1000 for a new one", 1, 100_000
        ),
        "rotate_interval_ms": _number(
            "Milliseconds after which an object is closed, however few records it has. Empty: as it is, 1000 "
            "for a new one",
            200,
            3_600_000,
        ),
        "mcu_count": Param(
            None,
            type=["null", "integer"],
            enum=[None, 1, 2, 4, 8],
            description="MSK Connect units of each worker. Empty: as it is, 1 for a new one",
        ),
        "worker_count": _number("Workers of the sink. Empty: as it is, 1 for a new one", 1, 10),
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
        "shard_count": _number(
            "Shards of each stream, when provisioned. Empty: as it is, 1 for a new stream", 1, 200
        ),
        "retention_hours": _number(
            "Hours that records are kept. Empty: as it is, 24 for a new stream", 24, 8760
        ),
    }


def _dry_run() -> Param:
    return Param(True, type="boolean", description="Show what would be changed, and change nothing")


def _number(description: str, minimum: int, maximum: int) -> Param:
    """A number that may be left empty."""
    return Param(None, type=["null", "integer"], minimum=minimum, maximum=maximum, description=description)
