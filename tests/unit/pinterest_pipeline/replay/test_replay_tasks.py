"""The tasks of the replay, called as functions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline.assets import BATCH_TABLES
from pinterest_pipeline.entities import ENTITIES
from pinterest_pipeline.errors import CountsWrong, Permanent, PipelineError, QualityFailed
from pinterest_pipeline.landing import retiring
from pinterest_pipeline.notebook_runs import notebook_runs
from pinterest_pipeline.replay import fetching, tasks
from pinterest_pipeline.replay.plan import Fetched
from tests.unit.pinterest_pipeline.fakes import BUCKET, FakeS3
from tests.unit.pinterest_pipeline.streaming.test_streaming_counts import GOOD

pytestmark = pytest.mark.usefixtures("aws")

RUN = "manual__1+00"
FOLDER = "_state/replay/manual__1-00-f3da7f18"
PARAMS = {"entity": "", "source": "both", "dry_run": False}
LINES = ['{"entity": "pin", "offset": 3}', '{"entity": "geo", "offset": 4}']
COUNTED = {"read": 1, "dead_letters": 1, "kept": 1, "merged": 0, "quarantined": 0}
LEDGER = [{"entity": entity, **COUNTED, "lines_read": COUNTED["read"]} for entity in ("pin", "geo")]
PROGRESS = (BUCKET, "_state/replay/dead_letters.json")


class TaskInstance:
    """Tells how many runs a DAG has; each look takes one off."""

    def __init__(self, **runs: int) -> None:
        self.runs = runs

    def get_dr_count(self, *, dag_id: str, states: list[str]) -> int:
        assert states in (["queued", "running"], ["running"])
        left = self.runs.get(dag_id, 0)
        self.runs[dag_id] = max(0, left - 1)
        return left


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The dead letters of LINES; of which entities they were fetched is noted."""
    asked: list[tuple[str, ...]] = []

    def fetch(_hook: Any, _s3: Any, _names: Any, entities: list[str], *, progress_uri: str) -> Fetched:
        assert progress_uri == f"s3://{BUCKET}/{PROGRESS[1]}"
        asked.append(tuple(entities))
        return {
            "lines": LINES,
            "topic_id": "one",
            "progress": {entity: {0: 2} for entity in ENTITIES},
            "taken": {"pin": 1, "geo": 1, "user": 0},
            "waiting": {"pin": 0, "geo": 0, "user": 5},
            "of_older_topics": {"pin": [], "geo": [(0, 7), (2, 9)], "user": []},
            "strangers": 0,
            "complete": True,
        }

    monkeypatch.setattr(fetching, "fetch", fetch)
    return asked


def plan(**params: Any) -> dict[str, Any]:
    return tasks.plan_replay.function(params={**PARAMS, **params}, run_id=RUN)


def test_the_letters_are_kept_and_a_retry_takes_the_same(letters: Any, s3: FakeS3) -> None:
    runs = notebook_runs("sandbox")
    wanted = {
        "plan": f"s3://{BUCKET}/{FOLDER}/plan.json",
        "dead_letters": f"s3://{BUCKET}/{FOLDER}/dead_letters.jsonl",
        "dry_run": "false",
        "run_name": runs.replay,
        "waits_for": [runs.replay, runs.daily, runs.stream],
        "replaces": [runs.continuous],
    }
    assert plan() == wanted
    assert s3.objects[BUCKET, f"{FOLDER}/dead_letters.jsonl"].decode() == f"{LINES[0]}\n{LINES[1]}\n"
    before = dict(s3.objects)
    assert plan() == wanted
    assert (letters, s3.objects) == ([ENTITIES], before)
    assert PROGRESS not in s3.objects


def test_a_task_that_died_between_the_letters_and_the_plan_fetches_them_again(
    letters: Any, s3: FakeS3
) -> None:
    plan()
    wanted = dict(s3.objects)
    del s3.objects[BUCKET, f"{FOLDER}/plan.json"]
    plan()
    assert s3.objects == wanted


def test_a_run_of_the_same_id_with_other_params_is_refused(letters: Any) -> None:
    plan(dry_run=True)
    with pytest.raises(Permanent, match="with dry_run True, not False: start a run with another id"):
        plan()
    with pytest.raises(Permanent, match="with entity '', not 'pin'"):
        plan(dry_run=True, entity="pin")


def test_a_dry_run_waits_for_nobody_and_nobody_for_it(letters: Any) -> None:
    found = plan(dry_run=True, entity="geo")
    runs = notebook_runs("sandbox")
    assert (found["dry_run"], found["waits_for"], found["replaces"]) == ("true", [], [])
    assert found["run_name"] not in (runs.replay, runs.daily, runs.stream, runs.continuous)
    assert letters == [("geo",)]


def test_kafka_is_not_asked_for_the_quarantine_alone(letters: Any, s3: FakeS3) -> None:
    assert plan(source="quarantine")["dead_letters"] == ""
    assert letters == []
    assert list(s3.objects) == [(BUCKET, f"{FOLDER}/plan.json")]
    assert tasks.note_progress.function(f"s3://{BUCKET}/{FOLDER}/plan.json") == {}
    assert PROGRESS not in s3.objects


