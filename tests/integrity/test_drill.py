"""What the drill says of components is what the pipeline says of them."""

from __future__ import annotations

import pytest

from pinterest_pipeline.health.components import COMPONENTS
from pinterest_sandbox.drill.breakages import BREAKAGES


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_breakage_calls_its_component_as_messages_do(name: str) -> None:
    breakage = BREAKAGES[name]
    assert breakage.name == name
    # Each is seen by somebody: by a look, or by Airflow.
    assert (breakage.component is None) == (breakage.airflow_says is not None)
    if breakage.component is None:
        assert breakage.label == ""
    else:
        assert breakage.label == COMPONENTS[breakage.component].label
