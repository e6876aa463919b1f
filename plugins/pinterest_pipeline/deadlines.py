"""The moment that a late run is measured from."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk.definitions.deadline import BaseDeadlineReference

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class RunQueued(BaseDeadlineReference):
    """When a run was queued first.

    Airflow's own ``DAGRUN_QUEUED_AT`` makes it impossible to clear a task of the run: the API answers 500
    (3.3, https://github.com/apache/airflow/issues/70368). This one is left alone when tasks are cleared, so
    a run that is cleared keeps the deadline that it had.
    """

    required_kwargs = frozenset({"dag_id", "run_id"})

    def _evaluate_with(self, *, session: Session, dag_id: str, run_id: str, **_: Any) -> datetime | None:
        from airflow.models import DagRun
        from sqlalchemy import select

        queued = select(DagRun.queued_at).where(DagRun.dag_id == dag_id, DagRun.run_id == run_id)
        return session.scalar(queued)
