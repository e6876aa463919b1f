"""Tasks of ``pinterest_maintenance``."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any, TypedDict

from airflow.sdk import TriggerRule, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException
from botocore.exceptions import ClientError

from pinterest_pipeline import connections, other_runs
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.entities import names
from pinterest_pipeline.health.store import HISTORY, MALFORMED
from pinterest_pipeline.landing.manifest import split_uri
from pinterest_pipeline.maintenance import expiry, objects, statements
from pinterest_pipeline.maintenance.expiry import Choice
from pinterest_pipeline.settings import settings

logger = logging.getLogger(__name__)

#: DAGs whose runs write the tables. A burst, which adds a few rows to the ledger in hours, is not waited for.
WRITERS = (
    "pinterest_daily_batch",
    "pinterest_materialise_results",
    "pinterest_replay",
    "pinterest_stream_ingest",
)
#: Seconds that they have to come to an end, and between two looks.
WRITING_S = 1800.0
PAUSE_S = 10.0
#: Seconds that the warehouse has for a statement, and the time that a table has for all of its own.
STATEMENT_S = 7200.0
TABLE = timedelta(hours=5)
#: Tables at a time: the warehouse is there for others too.
AT_A_TIME = 4
#: Keys that a log lists.
SHOWN = 1000


class TableResult(TypedDict):
    """What was done to a table.

    :param table: its name after the resource id.
    :param files_removed: files that OPTIMIZE took out of it, as the warehouse says.
    :param files_added: files that OPTIMIZE wrote in their place.
    :param files_deleted: files that VACUUM deleted, in a dry run would delete; ``None`` when nobody says.
    :param bytes_freed: their bytes; ``None`` when nobody says.
    :param files_kept: files of the table now.
    :param bytes_kept: their bytes.
    """

    table: str
    files_removed: int
    files_added: int
    files_deleted: int | None
    bytes_freed: int | None
    files_kept: int
    bytes_kept: int


class Expired(TypedDict):
    """What was deleted in S3, in a dry run would be.

    :param objects: objects that are gone with all their versions.
    :param versions: versions that are gone, of these and of others.
    :param bytes_freed: bytes of them.
    :param kept: objects that stay.
    :param unknown: objects with names of another form, which stay.
    """

    objects: int
    versions: int
    bytes_freed: int
    kept: int
    unknown: int


@task
def check_settings() -> None:
    """Check the settings that the tables need.

    :raises SettingsError: naming every variable that is missing.
    """
    settings().require("databricks_warehouse_id")


@task
def wait_for_writers(*, params: Any = None, ti: Any = None) -> list[str]:
    """Wait until no run writes the tables, but not for ever: a conflict harms nothing.

    :returns: DAGs that still had a run when the time was over.
    """
    if params["dry_run"]:
        return []

    # Those that are queued may be of a paused DAG, and would then be waited for in vain.
    found = other_runs.wait_for_end(ti, WRITERS, ["running"], limit_s=WRITING_S, pause_s=PAUSE_S)
    if found:
        logger.warning("still running, and not waited for any longer: %s", ", ".join(found))
    return found


@task(map_index_template="{{ table }}", max_active_tis_per_dag=AT_A_TIME, execution_timeout=TABLE)
def maintain_table(table: str, *, params: Any = None) -> TableResult:
    """Make few files of many, and delete files that have long been of no version.

    Every statement may be run again. In a dry run nothing is changed.

    :param table: the table's name after the resource id.
    :raises AirflowSkipException: when there is no such table.
    :raises StatementFailed: with the warehouse's error.
    """
    get_current_context()["table"] = table  # type: ignore[typeddict-unknown-key]
    name, hours = names().table(table), int(params["retention_hours"])
    newest = _ask(statements.newest_commit(name), missing_table_ok=True)
    if not newest:
        raise AirflowSkipException(f"table {name} does not exist yet")
    optimized = statements.Optimized(removed=0, added=0)
    if params["dry_run"]:
        files = _ask(statements.vacuum(name, hours, dry_run=True))
        _show([str(row["path"]) for row in files], "VACUUM would delete")
        vacuumed = statements.Vacuumed(files=len(files), size=None)
    else:
        optimized = statements.read_optimized(_ask(statements.optimize(name)))
        _ask(statements.vacuum(name, hours))
        commits = _ask(statements.recent_commits(name))
        vacuumed = statements.read_vacuumed(commits, after=int(newest[0]["version"]))
    (now,) = _ask(statements.detail(name))
    result: TableResult = {
        "table": table,
        "files_removed": optimized.removed,
        "files_added": optimized.added,
        "files_deleted": vacuumed.files,
        "bytes_freed": vacuumed.size,
        "files_kept": int(now["numFiles"]),
        "bytes_kept": int(now["sizeInBytes"]),
    }
    logger.info("%s", result)
    return result


@task
def expire_history(*, params: Any = None) -> Expired:
    """Delete old records of the health, copies of what could not be read, and earlier versions of the rest.

    :raises AirflowSkipException: when there is no bucket.
    :raises NotDeleted: when S3 refuses to delete some of it.
    """
    days, bucket = int(params["history_days"]), names().bucket
    by_day = _list(bucket, f"{HISTORY}/", f"{MALFORMED}/")
    earlier = _list(bucket, *expiry.REWRITTEN)
    now = _now(bucket, f"{HISTORY}/")
    found = expiry.choose_history(by_day, today=now.date(), days=days)
    more = expiry.choose_earlier(earlier, now=now, days=days)
    return _expire(bucket, expiry.together(found, more), bool(params["dry_run"]))


@task
def expire_manifests(*, params: Any = None) -> Expired:
    """Delete old manifests of daily runs, but not the newest.

    :raises AirflowSkipException: when there is no bucket.
    :raises NotDeleted: when S3 refuses to delete some of them.
    """
    bucket, folder = split_uri(f"{settings().state_root}/manifests/")
    listed, days = _list(bucket, folder), int(params["manifest_days"])
    found = expiry.choose_manifests(listed, folder=folder, now=_now(bucket, folder), days=days)
    return _expire(bucket, found, bool(params["dry_run"]))


@task(trigger_rule=TriggerRule.NONE_FAILED)
def report(
    tables: Any, history: Expired | None, manifests: Expired | None, *, params: Any = None
) -> dict[str, Any]:
    """Put together what was done.

    :param tables: what :func:`maintain_table` returned for each table that exists.
    :param history: what :func:`expire_history` returned.
    :param manifests: what :func:`expire_manifests` returned.
    :returns: ``dry_run``, ``tables``, ``history``, ``manifests``, and over all of them ``files_removed``,
        ``files_added``, ``files_deleted``, ``objects_deleted`` and ``bytes_freed``, as far as known.
    """
    done: list[TableResult] = list(tables or [])
    expired = [each for each in (history, manifests) if each]
    result = {
        "dry_run": bool(params["dry_run"]),
        "files_removed": sum(each["files_removed"] for each in done),
        "files_added": sum(each["files_added"] for each in done),
        "files_deleted": sum(each["files_deleted"] or 0 for each in done),
        "objects_deleted": sum(each["objects"] for each in expired),
        "bytes_freed": sum(each["bytes_freed"] or 0 for each in (*done, *expired)),
        "tables": done,
        "history": history,
        "manifests": manifests,
    }
    for name, value in result.items():
        if name == "tables":
            for each in done:
                logger.info("%s", each)
        else:
            logger.info("%s: %s", name, value)
    return result


def _ask(sql: str, *, missing_table_ok: bool = False) -> list[dict[str, Any]]:
    from cloud_operators.databricks.hooks.sql import DatabricksStatementHook

    return DatabricksStatementHook(databricks_conn_id=connections.DATABRICKS).run(
        sql,
        warehouse_id=settings().databricks_warehouse_id,
        polling_period_seconds=1,
        timeout_seconds=STATEMENT_S,
        missing_table_ok=missing_table_ok,
    )


def _list(bucket: str, *prefixes: str) -> list[expiry.Version]:
    s3 = connections.aws_client("s3")
    try:
        return [version for prefix in prefixes for version in objects.list_versions(s3, bucket, prefix)]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchBucket":
            raise AirflowSkipException(f"there is no bucket {bucket} yet") from error
        raise


def _now(bucket: str, prefix: str) -> datetime:
    """The present time; a clock here that is ahead of that of S3 does not make old what is young."""
    s3 = connections.aws_client("s3")
    return min(datetime.fromisoformat(now_text()), objects.present_time(s3, bucket, prefix))


def _expire(bucket: str, found: Choice, dry_run: bool) -> Expired:
    gone = {version.key for version in found.expired} - set(found.kept)
    result: Expired = {
        "objects": len(gone),
        "versions": len(found.expired),
        "bytes_freed": sum(version.size for version in found.expired),
        "kept": len(found.kept),
        "unknown": len(found.unknown),
    }
    _show(found.unknown, "not of the expected form, and left alone")
    _show([f"{each.key} ({each.version_id})" for each in found.expired], "would delete" if dry_run else "old")
    if not dry_run:
        objects.delete_versions(connections.aws_client("s3"), bucket, found.expired)
    logger.info("%s s3://%s: %s", "would delete in" if dry_run else "deleted in", bucket, result)
    return result


def _show(found: list[str], what: str) -> None:
    for each in found[:SHOWN]:
        logger.info("%s: %s", what, each)
    if len(found) > SHOWN:
        logger.info("%s: and %d more", what, len(found) - SHOWN)
