"""The sender against a server that plays the REST proxy behind the gateway."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from pinterest_pipeline.emulation.sender import Record
from pinterest_pipeline.emulation.topic_sender import TopicSender
from pinterest_pipeline.errors import Refused, StillRefused
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy

TOPIC = "sandbox.pin"
RECORDS = [Record(key, {"index": key, "title": f"❄️ {key}"}) for key in range(5)]
LOST = Answer(0)
REFUSED_SLOWLY = Answer(429, {"message": "Too Many Requests"})


@pytest.fixture
def sender(rest_proxy: FakeRestProxy) -> Iterator[TopicSender]:
    with TopicSender(base_url=rest_proxy.url, topic=TOPIC, max_attempts=4, first_pause=0.001) as made:
        yield made


def send(sender: TopicSender, records: Sequence[Record] = RECORDS) -> list[Any]:
    """Send, and give where each record was written, in the order of the records."""
    found: dict[int, Any] = {}
    sender.send(records, lambda places, written: found.update(zip(places, written, strict=True)))
    return [found[place] for place in range(len(records))]


def keys(rest_proxy: FakeRestProxy) -> list[int]:
    return [record["key"] for record in rest_proxy.topics[TOPIC]]


def test_records_arrive_in_order_with_key_and_value(rest_proxy: FakeRestProxy, sender: TopicSender) -> None:
    assert send(sender) == [(0, offset) for offset in range(5)]
    assert rest_proxy.topics[TOPIC] == [{"key": r.key, "value": r.value} for r in RECORDS]
    (request,) = rest_proxy.requests
    assert (request.method, request.path) == ("POST", "/topics/sandbox.pin")
    assert request.headers["Content-Type"] == "application/vnd.kafka.json.v2+json"


def test_a_batch_of_large_rows_is_sent_within_the_limit_of_the_gateway(
    rest_proxy: FakeRestProxy, sender: TopicSender
) -> None:
    """500 rows of 40 kB are 20 MB, and API Gateway takes 10 MB (10,000,000 bytes, should it mean those)."""
    rows = [Record(key, {"index": key, "text": "x" * 40_000}) for key in range(500)]
    assert send(sender, rows) == [(0, offset) for offset in range(500)]
    assert keys(rest_proxy) == list(range(500))
    sizes = [int(request.headers["Content-Length"]) for request in rest_proxy.requests]
    assert len(sizes) == 3
    assert max(sizes) <= 10_000_000


def test_a_row_that_is_larger_than_the_limit_stops_only_itself(
    rest_proxy: FakeRestProxy, sender: TopicSender
) -> None:
    found: dict[int, Any] = {}
    batch = [*RECORDS[:2], Record(77, {"text": "x" * 10_500_000}), *RECORDS[2:]]
    rest_proxy.script = [None, Answer(413, {"message": "Request Too Long"})]
    with pytest.raises(Refused, match="413"):
        sender.send(batch, lambda places, written: found.update(zip(places, written, strict=True)))
    assert set(found) == {0, 1}
    assert keys(rest_proxy) == [0, 1]


def test_one_connection_is_kept(rest_proxy: FakeRestProxy, sender: TopicSender) -> None:
    for _ in range(3):
        send(sender)
    assert len({request.connection for request in rest_proxy.requests}) == 1


def test_the_key_of_the_api_is_sent(rest_proxy: FakeRestProxy) -> None:
    with TopicSender(base_url=rest_proxy.url + "/", topic=TOPIC, api_key="k") as sender:
        send(sender, RECORDS[:1])
    assert rest_proxy.requests[0].headers["x-api-key"] == "k"


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(REFUSED_SLOWLY, id="429"),
        pytest.param(Answer(500, {"error_code": 50003, "message": "broker down"}), id="500"),
        pytest.param(Answer(503, "Service Unavailable"), id="503-text"),
        pytest.param(Answer(504, {"message": "Endpoint request timed out"}), id="504"),
        pytest.param(LOST, id="connection-lost"),
        pytest.param(Answer(400, {"__type": "ProvisionedThroughputExceededException"}), id="400-throughput"),
        pytest.param(Answer(400, {"__type": "LimitExceededException"}), id="400-limit"),
        pytest.param(Answer(400, {"__type": "KMSThrottlingException"}), id="400-kms"),
    ],
)
def test_passing_trouble_is_retried(rest_proxy: FakeRestProxy, sender: TopicSender, trouble: Answer) -> None:
    rest_proxy.script = [trouble, trouble]
    assert send(sender) == [(0, offset) for offset in range(5)]
    assert len(rest_proxy.requests) == 3
    assert keys(rest_proxy) == [0, 1, 2, 3, 4]


WRITTEN = {"offsets": [{"partition": 0, "offset": offset} for offset in range(5)]}
GZIP = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Answer(200, WRITTEN, cut_after=20), id="within-the-length"),
        pytest.param(Answer(200, WRITTEN, cut_after=20, chunked=True), id="within-a-chunk"),
        pytest.param(Answer(200, WRITTEN, cut_after=0), id="behind-the-headers"),
        pytest.param(Answer(200, WRITTEN, GZIP), id="undecodable"),
        pytest.param(Answer(200, '{"offsets": [{"partition": 0, "off'), id="cut-by-the-gateway"),
        pytest.param(Answer(200, ""), id="emptied-by-the-gateway"),
        pytest.param(Answer(503, "Service Unavailable", cut_after=5), id="within-an-error"),
    ],
)
def test_an_answer_that_breaks_off_is_a_lost_connection(
    rest_proxy: FakeRestProxy, sender: TopicSender, trouble: Answer
) -> None:
    rest_proxy.script = [trouble, trouble]
    assert send(sender) == [(0, offset) for offset in range(5)]
    assert len(rest_proxy.requests) == 3
    rest_proxy.script = [trouble] * 10
    with pytest.raises(StillRefused, match=r"5 records .* connection lost"):
        send(sender)
    assert len(rest_proxy.requests) == 7


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        pytest.param(
            Answer(404, {"error_code": 40401, "message": "Topic x not found."}),
            "404: Topic x not found.",
            id="404",
        ),
        pytest.param(Answer(403, {"message": "Forbidden"}), "403: Forbidden", id="403"),
        pytest.param(
            Answer(422, {"error_code": 42201, "message": "Unrecognized"}), "422: Unrecognized", id="422"
        ),
        pytest.param(
            Answer(400, {"__type": "ValidationException", "message": "bad"}), "400: bad", id="400-other"
        ),
        pytest.param(Answer(413, "too large"), "413: too large", id="413-text"),
        pytest.param(Answer(301, "", {"Location": "/elsewhere"}), "301: no message", id="301"),
        pytest.param(Answer(200, {"ok": True}), "200: the answer has no offsets", id="200-no-offsets"),
        pytest.param(Answer(200, "<html>"), "200: the answer has no offsets", id="200-html"),
    ],
)
def test_a_refusal_for_good_fails_at_once(
    rest_proxy: FakeRestProxy, sender: TopicSender, answer: Answer, message: str
) -> None:
    rest_proxy.script = [answer]
    with pytest.raises(Refused, match=f"status {message}"):
        send(sender)
    assert len(rest_proxy.requests) == 1


def test_only_records_refused_inside_a_200_are_sent_again(
    rest_proxy: FakeRestProxy, sender: TopicSender
) -> None:
    rest_proxy.script = [
        lambda request: rest_proxy.produce(request, refuse=lambda position: position % 2 == 1)
    ]
    written = send(sender)
    assert keys(rest_proxy) == [0, 2, 4, 1, 3]
    # Answers are in the order of the records, wherever each ended up.
    assert [keys(rest_proxy)[place[1]] for place in written] == [0, 1, 2, 3, 4]


def test_a_record_refused_each_time_ends_the_attempts(rest_proxy: FakeRestProxy, sender: TopicSender) -> None:
    def refuse_key_3(request: Any) -> Answer:
        sent = [record["key"] for record in request.body["records"]]
        return rest_proxy.produce(request, refuse=lambda position: sent[position] == 3)

    rest_proxy.script = [refuse_key_3] * 10
    with pytest.raises(
        StillRefused, match=r"1 records for topic sandbox.pin .* error 50003: not enough replicas"
    ):
        send(sender)
    assert len(rest_proxy.requests) == 4
    assert sorted(keys(rest_proxy)) == [0, 1, 2, 4]


def test_attempts_are_bounded(rest_proxy: FakeRestProxy, sender: TopicSender) -> None:
    rest_proxy.script = [REFUSED_SLOWLY] * 10
    with pytest.raises(StillRefused, match=r"5 records .* status 429: Too Many Requests"):
        send(sender)
    assert len(rest_proxy.requests) == 4


def test_time_is_bounded(rest_proxy: FakeRestProxy) -> None:
    rest_proxy.script = [REFUSED_SLOWLY] * 1000
    with (
        TopicSender(
            base_url=rest_proxy.url, topic=TOPIC, max_attempts=1000, max_seconds=0.05, first_pause=0.02
        ) as sender,
        pytest.raises(StillRefused),
    ):
        send(sender)
    assert len(rest_proxy.requests) < 10


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_respected(rest_proxy: FakeRestProxy, sender: TopicSender, status: int) -> None:
    rest_proxy.script = [Answer(status, {"message": "later"}, {"Retry-After": "1"})]
    begun = time.monotonic()
    send(sender)
    assert time.monotonic() - begun >= 1


@pytest.mark.parametrize(
    "value", ["Sun, 01 Mar 2026 12:00:30 -0000", "\u00b2", "soon"], ids=["-0000", "superscript", "word"]
)
def test_an_odd_retry_after_ends_nothing(rest_proxy: FakeRestProxy, sender: TopicSender, value: str) -> None:
    rest_proxy.script = [Answer(503, {"message": "later"}, {"Retry-After": value})]
    send(sender)
    assert len(rest_proxy.requests) == 2


def test_a_server_that_is_not_there_is_an_error_without_its_address(rest_proxy: FakeRestProxy) -> None:
    with (
        TopicSender(base_url="http://127.0.0.1:9", topic=TOPIC, max_attempts=2, first_pause=0.001) as sender,
        pytest.raises(
            StillRefused, match=r"connection lost \(ConnectionError: ConnectionRefusedError\)"
        ) as caught,
    ):
        send(sender)
    # What a task's log shows of the error, its causes included.
    assert "127.0.0.1" not in "".join(traceback.format_exception(caught.value))


def test_an_answer_with_too_few_offsets_is_refused(rest_proxy: FakeRestProxy, sender: TopicSender) -> None:
    rest_proxy.script = [Answer(200, {"offsets": []})]
    with pytest.raises(Refused, match="0 offsets for 5 records"):
        send(sender)
