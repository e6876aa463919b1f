"""The broker and the Connect worker as supervised processes."""

from __future__ import annotations

from pinterest_sandbox.config import ACCESS_KEY, REGION, SECRET_KEY, Config
from pinterest_sandbox.kafka.archives import class_archive
from pinterest_sandbox.kafka.programs import ARGUMENT_FILE, prepare_broker, prepare_worker
from pinterest_sandbox.kafka.ready import check_broker, check_worker
from pinterest_sandbox.prerequisites import require_program
from pinterest_sandbox.service import Service


def services(config: Config) -> list[Service]:
    """``kafka`` and ``connect``, each in a JVM of its own.

    :param config: the sandbox.
    """
    ports = config.ports
    broker = config.home / "kafka"
    worker = config.home / "connect"
    return [
        Service(
            name="kafka",
            title="Kafka broker",
            command=(require_program("java"), f"@{broker / ARGUMENT_FILE}"),
            directory=config.home,
            prepare=lambda: prepare_broker(
                broker,
                port=ports["kafka"],
                controller_port=ports["kafka_controller"],
                archive=class_archive("kafka"),
            ),
            check=lambda: check_broker(config.address("kafka")),
        ),
        Service(
            name="connect",
            title="Kafka Connect worker",
            command=(require_program("java"), f"@{worker / ARGUMENT_FILE}"),
            directory=config.home,
            # For connectors that name no keys and no endpoint, as on AWS, where a role gives them.
            environment={
                "AWS_ACCESS_KEY_ID": ACCESS_KEY,
                "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
                "AWS_REGION": REGION,
                "AWS_ENDPOINT_URL_S3": config.url(config.gated("s3", "connector")),
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            prepare=lambda: prepare_worker(
                worker, kafka_port=ports["kafka"], port=ports["connect"], archive=class_archive("connect")
            ),
            check=lambda: check_worker(config.url("connect")),
            after=("kafka",),
        ),
    ]
