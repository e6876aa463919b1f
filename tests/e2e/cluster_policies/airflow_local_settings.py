"""Cluster policies of the Airflow that the end-to-end tests drive.

Nothing runs by the clock, so that no run comes in between what a test does; and a try that failed is soon
followed by the next one, as ``AIRFLOW__TEST__RETRY_DELAY_S`` says. Follows
https://airflow.apache.org/docs/apache-airflow/3.3.1/administration-and-deployment/cluster-policies.html.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from airflow.sdk.bases.operator import BaseOperator

# Airflow reads this file while it is being imported itself: what policies need they import when asked.


def dag_policy(dag: DAG) -> None:
    """Take away what starts runs by the clock; runs by hand and by assets stay."""
    from airflow.sdk import CronTriggerTimetable
    from airflow.sdk.definitions.timetables.simple import NullTimetable

    if isinstance(dag.timetable, CronTriggerTimetable):
        dag.timetable = NullTimetable()


def task_policy(task: BaseOperator) -> None:
    """Shorten the pause between two tries, if it is to be shorter."""
    from airflow.configuration import conf

    if conf.has_option("test", "retry_delay_s"):
        longest = timedelta(seconds=conf.getfloat("test", "retry_delay_s"))
        task.retry_delay = min(task.retry_delay, longest)
