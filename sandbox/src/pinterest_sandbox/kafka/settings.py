"""The configuration files of the broker, of the Connect worker and of their logs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pinterest_sandbox.config import HOST

#: Both Java programs write to standard output; the supervisor keeps it.
LOGGING = """\
status = warn
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd HH:mm:ss.SSS} %-5p %c{1}: %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.server.name = kafka.server
logger.server.level = info
logger.runtime.name = org.apache.kafka.connect.runtime
logger.runtime.level = info
logger.sink.name = pinterest.sandbox
logger.sink.level = info
# It prints the class path, 10,000 characters.
logger.info.name = org.apache.kafka.connect.runtime.WorkerInfo
logger.info.level = warn
"""


def properties_text(values: Mapping[str, object]) -> str:
    """The text of a Java ``.properties`` file."""
    return "".join(f"{name}={_escape(str(value))}\n" for name, value in values.items())


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")


def broker_properties(*, data: Path, port: int, controller_port: int) -> dict[str, object]:
    """The settings of one broker that is its own controller.

    The time-outs are those of a machine where a broker that was killed is started again at once: with Kafka's
    defaults, made for networks, it waits 9 s for its own old session to end.

    :param data: folder of its log segments.
    :param port: where clients connect.
    :param controller_port: where it connects to itself as the controller.
    """
    return {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{HOST}:{controller_port}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": data,
        "auto.create.topics.enable": "false",
        "num.partitions": 1,
        "default.replication.factor": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "group.initial.rebalance.delay.ms": 0,
        "broker.heartbeat.interval.ms": 500,
        "broker.session.timeout.ms": 2000,
        "initial.broker.registration.timeout.ms": 15000,
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
        "num.network.threads": 2,
        "num.io.threads": 2,
    }


def worker_properties(*, bootstrap: str, port: int, plugins: Path) -> dict[str, object]:
    """The settings of one distributed Connect worker.

    :param bootstrap: ``host:port`` of the broker.
    :param port: of its REST API.
    :param plugins: folder of plugin folders.
    """
    return {
        "bootstrap.servers": bootstrap,
        "group.id": "connect-cluster",
        "config.storage.topic": "connect-configs",
        "offset.storage.topic": "connect-offsets",
        "status.storage.topic": "connect-status",
        "config.storage.replication.factor": 1,
        "offset.storage.replication.factor": 1,
        "offset.storage.partitions": 1,
        "status.storage.replication.factor": 1,
        "status.storage.partitions": 1,
        "key.converter": "org.apache.kafka.connect.storage.StringConverter",
        "value.converter": "org.apache.kafka.connect.json.JsonConverter",
        "value.converter.schemas.enable": "false",
        "listeners": f"http://{HOST}:{port}",
        "rest.advertised.host.name": HOST,
        "rest.advertised.port": port,
        "plugin.path": plugins,
        "plugin.discovery": "service_load",
        "connector.client.config.override.policy": "All",
        "offset.flush.interval.ms": 1000,
        # A worker that was killed and started again must not wait for its old session to end.
        "scheduled.rebalance.max.delay.ms": 0,
        "session.timeout.ms": 6000,
        "heartbeat.interval.ms": 1000,
        "consumer.session.timeout.ms": 6000,
        "consumer.heartbeat.interval.ms": 1000,
        # A topic that is made after its connector is seen after seconds, not after five minutes.
        "consumer.metadata.max.age.ms": 5000,
        # Reconnecting to a broker that was away: Kafka's default waits up to 30 s between two trials.
        "reconnect.backoff.max.ms": 1000,
        "consumer.reconnect.backoff.max.ms": 1000,
        "producer.reconnect.backoff.max.ms": 1000,
        "admin.reconnect.backoff.max.ms": 1000,
        "topic.creation.enable": "false",
    }
