"""One pipeline's landing and tables, and its runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from tests.unit.spark.landing_zone import LandingZone, place
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
        from pinterest_spark.positions import LANDED
        from pinterest_spark.tables import create_records_table

        names = self.names
        values = {f"{entity}_batch_table": names.batch(entity) for entity in ("pin", "geo", "user")}
        for entity in ("pin", "user"):
            create_records_table(self.spark, names.batch(entity), load_contract(entity), LANDED)
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


def places(*numbers: int, country: str = "Aruba") -> list[str]:
    """Lines of geo records with these keys."""
    return [place(number, country) for number in numbers]
