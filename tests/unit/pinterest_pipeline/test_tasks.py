"""The tasks, called as functions: what they write, return and refuse."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import BaseHook, Connection

from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook, DeadLetters
from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook
from cloud_operators.kafka.offsets import Origins
from pinterest_pipeline import connections
from pinterest_pipeline.assets import BATCH_TABLES, LANDED, RESULTS
from pinterest_pipeline.emulation import source
from pinterest_pipeline.emulation import tasks as emulation
from pinterest_pipeline.entities import ENTITIES, contracts
from pinterest_pipeline.errors import (
    CountsWrong,
    ParamsChanged,
    Permanent,
    PositionLost,
    QualityFailed,
    Refused,
)
from pinterest_pipeline.landing import tasks as landing
from pinterest_pipeline.landing.objects import object_key
from pinterest_pipeline.results import tasks as results
from pinterest_pipeline.results.queries import QUERIES
from pinterest_pipeline.settings import SettingsError, load_settings
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy, FakeS3

BUCKET = "user-sandbox-bucket"
FIRST_KEYS = [7528, 2863, 5730, 8304, 8731, 1313, 4315]
Sql = Callable[..., list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, s3: FakeS3) -> None:
    monkeypatch.setattr(connections, "aws_client", lambda service: {"s3": s3}[service])


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Statement to the rows it gives; each that was run is noted under ``ran``."""
    answers: dict[str, Any] = {"ran": []}

    def run_sql(relative: str, parameters: dict[str, Any] | None = None, **_: Any) -> Any:
        answers["ran"].append((relative, parameters))
        return answers.get(relative, [])

    monkeypatch.setattr(connections, "run_sql", run_sql)
    monkeypatch.setattr(
        connections, "run_sql_together", lambda requests: [run_sql(*request) for request in requests]
    )
    return answers


@pytest.fixture
def events() -> Any:
    return defaultdict(lambda: SimpleNamespace(extra={}))


class StateStore(dict[str, Any]):
    def set(self, key: str, value: Any) -> None:
        self[key] = json.loads(json.dumps(value))


class Source:
    """A source database in which every key has a row."""

    def __init__(self) -> None:
        self.selected: list[tuple[Any, ...]] = []

    @contextmanager
    def cursor(self) -> Any:
        yield self

    def execute(self, statement: str, parameters: dict[str, Any] | None = None) -> None:
        if parameters is None:
            assert "LEAST" in statement
            self.selected = [(5,)]
            return
        contract = next(c for c in contracts().values() if c.source_table in statement)
        self.selected = [(key, *["x"] * (len(contract.columns) - 1)) for key in parameters["keys"]]

    def fetchall(self) -> Any:
        return self.selected

    def rollback(self) -> None:
        pass


@pytest.fixture
def airflow_connections(monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeRestProxy) -> None:
    known = {
        "pinterest_api": Connection(conn_id="pinterest_api", conn_type="http", host=rest_proxy.url),
        "pinterest_source": Connection(conn_id="pinterest_source", conn_type="mysql", host="db"),
    }

    @contextmanager
    def connect(_: Connection) -> Any:
        yield Source()

    monkeypatch.setattr(BaseHook, "get_connection", classmethod(lambda _, conn_id: known[conn_id]))
    monkeypatch.setattr(source, "connect", connect)


PARAMS = {
    "posts": 7,
    "order": "seeded",
    "start": 0,
    "seed": 1,
    "batch_size": 3,
    "concurrency": 1,
    "rate": 0,
    "target": "batch",
}


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """How far the sink has come, and where the dead-letter topic ends."""
    settings = load_settings({"PINTEREST_USER_ID": "sandbox", "PINTEREST_DATABRICKS_WAREHOUSE_ID": "w"})
    monkeypatch.setattr(emulation, "settings", lambda: settings)
    state: dict[str, Any] = {"committed": None, "dead_letters": 4}

    def committed(_: Any, group: str, topics: list[str]) -> dict[str, dict[int, int | None]]:
        assert group == "connect-sandbox-connector"
        return {topic: {0: state["committed"]} for topic in topics}

    monkeypatch.setattr(KafkaOffsetsHook, "committed_offsets", committed)
    monkeypatch.setattr(
        KafkaOffsetsHook,
        "end_offsets",
        lambda _, topics: {topic: {0: state["dead_letters"]} for topic in topics},
    )
    return state


