"""
# Heal the pipeline

Treats a component that has become ill, where the pipeline can do that by itself, and calls a person where it
can't.

**When.** After `pinterest_health` has found a change, if `PINTEREST_AUTO_HEAL` is true (by default it is
false), and by hand. One run at a time: changes that come meanwhile are treated by the next one.

**Params.** Example: `{"component": "connector"}`.
- `component`: treat this one, whatever `PINTEREST_AUTO_HEAL` says. Left empty, those that the events name.

**Does.** The present state is read again first; what is healthy is left alone. What needs a component that
is down waits until that one is up.
- `connector`, `RUNNING` with failed tasks: these are restarted (RestartConnector); offsets stay. Where none
  has failed and none runs, all are.
- `connector`, `FAILED`: `pinterest_provision_batch` is run with `allow_replace`, which makes it again; its
  group keeps the offsets. Where that would change anything beside the connector, a person is called.
- `rest_proxy`, down: restarted on `PINTEREST_CLIENT_INSTANCE_ID` through Systems Manager.
- `streams`, `databricks` in the mode `continuous`, when the stream run is not up: `pinterest_stream_ingest`
  is run, which starts it again from its checkpoints.

**Needs.** The policy `mwaa-operations.json`, for the REST proxy `mwaa-kafka-client.json`; for a DAG that it
runs, what that one needs, and that it is not paused.

**Writes.** `health/healing/<component>.json`: the last hundred tries, when, by which run, with what outcome.
A component is tried three times within two hours, each try followed for three minutes; one that healed for a
moment counts. After a run of a DAG that has not helped, the next look of `pinterest_health` brings the next
try; `run_dag` makes none of its own. Then a person is called by a message, and nothing is tried for a day or
until the component was healthy. So it is, too, when what was tried leaves a state without a remedy, and when
a component could not be treated for an error. Each illness calls once, a component once within two hours.

**When it fails.** `treat` and `look_again` fail when something was not healed, without a message beside
that one. A task that was killed has used up its try. Run it with the param `component` when the cause is
mended.
`choose_components`: the bucket can't be read, or its task was killed; nothing was treated. Clear it.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, Param, chain

from pinterest_pipeline.assets import HEALTH
from pinterest_pipeline.defaults import ASSET_RUNS, Tag, default_args, late_run_alerts
from pinterest_pipeline.healing import tasks
from pinterest_pipeline.healing.remedies import CHOOSERS

with DAG(
    dag_id="pinterest_heal",
    dag_display_name="Pinterest: heal",
    description="Treats components that have become ill, a bounded number of times",
    doc_md=__doc__,
    schedule=[HEALTH],
    allowed_run_types=ASSET_RUNS,
    max_active_runs=1,
    default_args=default_args(),
    deadline=late_run_alerts("pinterest_heal", timedelta(hours=2)),
    tags=[Tag.PINTEREST, Tag.HEALTH, Tag.SCHEDULED],
    params={
        "component": Param(
            "",
            type="string",
            enum=["", *CHOOSERS],
            description="Treat this one; empty: those that have changed",
        )
    },
) as dag:
    chosen = tasks.choose_components()
    treated = tasks.treat.expand(component=chosen)
    run_dag = TriggerDagRunOperator.partial(
        task_id="run_dag",
        # The next look of pinterest_health brings the next try, which is chosen by the present state.
        retries=0,
        # When a person clears it, an earlier run is there already.
        trigger_run_id="heal__{{ run_id }}__{{ ti.map_index }}__{{ ti.try_number }}",
        wait_for_completion=True,
        deferrable=True,
        poke_interval=5,
        fail_when_dag_is_paused=True,
        map_index_template="{{ task.trigger_dag_id }}",
    ).expand_kwargs(tasks.list_dag_runs(treated))
    chain(run_dag, tasks.look_again(chosen, treated))
