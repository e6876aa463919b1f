"""The tasks, called as functions, over stand-ins of all services."""

from __future__ import annotations

import contextlib
import json
import logging
from typing import Any

import boto3
import pytest

from pinterest_pipeline.entities import ENTITIES, contracts
from pinterest_pipeline.errors import MissingRows
from pinterest_pipeline.landing.objects import object_key
from pinterest_pipeline.results.queries import QUERIES
from pinterest_pipeline.settings import SettingsError, settings
from pinterest_pipeline.tracing import tasks
from pinterest_pipeline.tracing.readings import source, warehouse
from tests.unit.pinterest_pipeline.fakes import BUCKET, FakeS3
from tests.unit.pinterest_pipeline.tracing.brokers import DEAD, TOPIC, Kafka, dead, messages

PARAMS = {"ind": 7}
SEVEN, EIGHT = {"ind": 7, "country": "Ruritania"}, {"ind": 8}
STREAM = "streaming-sandbox-geo"
MICROS = 1_767_225_600_000_000


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Beginning of a statement to the rows it gives."""
    answers: dict[str, Any] = {}

    def run(sql: str, parameters: dict[str, Any], **_: Any) -> Any:
        return next((rows for begin, rows in answers.items() if sql.startswith(begin)), [])

    monkeypatch.setattr(warehouse, "_run", run)
    return answers


def commits(*operations: str) -> list[dict[str, Any]]:
    return [
        {
            "version": number,
            "timestamp": f"t{number}",
            "operation": operation,
            "userMetadata": f"run {number}",
        }
        for number, operation in enumerate(operations)
    ]


def batch_way() -> dict[str, Any]:
    found: dict[str, Any] = tasks.trace_batch.function("geo", params=PARAMS)
    return found


def stream_way() -> dict[str, Any]:
    found: dict[str, Any] = tasks.trace_stream.function("geo", params=PARAMS)
    return found


@pytest.mark.usefixtures("aws")
class TestBatch:
    """One post was posted, refused, posted again and posted once more since."""

    def test_a_post_that_never_came(
        self, brokers: Kafka, statements: dict[str, Any], history: dict[str, Any]
    ) -> None:
        assert batch_way() == {
            "entity": "geo",
            "occurrences": [],
            "left_out": 0,
            "end": "never posted",
            "written_by": None,
            "not_searched": [],
        }

    def test_all_that_became_of_a_post(
        self, brokers: Kafka, s3: FakeS3, statements: dict[str, Any], history: dict[str, Any]
    ) -> None:
        records = [(7, SEVEN), (8, EIGHT), (7, b"{"), (7, ["odd"]), (7, SEVEN), (7, SEVEN), (7, SEVEN)]
        brokers.fill(TOPIC, messages(*records))
        brokers.fill(DEAD, dead((TOPIC, 0, 2)))
        brokers.commits[TOPIC, 0] = 6
        lines = [SEVEN, EIGHT, ["odd"], SEVEN]
        for first, part in ((0, lines), (5, [SEVEN])):
            body = "".join(f"{json.dumps(line)}\n" for line in part).encode()
            s3.objects[BUCKET, object_key(TOPIC, 0, first)] = body
        statements["trace/batch_row.sql"] = [{"partition_number": 0, "first_offset": 0, "line": 3}]
        statements["tables/read_ingest_positions.sql"] = [
            {"topic": TOPIC, "partition": 0, "first_offset": 0, "object_key": "k", "lines": 4},
            {"topic": "sandbox.pin", "partition": 0, "first_offset": 50, "object_key": "k", "lines": 4},
        ]
        statements["trace/batch_runs.sql"] = [
            {"run_id": "daily", "partition_number": 0, "first_offset": 0, "last_offset": 4}
        ]
        place = {"topic": TOPIC, "partition_number": 0, "first_offset": 0, "line": 2}
        told = {"reason": "not_an_object", "run_id": "daily", "quarantined_at": MICROS}
        statements["trace/quarantine.sql"] = [
            {**place, **told, "stream": None, "sequence_number": None, "raw_length": 7, "sha256": "s"},
            {"topic": None, "stream": STREAM, "shard": "s", "sequence_number": "1", "reason": "not_json"},
        ]
        history["DESCRIBE HISTORY"] = commits("CREATE TABLE", "MERGE", "OPTIMIZE")

        found = batch_way()

        assert [
            (
                each["kafka"]["offset"],
                each["landed"] and each["landed"]["line"],
                each["state"],
                each["read_by"],
            )
            for each in found["occurrences"]
        ] == [
            (0, 0, "read; a later record of the key is in the table", "daily"),
            (2, None, "refused: the sink could not write it, a dead letter", None),
            (3, 2, "refused: quarantined because not_an_object", "daily"),
            (4, 3, "in the table", "daily"),
            (5, 0, "landed, not yet read by a daily run", None),
            (6, None, "in Kafka, not yet written by the sink", None),
        ]
        assert found["written_by"] == {"version": 1, "at": "t1", "run_id": "run 1", "certain": True}
        assert found["occurrences"][2]["quarantine"]["quarantined_at"] == "2026-01-01T00:00:00.000000+00:00"
        assert found["not_searched"] == []
        (asked,) = [values for name, values in statements["ran"] if name == "trace/quarantine.sql"]
        assert [tuple(each.values()) for each in json.loads(asked["places"])] == [
            (0, 0, 0),
            (0, 0, 2),
            (0, 0, 3),
            (0, 5, 0),
            (0, "2"),
        ]
        assert "Ruritania" not in json.dumps(found)

    def test_a_row_of_a_deleted_topic(
        self, brokers: Kafka, statements: dict[str, Any], history: dict[str, Any]
    ) -> None:
        statements["trace/batch_row.sql"] = [{"partition_number": 0, "first_offset": -11, "line": 3}]
        history["DESCRIBE HISTORY"] = commits("CREATE TABLE", "MERGE", "MERGE", "UPDATE")
        before = {"_partition": 0, "_first_offset": 10, "_line": 3}
        history["SELECT _partition, _first_offset, _line"] = [before]
        found = batch_way()
        assert found["end"] == "in the table"
        assert found["occurrences"][0]["landed"]["retired"]
        assert found["occurrences"][0]["read_by"] is None
        assert found["written_by"]["version"] == 1


class TestStream:
    """The same on the stream path, with moto's Kinesis."""

    @pytest.fixture
    def kinesis(self, account: None) -> Any:
        client = boto3.client("kinesis")
        client.create_stream(StreamName=STREAM, ShardCount=1)
        return client

    def put(self, kinesis: Any, value: Any) -> str:
        answer = kinesis.put_record(StreamName=STREAM, Data=json.dumps(value).encode(), PartitionKey="7")
        number: str = answer["SequenceNumber"]
        return number

    def test_all_that_became_of_a_post(
        self, kinesis: Any, statements: dict[str, Any], history: dict[str, Any]
    ) -> None:
        first, odd, row, last = (self.put(kinesis, value) for value in (SEVEN, ["odd"], SEVEN, SEVEN))
        shard = "shardId-000000000000"
        now = (
            int(
                kinesis.describe_stream_summary(StreamName=STREAM)["StreamDescriptionSummary"][
                    "StreamCreationTimestamp"
                ].timestamp()
                * 1e6
            )
            + 10**6
        )
        statements["trace/stream_row.sql"] = [{"shard": shard, "sequence_number": row, "arrived_at": now}]
        statements["trace/stream_ends.sql"] = [{"shard": shard, "sequence_number": row, "arrived_at": now}]
        told = {"reason": "not_an_object", "run_id": "r", "quarantined_at": MICROS, "arrived_at": now}
        statements["trace/quarantine.sql"] = [
            {"topic": TOPIC, "stream": None, "reason": "not_json"},
            {"topic": None, "stream": STREAM, "shard": shard, "sequence_number": odd, **told}
            | {"raw_length": 7, "sha256": "s"},
        ]
        history["DESCRIBE HISTORY"] = commits("CREATE TABLE", "MERGE")
        found = stream_way()
        states = {each["kinesis"]["sequence_number"]: each["state"] for each in found["occurrences"]}
        assert states == {
            first: "read; a later record of the key is in the table",
            odd: "refused: quarantined because not_an_object",
            row: "in the table",
            last: "in the stream, not yet read by the ingest",
        }
        assert found["written_by"] == {"version": 1, "at": "t1", "run_id": "run 1", "certain": True}
        assert "Ruritania" not in json.dumps(found)

    def test_what_was_read_of_an_earlier_stream_says_nothing_of_this_one(
        self, kinesis: Any, statements: dict[str, Any], history: dict[str, Any]
    ) -> None:
        self.put(kinesis, SEVEN)
        long_ago = {
            "shard": "shardId-000000000000",
            "sequence_number": "9" * 56,
            "arrived_at": MICROS - 10**12,
        }
        statements["trace/stream_ends.sql"] = [long_ago]
        assert stream_way()["end"] == "in the stream, not yet read by the ingest"

    @pytest.mark.usefixtures("account")
    def test_without_a_stream_the_tables_are_told(
        self, statements: dict[str, Any], history: dict[str, Any]
    ) -> None:
        statements["trace/stream_row.sql"] = [{"shard": "s", "sequence_number": "5", "arrived_at": MICROS}]
        found = stream_way()
        assert found["end"] == "in the table"
        assert found["occurrences"][0]["kinesis"]["arrived_at"] == "2026-01-01T00:00:00.000000+00:00"
        assert found["written_by"] is None
        assert found["not_searched"] == [f"stream {STREAM}: it does not exist"]


