"""The Kinesis streams, what they have refused, and what of them the ingest has not read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.health.checks.streams import Backlog, Reading, Stream
from pinterest_pipeline.health.readings.aws import aws_trouble
from pinterest_pipeline.health.readings.patience import aws_hook
from pinterest_pipeline.health.readings.throttling import read_refused
from pinterest_pipeline.health.readings.warehouse import SETTING, NoAnswer, ask
from pinterest_pipeline.health.readings.workspace import workspace_trouble
from pinterest_pipeline.settings import settings

#: Seconds that the warehouse has; the streams themselves were asked before.
LIMIT_S = 6.0
BACKLOG = "health/stream_backlog.sql"


def read(memory: Mapping[str, Any]) -> Reading:
    """Ask Kinesis, CloudWatch, then the ledger.

    :param memory: not needed.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    from cloud_operators.aws.hooks.kinesis import KinesisHook

    at = datetime.now(UTC)
    try:
        hook = aws_hook(KinesisHook)
        found = {name: hook.find_stream(name) for name in names().streams.values()}
    except (BotoCoreError, ClientError) as error:
        if not (trouble := aws_trouble(error, "Kinesis")):
            raise
        return Reading(at=at, trouble=trouble)
    refused, unmeasured = read_refused([name for name, summary in found.items() if summary], at)
    backlog, unasked = _read_backlog()
    streams = {name: _stream(summary) if summary else None for name, summary in found.items()}
    return Reading(
        at=at, streams=streams, refused=refused, unmeasured=unmeasured, backlog=backlog, unasked=unasked
    )


def _stream(summary: Mapping[str, Any]) -> Stream:
    return Stream(
        status=summary["StreamStatus"],
        shards=summary["OpenShardCount"],
        retention_h=summary["RetentionPeriodHours"],
    )


def _read_backlog() -> tuple[dict[str, Backlog] | None, str]:
    """Entity to its backlog, or nothing and why."""
    from airflow.sdk.exceptions import AirflowException, AirflowNotFoundException

    if not settings().databricks_warehouse_id:
        return None, f"{SETTING} is not set"
    try:
        (rows,) = ask([(BACKLOG, {})], limit_s=LIMIT_S)
    except NoAnswer:
        return None, f"the warehouse did not answer within {LIMIT_S:g} s"
    except AirflowNotFoundException:
        return None, f"there is no connection {connections.DATABRICKS}"
    except AirflowException as error:
        return None, workspace_trouble(error) or "the workspace refuses the statement"
    # Without a ledger no burst was recorded.
    return {row["entity"]: Backlog(unread=row["unread"], handled=row["handled"]) for row in rows or []}, ""
