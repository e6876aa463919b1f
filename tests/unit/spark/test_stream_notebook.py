"""The streaming notebook over streams in moto: found by its format's name, resumed, split, failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.kinesis_streams import StreamClient
from tests.unit.spark.landing_zone import place
from tests.unit.spark.lines import line
from tests.unit.spark.notebooks import run_notebook
from tests.unit.spark.pipelines import Pipeline
from tests.unit.spark.streams import countries, counts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NOTEBOOK = Path(__file__).resolve().parents[3] / "include" / "spark" / "notebooks" / "stream_ingest.py"
SAMPLES: dict[str, Callable[[int], str]] = {
    "pin": lambda key: line("pin", key, title="a"),
    "geo": lambda key: place(key, "Aruba"),
    "user": lambda key: line("user", key, first_name="Ann", last_name="Lee"),
}


class StreamedPipeline:
    """Three streams, and runs of the notebook over them."""

    def __init__(self, pipeline: Pipeline, client: Any, root: Path) -> None:
        self.pipeline, self._root = pipeline, root
        self.streams = {
            entity: StreamClient(client, f"streaming-{pipeline.zone.user_id}-{entity}", shards=1)
            for entity in SAMPLES
        }

    def run(self, run_id: str, **changes: Any) -> dict[str, dict[str, int]]:
        """Run the notebook; the counts by entity."""
        streams = {
            entity: {"name": stream.name, "created": stream.created()}
            for entity, stream in self.streams.items()
        }
        parameters = {
            "user_id": self.pipeline.zone.user_id,
            "catalog": "spark_catalog",
            "schema": "default",
            "run_id": run_id,
            "region": "us-east-1",
            "streams": json.dumps(streams),
            "checkpoints": self._root.as_uri(),
            "leave_out": "smoke-test",
            **changes,
        }
        result = json.loads(run_notebook(NOTEBOOK, self.pipeline.spark, parameters))
        assert result["run_id"] == run_id
        found: dict[str, dict[str, int]] = result["entities"]
        return found

    def keys(self) -> dict[str, int]:
        """Rows of each stream table; each key is there once."""
        spark, names = self.pipeline.spark, self.pipeline.names
        tables = {entity: spark.table(names.stream(entity)) for entity in SAMPLES}
        rows = {e: t.selectExpr("count(*)", "count(DISTINCT ind)").first() for e, t in tables.items()}
        assert all(row[0] == row[1] for row in rows.values() if row)
        return {entity: row[0] for entity, row in rows.items() if row}


@pytest.fixture
def streamed(pipeline: Pipeline, kinesis: Any, tmp_path: Path) -> Iterator[StreamedPipeline]:
    streamed = StreamedPipeline(pipeline, kinesis, tmp_path / "checkpoints")
    yield streamed
    for query in pipeline.spark.streams.active:
        query.stop()


def read(*numbers: int) -> dict[str, int]:
    return dict(zip(("batches", "lines_read", "kept", "merged", "quarantined"), numbers, strict=True))


def test_three_streams_over_runs_splits_and_new_lives(streamed: StreamedPipeline) -> None:
    for entity, sample in SAMPLES.items():
        for key in (1, 2, 2):
            streamed.streams[entity].put(sample(key))
    streamed.streams["geo"].put("refused")
    streamed.streams["pin"].put("nothing of ours", partition_key="smoke-test")
    assert streamed.run("first") == {
        "pin": read(1, 3, 2, 1, 0),
        "geo": read(1, 4, 2, 1, 1),
        "user": read(1, 3, 2, 1, 0),
    }
    geo, pin = streamed.streams["geo"], streamed.streams["pin"]
    geo.put(place(3, "before the split"))
    (parent,) = geo.shards()
    geo.split(parent)
    geo.put(place(3, "after the split"))
    pin.recreate()
    pin.put(line("pin", 9, title="of the new life"))
    assert streamed.run("second") == {
        "pin": read(1, 1, 1, 0, 0),
        "geo": read(1, 2, 1, 1, 0),
        "user": read(0, 0, 0, 0, 0),
    }
    assert streamed.keys() == {"pin": 3, "geo": 3, "user": 2}
    assert countries(streamed.pipeline)[3] == "after the split"


def test_a_run_that_repeats_a_batch_brings_the_rest_as_well(
    streamed: StreamedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run before died with a batch under way; more records came before the next one."""
    from pinterest_spark.stream import StreamFailed

    for entity, sample in SAMPLES.items():
        streamed.streams[entity].put(sample(1))

    def die(*_: object, **__: object) -> None:
        raise ConnectionError("the driver died")

    with monkeypatch.context() as patch:
        patch.setattr("pinterest_spark.stream_ledger.record_batch", die)
        with pytest.raises(StreamFailed, match=r"(?s)pin: .*the driver died.*geo: .*user: "):
            streamed.run("first")
    for entity, sample in SAMPLES.items():
        streamed.streams[entity].put(sample(2))
    assert streamed.run("second") == dict.fromkeys(SAMPLES, read(2, 2, 2, 0, 0))
    assert {found[0] for found in counts(streamed.pipeline).values()} == {"second"}
    assert streamed.keys() == dict.fromkeys(SAMPLES, 2)


def test_a_query_that_fails_is_named_and_the_others_go_on(streamed: StreamedPipeline) -> None:
    from pinterest_spark.stream import StreamFailed

    for entity, sample in SAMPLES.items():
        streamed.streams[entity].put(sample(1))
    geo, created = streamed.streams["geo"], streamed.streams["geo"].created()
    geo.client.delete_stream(StreamName=geo.name)
    geo.created = lambda: created  # type: ignore[method-assign]
    with pytest.raises(StreamFailed, match=rf"(?s)^geo: .*Stream {geo.name} .* not found") as failed:
        streamed.run("first")
    assert "pin: " not in str(failed.value)
    assert streamed.keys() == {"pin": 1, "geo": 0, "user": 1}


def test_a_continuous_run_goes_on_until_a_query_fails(
    streamed: StreamedPipeline, spark: SparkSession
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from pinterest_sandbox.waiting import NotReady, wait_until
    from pinterest_spark.stream import StreamFailed

    def arrived() -> None:
        if not spark.catalog.tableExists(streamed.pipeline.names.stream("user")):
            raise NotReady("no table")
        if streamed.keys() != dict.fromkeys(SAMPLES, expected):
            raise NotReady(str(streamed.keys()))

    with ThreadPoolExecutor(1) as thread:
        running = thread.submit(streamed.run, "run", mode="continuous", interval="0 seconds")
        for expected in (1, 2):
            for entity, sample in SAMPLES.items():
                streamed.streams[entity].put(sample(expected))
            wait_until(arrived, what="records in the tables", timeout=120)
        user = streamed.streams["user"]
        user.client.delete_stream(StreamName=user.name)
        with pytest.raises(StreamFailed, match="user: "):
            running.result(timeout=120)
    assert spark.streams.active == []
