"""A little of everything that Spark is asked here: recorded for its classes, rehearsed to warm a new JVM.

The first run of a JVM takes twice as long as the second, for its code is not compiled yet. A rehearsal gets
that done while nothing is asked. Its tables have no names, so that no client sees them.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

ROUNDS = 2
_STATEMENTS = (
    "CREATE TABLE {a} AS SELECT id AS k, concat('v', id) AS v, array(id) AS l, current_timestamp() AS t "
    "FROM range(9)",
    "MERGE INTO {a} t USING (SELECT id + 5 AS k, 'new' AS v FROM range(9)) s ON t.k = s.k "
    "WHEN MATCHED THEN UPDATE SET v = s.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES (s.k, s.v)",
    "SELECT v, count(*), percentile_approx(k, 0.5), max(t) FROM {a} GROUP BY v ORDER BY 2 DESC, v",
    "SELECT * FROM (SELECT k, v, rank() OVER (PARTITION BY v ORDER BY k DESC) AS r FROM {a}) WHERE r = 1",
    "SELECT x.k, try_cast(regexp_replace(x.v, 'v', '') AS INT) FROM {a} x JOIN {a} y ON x.k = y.k "
    "WHERE x.k > 1",
    "CREATE OR REPLACE TABLE {b} AS SELECT year(t) AS y, count(DISTINCT v) AS n FROM {a} GROUP BY 1",
    "DESCRIBE HISTORY {a}",
)


def statements(a: str, b: str) -> list[str]:
    """The statements, in the order in which they work.

    :param a: name of a table that does not exist yet.
    :param b: name of another one.
    """
    return [statement.format(a=a, b=b) for statement in _STATEMENTS]


def read_lines(session: SparkSession, folder: Path) -> None:
    """Read a file of JSON lines as the ingest does.

    :param folder: where the file is made.
    """
    lines = folder / "lines.json"
    lines.write_text('{"index": 1, "tags": ["a"]}\nnot json\n', encoding="utf-8")
    text = session.read.text(lines.as_uri(), wholetext=True)
    text.selectExpr("posexplode(split(value, '\n')) AS (line, raw)").selectExpr(
        "line", "from_json(raw, 'index BIGINT, tags ARRAY<STRING>') AS row"
    ).groupBy("line").count().collect()


def rehearse(session: SparkSession, folder: Path, stop: threading.Event) -> None:
    """Warm the JVM of ``session``.

    :param folder: an own folder, emptied before and after.
    :param stop: ends the rehearsal before its next statement.
    """
    for _ in range(ROUNDS):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        work = session.newSession()
        for statement in statements(*(f"delta.`{(folder / name).as_uri()}`" for name in "ab")):
            if stop.is_set():
                break
            work.sql(statement).collect()
        if not stop.is_set():
            read_lines(work, folder)
    shutil.rmtree(folder, ignore_errors=True)
