"""The plan of the stream path: three Kinesis streams and the API's stream part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import Names
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.provisioning import api
from pinterest_pipeline.provisioning.changes import Change
from pinterest_pipeline.provisioning.differences.streams import stream_changes, stream_plan
from pinterest_pipeline.provisioning.planning.shared import absent, api_changes
from pinterest_pipeline.provisioning.resources import Found
from pinterest_pipeline.settings import Settings


def plan_stream(
    names: Names, settings: Settings, params: Mapping[str, Any], found: Found
) -> tuple[dict[str, Any], list[Change]]:
    """Work out what is wanted, and how it differs from what is there.

    :param names: names of the resources.
    :param settings: the settings.
    :param params: the DAG's params; what is empty keeps what is there.
    :param found: which resources are there.
    :returns: ``streams`` (name to mode, shards and retention), ``api_specification``, ``stage_variables``,
        and the changes.
    :raises ValueError: when a value is out of the service's limits, or the API's document is wrong.
    """
    from cloud_operators.aws.hooks.kinesis import KinesisHook

    hook = KinesisHook(aws_conn_id=connections.AWS)
    role = settings.kinesis_api_role_arn
    summaries = {stream: hook.find_stream(stream) for stream in names.streams.values()}
    chosen = {name: params.get(name) for name in ("stream_mode", "shard_count", "retention_hours")}
    wanted = {
        "streams": {stream: stream_plan(summary, **chosen) for stream, summary in summaries.items()},
        "api_specification": api.api_specification(
            read_include("apigateway/pinterest.json"),
            api.ApiPart.STREAM,
            values=api.stream_values(hook.conn.meta.region_name, role),
            require_api_key=settings.require_api_key,
        ),
        "stage_variables": api.stream_variables(role),
    }
    return wanted, [
        *absent(found),
        *(
            change
            for stream, summary in summaries.items()
            for change in stream_changes(stream, wanted["streams"][stream], summary)
        ),
        *api_changes(names, settings, wanted["api_specification"], wanted["stage_variables"]),
    ]
