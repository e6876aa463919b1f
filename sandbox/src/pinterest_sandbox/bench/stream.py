"""The stream path: its burst beside its ceiling, the ingest cold and warm, a record's way into its table."""

from __future__ import annotations

import statistics
import time
from typing import Any

import requests

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import EMULATE, STREAM_INGEST
from pinterest_sandbox.aws.api_key import read_api_key
from pinterest_sandbox.bench import notebook_runs, stream_ceiling
from pinterest_sandbox.bench.burst import BATCH_SIZE, ENTITIES, logged_rate
from pinterest_sandbox.bench.driving import run_dag
from pinterest_sandbox.bench.figures import Figure, burst_figures
from pinterest_sandbox.config import Config
from pinterest_sandbox.databricks import service as databricks
from pinterest_sandbox.databricks.sql_client import run_sql
from pinterest_sandbox.environment import api_url
from pinterest_sandbox.supervision import Supervisor
from pinterest_sandbox.waiting import NotReady, wait_until

RATE_BUDGET = 5_000
#: Posts of one ingest: 33,000 records, as in a daily run.
POSTS = 11_000
SAMPLES = 5
#: No source row has a key as high.
FIRST_KEY = 100_000_000


def measure_ingest(config: Config, airflow: AirflowClient) -> list[Figure]:
    """Two runs over 33,000 new records each; the first one is the first since the workspace's start.

    The notebook's time is the workspace's own: the task looks at the run every few seconds only.
    """
    _start_workspace_anew(config)
    figures = []
    for number, name in enumerate(("cold", "warm")):
        run_dag(airflow, EMULATE, {"posts": POSTS, "start": number * POSTS, "target": "stream"})
        airflow.unpause(STREAM_INGEST)
        whole = run_dag(airflow, STREAM_INGEST, {}).seconds
        # Its schedule would start a run beside what is measured next.
        airflow.pause(STREAM_INGEST)
        note = f"{POSTS * ENTITIES:,} new records"
        seconds = notebook_runs.last_seconds(config)
        figures += [
            Figure(name=f"stream ingest, {name}", value=seconds, unit="s", note=note),
            Figure(name=f"stream ingest, {name}: the whole DAG", value=whole, unit="s", note=note),
        ]
    return figures


def measure_rate(
    config: Config, airflow: AirflowClient, rows: dict[str, list[dict[str, Any]]], *, posts: int
) -> list[Figure]:
    """A burst by its DAG, and as many records of the same kinds from a bare load generator.

    :param rows: entity to records for the load generator.
    :param posts: posts of the burst; each is three records.
    """
    records = posts * ENTITIES
    ceiling = stream_ceiling.records_per_second(
        config,
        [row for post in zip(*rows.values(), strict=True) for row in post],
        records=records,
        batch_size=BATCH_SIZE,
        connections=ENTITIES,
    )
    conf: dict[str, object] = {"posts": posts, "batch_size": BATCH_SIZE, "target": "stream"}
    run = run_dag(airflow, EMULATE, conf, logs_of=("send_posts",))
    on = f"{records:,} records, batches of {BATCH_SIZE}"
    return [
        Figure(
            name="bare load generator at Kinesis",
            value=ceiling,
            unit="records/s",
            note=f"{on}, into a stream that nobody reads",
        ),
        *burst_figures(
            "stream burst",
            rate=records / run.tasks["send_posts"],
            logged=logged_rate(run.last_lines["send_posts"]),
            ceiling=ceiling,
            budget=RATE_BUDGET,
            share_budget=None,
            on=on,
        ),
    ]


def measure_latency(config: Config, row: dict[str, Any]) -> Figure:
    """Seconds from a post until the SQL warehouse shows its row, while the ingest runs continuously.

    :param row: a pin record. The newest notebook run is one of the ingest.
    """
    with notebook_runs.again(config, "bench: continuous ingest", mode="continuous", run_id="bench"):
        # The first one waits for the queries to start, and for what the burst has left.
        samples = [
            _until_shown(config, {**row, "index": FIRST_KEY + number}) for number in range(1 + SAMPLES)
        ]
    return Figure(
        name="stream record to Delta table",
        value=statistics.median(samples[1:]),
        unit="s",
        note=f"continuous ingest, one record at a time, median of {SAMPLES}, the warehouse's look included",
    )


def _until_shown(config: Config, row: dict[str, Any]) -> float:
    headers = {"x-api-key": read_api_key(config)}
    began = time.monotonic()
    requests.put(
        f"{api_url(config, client='airflow')}/streams/streaming-{config.user_id}-pin/record",
        json={"Data": row, "PartitionKey": str(row["index"])},
        headers=headers,
        timeout=30,
    ).raise_for_status()
    table = f"`spark_catalog`.`default`.`{config.user_id}_pin_table`"

    def shown() -> None:
        if not run_sql(config, f"SELECT ind FROM {table} WHERE ind = {int(row['index'])}"):
            raise NotReady("it is not there yet")

    wait_until(shown, what=f"row {row['index']} of {table}", timeout=300, interval=0.1)
    return time.monotonic() - began


def _start_workspace_anew(config: Config) -> None:
    url = config.url("databricks")
    Supervisor(config).kill("databricks")
    wait_until(lambda: databricks.check(url), what="the workspace", timeout=120, interval=0.2)
    databricks.rehearse(url)
