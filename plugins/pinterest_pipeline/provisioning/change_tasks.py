"""Tasks that plan what provisioning changes, and let it begin."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import task

from pinterest_pipeline import connections
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.landing import retiring
from pinterest_pipeline.provisioning.api import ApiPart
from pinterest_pipeline.provisioning.changes import Action, Change, check_allowed, table
from pinterest_pipeline.provisioning.differences.sink import replaced_names, updates_connector
from pinterest_pipeline.provisioning.finders import find_msk_connect, find_resources
from pinterest_pipeline.provisioning.planning.batch import plan_batch
from pinterest_pipeline.provisioning.planning.stream import plan_stream
from pinterest_pipeline.settings import settings

logger = logging.getLogger(__name__)


@task(multiple_outputs=True)
def plan_changes(part: str, *, params: Any = None) -> dict[str, Any]:
    """Compare what is wanted with what is there, and show the differences as a table.

    :param part: the path that is provisioned, an :class:`~.api.ApiPart`.
    :returns: ``changes`` (a list, one document a difference), and what is wanted, as
        :func:`~.planning.batch.plan_batch` and :func:`~.planning.stream.plan_stream` return it.
    :raises Permanent: when changes are to be applied and one of them can't be, a value is out of
        a service's limits, or a teardown has not come to its end; nothing was changed.
    """
    values = settings()
    plan = plan_stream if part == ApiPart.STREAM else plan_batch
    try:
        wanted, changes = plan(names(), values, params, find_resources(names(), values, part))
    except ValueError as error:
        # A param or the API's document: the next try would meet it again.
        raise Permanent(f"Nothing was changed: {error}") from error
    logger.info("Changes of the %s path:\n%s", part, table(changes))
    if not params["dry_run"]:
        retiring.refuse_while_under_way(connections.aws_client("s3"), values.state_root)
        check_allowed(changes, allow_replace=params.get("allow_replace", False))
    return {**wanted, "changes": [change.document() for change in changes]}


@task.short_circuit
def begin_changes(*, params: Any = None) -> bool:
    """Let the run go on unless it is a dry run, after which everything behind this is skipped."""
    if params["dry_run"]:
        logger.info("A dry run: nothing is changed. To apply the changes, run this with dry_run false.")
    return not params["dry_run"]


@task
def list_replaced(kind: str, changes: list[dict[str, Any]]) -> list[dict[str, str]]:
    """What of MSK Connect has to be deleted, so that it can be made again.

    It looks what is there now: of a run that is taken up after a crash some may be gone.

    :param kind: ``connector``, ``custom_plugin`` or ``worker_configuration``.
    :param changes: the plan.
    :returns: arguments of the operator that deletes it: one with the ARN, or none.
    """
    replaced = replaced_names(map(Change.of, changes))
    return [
        {f"{kind}_arn": arn}
        for (each, name), arn in find_msk_connect(names()).items()
        if arn and each == kind and (each, name) in replaced
    ]


@task
def list_connector_updates(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """How the connector is changed while it runs.

    :param plan: what :func:`plan_changes` returned.
    :returns: arguments of the operator that updates it: one set, or none.
    """
    arn = find_msk_connect(names())["connector", names().connector]
    if not arn or not updates_connector(map(Change.of, plan["changes"]), names()):
        return []
    update = {
        "connector_arn": arn,
        "configuration": plan["connector_configuration"],
        "capacity": plan["connector_capacity"],
    }
    return [update]


@task
def list_streams(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """What streams there must be.

    :param plan: what :func:`plan_changes` returned.
    :returns: arguments of the operator that creates or adopts a stream.
    """
    return [{"name": stream, **wanted} for stream, wanted in plan["streams"].items()]


@task
def list_stream_updates(plan: dict[str, Any]) -> list[dict[str, Any]]:
    """How streams that are there are changed.

    :param plan: what :func:`plan_changes` returned.
    :returns: arguments of the operator that updates a stream, one set for each that differs.
    """
    changes = map(Change.of, plan["changes"])
    changed = {
        change.name for change in changes if change.kind == "stream" and change.action is Action.UPDATE
    }
    return [{"stream": stream, **wanted} for stream, wanted in plan["streams"].items() if stream in changed]
