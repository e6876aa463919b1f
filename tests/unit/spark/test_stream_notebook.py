"""The streaming notebook over streams in moto: found by its format's name, resumed, split, failed.

It runs as the workspace runs it: a query that fails ends it with all its queries.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyspark.errors import StreamingQueryException

from pinterest_sandbox.databricks import streams as workspace_streams
from pinterest_sandbox.databricks.session import new_session
from tests.kinesis_streams import StreamClient
from tests.unit.spark.landing_zone import place
from tests.unit.spark.lines import line
from tests.unit.spark.notebooks import run_notebook
from tests.unit.spark.pipelines import Pipeline
from tests.unit.spark.streams import countries, counts

if TYPE_CHECKING:
    from pinterest_spark.stream_batch import StreamIngest

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
        with new_session(self.pipeline.spark) as session, workspace_streams.outlasting_streams(session):
            result = json.loads(run_notebook(NOTEBOOK, session, parameters))
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
def streamed(pipeline: Pipeline, kinesis: Any, tmp_path: Path) -> StreamedPipeline:
    return StreamedPipeline(pipeline, kinesis, tmp_path / "checkpoints")


@contextlib.contextmanager
def failing(match: str) -> Iterator[None]:
    """Expect a run to fail: by its own error, or by the workspace, which may be the first to see it."""
    from pinterest_spark.stream_ends import StreamFailed

    with pytest.raises((StreamFailed, StreamingQueryException), match=match):
        yield


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
    for entity, sample in SAMPLES.items():
        streamed.streams[entity].put(sample(1))

    def die(*_: object, **__: object) -> None:
        raise ConnectionError("the driver died")

    with monkeypatch.context() as patch:
        patch.setattr("pinterest_spark.stream_ledger.record_batch", die)
        # Each of them holds its error back, and none waits for the others.
        died = "ConnectionError: the driver died"
        with failing(f"pin: {died}\ngeo: {died}\nuser: {died}"):
            streamed.run("first")
    for entity, sample in SAMPLES.items():
        streamed.streams[entity].put(sample(2))
    assert streamed.run("second") == dict.fromkeys(SAMPLES, read(2, 2, 2, 0, 0))
    assert {found[0] for found in counts(streamed.pipeline).values()} == {"second"}
    assert streamed.keys() == dict.fromkeys(SAMPLES, 2)


class Dying:
    """Lets the micro-batches of one entity die, and the others begin late enough to be ended by that."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, entity: str) -> None:
        from pinterest_spark import stream, stream_batch

        self._entity = entity
        self._take = stream_batch.StreamIngest.take
        self._start = stream.start
        self._query: Future[Any] = Future()
        monkeypatch.setattr(
            stream_batch.StreamIngest, "take", lambda *given, **named: self.take(*given, **named)
        )
        monkeypatch.setattr(stream, "start", self.start)
        monkeypatch.setattr(workspace_streams, "INTERVAL", 0.05)

    def start(self, spark: Any, begun: Any, *given: Any, **named: Any) -> Any:
        query = self._start(spark, begun, *given, **named)
        if begun.entity == self._entity:
            self._query.set_result(query)
        return query

    def take(self, ingest: StreamIngest, batch: Any, batch_id: int, *, checkpoint: str) -> None:
        if ingest.entity == self._entity:
            raise ConnectionError("the driver died")
        # The query ends meanwhile if it does not hold its error back.
        with contextlib.suppress(StreamingQueryException):
            self._query.result(60).awaitTermination(2)
        self._take(ingest, batch, batch_id, checkpoint=checkpoint)


@pytest.mark.parametrize("entity", ["pin", "user"])
def test_the_error_of_a_batch_is_named_when_the_others_have_done_their_work(
    streamed: StreamedPipeline, monkeypatch: pytest.MonkeyPatch, entity: str
) -> None:
    for each, sample in SAMPLES.items():
        streamed.streams[each].put(sample(1))
    with monkeypatch.context() as patch:
        Dying(patch, entity)
        with failing(f"{entity}: ConnectionError: the driver died"):
            streamed.run("first")
    others = {each: 1 for each in SAMPLES if each != entity}
    assert streamed.keys() == others | {entity: 0}
    assert {each: found[0] for (each, _), found in counts(streamed.pipeline).items()} == dict.fromkeys(
        others, "first"
    )
    # They are committed, too: only what has died is done again.
    assert streamed.run("second") == dict.fromkeys(others, read(0, 0, 0, 0, 0)) | {
        entity: read(1, 1, 1, 0, 0)
    }


def test_a_stream_that_is_gone_ends_the_run_and_what_was_committed_stays(
    streamed: StreamedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also while another query holds its own error back."""
    for entity in ("pin", "user"):
        streamed.streams[entity].put(SAMPLES[entity](1))
    geo, created = streamed.streams["geo"], streamed.streams["geo"].created()
    geo.client.delete_stream(StreamName=geo.name)
    with monkeypatch.context() as patch:
        patch.setattr(geo, "created", lambda: created)
        Dying(patch, "pin")
        with failing(rf"Stream {geo.name} .*not found"):
            streamed.run("first")
    geo.client.create_stream(StreamName=geo.name, ShardCount=1)
    geo.put(place(1, "Aruba"))
    second = streamed.run("second")
    assert (second["pin"], second["geo"]) == (read(1, 1, 1, 0, 0), read(1, 1, 1, 0, 0))
    assert streamed.keys() == dict.fromkeys(SAMPLES, 1)
    assert {entity: found[1] for (entity, _), found in counts(streamed.pipeline).items()} == {
        "pin": 1,
        "geo": 1,
        "user": 1,
    }


def test_the_error_of_a_batch_ends_a_continuous_run_at_once(
    streamed: StreamedPipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    streamed.streams["geo"].put(place(1, "Aruba"))
    with monkeypatch.context() as patch:
        Dying(patch, "geo")
        with failing("geo: ConnectionError: the driver died"):
            streamed.run("first", mode="continuous", interval="0 seconds")
    assert countries(streamed.pipeline) == {}


def test_a_continuous_run_goes_on_until_a_query_fails(streamed: StreamedPipeline) -> None:
    from pinterest_sandbox.waiting import NotReady, wait_until

    def arrived() -> None:
        if not streamed.pipeline.spark.catalog.tableExists(streamed.pipeline.names.stream("user")):
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
        with failing(rf"Stream {user.name} .*not found"):
            running.result(timeout=120)
