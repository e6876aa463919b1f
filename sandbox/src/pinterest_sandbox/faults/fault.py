"""A fault: whom it hits, how, how often and how long; and the book of those that are active."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Self

from pinterest_sandbox.faults.forms import Refusal
from pinterest_sandbox.faults.services import CLIENTS, SERVICES


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What the gate is told to do.

    :param service: one of :data:`SERVICES`.
    :param client: one of :data:`CLIENTS`; ``None`` hits all.
    :param status: HTTP status to answer with, or
    :param error: code of the service's error to answer with, or
    :param refuse_records: whether single records are refused instead of whole requests.
    :param seconds: how long it lasts.
    :param share: of the requests, or of the records, that are refused: above 0, at most 1.
    :raises ValueError: saying what is wrong and what there is to choose from.
    """

    service: str
    client: str | None = None
    status: int | None = None
    error: str | None = None
    refuse_records: bool = False
    seconds: float = 20.0
    share: Fraction = Fraction(1)

    def __post_init__(self) -> None:
        if self.service not in SERVICES:
            raise ValueError(f"no service {self.service}; there are: {', '.join(SERVICES)}")
        if self.client is not None and self.client not in CLIENTS:
            raise ValueError(f"no client {self.client}; there are: {', '.join(CLIENTS)}")
        if (self.status is not None) + (self.error is not None) + self.refuse_records != 1:
            raise ValueError("say one of --status, --error and --refuse-records")
        if not 0 < self.share <= 1:
            raise ValueError(f"a share is above 0 and at most 1, not {float(self.share):g}")
        if not 0 < self.seconds < float("inf"):
            raise ValueError(f"a fault lasts more than 0 s, not {self.seconds:g} s")
        if self.refuse_records and not SERVICES[self.service].batches:
            takers = ", ".join(name for name, service in SERVICES.items() if service.batches)
            raise ValueError(f"{self.service} takes no records; these do: {takers}")
        if not self.refuse_records:
            self.refusal()

    def refusal(self) -> Refusal:
        """The answer to a whole request that is struck.

        :raises ValueError: when the service has no such error.
        """
        form = SERVICES[self.service].form
        if self.error is not None:
            return form.of_code(self.error)
        return form.of_status(self.status or 0)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object; the share exactly, as text."""
        return {**asdict(self), "share": str(self.share)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """From what :meth:`to_json` gave.

        :raises ValueError: as the class does, and for unknown or missing fields.
        """
        try:
            return cls(**{**values, "share": Fraction(values.get("share", 1))})
        except (TypeError, ZeroDivisionError) as error:
            raise ValueError(f"this is no fault: {error}") from error


@dataclass
class ActiveFault:
    """A fault at work.

    :param number: by which it is told from others.
    :param ends: the clock's time when it ends.
    :param seen: requests, or records, that it could have struck.
    :param struck: those that it did.
    """

    number: int
    fault: Fault
    ends: float
    seen: int = 0
    struck: int = 0

    def strikes(self) -> bool:
        """Whether the next request, or record, is struck.

        After every ``n`` exactly ``floor(n * share)`` were, evenly spread: no luck is involved, so that tests
        and people see the same each time.
        """
        self.seen += 1
        due = self.seen * self.fault.share.numerator // self.fault.share.denominator
        if due == self.struck:
            return False
        self.struck = due
        return True


class FaultBook:
    """The faults that are active. They end by themselves.

    :param clock: seconds, going up.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._numbers = itertools.count(1)
        self._active: list[ActiveFault] = []

    def add(self, fault: Fault) -> ActiveFault:
        """Let ``fault`` begin now."""
        active = ActiveFault(next(self._numbers), fault, self._clock() + fault.seconds)
        self._active.append(active)
        return active

    def active(self) -> list[ActiveFault]:
        """Those that have not ended, oldest first."""
        if self._active:
            now = self._clock()
            self._active = [active for active in self._active if active.ends > now]
        return self._active

    def left(self, active: ActiveFault) -> float:
        """Seconds until ``active`` ends."""
        return max(0.0, active.ends - self._clock())

    def clear(self) -> list[ActiveFault]:
        """End all.

        :returns: those that were ended.
        """
        ended, self._active = self.active(), []
        return ended

    def striking(self, service: str, client: str) -> ActiveFault | None:
        """The fault that this request of ``client`` falls to; the oldest that strikes does.

        Asking counts: ask once a request.
        """
        for active in self._matching(service, client, records=False):
            if active.strikes():
                return active
        return None

    def refusing(self, service: str, client: str) -> ActiveFault | None:
        """The oldest fault that refuses single records of ``client``."""
        return next(iter(self._matching(service, client, records=True)), None)

    def _matching(self, service: str, client: str, *, records: bool) -> list[ActiveFault]:
        return [
            active
            for active in self.active()
            if active.fault.service == service
            and active.fault.client in (None, client)
            and active.fault.refuse_records is records
        ]
