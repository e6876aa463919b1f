"""The plan of the batch path: topics, the S3 sink, the API's batch part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_operators.kafka.topics import Topic, topics_of
from pinterest_pipeline import connections
from pinterest_pipeline.entities import Names
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning import api, kept_connector, plan
from pinterest_pipeline.provisioning.changes import Action, Change
from pinterest_pipeline.provisioning.differences import sink
from pinterest_pipeline.provisioning.differences.topics import KIND, topic_changes, wanted_topics
from pinterest_pipeline.provisioning.heartbeat_alarm import alarm_changes, find_alarm, wanted_alarm
from pinterest_pipeline.provisioning.planning.client import plan_client
from pinterest_pipeline.provisioning.planning.shared import absent, api_changes
from pinterest_pipeline.provisioning.plugin_file import plugin_file_changes, plugin_key
from pinterest_pipeline.provisioning.resources import Found, read_record
from pinterest_pipeline.settings import Settings


def plan_batch(
    names: Names, settings: Settings, params: Mapping[str, Any], found: Found
) -> tuple[dict[str, Any], list[Change]]:
    """Work out what is wanted, and how it differs from what is there.

    :param names: names of the resources.
    :param settings: the settings.
    :param params: the DAG's params; what is empty keeps what is there.
    :param found: which resources are there.
    :returns: ``topics``, ``bucket_arn``, ``connector_configuration``, ``connector_capacity``,
        ``log_delivery``, ``worker_properties``, ``api_specification``, and the changes.
    :raises ValueError: when a topic or the API's document is described wrongly.
    :raises ServiceUnreachable: when no broker answers.
    """
    from cloud_operators.aws.hooks.msk import MskHook
    from cloud_operators.aws.hooks.msk_connect import MskConnectHook
    from cloud_operators.kafka.hooks.admin import KafkaAdminHook

    place = connections.aws_client("s3").meta
    msk, connect = MskHook(aws_conn_id=connections.AWS), MskConnectHook(aws_conn_id=connections.AWS)
    kafka = KafkaAdminHook(kafka_conn_id=connections.KAFKA)
    replication = plan.replication_factor(msk.broker_count(settings.msk_cluster_arn))
    connector = connect.find_connector(names.connector)
    settled = connector or _kept_connector(names, settings, found)

    topics = kafka.find_topics([*names.topics.values(), names.dead_letter_topic])
    asked = wanted_topics(
        names,
        topics,
        partitions=params.get("partitions"),
        config=params.get("topic_config") or {},
        replication=replication,
    )
    wanted: dict[str, Any] = {
        "topics": asked,
        "bucket_arn": plan.bucket_arn(names, partition=place.partition),
        "connector_configuration": plan.connector_configuration(
            read_include("connect/s3-sink.json"),
            names,
            region=place.region_name,
            replication=replication,
            **sink.sink_sizes(params, settled),
        ),
        "connector_capacity": sink.sink_capacity(params, settled),
        "log_delivery": sink.log_delivery(settings.connector_log_group, settled),
        "worker_properties": read_include("connect/worker.properties"),
        "api_specification": api.api_specification(
            read_include("apigateway/pinterest.json"),
            api.ApiPart.BATCH,
            require_api_key=settings.require_api_key,
        ),
    }
    return wanted, [
        *absent(found),
        *plan_client(names, settings, params),
        *topic_changes(topics_of(asked), topics),
        *_ask_brokers(kafka, topics_of(asked), topics),
        *_sink_changes(names, settings, wanted, connect, msk, connector, found),
        *api_changes(
            names,
            settings,
            wanted["api_specification"],
            api.batch_variables(settings.rest_proxy_address),
        ),
        *_alarm_changes(names, settings),
    ]


def _kept_connector(names: Names, settings: Settings, found: Found) -> dict[str, Any] | None:
    """What a connector was to have whose making has broken off."""
    if found["bucket", names.bucket] is None:
        return None
    s3 = connections.aws_client("s3")
    entries = read_record(s3, settings.state_root)
    return kept_connector.kept(s3, settings.state_root, entries, names.connector)


def _ask_brokers(kafka: Any, wanted: list[Topic], found: Mapping[str, Topic]) -> list[Change]:
    """Let the brokers refuse what they would refuse later, before anything is changed."""
    from cloud_operators.exceptions import ServiceFailed

    refused = []
    for topic in wanted:
        try:
            _ask_for_topic(kafka, topic, found.get(topic.name))
        except ServiceFailed as error:
            note = f"the brokers refuse it: {error}. Correct the params partitions and topic_config"
            refused.append(Change(kind=KIND, name=topic.name, action=Action.REFUSE, note=note))
    return refused


def _ask_for_topic(kafka: Any, topic: Topic, present: Topic | None) -> None:
    if present is None:
        kafka.create_topics([topic], validate_only=True)
        return
    if changed := topic.differing_config(present):
        kafka.set_config(topic.name, changed, validate_only=True)
    if topic.partitions > present.partitions:
        kafka.create_partitions(topic.name, topic.partitions, validate_only=True)


def _sink_changes(
    names: Names,
    settings: Settings,
    wanted: Mapping[str, Any],
    connect: Any,
    msk: Any,
    connector: Mapping[str, Any] | None,
    found: Found,
) -> list[Change]:
    source = settings.connector_plugin_source
    plugin = connect.find_custom_plugin(names.custom_plugin)
    worker = connect.find_worker_configuration(names.worker_configuration)
    location = {"bucketArn": wanted["bucket_arn"], "fileKey": plugin_key(source)}
    parts = [
        *plugin_file_changes(
            connections.aws_client("s3"),
            source,
            found["bucket", names.bucket],
            plugin,
            plugin=names.custom_plugin,
            sha256=settings.connector_plugin_sha256,
        ),
        *sink.custom_plugin_changes(
            names.custom_plugin,
            {"contentType": plan.plugin_content_type(source), "location": {"s3Location": location}},
            plugin,
        ),
        *sink.worker_configuration_changes(names.worker_configuration, wanted["worker_properties"], worker),
    ]
    made_anew = {sink.CUSTOM_PLUGIN, sink.WORKER_CONFIGURATION}
    request = {
        "connectorConfiguration": wanted["connector_configuration"],
        "capacity": wanted["connector_capacity"],
        "logDelivery": wanted["log_delivery"],
        "kafkaConnectVersion": plan.KAFKA_CONNECT_VERSION,
        "serviceExecutionRoleArn": settings.connector_role_arn,
        "plugins": [{"customPlugin": _revision(plugin, "customPluginArn")}] if plugin else [],
        "workerConfiguration": _revision(worker, "workerConfigurationArn"),
        **(msk.connect_settings(settings.msk_cluster_arn)),
    }
    return parts + sink.connector_changes(
        names.connector, request, connector, parts_replaced=any(row.kind in made_anew for row in parts)
    )


def _alarm_changes(names: Names, settings: Settings) -> list[Change]:
    if not settings.alert_topic_arn:
        return []
    cloudwatch = connections.aws_client("cloudwatch")
    return alarm_changes(
        wanted_alarm(names, settings.alert_topic_arn),
        find_alarm(cloudwatch, names.heartbeat_alarm),
        region=cloudwatch.meta.region_name,
    )


def _revision(described: Mapping[str, Any] | None, arn: str) -> dict[str, Any]:
    if described is None:
        return {}
    return {arn: described[arn], "revision": described["latestRevision"]["revision"]}
