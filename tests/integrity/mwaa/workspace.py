"""A Databricks workspace that runs nothing: what it says follows from what is in S3 and in the streams."""

from __future__ import annotations

import json
from typing import Any

from pinterest_pipeline.entities import ENTITIES
from tests.unit.cloud_operators.databricks.fake_databricks import Answer, FakeDatabricks, Notebook
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

TABLES = CHECKOUT / "include" / "sql" / "tables"
READ_LEDGER = (TABLES / "read_ledger.sql").read_text().strip()
READ_STREAM_BALANCE = (TABLES / "read_stream_balance.sql").read_text().strip()
#: What a warehouse says of the maintenance of a table.
MAINTAINED: dict[str, tuple[tuple[tuple[str, str], ...], list[str | None]]] = {
    "DESCRIBE HISTORY": ((("version", "LONG"), ("operation", "STRING")), ["3", "MERGE"]),
    "OPTIMIZE": ((("metrics", "STRUCT"),), ['{"numFilesAdded": 1, "numFilesRemoved": 4}']),
    "VACUUM": ((("path", "STRING"),), ["s3://tables/pin"]),
    "DESCRIBE DETAIL": ((("numFiles", "LONG"), ("sizeInBytes", "LONG")), ["1", "4096"]),
}
COUNTS = ("lines_read", "reread", "landed", "kept", "merged", "quarantined")


class Workspace(FakeDatabricks):
    """A notebook that was published can be run; it counts what its manifest or its streams hold.

    :param s3: a boto3 S3 client.
    :param kinesis: a boto3 Kinesis client.
    """

    def __init__(self, s3: Any, kinesis: Any) -> None:
        super().__init__(statements=self.say)
        self.s3 = s3
        self.kinesis = kinesis
        self.ledger: list[dict[str, Any]] = []
        self.stream_balance: list[dict[str, Any]] = []

    def submit(self, body: dict[str, Any]) -> dict[str, Any]:
        task = body["tasks"][0]["notebook_task"]
        if self.objects.get(task["notebook_path"], {}).get("object_type") == "NOTEBOOK":
            parameters = task["base_parameters"]
            takes = {"streams": self.take_streams, "dead_letters": self.replay, "manifest": self.ingest}
            (take,) = [each for name, each in takes.items() if name in parameters]
            value = json.dumps(take(parameters))
            self.notebooks[task["notebook_path"]] = [Notebook(looks=(), exit_value=value)]
        return super().submit(body)

    def ingest(self, parameters: dict[str, str]) -> dict[str, Any]:
        """What the notebook would return for a landing that no run has read before."""
        bucket, _, key = parameters["manifest"].removeprefix("s3://").partition("/")
        manifest = json.loads(self.content(bucket, key))
        entities = {}
        for entity, part in manifest["entities"].items():
            lines = [
                line
                for partition in part["partitions"]
                for item in partition["objects"]
                for line in self.content(manifest["bucket"], item["key"]).splitlines()
            ]
            kept = len(set(lines))
            counts = (len(lines), 0, len(lines), kept, len(lines) - kept, 0)
            entities[entity] = {**dict(zip(COUNTS, counts, strict=True)), "unreadable": {}}
        self.ledger = [{"entity": entity, **counts} for entity, counts in entities.items()]
        return {"run_id": parameters["run_id"], "entities": entities}

    def take_streams(self, parameters: dict[str, str]) -> dict[str, Any]:
        """What the notebook would do with streams that no run has read before."""
        self.stream_balance, entities = [], {}
        for entity, stream in json.loads(parameters["streams"]).items():
            keys = [key for key in self.partition_keys(stream["name"]) if key != parameters["leave_out"]]
            kept = len(set(keys))
            counts = {"lines_read": len(keys), "kept": kept, "merged": len(keys) - kept, "quarantined": 0}
            entities[entity] = {"batches": 1, **counts}
            others = {"replayed": 0, "uncounted": 0, "acknowledged": len(keys), "written_off": 0}
            self.stream_balance.append({"entity": entity, "table_rows": kept, **counts, **others})
        return {"run_id": parameters["run_id"], "entities": entities}

    def replay(self, parameters: dict[str, str]) -> dict[str, Any]:
        """What the notebook returns where nothing is in quarantine."""
        assert (parameters["entity"], parameters["dead_letters"]) == ("", "")
        nothing = dict.fromkeys(("read", "dead_letters", "kept", "merged", "quarantined"), 0)
        found = {**nothing, "reasons": {}, "set_apart": 0, "batch": nothing, "stream": nothing}
        return {
            "run_id": parameters["run_id"],
            "dry_run": parameters["dry_run"] == "true",
            "entities": dict.fromkeys(ENTITIES, found),
        }

    def partition_keys(self, stream: str) -> list[str]:
        (shard,) = self.kinesis.list_shards(StreamName=stream)["Shards"]
        iterator = self.kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        return [
            record["PartitionKey"] for record in self.kinesis.get_records(ShardIterator=iterator)["Records"]
        ]

    def content(self, bucket: str, key: str) -> bytes:
        found: bytes = self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
        return found

    def say(self, request: dict[str, Any]) -> Answer:
        """One row to who reads a result table back, the ledger to who reads it, no rows to all else."""
        sql = request["statement"].strip()
        if sql.startswith("SELECT count(*) AS row_count"):
            return Answer(columns=(("row_count", "LONG"),), chunks=([["1"]],), looks=())
        if sql.startswith("SELECT * FROM IDENTIFIER(:result_table)"):
            return Answer(columns=(("answer", "STRING"),), chunks=([["forty-two"]],), looks=())
        if sql.endswith("_pin_batch`") or "_pin_batch` " in sql:
            # The one table that the maintenance finds.
            for beginning, (columns, row) in MAINTAINED.items():
                if sql.startswith(beginning):
                    return Answer(columns=columns, chunks=([row],), looks=())
        if sql == READ_LEDGER:
            columns = (("entity", "STRING"), *((name, "LONG") for name in COUNTS))
            rows: list[list[str | None]] = [[str(row[name]) for name, _ in columns] for row in self.ledger]
            return Answer(columns=columns, chunks=(rows,), looks=())
        if sql == READ_STREAM_BALANCE and self.stream_balance:
            names = tuple(self.stream_balance[0])
            balance: list[list[str | None]] = [
                [str(row[name]) for name in names] for row in self.stream_balance
            ]
            kinds = tuple((name, "STRING" if name == "entity" else "LONG") for name in names)
            return Answer(columns=kinds, chunks=(balance,), looks=())
        return Answer(looks=())