def test_no_replay_while_a_teardown_moves_objects(letters: Any, s3: FakeS3) -> None:
    retiring.begun_at(s3, f"s3://{BUCKET}/_state", "2026-01-01")
    with pytest.raises(Permanent, match="teardown that began at 2026-01-01"):
        plan()
    assert letters == []


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PAUSE_S", 0)


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("dag", tasks.WRITERS)
def test_runs_of_others_are_waited_for(dag: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ti = TaskInstance(**{dag: 2})
    tasks.wait_for_writers.function(params=PARAMS, ti=ti)
    assert ti.runs[dag] == 0
    monkeypatch.setattr(tasks, "WRITING_S", 0)
    with pytest.raises(PipelineError, match=f"Nothing was replayed: {dag} has runs"):
        tasks.wait_for_writers.function(params=PARAMS, ti=TaskInstance(**{dag: 2}))
    tasks.wait_for_writers.function(params={**PARAMS, "dry_run": True}, ti=TaskInstance(**{dag: 2}))


def result(**changed: int) -> dict[str, Any]:
    nothing = {**dict.fromkeys(COUNTED, 0), "reasons": {}, "set_apart": 0, "batch": {}, "stream": {}}
    found = {**nothing, **COUNTED, **changed, "batch": {**COUNTED, **changed}}
    return {"run_id": RUN, "dry_run": False, "entities": {"pin": found, "geo": found, "user": nothing}}


def test_counts_that_agree_are_noted_as_progress(
    letters: Any, s3: FakeS3, statements: dict[str, Any], events: Any
) -> None:
    uri = plan()["plan"]
    statements["tables/read_replay_counts.sql"] = LEDGER
    counted = tasks.check_counts.function(uri, result(), run_id=RUN)
    older = {"pin": 0, "geo": 2, "user": 0}
    assert counted == {
        entity: {**found, "letters_of_older_topics": older[entity]}
        for entity, found in result()["entities"].items()
    }
    assert statements["ran"] == [("tables/read_replay_counts.sql", {"run_id": RUN})]
    assert tasks.stop_dry_run.function(counted, params=PARAMS) is True
    assert tasks.note_progress.function(uri) == {entity: {"0": 2} for entity in ENTITIES}
    assert json.loads(s3.objects[PROGRESS]) == {
        "topic_id": "one",
        "next_offsets": {entity: {"0": 2} for entity in ENTITIES},
    }
    tasks.publish_tables.function(counted, run_id=RUN, outlet_events=events)
    assert events[BATCH_TABLES["pin"]].extra == {"run_id": RUN, "replayed": COUNTED}
    assert events[BATCH_TABLES["user"]].extra == {"run_id": RUN, "replayed": {}}


def test_counts_that_do_not_agree_stop_the_run(letters: Any, statements: dict[str, Any]) -> None:
    uri = plan()["plan"]
    statements["tables/read_replay_counts.sql"] = LEDGER
    with pytest.raises(CountsWrong, match="geo: 2 dead letters read, 1 were fetched"):
        tasks.check_counts.function(uri, result(read=2, dead_letters=2, kept=2), run_id=RUN)


def test_a_dry_run_ends_behind_its_counts(letters: Any, statements: dict[str, Any]) -> None:
    uri = plan(dry_run=True)["plan"]
    counted = tasks.check_counts.function(uri, result() | {"dry_run": True}, run_id=RUN)
    assert statements["ran"] == []
    assert tasks.stop_dry_run.function(counted, params={**PARAMS, "dry_run": True}) is False


def test_a_plan_that_is_gone() -> None:
    with pytest.raises(Permanent, match="is gone"):
        tasks.note_progress.function(f"s3://{BUCKET}/{FOLDER}/plan.json")


def test_the_whole_tables_are_checked(statements: dict[str, Any]) -> None:
    statements["tables/read_stream_balance.sql"] = [GOOD]
    checks = tasks.check_quality.function(run_id=RUN, ti=TaskInstance())
    ran = dict(statements["ran"])
    assert {f"quality/{check}.sql" for check in checks} <= set(ran)
    assert ran["quality/duplicate_keys.sql"] == {f"{entity}_unchecked": -(2**63) for entity in ENTITIES}


def test_what_a_check_has_found_fails_unless_others_write(statements: dict[str, Any]) -> None:
    statements["quality/rows_not_kept.sql"] = [{"entity": "pin", "actual": "2 rows"}]
    statements["tables/read_stream_balance.sql"] = [GOOD | {"entity": "geo", "table_rows": 99}]
    with pytest.raises(QualityFailed, match="2 rows") as caught:
        tasks.check_quality.function(run_id=RUN, ti=TaskInstance())
    assert "geo: the stream table has 99 rows" in str(caught.value)
    with pytest.raises(PipelineError, match="pinterest_stream_ingest may be writing") as again:
        tasks.check_quality.function(run_id=RUN, ti=TaskInstance(pinterest_stream_ingest=1))
    assert not isinstance(again.value, Permanent)