def position(committed: int, dead_letters: int) -> dict[str, Any]:
    return {
        "committed": {f"sandbox.{entity}": {"0": committed} for entity in ENTITIES},
        "dead_letters": {"0": dead_letters},
    }


@pytest.mark.usefixtures("airflow_connections")
def test_posts_reach_all_three_topics(rest_proxy: FakeRestProxy, sink: dict[str, Any]) -> None:
    store = StateStore()
    sent = emulation.send_posts.function(params=PARAMS, task_state_store=store)
    for entity in ENTITIES:
        records = rest_proxy.topics[f"sandbox.{entity}"]
        assert [record["key"] for record in records] == FIRST_KEYS
        assert list(records[0]["value"]) == list(contracts()[entity].column_names)
        assert sent["entities"][entity] == {
            "sent": 7,
            "acknowledged": 7,
            "offsets": [{"partition": 0, "first_offset": 0, "last_offset": 6}],
        }
    assert sent["next_offsets"] == {f"sandbox.{entity}": {"0": 7} for entity in ENTITIES}
    assert sent["position"] == position(committed=0, dead_letters=4)
    # A run that is cleared with its state kept posts nothing, and looks for its records where they began.
    sink.update(committed=7, dead_letters=9)
    assert emulation.send_posts.function(params=PARAMS, task_state_store=store) == sent
    assert len(rest_proxy.topics["sandbox.pin"]) == 7


@pytest.mark.usefixtures("airflow_connections")
def test_the_position_is_kept_before_the_first_record(
    rest_proxy: FakeRestProxy, sink: dict[str, Any]
) -> None:
    store = StateStore()
    kept: list[Any] = []

    def refuse(_: Any) -> Answer:
        kept.append(store.get("burst"))
        return Answer(403, {"message": "Forbidden"})

    rest_proxy.script = [refuse] * 3
    with pytest.raises(Refused):
        emulation.send_posts.function(params=PARAMS, task_state_store=store)
    rest_proxy.script = []
    # A worker that is killed now leaves this.
    nothing = {"posts": 0, "beyond": "", "offsets": []}
    assert kept[0] == {
        "position": position(committed=0, dead_letters=4),
        "posts": {"posts": 7, "order": "seeded", "start": 0, "seed": 1},
        "greatest_key": 11_000,
        "progress": dict.fromkeys(ENTITIES, nothing),
    }
    sink.update(committed=3, dead_letters=9)
    again = emulation.send_posts.function(params=PARAMS, task_state_store=store)
    assert again["position"] == position(committed=0, dead_letters=4)


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_burst_needs_a_warehouse_before_it_posts(
    monkeypatch: pytest.MonkeyPatch, rest_proxy: FakeRestProxy
) -> None:
    monkeypatch.setattr(emulation, "settings", lambda: load_settings({"PINTEREST_USER_ID": "sandbox"}))
    with pytest.raises(SettingsError, match="PINTEREST_DATABRICKS_WAREHOUSE_ID"):
        emulation.send_posts.function(params=PARAMS, task_state_store=StateStore())
    assert rest_proxy.requests == []


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_burst_over_all_keys_keeps_the_greatest_one(rest_proxy: FakeRestProxy) -> None:
    store = StateStore()
    params = PARAMS | {"order": "sequential", "start": 3}
    sent = emulation.send_posts.function(params=params, task_state_store=store)
    # The source ends with key 5: it begins again behind it.
    assert sent["greatest_key"] == store["burst"]["greatest_key"] == 5
    assert [record["key"] for record in rest_proxy.topics["sandbox.geo"]] == [3, 4, 5, 0, 1, 2, 3]


