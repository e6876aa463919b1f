"""What is broken, in the order in which it is: each while a burst to both paths is under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from pinterest_sandbox.airflow.dags import DAILY, EMULATE, STREAM_INGEST
from pinterest_sandbox.databricks import runs_client
from pinterest_sandbox.drill.stage import POISON, Stage
from pinterest_sandbox.drill.stock import BATCH, ENTITIES, STREAM, table_versions

#: Names of the notebook runs, without the pipeline's id.
DAILY_RUN, STREAM_RUN, CONTINUOUS_RUN = "daily batch", "stream ingest", "continuous stream ingest"

#: How long what ends by itself lasts, in seconds.
PASSING_S = 20.0
#: What holds a task of the burst up, so that it can be killed in its middle: a service that refuses a client.
PHASES = {
    "wait_for_sink": ("s3", "connector"),
    "confirm_streamed": ("kinesis", "airflow"),
    "confirm_landed": ("s3", "airflow"),
    "record_ledger": ("databricks", "airflow"),
}


def _nothing(stage: Stage) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Breakage:
    """One thing that breaks.

    :param name: by which it is chosen.
    :param title: for people.
    :param component: whose state people are told of; ``None`` where it is Airflow itself that breaks.
    :param airflow_says: waits until Airflow says so, where no component is ill, and returns the clock's
        seconds of that moment.
    :param label: how messages call it.
    :param prepare: done before the burst.
    :param strike: breaks it. The burst is under way.
    :param mend: what AWS, or a person, does once it was seen.
    :param undo: what is done at the end to have the sandbox as it was.
    :param healer: who mends it, for people.
    :param refused: records of each entity that it adds and that must end in quarantine or as dead letters.
    :param burst: by how much its burst is larger than that of the others, and as much faster.
    """

    name: str
    title: str
    component: str | None
    label: str = ""
    strike: Callable[[Stage], None]
    healer: str
    prepare: Callable[[Stage], None] = _nothing
    mend: Callable[[Stage], None] = _nothing
    undo: Callable[[Stage], None] = _nothing
    airflow_says: Callable[[Stage], float] | None = None
    refused: int = 0
    burst: int = 1


def _held(service: str) -> Callable[[Stage], None]:
    return lambda stage: stage.kill_and_hold(service)


def _release(stage: Stage) -> None:
    stage.release()


def _end_faults(stage: Stage) -> None:
    stage.end_faults()


def _slow_down(stage: Stage) -> None:
    stage.begin_fault("s3", error="SlowDown", seconds=PASSING_S)


def _throttle(stage: Stage) -> None:
    stage.begin_fault(
        "kinesis",
        client="api",
        error="ProvisionedThroughputExceededException",
        seconds=PASSING_S,
        share=Fraction(1, 2),
    )


def _deny_connector(stage: Stage) -> None:
    stage.begin_fault("s3", client="connector", error="AccessDenied")


def _fail_one_task(stage: Stage) -> None:
    # One of the first requests, and then no other until the fault has ended: one task of three.
    stage.begin_fault("s3", client="connector", error="AccessDenied", share=Fraction(1, 5))
    stage.wait_for_strike("s3")
    stage.end_faults()


def _release_once_missed(stage: Stage) -> None:
    # A burst reads its rows ahead: it has not missed the source before it wants the next ones.
    stage.wait_for_task(EMULATE, stage.burst, "send_posts", "up_for_retry")
    stage.release()


def _kill_notebook_of(dag_id: str, kind: str, run_name: str) -> Callable[[Stage], None]:
    def strike(stage: Stage) -> None:
        before = table_versions(stage.config, kind)
        stage.begin(dag_id)
        # One table at least has been written, and the run has not ended: what was done of its work must not
        # count twice.
        stage.wait_for_commit(kind, before)
        stage.kill_worker(run_name)

    return strike


def _run_continuously(stage: Stage) -> None:
    stage.set_airflow(PINTEREST_STREAM_MODE="continuous")
    # One of the schedule would still be of the other mode.
    stage.wait_for_no_runs(STREAM_INGEST)
    stage.finish(STREAM_INGEST, stage.airflow.trigger(STREAM_INGEST, {}))


def _run_by_schedule(stage: Stage) -> None:
    for run in runs_client.list_runs(stage.config):
        if run["state"]["life_cycle_state"] == "RUNNING":
            runs_client.cancel_run(stage.config, run["run_id"])
    stage.set_airflow()


def _poison_topics(stage: Stage) -> None:
    for entity in ENTITIES:
        stage.post(entity, POISON)


def _poison_streams(stage: Stage) -> None:
    for entity in ENTITIES:
        stage.put(entity, "poison", POISON.decode())
    stage.finish(STREAM_INGEST, stage.begin(STREAM_INGEST))


def _kill_tasks(stage: Stage) -> None:
    stage.kill_task("send_posts")
    # What holds the next ones up would also hold up the second try of the first.
    stage.wait_for_last_posts()
    stage.begin_fault("s3", client="connector", status=503)
    stage.wait_for_task(EMULATE, stage.burst, "send_posts", "success")
    stage.begin_fault("kinesis", client="airflow", status=503)
    for task_id in ("wait_for_sink", "confirm_streamed"):
        stage.wait_for_strike(PHASES[task_id][0])
        stage.kill_task(task_id)
    for task_id in ("confirm_landed", "record_ledger"):
        stage.end_faults()
        service, client = PHASES[task_id]
        stage.begin_fault(service, client=client, status=503)
        stage.wait_for_strike(service)
        stage.kill_task(task_id)
    stage.end_faults()
    stage.finish(EMULATE, stage.burst)
    stage.require_tries(2, "send_posts", *PHASES)


def _kill_triggerer(stage: Stage) -> None:
    run_id = stage.begin(DAILY)
    stage.wait_for_task(DAILY, run_id, "run_notebook", "deferred")
    stage.kill_and_hold("airflow-triggerer")


BREAKAGES = {
    each.name: each
    for each in (
        Breakage(
            name="broker",
            title="kill -9 of the broker",
            component="cluster",
            label="MSK cluster",
            strike=_held("kafka"),
            mend=_release,
            healer="MSK starts it again",
        ),
        Breakage(
            name="rest-proxy",
            title="kill -9 of the REST proxy",
            component="rest_proxy",
            label="Kafka REST proxy",
            strike=_held("rest-proxy"),
            healer="pinterest_heal restarts it through SSM",
        ),
        Breakage(
            name="api",
            title="kill -9 of the API",
            component="api",
            label="API",
            strike=_held("api"),
            mend=_release,
            healer="API Gateway comes back",
        ),
        Breakage(
            name="source",
            title="MariaDB killed and started again",
            component="source",
            label="Source database",
            strike=_held("source"),
            mend=_release_once_missed,
            healer="RDS starts it again, Airflow's retry of the burst",
            burst=2,
        ),
        Breakage(
            name="s3-slow-down",
            title="S3 answers 503 SlowDown for 20 s",
            component="landing",
            label="Landing in S3",
            strike=_slow_down,
            healer="S3 takes requests again",
        ),
        Breakage(
            name="kinesis-throttling",
            title="Kinesis throttles half of the requests for 20 s",
            component="streams",
            label="Kinesis streams",
            strike=_throttle,
            healer="Kinesis takes requests again",
        ),
        Breakage(
            name="daily-worker",
            title="Spark worker killed in the middle of the daily run",
            component="databricks",
            label="Databricks",
            strike=_kill_notebook_of(DAILY, BATCH, DAILY_RUN),
            healer="Airflow's retry",
        ),
        Breakage(
            name="stream-worker",
            title="Spark worker killed in the middle of the stream run",
            component="databricks",
            label="Databricks",
            strike=_kill_notebook_of(STREAM_INGEST, STREAM, STREAM_RUN),
            healer="Airflow's retry",
        ),
        Breakage(
            name="poison-topics",
            title="a poison record in each topic",
            component="dead_letters",
            label="Dead letters",
            strike=_poison_topics,
            healer="the sink goes on without it",
            refused=1,
        ),
        Breakage(
            name="poison-streams",
            title="a poison record in each stream",
            component="tables",
            label="Delta tables",
            strike=_poison_streams,
            healer="the ingest goes on without it",
            refused=1,
        ),
        Breakage(
            name="connect",
            title="kill -9 of the Connect worker",
            component="connector",
            label="S3 sink connector",
            strike=_held("connect"),
            mend=_release,
            healer="MSK Connect starts it again, pinterest_heal restarts its tasks",
        ),
        Breakage(
            name="connector-task",
            title="one task of the connector failed",
            component="connector",
            label="S3 sink connector",
            prepare=lambda stage: stage.set_connect("--failed-tasks", "count-only"),
            strike=_fail_one_task,
            undo=lambda stage: stage.set_connect(),
            healer="pinterest_heal restarts the failed task",
        ),
        Breakage(
            name="s3-access-denied",
            title="S3 answers AccessDenied to the connector",
            component="connector",
            label="S3 sink connector",
            strike=_deny_connector,
            mend=_end_faults,
            healer="a person mends the role, pinterest_heal makes the connector again",
        ),
        Breakage(
            name="tasks",
            title="the burst's task killed in each of its five phases",
            component=None,
            strike=_kill_tasks,
            airflow_says=lambda stage: stage.first_try_ended(),
            healer="Airflow's retry",
        ),
        Breakage(
            name="triggerer",
            title="triggerer killed while the daily run is deferred",
            component=None,
            prepare=lambda stage: stage.set_airflow(AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE="True"),
            strike=_kill_triggerer,
            airflow_says=lambda stage: stage.wait_until_unhealthy("triggerer"),
            mend=_release,
            undo=lambda stage: stage.set_airflow(),
            healer="MWAA starts it again",
        ),
        Breakage(
            name="scheduler",
            title="scheduler killed with its tasks",
            component=None,
            strike=_held("airflow-scheduler"),
            airflow_says=lambda stage: stage.wait_until_unhealthy("scheduler"),
            mend=_release,
            healer="MWAA starts it again",
        ),
        Breakage(
            name="continuous-stream",
            title="Spark worker killed under the continuous stream run",
            component="databricks",
            label="Databricks",
            prepare=_run_continuously,
            strike=lambda stage: stage.kill_worker(CONTINUOUS_RUN),
            undo=_run_by_schedule,
            healer="pinterest_heal starts it again from its checkpoints",
        ),
    )
}
