"""Every call of AWS that whole teardowns make is allowed to the DAG, and the policy allows no others."""

from __future__ import annotations

from typing import Any

import botocore.handlers
import pytest

from tests.integrity.iam import statements
from tests.integrity.mwaa.actions import TEARDOWN, Call, needs
from tests.integrity.mwaa.commands import IDENTIFYING
from tests.integrity.mwaa.test_policies import STATEMENTS, unmet, unused
from tests.unit.pinterest_pipeline.provisioning.teardown.site import Site

#: Sid and action of what these runs do not show.
NOT_SHOWN = {
    (
        "TeardownTopics",
        "kafka-cluster:DeleteTopic",
    ): "brokers ask for it, which are fakes here",
}


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[Call]:
    """The calls of all clients that are made from now on."""
    found: list[Call] = []

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        on = {name: params[name] for name in sorted(IDENTIFYING & params.keys())}
        service = model.service_model.service_name
        found.append(Call(TEARDOWN, service, model.name, model.http["method"], model.http["requestUri"], on))

    handlers = [*botocore.handlers.BUILTIN_HANDLERS, ("before-parameter-build", note)]
    monkeypatch.setattr(botocore.handlers, "BUILTIN_HANDLERS", handlers)
    return found


def test_the_calls_are_those_that_the_policy_allows(calls: list[Call], site: Site) -> None:
    calls.clear()
    site.teardown()
    site.teardown(delete_data=True)
    assert {call.operation for call in calls} >= {"DeleteConnector", "CopyObject", "DeleteBucket"}
    needed = needs(calls)
    assert unmet(needed, STATEMENTS) == set()
    assert unused(needed, statements("mwaa-teardown")) == NOT_SHOWN.keys()
