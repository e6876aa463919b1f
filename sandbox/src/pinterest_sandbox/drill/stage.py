"""The running pipeline, and the few things that a breakage does to it."""

from __future__ import annotations

import base64
import os
import signal
from dataclasses import replace
from fractions import Fraction

import requests

from pinterest_sandbox.airflow.client import AirflowClient
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
#: Longer than any breakage lasts: its end is not left to the clock.
FAULT_S = 1800.0
#: Acknowledged posts from which on the burst is under way.
UNDER_WAY = 20
#: Switched on for the drill alone.
SETTINGS = {"PINTEREST_AUTO_HEAL": "true"}


class Stage:
    """What breakages act on.

    :param config: the sandbox, whose pipeline is provisioned.
    :param airflow: its Airflow.
    """

    def __init__(self, config: Config, airflow: AirflowClient) -> None:
        self.config, self.airflow = config, airflow
        self.supervisor = Supervisor(config)
        self.burst = ""
        self._before = self._posts = self._rate = 0
        self._held: list[str] = []

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
        self.burst = self.airflow.trigger(EMULATE, conf)
        self._wait_for_posts(UNDER_WAY, timeout=120)

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
        self.airflow.wait_for_run(dag_id, run_id, timeout=RUN_LIMIT, report=lambda tasks: None)

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
        control.begin(
            self.config,
            Fault(service=service, client=client, error=error, status=status, seconds=seconds, share=share),
        )

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
        self.supervisor.kill(service)
        self.supervisor.stop(service)
        self._held.append(service)

    def release(self) -> None:
        """Start what is held, as AWS or a person would."""
        while self._held:
            self.supervisor.restart(self._held.pop())

    def kill_worker(self) -> None:
        """Kill the process that runs the notebooks with SIGKILL."""
        os.kill(runs_client.worker_pid(self.config), signal.SIGKILL)

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
        """Kill the process of a task of the burst with SIGKILL."""
        self.wait_for_task(EMULATE, self.burst, task_id, "running")
        task_process(self.config, self.airflow, EMULATE, self.burst, task_id).kill()

    def post(self, entity: str, body: bytes) -> None:
        """Post one record that is any bytes to a topic; it must be acknowledged."""
        value = base64.b64encode(body).decode()
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
        answer = requests.put(
            f"{api_url(self.config, client='other')}/streams/streaming-{self.config.user_id}-{entity}/record",
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
