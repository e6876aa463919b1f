"""Tasks of ``pinterest_stream_ingest``."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Any

import tenacity
from airflow.sdk import task

from pinterest_pipeline import connections
from pinterest_pipeline.assets import STREAM_TABLES
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.entities import ENTITIES, names
from pinterest_pipeline.errors import CountsWrong, RecordsLost
from pinterest_pipeline.settings import settings
from pinterest_pipeline.streaming import counts
from pinterest_pipeline.streaming.counts import Comparison
from pinterest_pipeline.streaming.looks import Looks

logger = logging.getLogger(__name__)

#: Seconds between the looks at the counts of a continuous run, ten minutes in all: it may have to get a
#: cluster first, or to repeat what another one had begun.
PAUSES_S = tuple(min(3 * 1.2**number, 30) for number in range(30))
#: The counts that are published.
COUNTS = ("lines_read", "kept", "merged", "quarantined")


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

    :returns: ``streams``: JSON of entity to ``name`` and ``created``; ``region``; ``begun``: the time before
        anything is read.
    :raises ResourceMissing: when a stream is not there.
    """
    from cloud_operators.aws.hooks.kinesis import KinesisHook
    from cloud_operators.exceptions import ResourceMissing

    begun = now_text()
    hook = KinesisHook(aws_conn_id=connections.AWS)
    found = {}
    for entity, name in names().streams.items():
        stream = hook.find_stream(name)
        if stream is None:
            raise ResourceMissing(f"stream {name!r}", "run pinterest_provision_stream")
        created = stream["StreamCreationTimestamp"]
        found[entity] = {"name": name, "created": f"{created.timestamp():.3f}"}
    return {"streams": json.dumps(found), "region": hook.conn.meta.region_name, "begun": begun}


@task.branch
def choose_mode() -> str:
    """How the notebook is run, as ``PINTEREST_STREAM_MODE`` says.

    :returns: id of the task.
    """
    return "run_notebook" if settings().stream_mode == "available_now" else "keep_running"


@task(trigger_rule="none_failed_min_one_success")
def check_counts(*, ti: Any = None, run_id: Any = None) -> dict[str, dict[str, int]]:
    """Check the counts of all micro-batches against the tables and against what bursts put into the streams.

    A run that goes on is looked at again and again, until each count has been right once.

    :returns: entity to its counts. Of a run that has ended, what it was the first to count; of one that goes
        on, the totals of all runs, as ``total_<count>``.
    :raises CountsWrong: with one line for each disagreement.
    :raises RecordsLost: when records can't be read any more. They are written off: the next run does not tell
        them again, while this one does in each of its tries.
    """
    continuous = settings().stream_mode == "continuous"
    asked = {"run_id": run_id, "begun": ti.xcom_pull(task_ids="find_streams", key="begun")}
    looks = Looks(
        lambda: connections.run_sql("tables/read_stream_balance.sql", asked, missing_table_ok=True), ENTITIES
    )
    try:
        _look(looks, PAUSES_S if continuous else ())
    except CountsWrong as error:
        if lost := _lost(looks, ti) if continuous else looks.unread():
            _write_off(lost, run_id)
            raise RecordsLost(lost, error.problems) from error
        raise
    if continuous:
        totals = looks.rows.items()
        found = {entity: {f"total_{name}": int(row[name]) for name in COUNTS} for entity, row in totals}
    else:
        result = ti.xcom_pull(task_ids="run_notebook")["entities"]
        found = {entity: {name: int(result[entity][name]) for name in COUNTS} for entity in ENTITIES}
    for entity, counted in found.items():
        logger.info("%s: %s", entity, counted)
    return found


def _look(looks: Looks, pauses: Sequence[float]) -> None:
    def tell(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        logger.info("look %d of %d: %s", state.attempt_number, len(pauses) + 1, error)

    tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(CountsWrong),
        stop=tenacity.stop_after_attempt(len(pauses) + 1),
        wait=tenacity.wait_chain(*map(tenacity.wait_fixed, pauses or [0])),
        before_sleep=tell,
        reraise=True,
    )(looks.look)


def _lost(looks: Looks, ti: Any) -> dict[str, int]:
    """What a run that goes on will never read: it has been up all the time and has read nothing more."""
    from cloud_operators.databricks.hooks.runs import DatabricksRunsHook

    unread = looks.unread(at_rest=True)
    if not unread or ti.xcom_pull(task_ids="keep_running", key="action") != "adopted":
        return {}
    notebook_run = ti.xcom_pull(task_ids="keep_running", key="run_id")
    run = DatabricksRunsHook(connections.DATABRICKS).get_run(notebook_run)
    return unread if run["state"]["life_cycle_state"] == "RUNNING" else {}


def _write_off(lost: dict[str, int], run_id: str) -> None:
    rows = [{"entity": entity, "acknowledged": number} for entity, number in lost.items()]
    connections.run_sql("tables/record_stream_loss.sql", {"run_id": run_id, "rows": json.dumps(rows)})


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

    :param counted: entity to its counts, as ``check_counts`` returned them.
    :param compared: entity to how its tables compare.
    """
    for entity, asset in STREAM_TABLES.items():
        outlet_events[asset].extra = {
            "run_id": run_id,
            **counted[entity],
            **({"differences": compared[entity]["differences"]} if entity in compared else {}),
        }