@pytest.mark.usefixtures("airflow_connections", "sink")
def test_a_burst_does_not_go_on_with_other_posts(rest_proxy: FakeRestProxy) -> None:
    store = StateStore()
    rest_proxy.script = [None, None, None, Answer(403, "")]
    with pytest.raises(Refused):
        emulation.send_posts.function(params=PARAMS, task_state_store=store)
    with pytest.raises(ParamsChanged, match=r"'posts': 7.*'posts': 8"):
        emulation.send_posts.function(params=PARAMS | {"posts": 8}, task_state_store=store)
    # How they are sent may change.
    faster = PARAMS | {"batch_size": 2, "concurrency": 4, "rate": 1000}
    sent = emulation.send_posts.function(params=faster, task_state_store=store)
    assert [counts["acknowledged"] for counts in sent["entities"].values()] == [7, 7, 7]
    assert [len(records) for records in rest_proxy.topics.values()] == [7, 7, 7]


def land(s3: FakeS3, entity: str, first_offset: int, lines: int) -> None:
    key = contracts()[entity].key
    body = "".join(f'{{"{key}": {n}}}\n' for n in range(lines)).encode()
    s3.objects[BUCKET, object_key(f"sandbox.{entity}", 0, first_offset)] = body


def sent_counts(posts: int, first: int) -> dict[str, Any]:
    offsets = [{"partition": 0, "first_offset": first, "last_offset": first + posts - 1}]
    return {entity: {"sent": posts, "acknowledged": posts, "offsets": offsets} for entity in ENTITIES}


def confirm(monkeypatch: pytest.MonkeyPatch, events: Any, dead: Origins) -> Any:
    def read_origins(_: Any, topic: str, *, start: dict[int, int]) -> Origins:
        assert (topic, start) == ("sandbox.dead-letter", {0: 4})
        return dead

    monkeypatch.setattr(DeadLetterHook, "read_origins", read_origins)
    topics = [f"sandbox.{entity}" for entity in ENTITIES]
    return emulation.confirm_landed.function(
        position(committed=10, dead_letters=4),
        sent_counts(7, first=12),
        {"committed": {topic: {"0": 20} for topic in topics}},
        11_000,
        params=PARAMS,
        run_id="manual__1",
        outlet_events=events,
    )


def test_a_burst_that_landed_is_confirmed(monkeypatch: pytest.MonkeyPatch, s3: FakeS3, events: Any) -> None:
    for entity in ENTITIES:
        land(s3, entity, 0, 3)  # before the burst, and not complete: it must not matter
        # A record of geo is a dead letter, and one of pin that somebody else sent.
        land(s3, entity, 10, 9 if entity == "geo" else 10)
    rows = confirm(monkeypatch, events, {"sandbox.geo": {(0, 13)}, "sandbox.pin": {(0, 9)}})
    assert {row["entity"]: (row["landed"], row["dead_lettered"]) for row in rows} == {
        "pin": (7, 0),
        "geo": (6, 1),
        "user": (7, 0),
    }
    assert events[LANDED["pin"]].extra == {
        "run_id": "manual__1",
        "sent": 7,
        "acknowledged": 7,
        "landed": 7,
        "dead_lettered": 0,
    }


def test_a_burst_that_lost_records_is_not_confirmed(
    monkeypatch: pytest.MonkeyPatch, s3: FakeS3, events: Any
) -> None:
    for entity in ENTITIES:
        land(s3, entity, 10, 10 if entity != "user" else 5)
    with pytest.raises(CountsWrong, match=r"user: sent 7, acknowledged 7, landed 0 \+ dead-lettered 0"):
        confirm(monkeypatch, events, {})
    assert events == {}


def test_the_ledger_gets_the_rows_as_json(statements: dict[str, Any]) -> None:
    rows = [{"entity": "pin", "sent": 1}]
    emulation.record_ledger.function(rows, run_id="manual__1")
    assert statements["ran"] == [
        ("tables/create_ledger.sql", None),
        ("tables/record_burst.sql", {"run_id": "manual__1", "rows": json.dumps(rows)}),
    ]


COMMITTED = {"committed": {f"sandbox.{entity}": {"0": 20} for entity in ENTITIES}}
MANIFEST_KEY = "_state/manifests/manual__1-00-f3da7f18.json"
URI = f"s3://{BUCKET}/{MANIFEST_KEY}"


