"""Operator that puts records into a Kinesis stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from cloud_operators.aws.base import AwsBaseOperator, aws_template_fields
from cloud_operators.aws.hooks.kinesis import KinesisHook, stream_argument
from cloud_operators.aws.kinesis_delivery import Delivery, Progress, StoredInShard
from cloud_operators.aws.kinesis_records import fingerprint, prepare_records
from cloud_operators.aws.links.kinesis import KinesisStreamLink
from cloud_operators.exceptions import ResourceMissing, ServiceFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.sdk import Context

#: Key in the task state store under which the tries of a task keep what is stored.
STORED = "kinesis_put_records"


class PutRecordsResult(TypedDict):
    """What became of the records.

    ``refusals`` counts how often one was sent and not stored; ``shards`` says by shard id how many it has
    stored, and the lowest and highest of their sequence numbers.
    """

    records: int
    refusals: int
    shards: dict[str, StoredInShard]


class KinesisPutRecordsOperator(AwsBaseOperator[KinesisHook]):
    """Put records into a stream: in as few requests as its limits allow, and again what is refused.

    The service may refuse single records of a request (``ProvisionedThroughputExceededException`` where a
    shard gets too many, ``InternalFailure``): only these are sent again, after a random pause whose limit
    doubles each time up to 20 seconds, ``max_attempts`` times at most. The same goes for a request that is
    throttled as a whole, that fails with a server's error, or whose connection is lost.

    Each record is stored at least once. A try knows from the task's state store what earlier tries of the
    same records have stored, and sends the rest; twice come records whose acknowledgement was lost.
    Clearing the task sends all again.

    Records of one partition key go to one shard. They are stored in their order as far as they are in
    different requests; within a request, of 500 records and 5 MiB at most, the service keeps no order. With
    ``ordered`` no request has two records of a key, so the order of each key is kept; that is slow where
    few keys take turns.

    .. seealso:: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html

    :param stream: name or ARN of the stream, which has to be ``ACTIVE`` or ``UPDATING``
    :param records: records as ``{"Data": …, "PartitionKey": "…"}``, with ``ExplicitHashKey`` if wanted.
        Data that is text is sent as UTF-8, bytes as they are, anything else as JSON
    :param ordered: keep the order of the records of each partition key
    :param max_attempts: how often a record is sent at most
    :param first_pause: limit of the first pause, in seconds
    :param aws_conn_id: the Airflow connection for AWS credentials; ``None`` for boto3's own search
    :param region_name: AWS region; the connection's when not given
    :param verify: whether, or with which CA bundle, TLS certificates are verified
    :param botocore_config: configuration of the botocore client, by key
    """

    aws_hook_class = KinesisHook
    template_fields: Sequence[str] = aws_template_fields("stream", "records")
    template_fields_renderers: ClassVar[dict[str, str]] = {"records": "json"}
    operator_extra_links = (KinesisStreamLink(),)
    ui_color: str = "#d3e6f5"

    def __init__(
        self,
        *,
        stream: str,
        records: Sequence[Mapping[str, Any]],
        ordered: bool = False,
        max_attempts: int = 10,
        first_pause: float = 0.5,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.stream = stream
        self.records = records
        self.ordered = ordered
        self.max_attempts = max_attempts
        self.first_pause = first_pause

    def execute(self, context: Context) -> PutRecordsResult:
        """Send all records.

        :param context: context of the task
        :returns: counts, and sequence numbers by shard
        :raises ValueError: records are malformed or too large for the stream; none was sent
        :raises ResourceMissing: there is no such stream
        :raises ServiceFailed: the stream is being created or deleted
        :raises RecordsRefused: some were refused too often, or with an error that lasts
        :raises botocore.exceptions.ClientError: the service refuses a request for good
        """
        found = self._stream()
        KinesisStreamLink.remember(context, self, found["StreamARN"])
        records = prepare_records(self.records, found.get("MaxRecordSizeInKiB", 1024) * 1024)
        # A stream that was deleted and made again has none of the records.
        identity = {
            "stream": found["StreamARN"],
            "since": found["StreamCreationTimestamp"].isoformat(),
            "records": fingerprint(records),
        }
        store = context.get("task_state_store")
        kept: Any = store.get(STORED) if store is not None else None
        known = isinstance(kept, dict) and kept["identity"] == identity
        progress = Progress.from_json(kept["progress"]) if known else Progress()
        if progress.count:
            self.log.info("Earlier tries have stored %d of %d records", progress.count, len(records))

        def save() -> None:
            if store is not None:
                store.set(STORED, {"identity": identity, "progress": progress.to_json()})

        Delivery(
            conn=self.hook.conn,
            stream=stream_argument(self.stream),
            resource=f"Stream {self.stream}",
            max_attempts=self.max_attempts,
            first_pause=self.first_pause,
            progress=progress,
            save=save,
        ).send(records, ordered=self.ordered)
        self.log.info(
            "Stream %s has stored %d records in %d shards; refused and sent again: %d",
            self.stream,
            progress.count,
            len(progress.shards),
            progress.refusals,
        )
        return {"records": progress.count, "refusals": progress.refusals, "shards": progress.shards}

    def _stream(self) -> dict[str, Any]:
        found = self.hook.find_stream(self.stream)
        if found is None:
            raise ResourceMissing(f"stream {self.stream!r}")
        if found["StreamStatus"] not in ("ACTIVE", "UPDATING"):
            # The service takes records for a while that go with the stream.
            raise ServiceFailed(
                f"Stream {self.stream}",
                found["StreamStatus"],
                None,
                "records are put only into one that is there to stay",
            )
        return found
