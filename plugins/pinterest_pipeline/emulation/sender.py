"""Records sent to the API, until each is acknowledged or refused for good: what both paths have in common."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple, Self

import msgspec
import requests
import tenacity

from pinterest_pipeline.emulation.retry_after import seconds_asked
from pinterest_pipeline.errors import Refused, StillRefused

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 12
MAX_SECONDS = 300.0
LONGEST_PAUSE_S = 30.0
TIMEOUT_S = (5.0, 60.0)
#: What a connection that breaks raises: the last two while the answer is read.
LOST = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
)
#: Parts of the ``__type`` of a 400 that means "too much at once": throughput, limit and KMS throttling
#: errors.
THROTTLE_TYPES = ("ProvisionedThroughputExceeded", "LimitExceeded", "Throttling", "KMSThrottling")


#: A row as it is posted: columns in table order, values that JSON has.
Row = dict[str, Any]


class Record(NamedTuple):
    """One record.

    :param key: Kafka key, or partition key as text.
    :param value: the row.
    """

    key: int
    value: Row


class Outcome(NamedTuple):
    """What became of one record of a request.

    :param place: where it was written, ``None`` when it was refused.
    :param refusal: why it was refused.
    """

    place: tuple[Any, Any] | None
    refusal: str = ""


#: Is told which records of a batch were acknowledged, by their positions in it, and where each was written.
Told = Callable[[Sequence[int], Sequence[tuple[Any, Any]]], None]


class _TryAgain(Exception):
    """Records are left to be sent.

    :param reason: what was answered.
    :param retry_after: seconds that the server asks to wait, if it does.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class ApiSender(ABC):
    """Sends batches to one place over a kept-alive connection. Use each instance in one thread only.

    Retried with growing pauses, and only what was not acknowledged: 429, 5xx, a connection lost before or
    within the answer, a 400 whose ``__type`` is a throttling error, and records refused inside a 200.
    ``Retry-After`` is respected. Any other answer fails at once. Records whose answer was lost may have been
    written: they are there twice then.

    A kind of sender says how a request is written (:meth:`split`) and how its answer is read
    (:meth:`outcomes`).

    :param place: what the records are sent to, for messages.
    :param method: of the request.
    :param url: of the request.
    :param headers: of the request.
    :param api_key: sent as ``x-api-key`` when it is not empty.
    :param max_attempts: attempts for one batch.
    :param max_seconds: seconds for one batch after which no further attempt begins.
    :param first_pause: seconds before the second attempt, about doubled for each further one.
    :param stop: ends a pause, and all further attempts, when it is set.
    """

    #: The member of an answer that tells of the records.
    told_by: ClassVar[str]

    def __init__(
        self,
        *,
        place: str,
        method: str,
        url: str,
        headers: dict[str, str],
        api_key: str = "",
        max_attempts: int = MAX_ATTEMPTS,
        max_seconds: float = MAX_SECONDS,
        first_pause: float = 0.2,
        stop: threading.Event | None = None,
    ) -> None:
        self.place = place
        self._session = requests.Session()
        # All but the body is the same each time, and what the environment says of proxies and certificates.
        keyed = {**headers, **({"x-api-key": api_key} if api_key else {})}
        self._request = self._session.prepare_request(requests.Request(method, url, headers=keyed))
        self._options = self._session.merge_environment_settings(url, {}, False, None, None)
        self._backoff = tenacity.wait_exponential_jitter(
            initial=first_pause, max=LONGEST_PAUSE_S, jitter=first_pause
        )
        self._stop = stop or threading.Event()
        self._retrying = tenacity.Retrying(
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(max_attempts),
                tenacity.stop_after_delay(max_seconds),
                tenacity.stop_when_event_set(self._stop),
            ),
            sleep=tenacity.sleep_using_event(self._stop),
            wait=self._pause,
            retry=tenacity.retry_if_exception_type(_TryAgain),
            before_sleep=self._log_retry,
            reraise=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *unused: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._session.close()

    def send(self, records: Sequence[Record], told: Told) -> None:
        """Send records until all are acknowledged.

        :param records: the records of one batch.
        :param told: is told after each answer which records it acknowledges, also when the rest fails later.
        :raises Refused: when the server refuses a request for good.
        :raises StillRefused: when attempts or time are used up.
        """
        waiting = list(range(len(records)))
        try:
            self._retrying(self._send_rest, records, waiting, told)
        except _TryAgain as left:
            raise StillRefused(self.place, len(waiting), str(left)) from left

    @abstractmethod
    def split(self, records: Sequence[Record]) -> Iterable[tuple[Sequence[int], bytes]]:
        """Requests for records: which ones, by their positions, and the body. Each record is in one."""

    @abstractmethod
    def outcomes(self, document: Any) -> list[Outcome]:
        """What an answer says of each record of its request.

        :param document: the answer's JSON.
        :raises KeyError, TypeError, ValueError: when it does not have what it should.
        """

    def explain(self, refusal: Refused, records: Sequence[Record]) -> Refused:
        """What is raised when a request is refused for good.

        :param refusal: what the server says.
        :param records: the request's records.
        """
        return refusal

    def _send_rest(self, records: Sequence[Record], waiting: list[int], told: Told) -> None:
        """Send the records at the positions in ``waiting``, and leave those in it that were refused."""
        reason = ""
        asked = list(waiting)
        left = dict.fromkeys(asked)
        for places, body in self.split([records[position] for position in asked]):
            if self._stop.is_set():
                raise _TryAgain("the burst has ended")
            sent = [asked[place] for place in places]
            try:
                outcomes = self._post(body)
            except Refused as refusal:
                # In its place, not beside it.
                raise self.explain(refusal, [records[position] for position in sent]) from refusal.__cause__
            if len(outcomes) != len(sent):
                raise Refused(200, f"{len(outcomes)} {self.told_by} for {len(sent)} records")
            pairs = list(zip(sent, outcomes, strict=True))
            told(
                [position for position, outcome in pairs if outcome.place],
                [outcome.place for _, outcome in pairs if outcome.place],
            )
            for position, outcome in pairs:
                if outcome.place:
                    del left[position]
            reason = reason or next((outcome.refusal for _, outcome in pairs if not outcome.place), "")
            # What was acknowledged is done, whatever becomes of the requests that follow.
            waiting[:] = left
        if left:
            raise _TryAgain(reason)

    def _post(self, body: bytes) -> list[Outcome]:
        request = self._request.copy()
        request.prepare_body(body, None)
        try:
            answer = self._session.send(request, timeout=TIMEOUT_S, allow_redirects=False, **self._options)
        except LOST as error:
            # Not chained: the text of these errors holds the URL.
            raise _TryAgain(f"connection lost ({_kinds(error)})") from None
        _raise_for_status(answer)
        try:
            return self.outcomes(msgspec.json.decode(answer.content))
        except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            if isinstance(error, msgspec.DecodeError) and _is_cut_off(answer.text):
                raise _TryAgain(f"connection lost within the answer: {_excerpt(answer.text)!r}") from error
            raise Refused(
                answer.status_code, f"the answer has no {self.told_by}: {_excerpt(answer.text)}"
            ) from error

    def _pause(self, state: tenacity.RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, _TryAgain) else None
        return max(asked or 0.0, self._backoff(state))

    def _log_retry(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        logger.warning(
            "%s: attempt %d: %s; next in %.1f s",
            self.place,
            state.attempt_number,
            error,
            state.upcoming_sleep,
        )


def _kinds(error: BaseException) -> str:
    """The kind of an error and of the one at its bottom, which says whether a name, a server or a
    certificate was wrong.
    """
    bottom = error
    while below := bottom.__cause__ or bottom.__context__:
        bottom = below
    return ": ".join(dict.fromkeys(type(each).__name__ for each in (error, bottom)))


def _raise_for_status(answer: requests.Response) -> None:
    status = answer.status_code
    if status == 200:
        return
    message = _server_message(answer)
    if status == 429 or status >= 500 or (status == 400 and _is_throttle(answer)):
        raise _TryAgain(f"status {status}: {message}", _retry_after(answer))
    raise Refused(status, message)


def _document(answer: requests.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _is_throttle(answer: requests.Response) -> bool:
    kind = str(_document(answer).get("__type", ""))
    return any(part in kind for part in THROTTLE_TYPES)


def _server_message(answer: requests.Response) -> str:
    document = _document(answer)
    return str(document.get("message") or document.get("Message") or _excerpt(answer.text) or "no message")


def _is_cut_off(text: str) -> bool:
    """Whether text that is no JSON may be the beginning of the answer; an HTML page is not."""
    return text.lstrip()[:1] in ("", "{")


def _excerpt(text: str) -> str:
    return text[:300]


def _retry_after(answer: requests.Response) -> float | None:
    asked = seconds_asked(answer.headers.get("Retry-After", ""), datetime.now(UTC))
    return None if asked is None else min(asked, MAX_SECONDS)
