"""The ids of the DAGs that the demo and the bench run."""

from __future__ import annotations

PROVISION = "pinterest_provision_batch"
EMULATE = "pinterest_emulate_posts"
DAILY = "pinterest_daily_batch"
RESULTS = "pinterest_materialise_results"
