from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import WaiterError
from botocore.session import get_session
from botocore.stub import Stubber

from cloud_operators.aws.hooks.kinesis import KinesisHook
from tests.unit.cloud_operators.aws.fake_kinesis import Stream

# waiter -> what each state leads to; GONE is the service's ResourceNotFoundException.
OUTCOMES: dict[str, dict[str, str]] = {
    "stream_active": {
        "CREATING": "retry",
        "ACTIVE": "success",
        "UPDATING": "retry",
        "DELETING": "failure",
        "GONE": "failure",
    },
    "stream_deleted": {
        "CREATING": "retry",
        "ACTIVE": "retry",
        "UPDATING": "retry",
        "DELETING": "retry",
        "GONE": "success",
    },
}
CASES = [(waiter, state, outcome) for waiter, states in OUTCOMES.items() for state, outcome in states.items()]


def written() -> dict[str, Any]:
    waiters: dict[str, Any] = json.loads(KinesisHook(aws_conn_id=None).waiter_path.read_text())["waiters"]
    return waiters


def test_all_waiters_are_tested_and_offered() -> None:
    assert sorted(written()) == sorted(OUTCOMES)
    assert set(OUTCOMES) <= set(KinesisHook(aws_conn_id=None).list_waiters())


@pytest.mark.parametrize("waiter", OUTCOMES)
def test_all_states_of_the_service_are_tested(waiter: str) -> None:
    """The states as botocore's model of the service lists them."""
    states = get_session().get_service_model("kinesis").shape_for("StreamStatus").enum

    assert set(OUTCOMES[waiter]) - {"GONE"} == set(states)


@pytest.mark.parametrize("waiter", OUTCOMES)
def test_every_acceptor_has_an_argument(waiter: str) -> None:
    """The provider reads the argument of error matchers too."""
    assert all("argument" in acceptor for acceptor in written()[waiter]["acceptors"])


@pytest.mark.parametrize(
    ("waiter", "state", "outcome"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES]
)
def test_state(waiter: str, state: str, outcome: str) -> None:
    hook = KinesisHook(aws_conn_id=None)

    def wait() -> None:
        hook.get_waiter(waiter).wait(StreamName="demo", WaiterConfig={"Delay": 0, "MaxAttempts": 1})

    with Stubber(hook.conn) as stub:
        if state == "GONE":
            stub.add_client_error(
                "describe_stream_summary", "ResourceNotFoundException", http_status_code=400
            )
        else:
            answer = {"StreamDescriptionSummary": Stream("demo", state).describe()}
            stub.add_response("describe_stream_summary", answer, {"StreamName": "demo"})
        if outcome == "success":
            wait()
        else:
            reason = "terminal failure" if outcome == "failure" else "Max attempts exceeded"
            with pytest.raises(WaiterError, match=reason):
                wait()
        stub.assert_no_pending_responses()
