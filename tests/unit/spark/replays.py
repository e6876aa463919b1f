"""Runs of the replay over a pipeline's tables, and lines that older code has refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.unit.spark.landing_zone import place
from tests.unit.spark.pipelines import Pipeline
from tests.unit.spark.queries import ENTITIES, SQL

if TYPE_CHECKING:
    from pyspark.sql import Row

#: Records of this country are refused by :func:`older_code`.
HIDDEN = "Hidden"
#: The checks that a replay could break.
CHECKS = ("rows_not_kept", "ledger_not_balanced", "duplicate_quarantine", "duplicate_keys")


def hidden(key: int, **fields: Any) -> str:
    """A good record that older code has refused."""
    return place(key, HIDDEN, **fields)


@contextmanager
def older_code() -> Iterator[None]:
    """Cleaning with a mistake: it takes every line with :data:`HIDDEN` for one that is not JSON."""
    from pyspark.sql import functions as F

    from pinterest_spark import quality

    present = quality.reason

    def mistaken(contract: Any, **columns: Any) -> Any:
        is_hidden = F.contains(columns["raw"], F.lit(HIDDEN))
        return F.when(is_hidden, F.lit("not_json")).otherwise(present(contract, **columns))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quality, "reason", mistaken)
        yield


def replay(
    pipeline: Pipeline,
    run_id: str,
    *,
    letters: Sequence[dict[str, Any]] = (),
    source: str = "both",
    entities: tuple[str, ...] = ("geo",),
    dry_run: bool = False,
) -> dict[str, Any]:
    """Run a replay; gives geo's counts, or those of the only entity.

    :param letters: as :func:`letter` gives them.
    """
    from pinterest_spark.replay import Replay, run_replay

    uri = ""
    if letters:
        folder = pipeline.zone.root / "_state" / "replay" / run_id
        folder.mkdir(parents=True, exist_ok=True)
        target = folder / "dead_letters.jsonl"
        target.write_text("".join(f"{json.dumps(item)}\n" for item in letters))
        uri = target.as_uri()
    asked = Replay(run_id=run_id, entities=entities, source=source, dead_letters=uri, dry_run=dry_run)
    result = json.loads(json.dumps(run_replay(pipeline.spark, asked, pipeline.names)))
    assert (result["run_id"], result["dry_run"]) == (run_id, dry_run)
    assert set(result["entities"]) == set(entities)
    for counts in result["entities"].values():
        assert counts["read"] == counts["kept"] + counts["merged"] + counts["quarantined"]
        assert sum(counts["reasons"].values()) == counts["quarantined"]
    found: dict[str, Any] = result["entities"][entities[0]]
    return found


def dies(pipeline: Pipeline, run_id: str, *, at: str, **arguments: Any) -> None:
    """Run a replay until the driver dies, before it calls a function such as ``replay_ledger.record``."""

    def die(*_: object, **__: object) -> None:
        raise ConnectionError("the driver died")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"pinterest_spark.{at}", die)
        with pytest.raises(ConnectionError, match="the driver died"):
            replay(pipeline, run_id, **arguments)


def letter(
    offset: int, raw: str | bytes | None, *, before: tuple[int, int], entity: str = "geo", partition: int = 0
) -> dict[str, Any]:
    """A dead letter as the file of a run has it.

    :param before: first offset and line of the landed line before which it stood.
    """
    text: dict[str, Any] = {"raw": raw} if not isinstance(raw, bytes) else {}
    if isinstance(raw, bytes):
        text = {"base64": base64.b64encode(raw).decode()}
    place_of = {"entity": entity, "partition": partition, "offset": offset}
    return {**place_of, "first_offset": before[0], "line": before[1], **text}


def quarantine(pipeline: Pipeline, entity: str = "geo") -> list[Row]:
    """The quarantine table's rows, in the order of their texts."""
    rows = pipeline.spark.table(pipeline.names.quarantine(entity)).collect()
    return sorted(rows, key=lambda row: str(row["raw"]))


def reasons(pipeline: Pipeline) -> dict[str, str]:
    """Text to reason of what is in quarantine; no text may be there twice."""
    rows = quarantine(pipeline)
    found = {row["raw"]: row["reason"] for row in rows}
    assert len(found) == len(rows)
    return found


def check(pipeline: Pipeline) -> None:
    """The pipeline's own checks find nothing, and each stream table's rows are accounted for."""
    from pinterest_spark.contracts import load_contract
    from pinterest_spark.positions import LANDED, STREAMED
    from pinterest_spark.tables import create_records_table, create_table

    spark, names = pipeline.spark, pipeline.names
    values: dict[str, Any] = {"ledger_table": names.ledger, "begun": "2030-01-01T00:00:00Z", "run_id": "none"}
    create_table(spark, "ledger", names.ledger)
    for entity in ENTITIES:
        create_records_table(spark, names.batch(entity), load_contract(entity), LANDED)
        create_records_table(spark, names.stream(entity), load_contract(entity), STREAMED)
        values |= {f"{entity}_batch_table": names.batch(entity), f"{entity}_unchecked": -(2**63)}
        values |= {f"{entity}_stream_table": names.stream(entity)}
    values["quarantine_table"] = names.quarantine("geo")
    for name in CHECKS:
        assert _ask(pipeline, f"quality/{name}", values) == [], name
    for row in _ask(pipeline, "tables/read_stream_balance", values):
        assert row["table_rows"] == row["kept"] + row["replayed"] + row["uncounted"], row


def _ask(pipeline: Pipeline, file: str, values: dict[str, Any]) -> list[Row]:
    text = (SQL / f"{file}.sql").read_text(encoding="utf-8")
    used = {name: value for name, value in values.items() if f":{name}" in text}
    return list(pipeline.spark.sql(text, args=used).collect())


def ledger(pipeline: Pipeline, stage: str = "replay") -> dict[str, tuple[int, ...]]:
    """Run to lines read, dead letters among them, kept, merged and quarantined, of geo; each once."""
    rows = (
        pipeline.spark.table(pipeline.names.ledger).where(f"stage = '{stage}' AND entity = 'geo'").collect()
    )
    counts = ("lines_read", "dead_lettered", "kept", "merged", "quarantined")
    found = {row["run_id"]: tuple(row[name] for name in counts) for row in rows}
    assert len(found) == len(rows)
    return found
