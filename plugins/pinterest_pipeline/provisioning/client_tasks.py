"""Tasks that set up the EC2 Kafka client through Systems Manager, and look whether its REST proxy answers."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from airflow.sdk import chain, task, task_group
from airflow.sdk.exceptions import AirflowSkipException

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent, PipelineError
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning import client_documents
from pinterest_pipeline.provisioning.client import KafkaClient, kafka_client, read_status
from pinterest_pipeline.provisioning.differences import kafka_client as differences
from pinterest_pipeline.provisioning.differences.kafka_client import PARAM, Step
from pinterest_pipeline.provisioning.ssm_documents import SsmDocument, ssm_content, ssm_document
from pinterest_pipeline.provisioning.tasks import resource_tags
from pinterest_pipeline.settings import settings

if TYPE_CHECKING:
    from cloud_operators.aws.hooks.msk import MskHook

logger = logging.getLogger(__name__)

#: Seconds that a command may take. An installation downloads some hundred megabytes and waits for an answer.
RESTART_SECONDS, INSTALL_SECONDS = 600, 3000


@task
def ensure_client_documents() -> dict[str, str]:
    """Make the SSM documents of the client or bring them in line.

    :returns: name of each document to ``created``, ``updated`` or ``unchanged``.
    :raises AirflowSkipException: when no instance is set.
    """
    _instance()
    ssm = connections.aws_client("ssm")
    done = {}
    for document in SsmDocument:
        name = names().ssm_document(document)
        content = ssm_content(document, read_include)
        done[name] = client_documents.ensure_document(ssm, name, content, resource_tags())
        logger.info("SSM document %s: %s", name, done[name])
    return done


@task
def read_client_status() -> dict[str, Any]:
    """What the client shows of itself.

    :returns: what the status document prints.
    """
    found = _status()
    logger.info("%s: %s", settings().client_instance_id, _sentence(found))
    return found


@task
def prepare_client(status: dict[str, Any], *, params: Any = None) -> str:
    """Install what differs, or restart a REST proxy that does not answer.

    :param status: what the client shows of itself.
    :returns: ``nothing``, ``restart`` or ``install``: what was done.
    :raises Permanent: when an installation is needed and the param does not say of what.
    """
    wanted = _wanted(params)
    step = differences.next_step(status, wanted)
    if step is Step.NOTHING:
        logger.info("the client is healthy and as wanted: nothing to do")
        return str(step)
    if step is Step.RESTART:
        logger.info("the REST proxy is installed and not healthy: restarting it")
        _log_output(_client().run(_name(SsmDocument.RESTART), seconds=RESTART_SECONDS, adopt=True))
        return str(step)
    lack = differences.missing_checksums(wanted)
    if lack:
        raise Permanent(f"{_reason(status, wanted)}, and {lack}{_way_out(status)}")
    logger.info("%s: running the install document", _reason(status, wanted))
    output = _client().run(
        _name(SsmDocument.INSTALL), _install_parameters(status, wanted), seconds=INSTALL_SECONDS, adopt=True
    )
    _log_output(output)
    return str(step)


@task
def verify_client(done: str, *, params: Any = None) -> None:
    """Look at the client again when something was done.

    :param done: what :func:`prepare_client` has returned.
    :raises PipelineError: when it is not healthy, or not as wanted.
    """
    if done == Step.NOTHING:
        logger.info("nothing was done: the client is as it was found")
        return
    found, wanted = _status(), _wanted(params)
    left = differences.differences(found, wanted)
    if left:
        shown = ", ".join(f"{field} is {there!r}, not {asked!r}" for field, (there, asked) in left.items())
        raise PipelineError(f"the client is not as wanted after {done}: {shown}")
    if not found["healthy"]:
        raise PipelineError(f"the REST proxy is not healthy after {done}: {_sentence(found)}")
    logger.info("%s after %s: %s", settings().client_instance_id, done, _sentence(found))


@task_group(group_id="kafka_client")
def set_up_kafka_client() -> None:
    """The client's tasks, in their order. All are skipped where no instance is set."""
    status: Any = read_client_status()
    done: Any = prepare_client(status)
    chain(ensure_client_documents(), status)
    verify_client(done)


def _instance() -> str:
    found = settings().client_instance_id
    if not found:
        raise AirflowSkipException(
            "PINTEREST_CLIENT_INSTANCE_ID is not set: the EC2 Kafka client is left alone. Set it to the "
            "instance's id to have it set up here"
        )
    return found


def _client() -> KafkaClient:
    return kafka_client(_instance())


def _name(document: SsmDocument) -> str:
    return names().ssm_document(document)


def _status() -> dict[str, Any]:
    return read_status(_client(), names())


def _wanted(params: Any) -> dict[str, str]:
    return differences.wanted_client(params.get(PARAM) or {}, ssm_document(SsmDocument.INSTALL, read_include))


def _install_parameters(status: dict[str, Any], wanted: dict[str, str]) -> dict[str, str]:
    """What is not asked for stays as it is, or is what provisioning knows; all else has its default."""
    from cloud_operators.aws.hooks.msk import MskHook

    document = ssm_document(SsmDocument.INSTALL, read_include)
    found = differences.address_fields(settings().rest_proxy_address, document)
    found |= differences.kept_fields(status, document) | wanted
    if "BootstrapServers" not in found:
        found["BootstrapServers"] = _iam_brokers(MskHook(aws_conn_id=connections.AWS))
    return found


def _iam_brokers(msk: MskHook) -> str:
    cluster_arn = settings().msk_cluster_arn
    brokers = msk.choose_bootstrap_brokers(cluster_arn, msk.describe_cluster(cluster_arn))
    if brokers.authentication != "IAM":
        raise Permanent(
            f"the install document configures the client for brokers that ask for IAM, and {cluster_arn} has "
            "none: enable IAM on the cluster, or set the client up in another way and leave "
            "PINTEREST_CLIENT_INSTANCE_ID empty"
        )
    return brokers.servers


def _reason(status: dict[str, Any], wanted: dict[str, str]) -> str:
    if not differences.is_installed(status):
        return f"the REST proxy is not installed on {settings().client_instance_id}"
    shown = (
        f"{field} is {found!r}, not {asked!r}"
        for field, (found, asked) in differences.differences(status, wanted).items()
    )
    return f"on {settings().client_instance_id} {', '.join(shown)}"


def _way_out(status: dict[str, Any]) -> str:
    if differences.is_installed(status):
        return ""
    return ". If the client was set up in another way, leave PINTEREST_CLIENT_INSTANCE_ID empty"


def _sentence(status: dict[str, Any]) -> str:
    versions = ", ".join(f"{part} {number}" for part, number in status["installed"].items() if number)
    word = "healthy" if status["healthy"] else "not healthy"
    text = (
        f"{word}; unit {status['unit']} is {status['state']}, port {status['port']} answers "
        f"{status['http_status'] or 'nothing'}; installed: {versions or 'nothing'}"
    )
    return "\n  ".join([text, *status["errors"]])


def _log_output(text: str) -> None:
    for line in text.splitlines():
        logger.info("  %s", line)
