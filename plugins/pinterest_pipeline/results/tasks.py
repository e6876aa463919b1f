"""Tasks about tables and results."""

from __future__ import annotations

import logging
from typing import Any

from airflow.sdk import task

from pinterest_pipeline import connections
from pinterest_pipeline.assets import RESULTS
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import Permanent, PipelineError, QualityFailed
from pinterest_pipeline.landing import checked
from pinterest_pipeline.landing import manifest as manifests
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.results import quality
from pinterest_pipeline.results.queries import QUERIES
from pinterest_pipeline.results.sql import used_parameters
from pinterest_pipeline.settings import settings

logger = logging.getLogger(__name__)

#: The DAG that writes the same tables.
REPLAY = "pinterest_replay"


@task
def check_quality(manifest_uri: str, *, ti: Any = None) -> list[str]:
    """Run every quality check on the tables: on the rows written since the last time that all have passed.

    :param manifest_uri: ``s3://`` URI of the manifest.
    :returns: names of the checks.
    :raises QualityFailed: with the rows that the checks found.
    :raises PipelineError: the same while a replay is under way: between its rows and their counts tables and
        ledger do not agree, so that it is looked at again.
    """
    s3 = connections.aws_client("s3")
    manifest = manifests.require_manifest(s3, manifest_uri)
    passed_uri = f"{settings().state_root}/{checked.FILE}"
    unchecked = checked.first_unchecked(manifest, checked.read_passed(s3, passed_uri))
    checks = quality.check_names()
    if not checks:
        raise Permanent("there is no quality check under include/sql/quality")
    found: dict[str, list[dict[str, Any]]] = {check: [] for check in checks}
    requests = [
        (check, parameters)
        for check in checks
        for parameters in quality.parameter_sets(read_include(f"sql/quality/{check}.sql"), names(), unchecked)
    ]
    answers = connections.run_sql_together(
        [(f"quality/{check}.sql", parameters) for check, parameters in requests]
    )
    for (check, _), rows in zip(requests, answers, strict=True):
        found[check] += rows
    for check, rows in found.items():
        logger.info("%s: %d rows", check, len(rows))
    logger.info("checked from these offsets on: %s", unchecked)
    if any(found.values()):
        failed = QualityFailed({check: quality.render_rows(rows) for check, rows in found.items() if rows})
        if ti is not None and ti.get_dr_count(dag_id=REPLAY, states=["running"]):
            raise PipelineError(f"{failed}\n{REPLAY} may be writing: it is looked at again") from failed
        raise failed
    checked.write_passed(s3, passed_uri, checked.behind(manifest))
    return checks


@task
def plan_results() -> list[dict[str, Any]]:
    """What is materialised, one item a query: the operator's arguments.

    :raises SettingsError: naming every variable that is missing.
    """
    settings().require("databricks_warehouse_id")
    found = names()
    items = []
    for query in QUERIES:
        statement = read_include(f"sql/queries/{query}.sql")
        items.append(
            {
                "sql": statement,
                "parameters": used_parameters(statement, found.sql_parameters),
                "result_table": found.result_table(query),
                "destination": found.results_folder(query),
            }
        )
    return items


@task(outlets=list(RESULTS.values()))
def publish_results(
    results: list[dict[str, Any]], *, run_id: Any = None, outlet_events: Any = None
) -> dict[str, int]:
    """Tell Airflow that the results are up to date.

    :param results: what was materialised, in the order of the queries.
    :returns: query to its number of rows.
    """
    rows = {}
    for query, result in zip(QUERIES, results, strict=True):
        rows[query] = int(result["rows"])
        outlet_events[RESULTS[query]].extra = {
            "run_id": run_id,
            "rows": result["rows"],
            "columns": result["columns"],
            "files": result["files"],
        }
    return rows
