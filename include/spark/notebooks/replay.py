# Databricks notebook source
# MAGIC %md
# MAGIC # Replay
# MAGIC
# MAGIC Cleans refused lines, refused records of the streams and dead letters anew. What can be a record now
# MAGIC is merged into the batch or the stream table by its original position and leaves quarantine; what
# MAGIC can't stays there, with its present reason. A run may be repeated at any point.
# MAGIC
# MAGIC | parameter | is |
# MAGIC |---|---|
# MAGIC | `user_id` | the pipeline's resource id |
# MAGIC | `catalog`, `schema` | where its tables are |
# MAGIC | `run_id` | id of the run in the ledger |
# MAGIC | `entity` | `pin`, `geo` or `user`; empty: all of them |
# MAGIC | `source` | `both`, `dead_letters` or `quarantine` |
# MAGIC | `dead_letters` | `s3://` address of the dead letters that were fetched; empty when there are none |
# MAGIC | `dry_run` | `true`: only count what would become of everything; `false` |

# COMMAND ----------

import json
import os
import sys

# The package was published beside this notebook's folder.
sys.path.insert(0, os.path.abspath(".."))

from pinterest_spark.replay import Replay, parse_entities, run_replay
from pinterest_spark.tables import TableNames, frame_of

for name in ("user_id", "catalog", "schema", "run_id", "entity", "dead_letters"):
    dbutils.widgets.text(name, "")
dbutils.widgets.dropdown("source", "both", ["both", "dead_letters", "quarantine"])
dbutils.widgets.dropdown("dry_run", "true", ["true", "false"])

# COMMAND ----------

# MAGIC %md
# MAGIC ## Replay
# MAGIC
# MAGIC Merge first, counts next, the quarantine last.

# COMMAND ----------

names = TableNames(
    user_id=dbutils.widgets.get("user_id"),
    catalog=dbutils.widgets.get("catalog"),
    schema=dbutils.widgets.get("schema"),
)
replay = Replay(
    run_id=dbutils.widgets.get("run_id"),
    entities=parse_entities(dbutils.widgets.get("entity")),
    source=dbutils.widgets.get("source"),
    dead_letters=dbutils.widgets.get("dead_letters"),
    dry_run=dbutils.widgets.get("dry_run") == "true",
)
result = run_replay(spark, replay, names)

# COMMAND ----------

# MAGIC %md
# MAGIC ## What became of them
# MAGIC
# MAGIC `read = kept + merged + quarantined`. Rows that were `set_apart` belong to a topic that was deleted
# MAGIC since.

# COMMAND ----------

counts = ("read", "dead_letters", "kept", "merged", "quarantined", "set_apart")
display(
    frame_of(
        spark,
        [{"entity": entity, **found} for entity, found in result["entities"].items()],
        f"entity STRING, {', '.join(f'{name} BIGINT' for name in counts)}, reasons MAP<STRING, BIGINT>",
    )
)

# COMMAND ----------

dbutils.notebook.exit(json.dumps(result))
