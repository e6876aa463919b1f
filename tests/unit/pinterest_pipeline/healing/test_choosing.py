"""What is treated after which changes: not what suffers from another, until the other is well."""

from __future__ import annotations

from typing import Any

import pytest

from pinterest_pipeline.healing.choosing import choose
from pinterest_pipeline.health.components import COMPONENTS


def event(*, before: str = "unknown", **changes: str) -> dict[str, Any]:
    told = [{"component": name, "before": before, "after": after} for name, after in changes.items()]
    return {"changes": told}


def states(**ill: str) -> dict[str, Any]:
    return {name: {"status": ill.get(name, "healthy")} for name in COMPONENTS}


def test_what_became_ill_is_chosen_once_in_the_order_of_the_components() -> None:
    found = choose(
        [event(streams="down", source="down"), event(connector="degraded", streams="unknown")],
        states(streams="down", source="down", connector="degraded"),
    )
    assert found == (["source", "connector", "streams"], [], [])


def test_what_needs_one_that_is_down_waits() -> None:
    ill = {"rest_proxy": "down", "api": "down", "cluster": "down", "connector": "degraded"}
    found = choose([event(**ill)], states(**ill))
    assert found.ill == ["api", "rest_proxy", "cluster", "connector"]
    assert found.waiting == ["api", "rest_proxy", "connector"]


def test_what_needs_one_that_works_does_not_wait() -> None:
    """A cluster that is being updated goes on; a connector that has failed does not by itself."""
    ill = {"cluster": "degraded", "connector": "down"}
    assert choose([event(connector="down")], states(**ill)) == (["connector"], [], [])


def test_what_was_treated_in_vain_comes_back() -> None:
    extra = {"changes": [], "still_ill": ["connector"]}
    assert choose([extra], states(connector="down")) == (["connector"], [], [])


def test_what_is_still_ill_when_what_it_needs_is_well_comes_back() -> None:
    found = choose([event(cluster="healthy")], states(rest_proxy="down", api="down", source="down"))
    # The source has had its own event, and needs nothing that has recovered.
    assert found == (["api", "rest_proxy"], ["api"], ["cluster"])


@pytest.mark.parametrize("after", ["degraded", "unknown"])
def test_what_waits_goes_on_when_what_it_needs_is_no_longer_down(after: str) -> None:
    ill = {"cluster": after, "connector": "down"}
    found = choose([event(before="down", cluster=after)], states(**ill))
    assert found == (["cluster", "connector"], [], [])
    # It waited for nothing that was not down, and has had its own event.
    assert choose([event(before="healthy", cluster=after)], states(**ill)).ill == ["cluster"]


def test_what_is_down_again_frees_nothing() -> None:
    both = [event(before="down", cluster="degraded"), event(before="degraded", cluster="down")]
    assert choose(both, states(cluster="down", connector="down")).waiting == ["connector"]


def test_what_recovered_is_told_and_not_chosen() -> None:
    found = choose([event(connector="healthy", cluster="healthy")], states())
    assert found == ([], [], ["cluster", "connector"])


def test_what_recovered_and_is_ill_again_has_not_recovered() -> None:
    found = choose([event(connector="healthy"), event(connector="down")], states(connector="down"))
    assert found == (["connector"], [], [])


def test_without_a_record_the_events_are_followed() -> None:
    assert choose([event(rest_proxy="down", cluster="down")], {}) == (["rest_proxy", "cluster"], [], [])