@pytest.fixture
def manifest(s3: FakeS3, statements: dict[str, Any]) -> Any:
    for entity in ENTITIES:
        land(s3, entity, 0, 10)
        land(s3, entity, 10, 10)
    statements["tables/read_ingest_positions.sql"] = [
        {"topic": "sandbox.pin", "partition": 0, "first_offset": 10, "object_key": "k", "lines": 4}
    ]
    uri = landing.write_manifest.function(COMMITTED, params={"full_refresh": False}, run_id="manual__1+00")
    assert uri == URI
    return json.loads(s3.objects[BUCKET, MANIFEST_KEY])


def test_the_manifest_goes_from_the_marks_to_the_pins(manifest: Any) -> None:
    objects = {
        entity: [item["first_offset"] for item in part["partitions"][0]["objects"]]
        for entity, part in manifest["entities"].items()
    }
    assert objects == {"pin": [10], "geo": [0, 10], "user": [0, 10]}
    assert manifest["run_id"] == "manual__1+00"


@pytest.mark.usefixtures("manifest")
def test_a_retry_keeps_the_manifest(s3: FakeS3, statements: dict[str, Any]) -> None:
    before = dict(s3.objects)
    land(s3, "pin", 15, 5)
    # Meanwhile a later run has moved the mark beyond this run's pins.
    statements["tables/read_ingest_positions.sql"][0]["first_offset"] = 30
    landing.write_manifest.function(COMMITTED, params={"full_refresh": False}, run_id="manual__1+00")
    assert s3.objects[BUCKET, MANIFEST_KEY] == before[BUCKET, MANIFEST_KEY]
    with pytest.raises(Permanent, match="with full_refresh False, not True"):
        landing.write_manifest.function(COMMITTED, params={"full_refresh": True}, run_id="manual__1+00")


def test_a_topic_that_was_created_anew_is_no_green_run(s3: FakeS3, statements: dict[str, Any]) -> None:
    statements["tables/read_ingest_positions.sql"] = [
        {"topic": "sandbox.geo", "partition": 0, "first_offset": 500, "object_key": "k", "lines": 4}
    ]
    land(s3, "geo", 0, 20)
    with pytest.raises(PositionLost, match=r"sandbox\.geo .* offset 500, the sink has committed 20"):
        landing.write_manifest.function(COMMITTED, params={"full_refresh": False}, run_id="r")
    assert not [key for _, key in s3.objects if key.startswith("_state/")]


def counts(lines_read: int, reread: int = 0) -> dict[str, Any]:
    landed = lines_read - reread
    return {
        "lines_read": lines_read,
        "reread": reread,
        "landed": landed,
        "kept": landed,
        "merged": reread,
        "quarantined": 0,
        "unreadable": {},
    }


