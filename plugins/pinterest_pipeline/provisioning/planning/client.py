"""The plan of the EC2 Kafka client and its SSM documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import Names
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning.changes import Change
from pinterest_pipeline.provisioning.client import kafka_client, read_status
from pinterest_pipeline.provisioning.client_documents import document_changes
from pinterest_pipeline.provisioning.differences.kafka_client import PARAM, client_changes, wanted_client
from pinterest_pipeline.provisioning.ssm_documents import SsmDocument, ssm_content, ssm_document
from pinterest_pipeline.settings import Settings


def plan_client(names: Names, settings: Settings, params: Mapping[str, Any]) -> list[Change]:
    """What would change at the client and its documents; the status document runs there, which only looks.

    :param names: names of the resources.
    :param settings: the settings; without an instance nothing is looked at.
    :param params: the DAG's params.
    :raises Permanent: when the param ``kafka_client`` has a wrong field.
    """
    instance_id = settings.client_instance_id
    if not instance_id:
        return []
    wanted = wanted_client(params.get(PARAM) or {}, ssm_document(SsmDocument.INSTALL, read_include))
    contents = {names.ssm_document(each): ssm_content(each, read_include) for each in SsmDocument}
    documents = document_changes(connections.aws_client("ssm"), contents)
    # A status document that is not as wanted yet may print something else.
    stale = names.ssm_document(SsmDocument.STATUS) in {change.name for change in documents}
    status = None if stale else read_status(kafka_client(instance_id), names)
    return [*documents, *client_changes(status, wanted, instance_id=instance_id)]
