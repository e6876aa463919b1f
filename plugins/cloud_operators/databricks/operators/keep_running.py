"""Keep one run of a notebook going that is not meant to end."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Literal

from airflow.sdk.exceptions import AirflowFailException
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from cloud_operators.databricks import runs
from cloud_operators.databricks.links.pages import RunPageLink
from cloud_operators.databricks.operators.notebook_base import DatabricksNotebookBaseOperator
from cloud_operators.databricks.submission import check_names, submission
from cloud_operators.exceptions import NotebookRunFailed

if TYPE_CHECKING:
    from airflow.sdk import Context
    from tenacity import RetryCallState


Action = Literal["adopted", "created", "replaced"]

#: Tasks that submit within so many seconds use the same token, so that they get the same run.
_WINDOW_SECONDS = 600


class DatabricksKeepNotebookRunningOperator(DatabricksNotebookBaseOperator):
    """See to it that a notebook that never ends, such as a continuous stream, has a run; do not wait for it.

    A run with ``run_name`` that goes on is adopted; otherwise one is submitted with ``runs/submit``. Either
    way the task ends with the run's id, and the run goes on without it. Scheduled every few minutes, it
    starts the notebook again whenever its run has ended. What identifies the run is its name alone: give no
    other run of the workspace this name.

    A run that goes on keeps its notebook and its parameters. Name in ``replace_on_change`` the parameters
    that matter: a run which was given other values for them is cancelled, and a new one is submitted once it
    has ended. Cancel the run yourself to replace anything else, such as its code.

    A notebook that fails is started again, since going on from a checkpoint is the cure of most failures.
    When more of its last runs than ``failures_tolerated`` have failed one after the other, the task still
    submits a new one, and then fails without being tried again, with the last run's error. A run that was
    cancelled, or that has reached ``timeout_seconds``, has not failed.

    No second run is left behind when a task is tried again, when its request is repeated because the answer
    was lost, or when several tasks come at once: those that submit send the same idempotency token, made of
    the name, of the present ten minutes, and of the runs of the name that have ended lately, so that it
    changes as soon as a new run is due. Should tasks submit with different tokens all the same (the ten
    minutes are over between the two), the run that was started later is cancelled by its own task, which
    adopts the other one. Several runs that went on before, which only somebody else can have started, are
    left alone unless they are to be replaced, and the oldest is adopted. A run that is about to end is waited
    for before another one is submitted.

    A killed task leaves the run alone, adopted or its own: it is meant to outlive the task, and the next one
    adopts it. Only while the task is submitting and does not know the id yet does a kill (or
    ``execution_timeout``) cancel the run, which nobody would know of otherwise. It learns the id by sending
    the request again with the same token; if the first one never arrived, that makes the run that is
    cancelled at once. A task that submits in the same moment gets this run too and loses it; the next one
    starts it anew.

    The arguments of what is run are described at
    :class:`~cloud_operators.databricks.operators.notebook_base.DatabricksNotebookBaseOperator`.

    .. seealso:: https://docs.databricks.com/api/workspace/jobs/listruns and
        https://docs.databricks.com/api/workspace/jobs/submit

    :param run_name: name of the run in the workspace, by which it is found again (templated)
    :param replace_on_change: names of those of ``parameters`` that a run which goes on must have been given
        as they are now
    :param failures_tolerated: how many runs may fail one after the other before that fails the task
    :param min_seconds: watch a new run for so many seconds after its submission, and fail when it fails in
        that time; 0 looks once
    """

    def __init__(
        self,
        *,
        run_name: str,
        replace_on_change: Sequence[str] = (),
        failures_tolerated: int = 1,
        min_seconds: float = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.run_name = run_name
        self.replace_on_change = replace_on_change
        self.failures_tolerated = failures_tolerated
        self.min_seconds = min_seconds
        #: The request for a run whose id is not known yet.
        self._submitting: dict[str, Any] | None = None

    def execute(self, context: Context) -> int:
        """Adopt the run that goes on, or submit one.

        Pushes the XComs ``action`` (``adopted``, ``created`` or ``replaced``), ``run_id`` and
        ``run_page_url``.

        :returns: the run's id
        :raises ValueError: when an argument is wrong
        :raises NotebookRunFailed: when a new run has failed within ``min_seconds``
        :raises AirflowFailException: when a new run goes on, but too many before it have failed
        """
        self._check_arguments()
        while True:
            found, action = self._clear_the_way()
            if found is not None:
                return self._take(context, found, action)
            failures = self._failures()
            run_id = self._submit()
            if not self._gives_way(run_id, [self.run_name, *self.waits_for]):
                break
        self._take(context, self.hook.get_run(run_id), action)
        run = self._watch(run_id)
        if runs.has_ended(run):
            self.hook.check_success(self.notebook_path, run)
            self.log.warning("Run %s has ended already: the notebook had nothing to go on with", run_id)
        elif len(failures) > self.failures_tolerated:
            self._report(failures, run_id)
        return run_id

    def on_kill(self) -> None:
        """Cancel the run that is just being submitted; leave any other alone."""
        request, self._submitting = self._submitting, None
        if request is not None:
            run_id = self.hook.submit_run(request)
            self.log.info("Cancelling run %s, which was just being submitted", run_id)
            self.hook.cancel_run(run_id)

    def _check_arguments(self) -> None:
        super()._check_arguments()
        if not self.run_name:
            raise ValueError("run_name: a name is needed, by which the run is found again")
        check_names("replace_on_change", self.replace_on_change)
        if unknown := set(self.replace_on_change) - set(self.parameters or {}):
            raise ValueError(f"replace_on_change: no parameters are {', '.join(sorted(unknown))}")
        if self.failures_tolerated < 0:
            raise ValueError(f"failures_tolerated={self.failures_tolerated}: 0 or more is needed")

    def _clear_the_way(self) -> tuple[dict[str, Any] | None, Action]:
        """Cancel what is to be replaced and wait, until there is a run to adopt or none in the way."""
        action: Action = "created"
        while True:
            found = self._unended([self.run_name, *self.waits_for])
            going_on = [run for run in found if run["run_name"] == self.run_name and runs.goes_on(run)]
            if len(going_on) > 1:
                others = ", ".join(str(run["run_id"]) for run in going_on)
                self.log.warning("%d runs have the name %r: %s", len(going_on), self.run_name, others)
            fitting = [run for run in going_on if self._fits(run)]
            if len(fitting) < len(going_on):
                action = "replaced"
            if fitting:
                return fitting[0], "adopted"
            if not found:
                return None, action
            # Whatever is left of the name is about to end, of its own or because it does not fit.
            self._await_end(found)

    def _fits(self, run: dict[str, Any]) -> bool:
        """Tell whether a run has the parameters that matter; cancel it if not."""
        if not self.replace_on_change:
            return True
        known = self.hook.get_run(run["run_id"])
        changed = runs.changed(known, self.parameters or {}, self.replace_on_change)
        if changed:
            self._cancel([known], f"it was given another value of {', '.join(changed)}")
        return not changed

    def _failures(self) -> list[dict[str, Any]]:
        """Give the last runs that have failed one after the other, at most one more than is tolerated."""
        failed = takewhile(runs.has_failed, self.hook.ended_runs(self.run_name))
        return list(islice(failed, self.failures_tolerated + 1))

    def _report(self, failures: list[dict[str, Any]], run_id: int) -> None:
        """Fail with the error of the last run, once a new one goes on."""
        last = self.hook.get_run(failures[0]["run_id"])
        try:
            self.hook.check_success(runs.notebook_of(last), last)
        except NotebookRunFailed as error:
            raise AirflowFailException(
                f"run {run_id} was started and goes on, but {len(failures)} or more runs of the name "
                f"{self.run_name!r} have failed before it, one after the other. The last of them is run "
                f"{last['run_id']}: {error}"
            ) from error

    def _submit(self) -> int:
        self._submitting = submission(
            notebook_path=self.notebook_path,
            parameters=self.parameters,
            compute=self.compute,
            run_name=self.run_name,
            timeout_seconds=int(self.timeout_seconds or 0),
            token=self._token(),
        )
        try:
            run_id = int(self.hook.submit_run(self._submitting))
        except Exception:
            # It was refused, or the workspace stays away. After a time-out, which is no Exception, it counts.
            self._submitting = None
            raise
        self._submitting = None
        self.log.info("Submitted %s as run %s", self.notebook_path, run_id)
        return run_id

    def _token(self) -> str:
        """Make a token that all tasks share which find the same state of things at about the same time."""
        window = int(time.time() // _WINDOW_SECONDS)
        # From the window before on: the workspace's clock may differ, and the present window must be in it.
        lately = self.hook.runs_by_name(self.run_name, start_time_from=(window - 1) * _WINDOW_SECONDS * 1000)
        ended = [run["run_id"] for run in lately if not runs.goes_on(run)]
        return hashlib.sha256(json.dumps([self.run_name, window, ended]).encode()).hexdigest()

    def _take(self, context: Context, run: dict[str, Any], action: Action) -> int:
        """Tell people and later tasks of the run."""
        ti = context["ti"]
        ti.xcom_push(key="action", value=action)
        ti.xcom_push(key="run_id", value=run["run_id"])
        RunPageLink.persist(context, run["run_page_url"])
        self.log.info("Run %s, %s, is %s", run["run_id"], action, run["state"]["life_cycle_state"])
        return int(run["run_id"])

    def _watch(self, run_id: int) -> dict[str, Any]:
        def last_look(looks: RetryCallState) -> dict[str, Any]:
            return looks.outcome.result() if looks.outcome else {}

        watching = Retrying(
            retry=retry_if_result(lambda run: not runs.has_ended(run)),
            wait=wait_fixed(min(self.polling_period_seconds, self.min_seconds)),
            stop=stop_after_delay(self.min_seconds),
            retry_error_callback=last_look,
        )
        run: dict[str, Any] = watching(self.hook.get_run, run_id)
        return run
