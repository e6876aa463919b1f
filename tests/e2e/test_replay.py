"""The replay on the demo: dead letters of a real sink and refused records, brought in or told why not.

A dry run, a run, and the same once more serve all tests. The keys lie far above those of the source; the
stream tables stay as they are, since other modules compare them with the streams.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from pinterest_sandbox.airflow.client import AirflowClient
from pinterest_sandbox.airflow.dags import RESULTS
from tests.e2e.bad_records import Written, place, post
from tests.e2e.conftest import ENTITIES, Demo, landed_lines, s3_client
from tests.e2e.driving import DAILY, cleaned_rows, finished, query, results_finished, table
from tests.e2e.landing import dead_letters, ends, post_records, topic_of, wait_until_landed
from tests.e2e.streams import ingest

pytestmark = pytest.mark.parametrize("demo", ["generated-1-partition"], indirect=True)

REPLAY = "pinterest_replay"
#: A title in Latin-1 is no JSON to Kafka Connect; the cleaning shows what is no UTF-8 as U+FFFD and goes on.
LATIN, SHOWN = "Caf\u00e9", "Caf\N{REPLACEMENT CHARACTER}"
ALONE, LETTER_FIRST, LETTER_LAST, BY_HAND = 940001, 940002, 940003, 940004
#: Of a record that arrived long before all others of its key.
STALE = "Nowhere"
NO_JSON = "<p>index: 940009</p>"
COUNTS = ("read", "dead_letters", "kept", "merged", "quarantined")


@dataclass(frozen=True, kw_only=True)
class Replayed:
    """What the runs have left.

    :param tables: the tables' content before the dry run, behind it, behind the run, and behind the next one.
    :param results: of ``check_counts`` of the dry run, the run and the next one.
    :param letters: dead letters before and behind all.
    :param landed: lines in S3 before and behind all.
    """

    tables: list[dict[str, Any]]
    results: list[dict[str, Any]]
    letters: tuple[int, int]
    landed: tuple[dict[tuple[str, int], int], dict[tuple[str, int], int]]


@pytest.fixture(scope="module")
def airflow(demo: Demo) -> AirflowClient:
    client = AirflowClient(demo.sandbox.url("airflow"))
    client.unpause(REPLAY)
    client.unpause(RESULTS)
    return client


def post_latin(demo: Demo, *keys: int) -> None:
    texts = [json.dumps(post(key, title=LATIN), ensure_ascii=False) for key in keys]
    values = [base64.b64encode(text.encode("latin-1")).decode() for text in texts]
    post_records(demo, "pin", values, form="binary")


def refuse_by_hand(demo: Demo) -> None:
    """Rows as older code would have left them: two good records, and a line with a reason of the past."""
    topic = topic_of(demo, "geo")
    ((known,),) = query(demo, f"SELECT min(ind) FROM {table(demo, 'geo_table')}")
    stale = json.dumps(place(int(str(known)), country=STALE))
    rows = [
        f"'{topic}', 0, 0, 100001, NULL, NULL, NULL, NULL, '{json.dumps(place(BY_HAND))}'",
        f"'{topic}', 0, 0, 100002, NULL, NULL, NULL, NULL, '{NO_JSON}'",
        f"NULL, NULL, NULL, NULL, 's', 'shardId-0', '1', timestamp'2020-01-01 00:00:00', '{stale}'",
    ]
    values = ", ".join(f"({row}, 'key_missing', 'by hand', timestamp'2020-01-01 00:00:00')" for row in rows)
    query(
        demo,
        f"INSERT INTO {table(demo, 'geo_quarantine')} (topic, partition, first_offset, line, stream, shard, "
        f"sequence_number, arrived_at, raw, reason, run_id, quarantined_at) VALUES {values}",
    )


def contents(demo: Demo) -> dict[str, Any]:
    """Rows of all tables but the ledger."""
    found: dict[str, Any] = {}
    for entity in ENTITIES:
        found[f"{entity}_batch"] = cleaned_rows(demo, entity)
        found[f"{entity}_table"] = cleaned_rows(demo, entity, kind="table")
        rows = query(
            demo,
            f"SELECT topic, partition, first_offset, line, stream, sequence_number, reason, raw "
            f"FROM {table(demo, f'{entity}_quarantine')}",
        )
        found[f"{entity}_quarantine"] = sorted(rows, key=str)
    return found


def run(demo: Demo, airflow: AirflowClient, **conf: object) -> dict[str, Any]:
    run_id = airflow.trigger(REPLAY, conf)
    finished(airflow, REPLAY, run_id)
    result: dict[str, Any] = airflow.result(REPLAY, run_id, "check_counts")
    return result


@pytest.fixture(scope="module")
def replayed(demo: Demo, airflow: AirflowClient) -> Replayed:
    start, dead = ends(demo), dead_letters(demo)
    post_latin(demo, ALONE, LETTER_FIRST)
    post_records(demo, "pin", [post(LETTER_FIRST, title="Later"), post(LETTER_LAST, title="Earlier")])
    post_latin(demo, LETTER_LAST)
    post_records(demo, "pin", [base64.b64encode(NO_JSON.encode()).decode()], form="binary")
    # A tombstone, and a good record behind all, so that the sink commits beyond them.
    post_records(demo, "pin", [Written("null"), post(ALONE - 1)])
    wait_until_landed(demo, start, dead)
    began = datetime.now(UTC)
    finished(airflow, DAILY, airflow.trigger(DAILY, {}))
    results_finished(airflow, began)
    refuse_by_hand(demo)

    letters, landed = dead_letters(demo), landed_lines(demo.sandbox)
    tables, results = [contents(demo)], [run(demo, airflow)]
    tables.append(contents(demo))
    began = datetime.now(UTC)
    results.append(run(demo, airflow, dry_run=False))
    results_finished(airflow, began)
    tables.append(contents(demo))
    began = datetime.now(UTC)
    results.append(run(demo, airflow, dry_run=False))
    results_finished(airflow, began)
    tables.append(contents(demo))
    return Replayed(
        tables=tables,
        results=results,
        letters=(letters, dead_letters(demo)),
        landed=(landed, landed_lines(demo.sandbox)),
    )


def test_a_dry_run_foretells_what_a_run_does_and_changes_nothing(replayed: Replayed) -> None:
    assert replayed.tables[1] == replayed.tables[0]
    assert replayed.results[0] == replayed.results[1]


def test_dead_letters_come_in_by_their_offset(replayed: Replayed) -> None:
    titles = [{row["ind"]: row["title"] for row in tables["pin_batch"]} for tables in replayed.tables]
    assert titles[0].get(ALONE) is None
    assert {key: titles[2][key] for key in (ALONE, LETTER_FIRST, LETTER_LAST)} == {
        ALONE: SHOWN,
        LETTER_FIRST: "Later",
        LETTER_LAST: SHOWN,
    }


def test_dead_letters_that_are_refused_have_a_row(demo: Demo, replayed: Replayed) -> None:
    rows = [row for row in replayed.tables[2]["pin_quarantine"] if row[5] is not None and row[0] is not None]
    lately = [(row[0], row[6], row[7]) for row in rows if row[7] in (NO_JSON, None)]
    assert (topic_of(demo, "pin"), "not_json", NO_JSON) in lately
    assert (topic_of(demo, "pin"), "not_json", None) in lately
    # Kafka's own number of each.
    assert len({row[5] for row in rows}) == len(rows)


def test_what_older_code_has_refused_comes_in_and_leaves_quarantine(replayed: Replayed) -> None:
    before, after = replayed.tables[1], replayed.tables[2]
    assert BY_HAND not in {row["ind"] for row in before["geo_batch"]}
    (row,) = [row for row in after["geo_batch"] if row["ind"] == BY_HAND]
    assert row["country"] == place(BY_HAND)["country"]
    # A later record of its key is there.
    assert after["geo_table"] == before["geo_table"]
    assert {name: replayed.results[1]["geo"]["stream"][name] for name in ("kept", "merged")} == {
        "kept": 0,
        "merged": 1,
    }
    left = [row for row in after["geo_quarantine"] if row[7] == NO_JSON]
    assert [(row[3], row[6]) for row in left] == [("100002", "not_json")]
    raws = [str(row[7]) for row in after["geo_quarantine"]]
    assert not [raw for raw in raws if str(BY_HAND) in raw or STALE in raw]


def test_the_counts_are_those_of_the_tables(replayed: Replayed) -> None:
    before, after = replayed.tables[1], replayed.tables[2]
    for entity, found in replayed.results[1].items():
        new = {
            kind: {row["ind"] for row in after[f"{entity}_{kind}"]}
            - {row["ind"] for row in before[f"{entity}_{kind}"]}
            for kind in ("batch", "table")
        }
        assert found["batch"]["kept"] == len(new["batch"])
        assert found["stream"]["kept"] == len(new["table"])
        assert found["quarantined"] == len(after[f"{entity}_quarantine"]) - found["set_apart"]
        rows = len(before[f"{entity}_quarantine"]) - found["set_apart"]
        assert found["read"] == rows + found["dead_letters"]
        assert found["read"] == found["kept"] + found["merged"] + found["quarantined"]
    assert replayed.results[1]["pin"]["dead_letters"] >= 5
    assert replayed.results[1]["pin"]["reasons"]["not_json"] >= 2


def test_a_second_run_takes_no_letter_again_and_changes_nothing(demo: Demo, replayed: Replayed) -> None:
    assert replayed.tables[3] == replayed.tables[2]
    for entity, found in replayed.results[2].items():
        left = replayed.results[1][entity]["quarantined"]
        assert {name: found[name] for name in COUNTS} == {
            "read": left,
            "dead_letters": 0,
            "kept": 0,
            "merged": 0,
            "quarantined": left,
        }
    key = "_state/replay/dead_letters.json"
    body = s3_client(demo.sandbox).get_object(Bucket=demo.sandbox.bucket, Key=key)["Body"].read()
    noted = json.loads(body)["next_offsets"]
    assert noted == {entity: {"0": replayed.letters[1]} for entity in ENTITIES}


def test_topics_and_landing_are_untouched(replayed: Replayed) -> None:
    assert replayed.letters[0] == replayed.letters[1]
    assert replayed.landed[0] == replayed.landed[1]


def test_daily_run_and_ingest_go_on_and_find_all_in_order(
    demo: Demo, airflow: AirflowClient, replayed: Replayed
) -> None:
    """They count what the replay has inserted as its own, and read nothing anew."""
    began = datetime.now(UTC)
    run_id = airflow.trigger(DAILY, {"full_refresh": True})
    finished(airflow, DAILY, run_id)
    results_finished(airflow, began)
    ingest(airflow)
    ledger = table(demo, "ledger")
    kept = query(demo, f"SELECT sum(kept) FROM {ledger} WHERE stage = 'batch' AND run_id = '{run_id}'")
    assert kept == [["0"]]
    assert contents(demo) == replayed.tables[3]
