"""Whole runs over files: counts, positions, and what a repeated, crashed or late run changes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.unit.spark.landing_zone import LandingZone, place
from tests.unit.spark.lines import line
from tests.unit.spark.queries import SQL

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from pinterest_spark.tables import TableNames

GEO = ("geo", 0)


class Pipeline:
    """One pipeline's landing and tables, and its runs."""

    def __init__(self, spark: SparkSession, root: Path) -> None:
        from pinterest_spark.tables import TableNames

        self.spark = spark
        self.zone = LandingZone(root, uuid4().hex[:12])
        self.names: TableNames = TableNames(
            user_id=self.zone.user_id, catalog="spark_catalog", schema="default"
        )

    def run(self, manifest: str, run_id: str) -> dict[str, Any]:
        """Run the batch over a manifest; returns the counts by entity."""
        from pinterest_spark.batch import run_batch
        from pinterest_spark.manifest import read_manifest

        result = run_batch(self.spark, read_manifest(self.spark, manifest), self.names, run_id=run_id)
        assert result["run_id"] == run_id
        entities: dict[str, Any] = json.loads(json.dumps(result))["entities"]
        for counts in entities.values():
            assert counts["lines_read"] == counts["landed"] + counts["reread"]
            assert counts["lines_read"] == counts["kept"] + counts["merged"] + counts["quarantined"]
        return entities

    def run_until(self, manifest: str, run_id: str, *, dies_at: str) -> None:
        """Run until the driver dies, before it calls a function such as ``ledger.record_counts``."""

        def die(*_: object, **__: object) -> None:
            raise ConnectionError("the driver died")

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(f"pinterest_spark.{dies_at}", die)
            with pytest.raises(ConnectionError, match="the driver died"):
                self.run(manifest, run_id)

    def kept(self) -> dict[str, int]:
        """``kept`` of each run's geo in the ledger, after the checks of the ledger have found nothing."""
        from pinterest_spark.contracts import load_contract
        from pinterest_spark.tables import create_batch_table

        names = self.names
        values = {f"{entity}_table": names.batch(entity) for entity in ("pin", "geo", "user")}
        for entity in ("pin", "user"):
            create_batch_table(self.spark, names.batch(entity), load_contract(entity))
        for check in ("rows_not_kept", "ledger_not_balanced"):
            text = (SQL / "quality" / f"{check}.sql").read_text(encoding="utf-8")
            used = {name: value for name, value in values.items() if f":{name}" in text}
            assert self.spark.sql(text, args={**used, "ledger_table": names.ledger}).collect() == []
        ledger = self.spark.table(names.ledger).where("stage = 'batch' AND entity = 'geo'")
        return {row["run_id"]: row["kept"] for row in ledger.collect()}

    def countries(self) -> dict[int, str]:
        """What the geo table says, by key."""
        return {row["ind"]: row["country"] for row in self.spark.table(self.names.batch("geo")).collect()}

    def marks(self) -> dict[tuple[str, int], tuple[int, int]]:
        """The marks as the next manifest takes them."""
        rows = self.spark.table(self.names.positions).collect()
        return {(r["topic"].split(".")[1], r["partition"]): (r["first_offset"], r["lines"]) for r in rows}

    def everything(self) -> dict[str, list[str]]:
        """The content of all tables of this pipeline."""
        tables = [row.tableName for row in self.spark.sql("SHOW TABLES").collect()]
        return {
            name: sorted(str(row) for row in self.spark.table(f"`{name}`").collect())
            for name in tables
            if name.startswith(self.zone.user_id)
        }


@pytest.fixture
def pipeline(spark: SparkSession, tmp_path: Path) -> Iterator[Pipeline]:
    pipeline = Pipeline(spark, tmp_path)
    yield pipeline
    for table in pipeline.everything():
        spark.sql(f"DROP TABLE `{table}`")


def _lines(*numbers: int, country: str = "Aruba") -> list[str]:
    return [place(number, country) for number in numbers]


