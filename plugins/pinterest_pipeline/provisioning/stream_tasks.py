"""Tasks that only the provisioning of the stream path has."""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.provisioning import api
from pinterest_pipeline.provisioning.prerequisites.paths import check_path
from pinterest_pipeline.provisioning.tasks import resource_tags
from pinterest_pipeline.settings import settings


@task
def check_prerequisites() -> list[dict[str, Any]]:
    """Check what the stream path needs, before anything is created; see :func:`.check_path`.

    :returns: the rows of the table that is logged.
    :raises PipelineError: naming all that is to be mended.
    """
    return check_path(api.ApiPart.STREAM, settings(), resource_tags())


@task
def smoke_test_streams() -> None:
    """Post one record to each stream through each method of the API, and read it back from the stream.

    :raises PipelineError: when API, template, role or stream do not do their part.
    """
    from airflow.sdk import BaseHook

    from pinterest_pipeline.provisioning.connection import base_url
    from pinterest_pipeline.provisioning.streams import check_streams

    found = BaseHook.get_connection(connections.API)
    check_streams(
        base_url(found),
        found.password or "",
        connections.aws_client("kinesis"),
        list(names().streams.values()),
    )