@pytest.fixture(autouse=True)
def kafka(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The dead letters, and the offset from which they are known."""
    answers: dict[str, Any] = {"dead": {}, "known_from": 0}

    def read(_: Any, topic: str, **__: Any) -> DeadLetters:
        assert topic == "sandbox.dead-letter"
        return DeadLetters(origins=answers["dead"], next_offsets={}, complete=True, trimmed=False)

    def known_from(_: Any, topics: list[str], *__: Any) -> dict[str, dict[int, int]]:
        return {topic: {0: answers["known_from"]} for topic in topics}

    monkeypatch.setattr(DeadLetterHook, "read_dead_letters", read)
    monkeypatch.setattr(DeadLetterHook, "known_from", known_from)
    return answers


@pytest.mark.usefixtures("manifest")
def test_counts_that_agree_are_returned(statements: dict[str, Any]) -> None:
    found = {"pin": counts(10, reread=4), "geo": counts(20), "user": counts(20)}
    statements["tables/read_ledger.sql"] = [{"entity": entity, **row} for entity, row in found.items()]
    result = {"run_id": "manual__1+00", "entities": found}
    assert landing.check_counts.function(URI, result, run_id="manual__1+00") == found
    assert statements["ran"][-1] == (
        "tables/read_ledger.sql",
        {"run_id": "manual__1+00", "stage": "batch"},
    )


@pytest.mark.usefixtures("manifest")
def test_a_line_that_the_notebook_missed_is_told(statements: dict[str, Any]) -> None:
    found = {"pin": counts(10, reread=4), "geo": counts(19), "user": counts(20)}
    statements["tables/read_ledger.sql"] = [{"entity": entity, **row} for entity, row in found.items()]
    with pytest.raises(CountsWrong, match="geo: 19 lines read, 20 lines in S3"):
        landing.check_counts.function(URI, {"entities": found}, run_id="manual__1+00")


@pytest.fixture
def short_geo(s3: FakeS3, statements: dict[str, Any], manifest: Any) -> dict[str, Any]:
    """The notebook read every line that is in S3, but the landing has 9 lines where Kafka has 10 records."""
    land(s3, "geo", 0, 9)
    found = {"pin": counts(10, reread=4), "geo": counts(19), "user": counts(20)}
    statements["tables/read_ledger.sql"] = [{"entity": entity, **row} for entity, row in found.items()]
    return found


def test_a_record_that_did_not_land_is_told(short_geo: dict[str, Any]) -> None:
    with pytest.raises(CountsWrong) as caught:
        landing.check_counts.function(URI, {"entities": short_geo}, run_id="manual__1+00")
    assert caught.value.problems == [
        "geo: sandbox.geo[0]: 1 records neither landed nor dead-lettered; at offsets 0 to 9 Kafka has 10 "
        "records, S3 9 lines, and 0 are dead letters"
    ]


def test_a_dead_letter_explains_a_missing_line(kafka: dict[str, Any], short_geo: dict[str, Any]) -> None:
    kafka["dead"] = {"sandbox.geo": {(0, 3)}}
    assert landing.check_counts.function(URI, {"entities": short_geo}, run_id="r") == short_geo


def test_what_kafka_has_removed_is_a_warning(
    kafka: dict[str, Any], short_geo: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    kafka["known_from"] = 5
    with caplog.at_level("WARNING"):
        assert landing.check_counts.function(URI, {"entities": short_geo}, run_id="r") == short_geo
    assert "geo: Kafka's side could not be checked" in caplog.text
    assert "sandbox.geo[0]: 1 records" in caplog.text


def test_tables_tell_their_counts(events: Any) -> None:
    landing.publish_tables.function(
        {entity: counts(3) for entity in ENTITIES}, run_id="r", outlet_events=events
    )
    assert events[BATCH_TABLES["geo"]].extra == {"run_id": "r", **counts(3)}
    assert set(events) == set(BATCH_TABLES.values())


def test_quality_that_holds(statements: dict[str, Any]) -> None:
    checks = results.check_quality.function()
    ran = [relative for relative, _ in statements["ran"]]
    assert sorted(set(ran)) == [f"quality/{check}.sql" for check in checks]
    assert ran.count("quality/duplicate_quarantine.sql") == len(ENTITIES)


def test_quality_that_fails_shows_the_rows(statements: dict[str, Any]) -> None:
    statements["quality/duplicate_keys.sql"] = [{"entity": "pin", "subject": "key 7528", "actual": "2 rows"}]
    with pytest.raises(QualityFailed) as caught:
        results.check_quality.function()
    assert str(caught.value) == (
        "duplicate_keys found:\nentity | subject  | actual\npin    | key 7528 | 2 rows"
    )


def test_results_tell_their_rows(events: Any) -> None:
    done = [
        {"rows": number, "columns": ["country"], "table": "t", "files": ["s3://b/f"]}
        for number, _ in enumerate(QUERIES)
    ]
    rows = results.publish_results.function(done, run_id="r", outlet_events=events)
    assert rows["category_by_year"] == 1
    assert events[RESULTS["category_by_year"]].extra == {
        "run_id": "r",
        "rows": 1,
        "columns": ["country"],
        "files": ["s3://b/f"],
    }
    assert set(events) == set(RESULTS.values())