def test_first_run_of_all_entities(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put(
        "pin",
        0,
        [line("pin", 1, title="a", follower_count="2M"), line("pin", 2, title="b", follower_count="x")],
    )
    zone.put("geo", 0, [place(1, "Aruba"), place(2, "Albania")], partition=0)
    zone.put("geo", 0, [place(3, "Angola"), "half of a line"], partition=1)
    zone.put("user", 0, "")
    pins = {("pin", 0): 2, ("geo", 0): 2, ("geo", 1): 2, ("user", 0): 1}
    counts = pipeline.run(zone.manifest("first", pins=pins), "first")
    assert counts == {
        "pin": {
            "lines_read": 2,
            "reread": 0,
            "landed": 2,
            "kept": 2,
            "merged": 0,
            "quarantined": 0,
            "unreadable": {"follower_count": 1},
        },
        "geo": {
            "lines_read": 4,
            "reread": 0,
            "landed": 4,
            "kept": 3,
            "merged": 0,
            "quarantined": 1,
            "unreadable": {},
        },
        "user": {
            "lines_read": 0,
            "reread": 0,
            "landed": 0,
            "kept": 0,
            "merged": 0,
            "quarantined": 0,
            "unreadable": {},
        },
    }
    assert pipeline.countries() == {1: "Aruba", 2: "Albania", 3: "Angola"}
    (refused,) = pipeline.spark.table(pipeline.names.quarantine("geo")).collect()
    assert refused.asDict() | {"quarantined_at": None} == {
        "topic": f"{zone.user_id}.geo",
        "partition": 1,
        "first_offset": 0,
        "line": 1,
        "reason": "not_json",
        "raw": "half of a line",
        "run_id": "first",
        "quarantined_at": None,
    }
    assert pipeline.marks() == {
        ("pin", 0): (0, 2),
        ("geo", 0): (0, 2),
        ("geo", 1): (0, 2),
        ("user", 0): (0, 0),
    }
    ledger = {row["entity"]: row for row in pipeline.spark.table(pipeline.names.ledger).collect()}
    assert [tuple(o) for o in ledger["geo"]["offsets"]] == [(0, 0, 1), (1, 0, 1)]
    assert (ledger["geo"]["stage"], ledger["geo"]["sent"], ledger["geo"]["landed"]) == ("batch", None, 4)
    assert ledger["pin"]["unreadable"] == {"follower_count": 1}


def test_next_run_reads_a_grown_tail_and_its_overlapping_successor(pipeline: Pipeline) -> None:
    """The tail was processed with three lines; it grew to five, and an older successor overlaps it."""
    zone = pipeline.zone
    zone.put("geo", 0, _lines(1, 2, 3))
    pipeline.run(zone.manifest("first", pins={GEO: 3}), "first")
    zone.put("geo", 0, _lines(1, 2, 3, 4, 5))
    zone.put("geo", 3, _lines(4, 5, 6))
    counts = pipeline.run(zone.manifest("second", pins={GEO: 6}, marks=pipeline.marks()), "second")["geo"]
    assert (counts["lines_read"], counts["reread"], counts["landed"]) == (8, 3, 5)
    assert (counts["kept"], counts["merged"]) == (3, 5)
    assert set(pipeline.countries()) == {1, 2, 3, 4, 5, 6}
    assert pipeline.marks() == {GEO: (3, 3)}


def test_next_run_reads_a_shrunk_tail_and_what_follows(pipeline: Pipeline) -> None:
    """The tail was processed with four lines; now it has two, and the others are in its successor."""
    zone = pipeline.zone
    zone.put("geo", 0, _lines(1, 2, 3, 4))
    pipeline.run(zone.manifest("first", pins={GEO: 4}), "first")
    zone.put("geo", 0, _lines(1, 2))
    zone.put("geo", 2, _lines(3, 4, 5))
    counts = pipeline.run(zone.manifest("second", pins={GEO: 5}, marks=pipeline.marks()), "second")["geo"]
    # Over both runs 4 + 1 lines landed: one for each offset.
    assert (counts["lines_read"], counts["reread"], counts["landed"]) == (5, 4, 1)
    assert (counts["kept"], counts["merged"]) == (1, 4)
    assert set(pipeline.countries()) == {1, 2, 3, 4, 5}


def test_of_one_key_the_last_position_wins(pipeline: Pipeline) -> None:
    """By first offset, then line, then partition; whatever the order of reading."""
    zone = pipeline.zone
    zone.put(
        "geo", 0, [place(1, "first"), place(1, "second"), place(2, "p0"), place(3, "early"), place(3, "p0")]
    )
    zone.put("geo", 5, [place(1, "third"), place(4, "x")])
    zone.put("geo", 0, [place(9, "y"), place(8, "z"), place(2, "p1"), place(3, "p1")], partition=1)
    pins = {GEO: 7, ("geo", 1): 4}
    counts = pipeline.run(zone.manifest("first", pins=pins), "first")["geo"]
    assert (counts["lines_read"], counts["kept"], counts["merged"]) == (11, 6, 5)
    assert pipeline.countries() == {1: "third", 2: "p1", 3: "p0", 4: "x", 8: "z", 9: "y"}
    zone.put("geo", 7, [place(1, "fourth")])
    counts = pipeline.run(zone.manifest("second", pins={GEO: 8}, marks=pipeline.marks()), "second")["geo"]
    assert (counts["lines_read"], counts["reread"], counts["kept"], counts["merged"]) == (3, 2, 0, 3)
    assert pipeline.countries()[1] == "fourth"


def test_old_manifests_run_again_change_nothing(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [place(1, "old"), "refused"])
    old = zone.manifest("first", pins={GEO: 2})
    first = pipeline.run(old, "first")
    zone.put("geo", 2, [place(1, "new"), place(2, "Aruba")])
    pipeline.run(zone.manifest("second", pins={GEO: 4}, marks=pipeline.marks()), "second")
    before = pipeline.everything()
    assert pipeline.run(old, "first") == first
    assert pipeline.everything() == before
    again = pipeline.run(old, "later")["geo"]
    assert (again["lines_read"], again["kept"], again["merged"], again["quarantined"]) == (2, 0, 1, 1)
    after = pipeline.everything()
    ledger = f"{zone.user_id}_ledger"
    assert {name: rows for name, rows in after.items() if name != ledger} == {
        name: rows for name, rows in before.items() if name != ledger
    }
    assert len(after[ledger]) == len(before[ledger]) + 1


@pytest.mark.parametrize("dies_at", ["ledger.record_counts", "ledger.record_marks"])
def test_a_run_that_died_is_repeated_with_its_true_counts(pipeline: Pipeline, dies_at: str) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [*_lines(1, 2, 2), "refused"])
    manifest = zone.manifest("first", pins={GEO: 4})
    pipeline.run_until(manifest, "first", dies_at=dies_at)
    assert pipeline.marks() == {}
    counts = pipeline.run(manifest, "first")["geo"]
    assert (counts["kept"], counts["merged"], counts["quarantined"]) == (2, 1, 1)
    (row,) = pipeline.spark.table(pipeline.names.ledger).collect()
    assert (row["kept"], row["merged"], row["quarantined"]) == (2, 1, 1)
    assert pipeline.spark.table(pipeline.names.quarantine("geo")).count() == 1
    assert pipeline.marks() == {GEO: (0, 4)}


