"""
# The health of the pipeline

Looks at every component, keeps its state, and tells people when one changes. It only reads.

**When.** Every 5 minutes, and by hand.

**Params.** None. Example: `{}`.

**Needs.** The bucket; the connections and settings of what it looks at: a component whose setting is missing
is `unknown`, and its sentence names it. `PINTEREST_ALERT_TOPIC_ARN` or `PINTEREST_NOTIFIERS` for messages.

**Writes.** `health/latest.json`, and one object a run under `health/history/date=<day>/`: status, sentence,
figures and since when, by component, and what has changed; `health/index.html`, the same as a page with the
last four hours (`aws s3 presign s3://<bucket>/health/index.html`); `health/told.json`, what people were
told; an event on the asset `<id>_health` when a component has changed; the CloudWatch metrics
`HealthHeartbeat` and `UnhealthyComponents` in the namespace `PinterestPipeline`. A run also makes up for
earlier ones, up to 48 of them, whose `publish_changes` or `tell_people` came to no end.

**Messages.** One a run at most, and only on a change; each names the runbook.
- A single look that fails (`unknown`) is not told of; a second in a row is.
- While a component is ill, those that need it are not told of beside it, nor in the run that finds it well.
- One that changes six times within an hour flaps; it is told of again when it was steady for half an hour.

**When it fails.**
- `check` fails for no state of its component: one that hangs or raises is `unknown`. When it was killed, the
  record says so.
- `keep_record`: the bucket is not there or can't be written. A `latest.json` that can't be read is copied to
  `health/malformed/`, noted in the record, and states count from then.
- `publish_changes`: S3 or Airflow's API refuses; the next run publishes what this one could not.
- `tell_people`: the notifier's error; the next run tells what this one could not.
- `draw_page`: S3 refuses. The page stands still, and says so when it is open; nothing else waits for it.
- `put_heartbeat`: without it the alarm on the heartbeat goes off. It waits for the two above, so that the
  alarm tells of them too.
"""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, CronTriggerTimetable, chain

from pinterest_pipeline.defaults import TIMED_RUNS, Tag, default_args, late_run_alerts
from pinterest_pipeline.health import tasks
from pinterest_pipeline.health.components import COMPONENTS

with DAG(
    dag_id="pinterest_health",
    dag_display_name="Pinterest: health",
    description="The state of every component, its history, and messages on change",
    doc_md=__doc__,
    schedule=CronTriggerTimetable("*/5 * * * *", timezone="UTC", run_immediately=timedelta(0)),
    catchup=False,
    allowed_run_types=TIMED_RUNS,
    max_active_runs=1,
    # Of a run that fails the alarm on the heartbeat tells, once; a message a run would be a flood.
    default_args={
        **default_args(),
        "execution_timeout": timedelta(minutes=2),
        "on_failure_callback": None,
    },
    deadline=late_run_alerts("pinterest_health", timedelta(minutes=10)),
    tags=[Tag.PINTEREST, Tag.HEALTH, Tag.SCHEDULED],
) as dag:
    # A look that fails is a state. Only one that was killed is tried again, soon.
    checks = tasks.check.override(retry_delay=timedelta(seconds=2)).expand(component=list(COMPONENTS))
    record = tasks.keep_record(checks)
    chain([tasks.publish_changes(record), tasks.tell_people(record)], tasks.put_heartbeat(record))
    chain(record, tasks.draw_page())
