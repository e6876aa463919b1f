"""Tasks of ``pinterest_replay``."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import task

from pinterest_pipeline import connections, other_runs
from pinterest_pipeline.assets import BATCH_TABLES
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.entities import ENTITIES, names
from pinterest_pipeline.errors import CountsWrong, PipelineError, QualityFailed
from pinterest_pipeline.landing import retiring
from pinterest_pipeline.landing.manifest import require_manifest
from pinterest_pipeline.notebook_runs import notebook_runs
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.replay import counts, fetching, progress
from pinterest_pipeline.replay import plan as plans
from pinterest_pipeline.results import quality
from pinterest_pipeline.settings import settings
from pinterest_pipeline.streaming.counts import find_miscount

logger = logging.getLogger(__name__)

#: DAGs whose runs write the same tables, or take away what is read.
WRITERS = ("pinterest_daily_batch", "pinterest_stream_ingest", "pinterest_teardown")
#: Seconds that they have to come to an end, and between two looks.
WRITING_S = 1800.0
PAUSE_S = 5.0
#: Below every position: rows of old topics have offsets below 0.
EVERYTHING = -(2**63)


@task
def check_settings() -> None:
    """Check the settings that the replay needs.

    :raises SettingsError: naming every variable that is missing.
    """
    settings().require("databricks_compute", "databricks_warehouse_id")


@task(multiple_outputs=True)
def plan_replay(*, params: Any = None, run_id: Any = None) -> dict[str, Any]:
    """Fetch the dead letters, and keep what this run does. A retry finds the plan and does the same.

    :returns: ``plan``: ``s3://`` URI of the plan; ``dead_letters``: that of their file, or an empty text;
        ``dry_run``: ``true`` or ``false``; ``run_name``, ``waits_for`` and ``replaces`` of the notebook's
        run.
    :raises Permanent: while a teardown has not come to its end, or when a run of this id was asked for
        something else.
    """
    s3, found, root = connections.aws_client("s3"), names(), settings().state_root
    retiring.refuse_while_under_way(s3, root)
    entities = [params["entity"]] if params["entity"] else list(ENTITIES)

    def fetch() -> plans.Fetched | None:
        if params["source"] == "quarantine":
            return None
        from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook

        hook = DeadLetterHook(connections.KAFKA)
        return fetching.fetch(hook, s3, found, entities, progress_uri=f"{root}/{progress.FILE}")

    folder = plans.folder(root, run_id)
    plan = plans.write_once(s3, folder, run_id=run_id, params=params, fetch=fetch)
    for entity, taken in plan.get("taken", {}).items():
        logger.info("%s: %d dead letters to replay, %d wait", entity, taken, plan["waiting"][entity])
    if any(plan.get("waiting", {}).values()):
        logger.warning(
            "dead letters wait until the sink has written what came before them: run this again then"
        )
    for entity, places in plan.get("of_older_topics", {}).items():
        if places:
            logger.warning(
                "%s: %d dead letters are of an older topic of this name and stay in the dead-letter topic; "
                "the plan has their partitions and offsets there",
                entity,
                len(places),
            )
    if plan.get("strangers"):
        logger.warning("%d messages of the dead-letter topic name no record", plan["strangers"])
    if not plan.get("complete", True):
        logger.warning("there are more dead letters than a run takes: run this again")
    return {
        "plan": f"{folder}/plan.json",
        "dead_letters": plan["dead_letters"],
        "dry_run": "true" if plan["dry_run"] else "false",
        **plan_runs(dry_run=plan["dry_run"]),
    }


@task
def wait_for_writers(*, params: Any = None, ti: Any = None) -> None:
    """Wait until no run of another DAG writes the same tables; a dry run, which only reads, does not wait.

    :raises PipelineError: naming the DAGs that still have runs when the time is over.
    """
    if params["dry_run"]:
        return
    if found := other_runs.wait_for_end(ti, WRITERS, limit_s=WRITING_S, pause_s=PAUSE_S):
        raise PipelineError(
            f"Nothing was replayed: {other_runs.that_have_runs(found)} and write the same tables. Let them "
            "end, then clear this task"
        )


@task
def check_counts(plan_uri: str, result: dict[str, Any], *, run_id: Any = None) -> dict[str, Any]:
    """Check the notebook's counts against the fetched letters and the ledger.

    :param plan_uri: ``s3://`` URI of the plan.
    :param result: what the notebook returned.
    :returns: entity to its counts, and under ``letters_of_older_topics`` to how many letters were left alone.
    :raises Permanent: when the plan is gone.
    :raises CountsWrong: with one line for each disagreement.
    """
    plan = require_manifest(connections.aws_client("s3"), plan_uri)
    older = plan.get("of_older_topics", {})
    found = {
        entity: {**counted, "letters_of_older_topics": len(older.get(entity, ()))}
        for entity, counted in result["entities"].items()
    }
    ledger = []
    if not plan["dry_run"]:
        ledger = connections.run_sql("tables/read_replay_counts.sql", {"run_id": run_id})
    for entity, counted in found.items():
        logger.info("%s", counts.describe(entity, counted, dry_run=plan["dry_run"]))
    if problems := counts.find_problems(plan, found, ledger):
        raise CountsWrong(problems)
    return found


@task.short_circuit
def stop_dry_run(counted: dict[str, Any], *, params: Any = None) -> bool:
    """Go on only if this is no dry run.

    :param counted: what :func:`check_counts` returned.
    """
    if params["dry_run"]:
        logger.info("This was a dry run: nothing is changed. With dry_run=false it is done")
    return not params["dry_run"]


@task
def note_progress(plan_uri: str) -> dict[str, Any]:
    """Note how far the dead letters have been replayed, so that the next run goes on behind them.

    :param plan_uri: ``s3://`` URI of the plan.
    :returns: entity to partition of the dead-letter topic to the offset to read on from.
    :raises Permanent: when the plan is gone.
    """
    s3 = connections.aws_client("s3")
    plan = require_manifest(s3, plan_uri)
    if "progress" not in plan:
        return {}
    reached = progress.from_json(plan["progress"])
    noted = progress.advance(
        s3, f"{settings().state_root}/{progress.FILE}", reached, topic_id=plan["topic_id"]
    )
    logger.info("replayed up to %s", noted)
    return {
        entity: {str(number): offset for number, offset in each.items()} for entity, each in noted.items()
    }


@task
def check_quality(*, run_id: Any = None, ti: Any = None) -> list[str]:
    """Run every quality check on the whole tables, and count the rows of the stream tables.

    A replay may bring in rows of any position. A table that is not there yet has no wrong rows.

    :returns: names of the checks.
    :raises QualityFailed: with the rows that the checks found.
    :raises PipelineError: the same while another DAG's run writes, after which it is looked at again.
    """
    found: dict[str, str] = {}
    everything = dict.fromkeys(ENTITIES, EVERYTHING)
    checks = quality.check_names()
    for check in checks:
        sets = quality.parameter_sets(read_include(f"sql/quality/{check}.sql"), names(), everything)
        rows = [
            row
            for parameters in sets
            for row in connections.run_sql(f"quality/{check}.sql", parameters, missing_table_ok=True)
        ]
        logger.info("%s: %d rows", check, len(rows))
        if rows:
            found[check] = quality.render_rows(rows)
    balance = connections.run_sql(
        "tables/read_stream_balance.sql", {"run_id": run_id, "begun": now_text()}, missing_table_ok=True
    )
    if miscounts := [text for row in balance if (text := find_miscount(row))]:
        found["rows of the stream tables"] = "\n".join(miscounts)
    if found:
        failed = QualityFailed(found)
        if writing := other_runs.with_runs(ti, WRITERS):
            raise PipelineError(
                f"{failed}\n{', '.join(writing)} may be writing: it is looked at again"
            ) from failed
        raise failed
    return checks


@task(outlets=list(BATCH_TABLES.values()))
def publish_tables(counted: dict[str, Any], *, run_id: Any = None, outlet_events: Any = None) -> None:
    """Tell Airflow that the batch tables are up to date, which computes the results anew.

    :param counted: entity to its counts, as ``check_counts`` returned them.
    """
    for entity, asset in BATCH_TABLES.items():
        part = counted.get(entity, {}).get("batch", {})
        outlet_events[asset].extra = {"run_id": run_id, "replayed": part}


def plan_runs(*, dry_run: bool) -> dict[str, Any]:
    """The name of the notebook's run, and which runs it waits for and cancels.

    :param dry_run: whether it only reads, so that nobody has to wait.
    """
    runs = notebook_runs(names().user_id)
    if dry_run:
        return {"run_name": runs.replay_trial, "waits_for": [], "replaces": []}
    return {
        "run_name": runs.replay,
        "waits_for": [runs.replay, runs.daily, runs.stream],
        "replaces": [runs.continuous],
    }