@pytest.mark.parametrize(
    ("dies_at", "kept"),
    [
        ("tables.merge_quarantine", {"second": 3}),
        ("ledger.record_counts", {"second": 3}),
        ("ledger.record_marks", {"first": 2, "second": 1}),
    ],
)
def test_another_run_counts_what_a_run_that_died_for_good_had_inserted(
    pipeline: Pipeline, dies_at: str, kept: dict[str, int]
) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [*_lines(1, 2, 2), "refused"])
    pipeline.run_until(zone.manifest("first", pins={GEO: 4}), "first", dies_at=dies_at)
    zone.put("geo", 4, _lines(2, 3))
    counts = pipeline.run(zone.manifest("second", pins={GEO: 6}), "second")["geo"]
    assert (counts["lines_read"], counts["quarantined"], counts["kept"]) == (6, 1, kept["second"])
    assert pipeline.kept() == kept
    zone.put("geo", 6, _lines(3, 4))
    pipeline.run(zone.manifest("third", pins={GEO: 8}, marks=pipeline.marks()), "third")
    assert pipeline.kept() == {**kept, "third": 1}


def test_an_old_run_keeps_its_counts_however_much_has_happened_since(pipeline: Pipeline) -> None:
    """More commits than are looked at by default, and a run in between that died."""
    from pinterest_spark import tables

    zone = pipeline.zone
    zone.put("geo", 0, _lines(1, 2))
    first = zone.manifest("first", pins={GEO: 2})
    pipeline.run(first, "first")
    zone.put("geo", 2, _lines(3, 4, 5))
    second = zone.manifest("second", pins={GEO: 5}, marks=pipeline.marks())
    pipeline.run_until(second, "second", dies_at="ledger.record_counts")
    for number in range(tables._RECENT + 1):
        pipeline.spark.sql(f"ALTER TABLE {pipeline.names.batch('geo')} SET TBLPROPERTIES ('n' = '{number}')")
    counts = pipeline.run(first, "first")["geo"]
    assert (counts["kept"], counts["merged"]) == (2, 0)
    counts = pipeline.run(second, "second")["geo"]
    assert (counts["kept"], counts["merged"]) == (3, 2)
    pipeline.run(first, "first")
    assert pipeline.kept() == {"first": 2, "second": 3}