def test_results_and_when_they_were_made(statements: dict[str, Any], history: dict[str, Any]) -> None:
    found = tasks.trace_results.function(params=PARAMS)
    assert set(found["queries"]) == set(QUERIES)
    assert found["queries"]["top_country"] == {
        "counts": False,
        "group": {},
        "missing": ["not all batch tables are there"],
        "made_at": None,
    }
    row = dict.fromkeys(("has_pin", "has_geo", "has_user", "has_poster", "has_followers"), True)
    statements["trace/results.sql"] = [
        row
        | {"category": "art", "country": "Aruba", "post_year": 2020, "age_group": None, "joining_year": 2016}
    ]
    history["DESCRIBE HISTORY"] = commits("CREATE OR REPLACE TABLE AS SELECT")
    found = tasks.trace_results.function(params=PARAMS)
    assert {query for query, each in found["queries"].items() if not each["counts"]} == {
        query for query in QUERIES if "age_group" in query
    }
    assert {each["made_at"] for each in found["queries"].values()} == {"t0"}


def test_the_source_is_told_by_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"geo": {7: {"ind": 7, "country": "Ruritania"}}, "pin": {7: {"index": 7, "title": "Ruritania"}}}

    def fetch(database: Any, contract: Any, statement: str, keys: Any) -> Any:
        assert contract.source_table in statement
        if contract.entity not in rows:
            raise MissingRows(contract.source_table, list(keys))
        return rows[contract.entity]

    monkeypatch.setenv("AIRFLOW_CONN_PINTEREST_SOURCE", "mysql://reader@127.0.0.1/db")
    monkeypatch.setattr(source.source, "connect", lambda connection: contextlib.nullcontext())
    monkeypatch.setattr(source.source, "fetch_rows", fetch)
    found = tasks.trace_source.function(params=PARAMS)
    assert list(found) == list(ENTITIES)
    assert found["user"] == {"table": "user_data", "key": 7, "there": False}
    assert {entity for entity, each in found.items() if each["there"]} == {"pin", "geo"}
    sent = json.dumps(rows["geo"][7], separators=(",", ":")).encode()
    assert found["geo"]["length"] == len(sent)
    assert "Ruritania" not in json.dumps(found)


def test_the_whole_is_returned_and_shown(caplog: pytest.LogCaptureFixture) -> None:
    nothing = {"occurrences": [], "left_out": 0, "end": "never posted", "written_by": None}
    ways = [{"entity": entity, **nothing, "not_searched": []} for entity in ENTITIES]
    where = {e: {"table": contracts()[e].source_table, "key": 7, "there": False} for e in ENTITIES}
    counted = {q: {"counts": False, "group": {}, "missing": ["no pin"], "made_at": None} for q in QUERIES}
    with caplog.at_level(logging.INFO):
        found = tasks.assemble.function(
            where, ways, ways, {"queries": counted, "not_searched": []}, params=PARAMS
        )
    assert found["ind"] == 7
    assert [record.getMessage() for record in caplog.records if record.name == tasks.__name__] == found[
        "lines"
    ]


def test_the_warehouse_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PINTEREST_DATABRICKS_WAREHOUSE_ID", raising=False)
    settings.cache_clear()
    with pytest.raises(SettingsError, match="PINTEREST_DATABRICKS_WAREHOUSE_ID"):
        tasks.check_settings.function()
    settings.cache_clear()
