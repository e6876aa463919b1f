"""A warehouse that answers the three statements with which a query's result is kept."""

from __future__ import annotations

from typing import Any

from tests.unit.cloud_operators.databricks.fake_databricks import Answer

TABLE = "`spark_catalog`.`default`.`sandbox_result_top_country`"
BUCKET = "user-sandbox-bucket"


class Warehouse:
    """Answers the three statements: the table is made, read, counted."""

    columns = (("country", "STRING"), ("follower_count", "LONG"))

    def __init__(self, rows: list[list[str | None]], counted: int | None = None) -> None:
        self.rows = rows
        self.counted = len(rows) if counted is None else counted
        self.sql: list[str] = []

    def __call__(self, request: dict[str, Any]) -> Answer:
        sql = request["statement"]
        self.sql.append(sql)
        if sql.startswith("CREATE OR REPLACE TABLE"):
            return Answer((("num_affected_rows", "LONG"), ("num_inserted_rows", "LONG")))
        if "count(*)" in sql:
            return Answer((("row_count", "LONG"),), ([[str(self.counted)]],))
        middle = len(self.rows) // 2
        return Answer(self.columns, (self.rows[:middle], self.rows[middle:]))


ROWS: list[list[str | None]] = [["Angola", "94000"], ["Côte d'Ivoire", None], [None, "0"]]