def test_an_old_run_takes_no_more_rows_than_records_it_has_read(pipeline: Pipeline) -> None:
    """The old run died before its MERGE, a longer one after it; then the old one is run again."""
    zone = pipeline.zone
    zone.put("geo", 0, [*_lines(1, 2), "refused"])
    old = zone.manifest("old", pins={GEO: 3})
    pipeline.run_until(old, "old", dies_at="tables.merge_records")
    zone.put("geo", 3, _lines(3, 4, 5))
    pipeline.run_until(zone.manifest("long", pins={GEO: 6}), "long", dies_at="ledger.record_counts")
    pipeline.run(old, "old")
    assert pipeline.kept() == {"old": 2}
    pipeline.run(zone.manifest("next", pins={GEO: 6}, marks=pipeline.marks()), "next")
    assert pipeline.kept() == {"old": 2, "next": 3}


def test_a_run_again_over_an_object_that_shrank_is_balanced(pipeline: Pipeline) -> None:
    """The sink rewrote the object: two of its lines are in the next one now."""
    zone = pipeline.zone
    zone.put("geo", 0, _lines(1, 2, 3, 4))
    manifest = zone.manifest("first", pins={GEO: 4})
    pipeline.run(manifest, "first")
    zone.put("geo", 0, _lines(1, 2))
    zone.put("geo", 2, _lines(3, 4, 5))
    pipeline.run(manifest, "first")
    assert pipeline.kept() == {"first": 2}
    pipeline.run(zone.manifest("second", pins={GEO: 5}), "second")
    assert pipeline.kept() == {"first": 2, "second": 3}


def test_a_table_made_anew_is_counted_from_its_beginning(pipeline: Pipeline) -> None:
    zone, table = pipeline.zone, pipeline.names.batch("geo")
    zone.put("geo", 0, _lines(1, 2))
    pipeline.run(zone.manifest("old", pins={GEO: 2}), "old")
    pipeline.spark.sql(f"UPDATE {table} SET country = 'Albania'")
    pipeline.run(zone.manifest("older", pins={GEO: 2}), "older")
    pipeline.spark.sql(f"DROP TABLE {table}")
    counts = pipeline.run(zone.manifest("anew", pins={GEO: 2}), "anew")["geo"]
    assert (counts["kept"], counts["merged"]) == (2, 0)
    zone.put("geo", 2, _lines(2, 7))
    counts = pipeline.run(zone.manifest("next", pins={GEO: 4}, marks=pipeline.marks()), "next")["geo"]
    assert (counts["kept"], counts["merged"]) == (1, 3)
    pipeline.spark.sql(f"DELETE FROM {pipeline.names.ledger} WHERE run_id LIKE 'old%'")
    assert pipeline.kept() == {"anew": 2, "next": 1}


