# Databricks notebook source
# MAGIC %md
# MAGIC # Daily batch
# MAGIC
# MAGIC Reads the landed objects that the run's manifest names, cleans their records and merges them into the
# MAGIC batch tables. Lines that cannot be a record go to quarantine. A run may be repeated at any point.
# MAGIC
# MAGIC | parameter | is |
# MAGIC |---|---|
# MAGIC | `user_id` | the pipeline's resource id |
# MAGIC | `catalog`, `schema` | where its tables are |
# MAGIC | `manifest` | `s3://` address of the manifest |
# MAGIC | `run_id` | id of the run in the ledger |

# COMMAND ----------

import json
import os
import sys

# The package was published beside this notebook's folder.
sys.path.insert(0, os.path.abspath(".."))

from pinterest_spark.batch import run_batch
from pinterest_spark.manifest import read_manifest
from pinterest_spark.tables import TableNames, frame_of

for name in ("user_id", "catalog", "schema", "manifest", "run_id"):
    dbutils.widgets.text(name, "")

# COMMAND ----------

# MAGIC %md
# MAGIC ## What is read

# COMMAND ----------

run_id = dbutils.widgets.get("run_id")
names = TableNames(
    user_id=dbutils.widgets.get("user_id"),
    catalog=dbutils.widgets.get("catalog"),
    schema=dbutils.widgets.get("schema"),
)
manifest = read_manifest(spark, dbutils.widgets.get("manifest"))
display(
    frame_of(
        spark,
        [
            {
                "entity": entity,
                "topic": part.topic,
                "partition": p.partition,
                "objects": len(p.objects),
                "pinned_offset": p.pinned_offset,
            }
            for entity, part in manifest.entities.items()
            for p in part.partitions
        ],
        "entity STRING, topic STRING, partition INT, objects INT, pinned_offset BIGINT",
    )
)

# COMMAND ----------

# MAGIC %md
# MAGIC ## Ingest
# MAGIC
# MAGIC Merge first, counts next, marks last.

# COMMAND ----------

result = run_batch(spark, manifest, names, run_id=run_id)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What became of the lines
# MAGIC
# MAGIC `lines_read = landed + reread = kept + merged + quarantined`

# COMMAND ----------

counts = ("lines_read", "reread", "landed", "kept", "merged", "quarantined")
display(
    frame_of(
        spark,
        [{"entity": entity, **found} for entity, found in result["entities"].items()],
        f"entity STRING, {', '.join(f'{name} BIGINT' for name in counts)}, unreadable MAP<STRING, BIGINT>",
    )
)

# COMMAND ----------

dbutils.notebook.exit(json.dumps(result))
