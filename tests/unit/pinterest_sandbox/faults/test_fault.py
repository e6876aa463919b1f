from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pinterest_sandbox.faults.fault import ActiveFault, Fault, FaultBook
from pinterest_sandbox.faults.services import CLIENTS, SERVICES, gate_ports
from tests.unit.pinterest_sandbox.faults.gates import Clock


@given(share=st.fractions(min_value=Fraction(1, 1000), max_value=1), asked=st.integers(0, 500))
def test_after_any_number_of_requests_exactly_the_share_is_struck(share: Fraction, asked: int) -> None:
    active = ActiveFault(1, Fault(service="s3", status=503, share=share), ends=1.0)
    struck = [active.strikes() for _ in range(asked)]
    assert struck.count(True) == active.struck == int(asked * share)
    assert active.seen == asked


def test_the_struck_requests_are_evenly_spread() -> None:
    active = ActiveFault(1, Fault(service="s3", status=503, share=Fraction("0.3")), ends=1.0)
    assert [number for number in range(1, 21) if active.strikes()] == [4, 7, 10, 14, 17, 20]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (
            {"service": "sqs", "status": 503},
            "no service sqs; there are: s3, kinesis, api, rest-",
        ),
        (
            {"service": "s3", "client": "me", "status": 503},
            "there are: airflow, connector, spark, api, other",
        ),
        ({"service": "s3"}, "say one of --status, --error and --refuse-records"),
        ({"service": "s3", "status": 503, "error": "SlowDown"}, "say one of"),
        ({"service": "api", "status": 503, "refuse_records": True}, "say one of"),
        ({"service": "s3", "status": 200}, "200 is not an HTTP status of an error"),
        ({"service": "s3", "status": 600}, "600 is not"),
        ({"service": "s3", "error": "Slow"}, r"no error Slow; there are: SlowDown \(503\), Serv"),
        ({"service": "s3", "refuse_records": True}, "s3 takes no records; these do: kinesis, api, rest-"),
        ({"service": "s3", "status": 503, "share": Fraction(0)}, "above 0 and at most 1, not 0"),
        ({"service": "s3", "status": 503, "share": Fraction("1.5")}, "not 1.5"),
        ({"service": "s3", "status": 503, "seconds": 0.0}, "more than 0 s"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Fault(**values)


def test_a_fault_survives_its_way_over_the_wire() -> None:
    fault = Fault(service="api", client="other", refuse_records=True, seconds=7.5, share=Fraction(1, 3))
    assert Fault.from_json(fault.to_json()) == fault


def test_the_oldest_fault_that_strikes_does_and_the_next_takes_over_when_it_ends() -> None:
    clock = Clock()
    book = FaultBook(clock)
    first = book.add(Fault(service="s3", error="SlowDown", seconds=10, share=Fraction(1, 2)))
    second = book.add(Fault(service="s3", client="spark", error="InternalError", seconds=20))
    struck = [book.striking("s3", "spark") for _ in range(4)]
    assert struck == [second, first, second, first]
    # What the first has struck the second did not see.
    assert (first.seen, second.seen) == (4, 2)
    assert book.left(second) == 20
    clock.now += 10
    assert book.active() == [second]
    clock.now += 10
    assert book.active() == []
    assert book.striking("s3", "spark") is None


def test_every_client_has_a_port_of_its_own_for_every_service() -> None:
    ports = gate_ports()
    assert len(ports) == len(set(ports.values())) == len(SERVICES) * len(CLIENTS)
