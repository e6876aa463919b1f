"""Tasks of ``pinterest_emulate_posts``."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import task

from pinterest_pipeline import connections
from pinterest_pipeline.assets import LANDED, STREAMED
from pinterest_pipeline.emulation import confirm, lives, offsets
from pinterest_pipeline.emulation.channels import entity_of, is_stream, stream_channel
from pinterest_pipeline.emulation.order import LAST_KEY, keys_of_burst
from pinterest_pipeline.emulation.targets import BATCH_CHANNELS, TARGETS
from pinterest_pipeline.entities import contracts, names
from pinterest_pipeline.errors import ParamsChanged
from pinterest_pipeline.landing.objects import list_objects, read_lines
from pinterest_pipeline.paths import read_include
from pinterest_pipeline.settings import settings

if TYPE_CHECKING:
    import pymysql

    from pinterest_pipeline.emulation.progress import Progress

logger = logging.getLogger(__name__)

#: The one thing kept for a burst, written before its first record: ``position``, ``streams`` (when each was
#: made), ``posts`` (what is posted), ``greatest_key`` and ``progress``.
BURST = "burst"
#: The params that say what is posted; the others say how, and may change between two tries.
WHAT = ("posts", "order", "start", "seed", "target")
#: Longer than this ``send_posts`` does not run: Airflow takes a task's limit from the DAG, not from params.
LONGEST = timedelta(hours=4)


@task(multiple_outputs=True)
def send_posts(*, params: Any = None, task_state_store: Any = None) -> dict[str, Any]:
    """Send the posts; a retry goes on behind the last acknowledged one.

    How far the sink has come, and the greatest key of the source, are read once, before the first record:
    objects and dead letters of this burst begin there, and its posts stay the same, also if it goes on later.

    :returns: ``entities`` (of the batch path: entity to ``sent``, ``acknowledged`` and ``offsets``),
        ``streams`` (of the stream path: the same with ``shards``), ``lives`` (entity to when its stream was
        made), ``next_offsets`` (topic to partition to the offset behind the last acknowledged record),
        ``position``: ``committed`` (topic to partition to the sink's offset) and ``dead_letters`` (partition
        of their topic to its end), and ``greatest_key``.
    :raises SettingsError: naming every variable that is missing.
    :raises ResourceMissing: when a stream is not there.
    :raises StreamsGone: when a stream that has acknowledged records of this burst was made again since.
    :raises TooSlow: when what is left cannot be sent in :data:`LONGEST` at the rate that the params set.
    :raises ParamsChanged: when the burst that is kept posts something else.
    :raises Refused: when the API refuses a request for good.
    :raises MissingRows: when the source lacks rows.
    """
    from airflow.sdk import BaseHook

    from pinterest_pipeline.emulation import equipment
    from pinterest_pipeline.emulation.burst import send_burst
    from pinterest_pipeline.emulation.pace import check_time
    from pinterest_pipeline.emulation.progress import Progress
    from pinterest_pipeline.emulation.source import connect

    settings().require("databricks_warehouse_id")
    chosen = params
    kept = task_state_store.get(BURST)
    done = Progress.from_json(kept["progress"]).acknowledged if kept else 0
    check_time(chosen["posts"] - done, chosen["rate"], LONGEST)
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(connect(BaseHook.get_connection(connections.SOURCE)))
        kept = kept or _new_burst(chosen, database)
        _check_same(kept["posts"], chosen)
        progress = Progress.from_json(kept["progress"])
        kept = {**kept, "streams": _find_streams(kept["streams"], progress)}
        task_state_store.set(BURST, kept)
        if progress.acknowledged:
            logger.info("going on behind %d posts", progress.acknowledged)
        send_burst(
            keys=_keys(chosen, kept["greatest_key"]),
            fetch=equipment.make_fetch(database),
            senders=equipment.make_senders(stack, progress.channels, lanes=chosen["concurrency"], stop=stop),
            progress=progress,
            save=lambda: task_state_store.set(BURST, {**kept, "progress": progress.to_json()}),
            batch_size=chosen["batch_size"],
            rate=chosen["rate"],
            stop=stop,
        )
    return {
        **equipment.told(progress),
        "lives": kept["streams"],
        "position": kept["position"],
        "greatest_key": kept["greatest_key"],
    }


@task.branch
def choose_paths(*, params: Any = None) -> list[str]:
    """Which tasks confirm the burst: those of the paths that its posts took.

    :returns: ids of the tasks.
    """
    return {
        "batch": ["wait_for_sink"],
        "stream": ["confirm_streamed"],
        "both": ["wait_for_sink", "confirm_streamed"],
    }[params["target"]]


@task(outlets=list(STREAMED.values()))
def confirm_streamed(
    sent: dict[str, Any],
    begun: dict[str, str],
    greatest_key: int,
    *,
    params: Any = None,
    run_id: Any = None,
    outlet_events: Any = None,
) -> list[dict[str, Any]]:
    """Confirm from the streams that every acknowledged record is in them.

    :param sent: entity to ``sent``, ``acknowledged`` and ``shards``.
    :param begun: entity to when the stream was made that the burst has begun with.
    :param greatest_key: of the source, when the burst began.
    :returns: the ledger's rows.
    :raises CountsWrong: when sent, acknowledged and read back are not equal.
    :raises StreamsGone: when a stream was made again since.
    :raises PipelineError: when a shard does not know the first acknowledged record, or ends before the last.
    """
    from pinterest_pipeline.emulation import shards
    from pinterest_pipeline.emulation.streamed import count_records

    acknowledged = {entity: counts["acknowledged"] for entity, counts in sent.items()}
    lives.check_lives(begun, lives.find_lives(begun), acknowledged)
    kinesis = connections.aws_client("kinesis")
    keys = Counter(str(key) for key in _keys(params, greatest_key))
    rows = []
    for entity, counts in sent.items():
        spans = shards.from_json(counts["shards"])
        landed = count_records(kinesis, names().stream(entity), spans, keys)
        rows.append(
            {
                "entity": entity,
                "sent": counts["sent"],
                "acknowledged": counts["acknowledged"],
                "landed": landed,
                "dead_lettered": 0,
            }
        )
        logger.info("%s: sent %d, %d in the stream", entity, counts["sent"], landed)
    confirm.check(rows)
    for row in rows:
        outlet_events[STREAMED[row["entity"]]].extra = {
            "run_id": run_id,
            **{name: row[name] for name in ("sent", "acknowledged", "landed")},
        }
    return rows


@task(outlets=list(LANDED.values()))
def confirm_landed(
    position: dict[str, Any],
    sent: dict[str, Any],
    caught_up: dict[str, Any],
    greatest_key: int,
    *,
    params: Any = None,
    run_id: Any = None,
    outlet_events: Any = None,
) -> list[dict[str, Any]]:
    """Confirm from the landing and the dead letters that every acknowledged record has landed.

    :param position: where the sink and its dead letters were before the first record.
    :param sent: entity to ``sent``, ``acknowledged`` and ``offsets``.
    :param caught_up: the sink's committed offsets at the end.
    :param greatest_key: of the source, when the burst began.
    :returns: the ledger's rows.
    :raises CountsWrong: when sent, acknowledged and landed + dead-lettered are not equal.
    """
    from cloud_operators.kafka.hooks.dead_letters import DeadLetterHook

    found = names()
    hook = DeadLetterHook(connections.KAFKA)
    start = {int(number): offset for number, offset in position["dead_letters"].items()}
    dead = hook.read_origins(found.dead_letter_topic, start=start)
    keys = _keys(params, greatest_key)
    rows = []
    for entity, counts in sent.items():
        topic = found.topic(entity)
        outcome = _account(
            entity,
            offsets.from_json(counts["offsets"]),
            before=position["committed"].get(topic, {}),
            committed=caught_up["committed"].get(topic, {}),
            dead=dead.get(topic, set()),
            keys=keys,
        )
        rows.append(
            {
                "entity": entity,
                **counts,
                "landed": outcome.landed,
                "dead_lettered": outcome.dead_lettered,
            }
        )
        logger.info("%s: sent %d, %s", entity, counts["sent"], outcome)
    confirm.check(rows)
    for row in rows:
        outlet_events[LANDED[row["entity"]]].extra = {
            "run_id": run_id,
            **{name: row[name] for name in ("sent", "acknowledged", "landed", "dead_lettered")},
        }
    return rows


@task(trigger_rule="none_failed_min_one_success")
def record_ledger(
    landed: list[dict[str, Any]] | None, streamed: list[dict[str, Any]] | None, *, run_id: Any = None
) -> None:
    """Write what became of the burst to the ledger, a row an entity and path.

    :param landed: what ``confirm_landed`` returned; nothing when no post took the batch path.
    :param streamed: what ``confirm_streamed`` returned; nothing when no post took the stream path.
    """
    connections.run_sql("tables/create_ledger.sql")
    for stage, rows in (("burst", landed), ("stream_burst", streamed)):
        if rows:
            connections.run_sql(
                "tables/record_burst.sql", {"run_id": run_id, "stage": stage, "rows": json.dumps(rows)}
            )


def _read_position() -> dict[str, Any]:
    from cloud_operators.kafka.hooks.offsets import KafkaOffsetsHook

    found = names()
    hook = KafkaOffsetsHook(kafka_conn_id=connections.KAFKA)
    ends = hook.end_offsets([found.dead_letter_topic])[found.dead_letter_topic]
    committed = hook.committed_offsets(found.sink_group, list(found.topics.values()))
    return {
        "committed": {
            topic: {str(number): offset or 0 for number, offset in partitions.items()}
            for topic, partitions in committed.items()
        },
        "dead_letters": {str(number): offset for number, offset in ends.items()},
    }


def _new_burst(chosen: dict[str, Any], database: pymysql.Connection[Any]) -> dict[str, Any]:
    from pinterest_pipeline.emulation.progress import Progress
    from pinterest_pipeline.emulation.source import fetch_greatest_key

    channels = TARGETS[chosen["target"]]
    if chosen["order"] == "seeded":
        greatest_key = LAST_KEY
    else:
        greatest_key = fetch_greatest_key(database, read_include("sql/source/greatest_key.sql"))
    return {
        # Without the batch path there may be no cluster to ask.
        "position": _read_position() if set(channels) & set(BATCH_CHANNELS) else {},
        "streams": {entity_of(channel): None for channel in channels if is_stream(channel)},
        "posts": {name: chosen[name] for name in WHAT},
        "greatest_key": greatest_key,
        "progress": Progress.at_start(channels).to_json(),
    }


def _find_streams(begun: lives.Lives, progress: Progress) -> dict[str, str]:
    """Entity to when its stream was made; one that has acknowledged nothing may be another one now."""
    from cloud_operators.exceptions import ResourceMissing

    found = lives.find_lives(begun)
    acknowledged = {entity: progress.channels[stream_channel(entity)].places for entity in begun}
    lives.check_lives(begun, found, acknowledged)
    if missing := [names().stream(entity) for entity, moment in found.items() if moment is None]:
        raise ResourceMissing(f"stream {', '.join(missing)}", "run pinterest_provision_stream")
    return {entity: moment for entity, moment in found.items() if moment is not None}


def _check_same(kept: dict[str, Any], chosen: dict[str, Any]) -> None:
    now = {name: chosen[name] for name in WHAT}
    if kept != now:
        raise ParamsChanged(kept, now)


def _keys(params: dict[str, Any], greatest_key: int) -> list[int]:
    return keys_of_burst(
        params["order"],
        start=params["start"],
        posts=params["posts"],
        greatest_key=greatest_key,
        seed=params["seed"],
    )


def _account(
    entity: str,
    ranges: Sequence[offsets.OffsetRange],
    *,
    before: dict[str, int],
    committed: dict[str, int],
    dead: set[tuple[int, int]],
    keys: Sequence[int],
) -> confirm.Account:
    found = names()
    s3 = connections.aws_client("s3")
    windows: list[confirm.Window] = []
    for number in sorted({piece.partition for piece in ranges}):
        objects = list_objects(
            s3, found.bucket, found.topic(entity), number, from_offset=before.get(str(number), 0)
        )
        windows += confirm.make_windows(number, objects, committed.get(str(number)) or 0)
    ours = confirm.touched(windows, ranges)
    lines = read_lines(s3, found.bucket, [window.key for window in ours])
    return confirm.account(
        ranges=ranges,
        windows=zip(ours, lines, strict=True),
        dead=dead,
        sent_keys=lambda: Counter(keys),
        key_column=contracts()[entity].key,
    )
