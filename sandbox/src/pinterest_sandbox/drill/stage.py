"""The running pipeline, and the few things that a breakage does to it."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction

import requests

from pinterest_sandbox.airflow.client import AirflowClient, TaskState
from pinterest_sandbox.airflow.dags import EMULATE
from pinterest_sandbox.airflow.processes import task_process
from pinterest_sandbox.aws.api_key import read_api_key
from pinterest_sandbox.config import Config
from pinterest_sandbox.databricks import runs_client
from pinterest_sandbox.drill.stock import next_offsets, table_versions
from pinterest_sandbox.environment import api_url
from pinterest_sandbox.faults import control
from pinterest_sandbox.faults.fault import Fault
from pinterest_sandbox.parts import restart_airflow, services_without_airflow
from pinterest_sandbox.supervision import Supervisor
from pinterest_sandbox.waiting import NotReady, wait_until

RUN_LIMIT = 1200.0
#: Seconds between two looks of the schedule: by then something must have been seen.
INTERVAL_S = 300.0
#: Longer than any breakage lasts: its end is not left to the clock.
FAULT_S = 1800.0
#: Acknowledged posts from which on the burst is under way.
UNDER_WAY = 10
#: Switched on for the drill alone.
SETTINGS = {"PINTEREST_AUTO_HEAL": "true"}


@dataclass(frozen=True)
class Strike:
    """The moment at which something broke.

    :param at: the clock's seconds.
    :param in_burst: whether posts were still being sent then.
    """

    at: float
    in_burst: bool


class Stage:
    """What breakages act on.

    :ivar burst: the run that sends posts.
    :ivar strike: the first harm that was done under this burst.

    :param config: the sandbox, whose pipeline is provisioned.
    :param airflow: its Airflow.
    """

    def __init__(self, config: Config, airflow: AirflowClient) -> None:
        self.config, self.airflow = config, airflow
        self.supervisor = Supervisor(config)
        self.burst = ""
        self.strike: Strike | None = None
        self._before = self._posts = self._rate = 0
        self._try_ended: float | None = None
        self._held: list[str] = []
        self._begun: list[tuple[str, str]] = []

    def begin_burst(self, keys: range, rate: int) -> None:
        """Send posts to both paths, and come back when some are acknowledged.

        :param keys: of the posts.
        :param rate: posts a second.
        """
        self._before, self._posts, self._rate = self._next_offset(), len(keys), rate
        conf: dict[str, object] = {
            "posts": len(keys),
            "start": keys.start,
            "order": "sequential",
            "rate": rate,
            "batch_size": 20,
            "target": "both",
        }
        self.strike, self._begun, self._try_ended = None, [], None
        self.burst = self.begin(EMULATE, conf)
        # Posts of an older burst that goes on are none of this one.
        self.wait_for_task(EMULATE, self.burst, "send_posts", "running")
        self._wait_for_posts(UNDER_WAY, timeout=120)

    def begin(self, dag_id: str, conf: dict[str, object] | None = None) -> str:
        """Start a run that has to succeed; see :meth:`finish_begun`.

        :returns: its run id.
        """
        run_id = self.airflow.trigger(dag_id, conf or {})
        self._begun.append((dag_id, run_id))
        return run_id

    def finish_begun(self) -> None:
        """Wait for the end of all runs that were begun since the burst, which is one of them.

        :raises RunFailed: when one did not succeed.
        """
        for dag_id, run_id in self._begun:
            self.finish(dag_id, run_id)

    @contextmanager
    def _harm(self) -> Iterator[None]:
        """What is done here is the breakage, if nothing was before it."""
        at = time.monotonic()
        yield
        if self.strike is None and self.burst:
            self.strike = Strike(at, in_burst=self._is_sending())

    def _is_sending(self) -> bool:
        # One whose process was killed may already wait for its next try.
        return self._task("send_posts").state in ("running", "up_for_retry")

    def wait_for_last_posts(self) -> None:
        """Wait until the burst has only two seconds to go."""
        self._wait_for_posts(self._posts - 2 * self._rate, timeout=600)

    def _wait_for_posts(self, wanted: int, *, timeout: float) -> None:
        def acknowledged() -> None:
            if (sent := self._next_offset() - self._before) < wanted:
                raise NotReady(f"{sent} posts of {wanted} are acknowledged")

        wait_until(acknowledged, what="the burst", timeout=timeout, interval=0.3)

    def _next_offset(self) -> int:
        return next_offsets(self.config, ("pin",))["pin"]

    def finish(self, dag_id: str, run_id: str) -> None:
        """Wait until a run has ended.

        :raises RunFailed: when it did not succeed.
        """
        self.airflow.wait_for_run(dag_id, run_id, timeout=RUN_LIMIT)

    def wait_for_no_runs(self, dag_id: str) -> None:
        """Wait until no run of a DAG is under way or waits."""

        def ended() -> None:
            if active := self.airflow.active_runs(dag_id):
                raise NotReady(f"{len(active)} go on")

        wait_until(ended, what=f"the end of {dag_id}", timeout=RUN_LIMIT, interval=0.5)

    def begin_fault(
        self,
        service: str,
        *,
        client: str | None = None,
        error: str | None = None,
        status: int | None = None,
        seconds: float = FAULT_S,
        share: Fraction = Fraction(1),
    ) -> None:
        """Let a service refuse requests; see :class:`~pinterest_sandbox.faults.fault.Fault`."""
        fault = Fault(
            service=service, client=client, error=error, status=status, seconds=seconds, share=share
        )
        with self._harm():
            control.begin(self.config, fault)

    def wait_for_strike(self, service: str, limit: float = 600) -> None:
        """Wait until an active fault of a service has struck."""

        def struck() -> None:
            if not any(each["struck"] for each in self._faults(service)):
                raise NotReady(f"{service} was not asked")

        wait_until(struck, what=f"a request to {service} that is refused", timeout=limit, interval=0.05)

    def _faults(self, service: str) -> list[dict[str, int]]:
        return [each for each in control.list_active(self.config) if each["fault"]["service"] == service]

    def end_faults(self) -> None:
        """End all faults."""
        control.clear(self.config)

    def kill_and_hold(self, service: str) -> None:
        """Kill a process with SIGKILL, and let it stay dead until :meth:`release`."""
        with self._harm():
            self.supervisor.kill(service)
            self.supervisor.stop(service)
            self._held.append(service)

    def wait_until_unhealthy(self, job: str) -> float:
        """Wait until Airflow says of itself that a process does not beat any more.

        :param job: as ``/monitor/health`` calls it.
        :returns: the clock's seconds of that moment.
        """

        def said() -> None:
            if (status := self.airflow.job_status(job)) != "unhealthy":
                raise NotReady(f"it is {status}")

        wait_until(said, what=f"{job} unhealthy", timeout=INTERVAL_S, interval=0.5)
        return time.monotonic()

    def first_try_ended(self) -> float:
        """When Airflow had ended the try of the first task that was killed, as the clock's seconds.

        :raises RuntimeError: when no task was killed.
        """
        if self._try_ended is None:
            raise RuntimeError("no task was killed")
        return self._try_ended

    def release(self) -> None:
        """Start what is held, as AWS or a person would."""
        while self._held:
            self.supervisor.restart(self._held.pop())

    def kill_worker(self, run_name: str) -> None:
        """Kill the process in which a notebook run is at work, which must fail by it.

        :param run_name: without the pipeline's id.
        """
        with self._harm():
            killed = runs_client.kill_worker(self.config, run_name)
        if (result := runs_client.wait_for_result(self.config, killed)) != "FAILED":
            raise RuntimeError(
                f"notebook run {killed} was to fail when its worker was killed, and is {result}"
            )

    def wait_for_commit(self, kind: str, before: dict[str, int]) -> None:
        """Wait until one of the tables of a kind has a new version.

        :param before: entity to version.
        """

        def written() -> None:
            if table_versions(self.config, kind) == before:
                raise NotReady("no table has a new version")

        wait_until(written, what="the first commit of the notebook", timeout=180, interval=0.05)

    def wait_for_task(self, dag_id: str, run_id: str, task_id: str, state: str, limit: float = 600) -> None:
        """Wait until a task of a run is in a state; one before it may be tried again meanwhile."""

        def there() -> None:
            states = [t.state for t in self.airflow.tasks(dag_id, run_id) if t.task_id == task_id]
            if states != [state]:
                raise NotReady(f"it is {states}")

        wait_until(there, what=f"{task_id} {state}", timeout=limit, interval=0.2)

    def kill_task(self, task_id: str) -> None:
        """Kill the process of a task of the burst with SIGKILL, and wait until Airflow has missed it."""
        self.wait_for_task(EMULATE, self.burst, task_id, "running")
        killed = self._task(task_id).try_number
        process = task_process(self.config, self.airflow, EMULATE, self.burst, task_id)
        with self._harm():
            process.kill()
            process.wait(timeout=10)

        def missed() -> None:
            now = self._task(task_id)
            if now.state == "running" and now.try_number == killed:
                raise NotReady("Airflow takes it for running")

        wait_until(missed, what=f"the end of the try of {task_id}", timeout=INTERVAL_S, interval=0.2)
        if self._try_ended is None:
            self._try_ended = time.monotonic()

    def _task(self, task_id: str) -> TaskState:
        (found,) = (each for each in self.airflow.tasks(EMULATE, self.burst) if each.task_id == task_id)
        return found

    def require_tries(self, tries: int, *task_ids: str) -> None:
        """Hold the tries of tasks of the burst against what was wanted.

        :raises RuntimeError: when one has had more or fewer.
        """
        found = {each.task_id: each.try_number for each in self.airflow.tasks(EMULATE, self.burst)}
        if any(found[task_id] != tries for task_id in task_ids):
            raise RuntimeError(f"{tries} tries of {', '.join(task_ids)} were expected, and are {found}")

    def post(self, entity: str, body: bytes) -> None:
        """Post one record that is any bytes to a topic; it must be acknowledged."""
        value = base64.b64encode(body).decode()
        with self._harm():
            answer = requests.post(
                f"{api_url(self.config, client='other')}/topics/{self.config.user_id}.{entity}",
                json={"records": [{"value": value}]},
                headers={
                    "Content-Type": "application/vnd.kafka.binary.v2+json",
                    "x-api-key": read_api_key(self.config),
                },
                timeout=30,
            )
        answer.raise_for_status()

    def put(self, entity: str, key: str, data: str) -> None:
        """Put one record into a stream through the API; it must be acknowledged."""
        stream = f"streaming-{self.config.user_id}-{entity}"
        with self._harm():
            answer = requests.put(
                f"{api_url(self.config, client='other')}/streams/{stream}/record",
                json={"Data": data, "PartitionKey": key},
                headers={"x-api-key": read_api_key(self.config)},
                timeout=30,
            )
        answer.raise_for_status()

    def set_airflow(self, **settings: str) -> None:
        """Start Airflow's processes anew with these settings beside those of the drill."""
        restart_airflow(self.config, {**SETTINGS, **settings})

    def set_connect(self, *options: str) -> None:
        """Start the stand-in of MSK Connect anew with options."""
        services = services_without_airflow(self.config)
        (service,) = (each for each in services if each.name == "msk-connect")
        self.supervisor.stop(service.name)
        self.supervisor.start(replace(service, command=(*service.command, *options)))
        wait_until(service.check, what=service.title, timeout=60)

    def clean_up(self) -> None:
        """End faults and start what is held; what a breakage has done beside that, it undoes itself."""
        self.end_faults()
        self.release()


#: A record that is no JSON.
POISON = b"half a rec"
