"""Tasks of the provisioning DAGs."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from airflow.sdk import task
from airflow.sdk.exceptions import AirflowSkipException

from pinterest_pipeline import connections
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.entities import names
from pinterest_pipeline.provisioning import (
    access,
    api,
    bucket,
    connection,
    heartbeat_alarm,
    kept_connector,
    plugin_file,
    resources,
)
from pinterest_pipeline.provisioning.changes import Change
from pinterest_pipeline.provisioning.differences.sink import makes_connector, replaced_names
from pinterest_pipeline.provisioning.finders import find_resources
from pinterest_pipeline.provisioning.prerequisites.paths import check_path
from pinterest_pipeline.settings import settings

logger = logging.getLogger(__name__)


def resource_tags() -> dict[str, str]:
    """The tags of everything that provisioning creates."""
    return {"pinterest:resource-id": names().user_id, "pinterest:created-by": "airflow"}


@task
def check_prerequisites() -> list[dict[str, Any]]:
    """Check what the batch path needs, before anything is created; see :func:`.check_path`.

    :returns: the rows of the table that is logged.
    :raises PipelineError: naming all that is to be mended.
    """
    return check_path(api.ApiPart.BATCH, settings(), resource_tags())


@task
def survey_resources(part: str, plan: dict[str, Any], *, run_id: Any = None) -> None:
    """Note in ``_state/resources.json`` what is not there yet and so will be created by this run.

    The bucket, in which the record lies, is made here.

    :param part: the path that is provisioned, an :class:`~.api.ApiPart`.
    :param plan: what ``plan_changes`` returned; what is there and will be made again is noted too.
    :raises Permanent: when S3 forbids a look at the bucket.
    """
    s3 = connections.aws_client("s3")
    there = dict(find_resources(names(), settings(), part))
    ours = ("bucket", names().bucket)
    absent = there[ours] is None
    if absent:
        bucket.create_bucket(s3, names().bucket, resource_tags())
    if absent or bucket.is_left_behind(
        s3, names().bucket, resources.read_record(s3, settings().state_root), resource_tags()
    ):
        bucket.block_public_access(s3, names().bucket)
        bucket.enable_versioning(s3, names().bucket)
        there[ours] = None
    changes = [Change.of(document) for document in plan["changes"]]
    replaced = replaced_names(changes)
    if makes_connector(changes, names()):
        kept_connector.keep(s3, settings().state_root, plan)
    resources.update_record(
        s3,
        settings().state_root,
        partial(resources.note_absent, found=there, run_id=run_id, now=now_text(), replaced=replaced),
    )
    for (kind, name), identifier in there.items():
        fate = "is there" if identifier else "will be created"
        logger.info("%s %s: %s", kind, name, "will be replaced" if (kind, name) in replaced else fate)


@task
def copy_plugin_file() -> str:
    """Bring the sink's plugin file into the bucket.

    :returns: its key.
    :raises ResourceDiffers: when somebody else's file is in its place, or the custom plugin that exists was
        made of another one.
    """
    from cloud_operators.aws.hooks.msk_connect import MskConnectHook

    found = names()
    source = settings().connector_plugin_source
    built = MskConnectHook(aws_conn_id=connections.AWS).find_custom_plugin(found.custom_plugin)
    return plugin_file.copy_plugin_file(
        connections.aws_client("s3"),
        source,
        found.bucket,
        built,
        sha256=settings().connector_plugin_sha256,
    )


@task
def write_api_connection(deployment: dict[str, str]) -> str:
    """Write the connection ``pinterest_api`` as a secret, with the API's key if it wants one.

    :param deployment: what the deployment's operator returned.
    :returns: ``created``, ``updated`` or ``unchanged``.
    """
    from airflow.sdk.log import mask_secret

    from cloud_operators.aws.hooks.apigateway import ApiGatewayHook

    api_id, stage = deployment["rest_api_id"], deployment["stage_name"]
    url = settings().api_base_url or ApiGatewayHook(aws_conn_id=connections.AWS).invoke_url(api_id, stage)
    key = ""
    if settings().require_api_key:
        key = access.ensure_api_key(
            connections.aws_client("apigateway"),
            name=names().rest_api,
            rest_api_id=api_id,
            stage=stage,
            limits=access.PlanLimits.of(settings()),
            tags=resource_tags(),
        )
        # No line of this task says it; nor may an error that quotes a request.
        mask_secret(key)
    secrets_manager = connections.aws_client("secretsmanager")
    return connection.write_secret(secrets_manager, connection.connection_document(url, key), resource_tags())


@task
def ensure_heartbeat_alarm() -> str:
    """Make the alarm that goes off when ``pinterest_health`` puts no heartbeat, or bring it in line.

    :returns: ``created``, ``updated`` or ``unchanged``.
    :raises AirflowSkipException: when there is no topic that it could tell.
    :raises Permanent: when a composite alarm has its name.
    """
    topic = settings().alert_topic_arn
    if not topic:
        raise AirflowSkipException(
            "PINTEREST_ALERT_TOPIC_ARN is not set: there is nobody to tell that pinterest_health is silent"
        )
    wanted = heartbeat_alarm.wanted_alarm(names(), topic)
    done = heartbeat_alarm.ensure_alarm(connections.aws_client("cloudwatch"), wanted, resource_tags())
    logger.info("alarm %s: %s", names().heartbeat_alarm, done)
    return done


@task
def record_resources(part: str, *, run_id: Any = None) -> list[str]:
    """Note in ``_state/resources.json`` what this run created.

    :param part: the path that is provisioned.
    :returns: kind and name of everything that the record holds.
    """
    noted = resources.update_record(
        connections.aws_client("s3"),
        settings().state_root,
        partial(
            resources.note_created,
            found=find_resources(names(), settings(), part),
            run_id=run_id,
            now=now_text(),
        ),
    )
    return [f"{entry['kind']} {entry['name']}" for entry in noted]


@task
def smoke_test_api() -> None:
    """Ask for the topics through the API, as a sender would reach it, and post what must be refused.

    Each topic must have as many partitions there as the brokers say.

    :raises PipelineError: when gateway, proxy or cluster do not answer as they should.
    :raises ResourceMissing: when the cluster lacks a topic.
    """
    from airflow.sdk import BaseHook

    from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook

    found = BaseHook.get_connection(connections.API)
    hook = KafkaOffsetsHook(connections.KAFKA)
    connection.check_api(
        connection.base_url(found),
        found.password or "",
        {topic: len(numbers) for topic, numbers in hook.partitions(list(names().topics.values())).items()},
    )