def test_a_burst_in_the_ledger_is_no_run_of_the_batch(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, _lines(1))
    pipeline.run(zone.manifest("run", pins={GEO: 1}), "run")
    offsets = [{"partition": 0, "first_offset": 1, "last_offset": 2}]
    burst = {
        "entity": "geo",
        "offsets": offsets,
        "sent": 2,
        "acknowledged": 2,
        "landed": 2,
        "dead_lettered": 0,
    }
    values = {"ledger_table": pipeline.names.ledger, "run_id": "run", "rows": json.dumps([burst])}
    text = (SQL / "tables" / "record_burst.sql").read_text(encoding="utf-8")
    for _ in range(2):
        pipeline.spark.sql(text, args=values)
    zone.put("geo", 1, _lines(2, 3))
    pipeline.run(zone.manifest("next", pins={GEO: 3}, marks=pipeline.marks()), "next")
    assert pipeline.kept() == {"run": 1, "next": 2}
    (row,) = pipeline.spark.table(pipeline.names.ledger).where("stage = 'burst'").collect()
    assert (row["sent"], row["kept"], row["table_version"], row["uncounted"]) == (2, None, None, None)


def test_a_place_that_is_not_on_earth_is_kept_without_coordinates(pipeline: Pipeline) -> None:
    zone = pipeline.zone
    zone.put("geo", 0, [place(1, "Aruba", latitude=100), place(2, "Aruba", longitude="-181")])
    counts = pipeline.run(zone.manifest("run", pins={GEO: 2}), "run")["geo"]
    assert (counts["kept"], counts["unreadable"]) == (2, {"latitude": 1, "longitude": 1})
    rows = pipeline.spark.table(pipeline.names.batch("geo")).collect()
    assert [(row["country"], row["coordinates"]) for row in rows] == [("Aruba", None)] * 2


def test_full_refresh_cleans_again_what_is_there(pipeline: Pipeline) -> None:
    """A row that an older release cleaned otherwise is put right, though its position is the same."""
    zone = pipeline.zone
    zone.put("geo", 0, _lines(1, 2))
    pipeline.run(zone.manifest("first", pins={GEO: 2}), "first")
    pipeline.spark.sql(f"UPDATE {pipeline.names.batch('geo')} SET country = 'wrong' WHERE ind = 2")
    counts = pipeline.run(zone.manifest("again", pins={GEO: 2}, full_refresh=True), "again")["geo"]
    assert (counts["kept"], counts["merged"]) == (0, 2)
    assert pipeline.countries() == {1: "Aruba", 2: "Aruba"}


def test_a_run_with_nothing_new_writes_zero_counts(pipeline: Pipeline) -> None:
    counts = pipeline.run(pipeline.zone.manifest("empty", pins={GEO: 0}), "empty")["geo"]
    assert (counts["lines_read"], counts["kept"], counts["unreadable"]) == (0, 0, {})
    (row,) = pipeline.spark.table(pipeline.names.ledger).collect()
    assert (row["lines_read"], row["kept"], row["offsets"]) == (0, 0, [])
    assert pipeline.marks() == {}


def test_notebook_runs_and_exits_with_the_counts(
    pipeline: Pipeline, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Published as the workspace has it: contracts, the package, notebooks and SQL beside each other."""
    folder = Path(__file__).resolve().parents[3] / "include" / "spark" / "notebooks"
    zone = pipeline.zone
    zone.put("geo", 0, _lines(1, 2))
    parameters = {
        "user_id": zone.user_id,
        "catalog": "spark_catalog",
        "schema": "default",
        "manifest": zone.manifest("noted", pins={GEO: 2}),
        "run_id": "noted",
    }
    value = _run_notebook(folder / "daily_batch.py", pipeline.spark, parameters)
    assert json.loads(value)["entities"]["geo"]["kept"] == 2
    assert f"{zone.user_id}.geo" in capsys.readouterr().out


class _Exit(Exception):
    pass


class _Notebook:
    def exit(self, value: str) -> None:
        raise _Exit(value)


class _Widgets:
    def __init__(self, values: dict[str, str]) -> None:
        self._values = values

    def text(self, name: str, default: str) -> None:
        self._values.setdefault(name, default)

    def get(self, name: str) -> str:
        return self._values[name]


class _DBUtils:
    def __init__(self, values: dict[str, str]) -> None:
        self.widgets = _Widgets(values)
        self.notebook = _Notebook()


def _run_notebook(path: Path, spark: SparkSession, parameters: dict[str, str]) -> str:
    display: Callable[[Any], None] = lambda frame: frame.show(truncate=False)  # noqa: E731
    names = {"spark": spark, "dbutils": _DBUtils(dict(parameters)), "display": display}
    with pytest.raises(_Exit) as end:
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), names)
    return str(end.value)
