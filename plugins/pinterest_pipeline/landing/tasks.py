"""Tasks of ``pinterest_daily_batch``."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

from airflow.sdk import task

from pinterest_pipeline import connections
from pinterest_pipeline.assets import BATCH_TABLES
from pinterest_pipeline.clock import now_text
from pinterest_pipeline.entities import names
from pinterest_pipeline.errors import CountsWrong
from pinterest_pipeline.landing import counts as landed_counts
from pinterest_pipeline.landing import kafka_side, retiring
from pinterest_pipeline.landing import manifest as manifests
from pinterest_pipeline.landing.objects import list_objects, read_lines
from pinterest_pipeline.settings import settings

logger = logging.getLogger(__name__)


@task
def check_settings() -> None:
    """Check the settings that the daily run needs.

    :raises SettingsError: naming every variable that is missing.
    """
    settings().require("databricks_compute", "databricks_warehouse_id")


@task
def write_manifest(caught_up: dict[str, Any], *, params: Any = None, run_id: Any = None) -> str:
    """Write which objects this run reads. A retry finds the manifest and reads the same ones.

    :param caught_up: the sink's committed offsets.
    :returns: ``s3://`` URI of the manifest.
    :raises Permanent: while a teardown has not come to its end.
    :raises PositionLost: when the sink's offsets lie below what was read before.
    :raises Permanent: when there is a manifest of this name that another run made.
    """
    found = names()
    s3 = connections.aws_client("s3")
    full_refresh = bool(params.get("full_refresh"))

    def listed(topic: str, partition: int, from_offset: int) -> Any:
        return list_objects(s3, found.bucket, topic, partition, from_offset=from_offset)

    def make() -> dict[str, Any]:
        rows = connections.run_sql("tables/read_ingest_positions.sql", missing_table_ok=True)
        return manifests.build_manifest(
            run_id=run_id,
            created_at=now_text(),
            bucket=found.bucket,
            full_refresh=full_refresh,
            topics=found.topics,
            pins=caught_up["committed"],
            marks=manifests.read_marks(rows),
            list_objects=listed,
        )

    retiring.refuse_while_under_way(s3, settings().state_root)
    uri = f"{settings().state_root}/manifests/{manifests.manifest_name(run_id)}"
    written = manifests.write_once(s3, uri, make, run_id=run_id, full_refresh=full_refresh)
    for entity, part in written["entities"].items():
        logger.info("%s: %d objects to read", entity, len(landed_counts.object_keys(part)))
    return uri


@task
def check_counts(manifest_uri: str, result: dict[str, Any], *, run_id: Any = None) -> dict[str, Any]:
    """Check the notebook's counts against the landing, Kafka, the marks and the ledger.

    :param manifest_uri: ``s3://`` URI of the manifest.
    :param result: what the notebook returned.
    :returns: entity to its counts.
    :raises Permanent: when the manifest is gone.
    :raises CountsWrong: with one line for each disagreement.
    """
    from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook

    s3 = connections.aws_client("s3")
    manifest = manifests.require_manifest(s3, manifest_uri)
    count = partial(_lines_in_s3, s3, manifest["bucket"])
    lines = {entity: count(part) for entity, part in manifest["entities"].items()}
    problems = landed_counts.find_problems(
        manifest=manifest,
        counts=result["entities"],
        lines_in_s3={entity: sum(each) for entity, each in lines.items()},
        ledger=connections.run_sql("tables/read_ledger.sql", {"run_id": run_id, "stage": "batch"}),
    )
    topics = [part["topic"] for part in manifest["entities"].values()]
    side = kafka_side.read_kafka_side(DeadLetterHook(connections.KAFKA), topics, names().dead_letter_topic)
    for entity, part in manifest["entities"].items():
        compared = kafka_side.compare(part, lines[entity], side)
        problems += [f"{entity}: {text}" for text in compared.problems]
        if not compared.problems and not compared.unchecked:
            logger.info("%s: every record below the pinned offsets is in S3 or a dead letter", entity)
        for text in compared.unchecked:
            logger.warning(
                "%s: Kafka's side could not be checked, records or dead letters are gone or too many: %s",
                entity,
                text,
            )
    if problems:
        raise CountsWrong(problems)
    for entity, counted in result["entities"].items():
        logger.info("%s: %s", entity, counted)
    return dict(result["entities"])


@task(outlets=list(BATCH_TABLES.values()))
def publish_tables(counted: dict[str, Any], *, run_id: Any = None, outlet_events: Any = None) -> None:
    """Tell Airflow that the batch tables are up to date.

    :param counted: entity to its counts.
    """
    for entity, asset in BATCH_TABLES.items():
        outlet_events[asset].extra = {"run_id": run_id, **counted[entity]}


def _lines_in_s3(s3: Any, bucket: str, entity: dict[str, Any]) -> list[int]:
    """The lines of each object, in the manifest's order."""
    return list(map(len, read_lines(s3, bucket, landed_counts.object_keys(entity))))
