"""Tasks of ``pinterest_stream_ingest``."""

from __future__ import annotations

import json
import logging
from typing import Any

import tenacity
from airflow.sdk import task

from pinterest_pipeline import connections
from pinterest_pipeline.assets import STREAM_TABLES
from pinterest_pipeline.entities import ENTITIES, names
from pinterest_pipeline.errors import CountsWrong
from pinterest_pipeline.settings import settings
from pinterest_pipeline.streaming import counts
from pinterest_pipeline.streaming.counts import Comparison

logger = logging.getLogger(__name__)

#: How often the counts of a continuous run are looked at, and seconds in between.
LOOKS = 20
PAUSE_S = 3.0


@task
def check_settings() -> None:
    """Check the settings that the ingest needs.

    :raises SettingsError: naming every variable that is missing.
    """
    settings().require("databricks_compute", "databricks_warehouse_id")


@task(multiple_outputs=True)
def find_streams() -> dict[str, str]:
    """Which streams the notebook reads, and in which of their lives they are.

    A stream that was deleted and created again cannot go on with the checkpoint of the old one, so the time
    of its creation is a part of the checkpoint's name.

    :returns: ``streams``: JSON of entity to ``name`` and ``created``; ``region``.
    :raises ResourceMissing: when a stream is not there.
    """
    from cloud_operators.aws.hooks.kinesis import KinesisHook
    from cloud_operators.exceptions import ResourceMissing

    hook = KinesisHook(aws_conn_id=connections.AWS)
    found = {}
    for entity, name in names().streams.items():
        stream = hook.find_stream(name)
        if stream is None:
            raise ResourceMissing(f"stream {name} is not there: run pinterest_provision_stream")
        created = stream["StreamCreationTimestamp"]
        found[entity] = {"name": name, "created": f"{created.timestamp():.3f}"}
    return {"streams": json.dumps(found), "region": hook.conn.meta.region_name}


@task.branch
def choose_mode() -> str:
    """How the notebook is run, as ``PINTEREST_STREAM_MODE`` says.

    :returns: id of the task.
    """
    return "run_notebook" if settings().stream_mode == "available_now" else "keep_running"


@task(trigger_rule="none_failed_min_one_success")
def check_counts() -> dict[str, dict[str, int]]:
    """Check the counts of all micro-batches against each other and against the tables.

    :returns: entity to the sums of its counts.
    :raises CountsWrong: with one line for each disagreement.
    """
    rows = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(CountsWrong),
        # A micro-batch is merged first and counted then: a continuous run is met in between now and then.
        stop=tenacity.stop_after_attempt(LOOKS if settings().stream_mode == "continuous" else 1),
        wait=tenacity.wait_fixed(PAUSE_S),
        reraise=True,
    )(_balanced_rows)
    names_of_counts = ("lines_read", "kept", "merged", "quarantined")
    found = {row["entity"]: {name: int(row[name]) for name in names_of_counts} for row in rows}
    for entity, counted in found.items():
        logger.info("%s: %s", entity, counted)
    return found


def _balanced_rows() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = connections.run_sql("tables/read_stream_balance.sql")
    if problems := counts.find_problems(rows):
        raise CountsWrong(problems)
    return rows


@task
def compare_tables() -> dict[str, Comparison]:
    """Compare the tables of the two paths for the keys that both have, and report what differs.

    A difference is no error: a key that was posted again to one path alone differs rightly.

    :returns: entity to what was found; nothing before the first daily run.
    """
    found: dict[str, Comparison] = {}
    for entity in ENTITIES:
        tables = {
            "batch_table": names().table(f"{entity}_batch"),
            "stream_table": names().table(f"{entity}_table"),
        }
        rows = connections.run_sql(f"comparison/{entity}.sql", tables, missing_table_ok=True)
        if not rows:
            logger.info("%s: there is no batch table yet", entity)
            continue
        found[entity] = counts.read_comparison(rows[0])
        level = logging.WARNING if found[entity]["differences"] else logging.INFO
        logger.log(level, "%s", counts.describe(entity, found[entity]))
    return found


@task(outlets=list(STREAM_TABLES.values()))
def publish_tables(
    counted: dict[str, dict[str, int]],
    compared: dict[str, Comparison],
    *,
    run_id: Any = None,
    outlet_events: Any = None,
) -> None:
    """Tell Airflow that the stream tables are up to date.

    :param counted: entity to the sums of its counts.
    :param compared: entity to how its tables compare.
    """
    for entity, asset in STREAM_TABLES.items():
        outlet_events[asset].extra = {
            "run_id": run_id,
            **counted[entity],
            **({"differences": compared[entity]["differences"]} if entity in compared else {}),
        }
