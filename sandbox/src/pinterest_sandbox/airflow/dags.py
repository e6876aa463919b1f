"""The ids of the DAGs that the demo, the bench, the drill and the ``sandbox`` command run."""

from __future__ import annotations

PROVISION = "pinterest_provision_batch"
PROVISION_STREAM = "pinterest_provision_stream"
EMULATE = "pinterest_emulate_posts"
DAILY = "pinterest_daily_batch"
STREAM_INGEST = "pinterest_stream_ingest"
RESULTS = "pinterest_materialise_results"
TRACE = "pinterest_trace"
HEALTH = "pinterest_health"
HEAL = "pinterest_heal"
