# Databricks notebook source
# MAGIC %md
# MAGIC # Stream ingest
# MAGIC
# MAGIC Reads the Kinesis streams, cleans their records as the daily batch does and merges them into the
# MAGIC stream tables. What cannot be a record goes to quarantine. A run may end at any point: the next one
# MAGIC goes on where it was, without loss, and changes nothing that was done already.
# MAGIC
# MAGIC | parameter | is |
# MAGIC |---|---|
# MAGIC | `user_id` | the pipeline's resource id |
# MAGIC | `catalog`, `schema` | where its tables are |
# MAGIC | `run_id` | id of the run in the ledger |
# MAGIC | `region` | region of the streams |
# MAGIC | `streams` | JSON: entity to `{"name": …, "created": …}`, its stream and when that was created |
# MAGIC | `checkpoints` | `s3://` address of the folder of all checkpoints |
# MAGIC | `leave_out` | partition key of records that are not read: those that try the way to a stream |
# MAGIC | `mode` | `available_now`: what is there when the run begins; `continuous`: until it is cancelled |
# MAGIC | `interval` | least time between two micro-batches of a continuous run |

# COMMAND ----------

import json
import os
import sys

# The package was published beside this notebook's folder.
sys.path.insert(0, os.path.abspath(".."))

from pinterest_spark.stream import parse_streams, run_streams
from pinterest_spark.tables import TableNames, frame_of

for name in ("user_id", "catalog", "schema", "run_id", "region", "streams", "checkpoints", "leave_out"):
    dbutils.widgets.text(name, "")
dbutils.widgets.dropdown("mode", "available_now", ["available_now", "continuous"])
dbutils.widgets.text("interval", "5 seconds")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is read
# MAGIC
# MAGIC Each stream has a checkpoint of its own, and a stream that is created anew a new one.

# COMMAND ----------

names = TableNames(
    user_id=dbutils.widgets.get("user_id"),
    catalog=dbutils.widgets.get("catalog"),
    schema=dbutils.widgets.get("schema"),
)
checkpoints = dbutils.widgets.get("checkpoints")
streams = parse_streams(dbutils.widgets.get("streams"))
display(
    frame_of(
        spark,
        [{"entity": s.entity, "stream": s.name, "checkpoint": s.checkpoint(checkpoints)} for s in streams],
        "entity STRING, stream STRING, checkpoint STRING",
    )
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Ingest
# MAGIC
# MAGIC Three queries side by side. Each merges a micro-batch first and counts it then; Spark commits it last.
# MAGIC In `available_now`, the error of a micro-batch is raised when the other queries have ended.

# COMMAND ----------

result = run_streams(
    spark,
    streams,
    names,
    run_id=dbutils.widgets.get("run_id"),
    region=dbutils.widgets.get("region"),
    checkpoints=checkpoints,
    leave_out=dbutils.widgets.get("leave_out"),
    mode=dbutils.widgets.get("mode"),
    interval=dbutils.widgets.get("interval"),
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What became of the records
# MAGIC
# MAGIC `lines_read = kept + merged + quarantined`

# COMMAND ----------

counts = ("batches", "lines_read", "kept", "merged", "quarantined")
display(
    frame_of(
        spark,
        [{"entity": entity, **found} for entity, found in result["entities"].items()],
        f"entity STRING, {', '.join(f'{name} BIGINT' for name in counts)}",
    )
)

# COMMAND ----------

dbutils.notebook.exit(json.dumps(result))
