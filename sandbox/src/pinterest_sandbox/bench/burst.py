"""The burst through the API, beside its ceiling, and how soon a post lies in S3."""

from __future__ import annotations

import re
import statistics
import time
from typing import Any

import requests

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import EMULATE
from pinterest_sandbox.aws.api_key import read_api_key
from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.bench.ceiling import CONTENT_TYPE, make_idle_topic, records_per_second
from pinterest_sandbox.bench.driving import run_dag
from pinterest_sandbox.bench.figures import Figure, burst_figures
from pinterest_sandbox.config import Config
from pinterest_sandbox.environment import api_url
from pinterest_sandbox.waiting import NotReady, wait_until

ENTITIES = 3
BATCH_SIZE = 500
RATE_BUDGET = 10_000
SHARE_BUDGET = 60.0
VISIBLE_BUDGET_S = 3.0
SAMPLES = 5


def measure_rate(
    config: Config, airflow: AirflowClient, rows: dict[str, list[dict[str, Any]]], *, posts: int
) -> list[Figure]:
    """A burst by its DAG, and as many records of the same kinds from a bare load generator.

    The task's whole time counts, with its start and the reading of the source. The rate that it logs counts
    from the first row that is read, and is given beside it, as is a generator with the sink behind it.

    :param rows: entity to records for the load generator.
    :param posts: posts of the burst; each is three records.
    """
    records = posts * ENTITIES
    idle_topic = make_idle_topic(config)
    ceiling, with_sink = (
        records_per_second(
            config, rows, topics=topics, records=records, batch_size=BATCH_SIZE, connections=ENTITIES
        )
        # The pipeline's own topics last: behind them the sink works, as it does behind a burst.
        for topics in (
            dict.fromkeys(rows, idle_topic),
            {entity: f"{config.user_id}.{entity}" for entity in rows},
        )
    )
    run = run_dag(airflow, EMULATE, {"posts": posts, "batch_size": BATCH_SIZE}, logs_of=("send_posts",))
    on = f"{records:,} records, batches of {BATCH_SIZE}"
    return [
        Figure(
            name="bare load generator",
            value=ceiling,
            unit="records/s",
            note=f"{on}, at the REST proxy, into a topic that nobody reads",
        ),
        Figure(
            name="bare load generator, the sink behind it",
            value=with_sink,
            unit="records/s",
            note=f"{on}, at the REST proxy, into the pipeline's topics",
        ),
        *burst_figures(
            "burst",
            rate=records / run.tasks["send_posts"],
            logged=logged_rate(run.last_lines["send_posts"]),
            ceiling=ceiling,
            budget=RATE_BUDGET,
            share_budget=SHARE_BUDGET,
            on=on,
        ),
    ]


def logged_rate(text: str) -> float:
    """The rate in the last line of a burst's log.

    :returns: records a second.
    :raises ValueError: when the burst has not logged its end.
    """
    found = re.search(r"posts acknowledged, (\d+) records/s, \d+ s in all", text)
    if not found:
        raise ValueError(f"the burst's log does not tell its rate:\n{text}")
    return float(found[1])


def measure_visible(config: Config, row: dict[str, Any]) -> Figure:
    """Seconds from a post until its object lies in S3, the median of some.

    :param row: a pin record.
    """
    return Figure(
        name="post to S3 visible",
        value=statistics.median(_until_visible(config, row) for _ in range(SAMPLES)),
        unit="s",
        budget=VISIBLE_BUDGET_S,
        note=f"one record at a time, median of {SAMPLES}",
    )


def _until_visible(config: Config, row: dict[str, Any]) -> float:
    client = aws_client("s3", config.url("moto"))
    topic = f"{config.user_id}.pin"
    headers = {"Content-Type": CONTENT_TYPE, "x-api-key": read_api_key(config)}
    began = time.monotonic()
    answer = requests.post(
        f"{api_url(config, client='airflow')}/topics/{topic}",
        json={"records": [{"key": row["index"], "value": row}]},
        headers=headers,
        timeout=30,
    )
    answer.raise_for_status()
    written = answer.json()["offsets"][0]
    # The record is alone in its window: its object begins at its offset.
    partition, offset = written["partition"], written["offset"]
    key = f"topics/{topic}/partition={partition}/{topic}+{partition}+{offset:010d}.json"

    def lies() -> None:
        if not client.list_objects_v2(Bucket=config.bucket, Prefix=key).get("KeyCount"):
            raise NotReady("it is not there yet")

    wait_until(lies, what=key, timeout=60, interval=0.02)
    return time.monotonic() - began
