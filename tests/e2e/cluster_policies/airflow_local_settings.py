"""Cluster policies of the Airflow that the end-to-end tests drive.

Nothing runs by the clock, so that no run comes in between what a test does; and a try that failed is soon
followed by the next one. Follows https://airflow.apache.org/docs/apache-airflow/3.3.1/administration-and-deployment/cluster-policies.html.
"""

from __future__ import annotations

import os
from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable
from airflow.sdk.bases.operator import BaseOperator
from airflow.sdk.definitions.timetables.simple import NullTimetable

#: Seconds until the next try; as the DAGs have it where it is not set.
RETRY_DELAY_S = os.environ.get("TEST_RETRY_DELAY_S")


def dag_policy(dag: DAG) -> None:
    """Take away what starts runs by the clock; runs by hand and by assets stay."""
    if isinstance(dag.timetable, CronTriggerTimetable):
        dag.timetable = NullTimetable()


def task_policy(task: BaseOperator) -> None:
    """Shorten the pause between two tries."""
    if RETRY_DELAY_S is not None:
        task.retry_delay = min(task.retry_delay, timedelta(seconds=float(RETRY_DELAY_S)))
