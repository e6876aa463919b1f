"""Which steps bring a sandbox up."""

from __future__ import annotations

from pathlib import Path

import pytest

from pinterest_sandbox.parts import start_steps
from pinterest_sandbox.supervision import Supervisor
from tests.unit.pinterest_sandbox.configs import config_at


@pytest.mark.parametrize(
    ("left_out", "gone"),
    [("source", {"source", "source-rows"}), ("moto", {"moto", "account"}), ("kafka", {"kafka"})],
)
def test_what_is_left_out_takes_the_work_inside_it_along(
    tmp_path: Path, left_out: str, gone: set[str]
) -> None:
    config = config_at(tmp_path)
    every = {step.name for step in start_steps(config, Supervisor(config), without=frozenset())}

    steps = start_steps(config, Supervisor(config), without=frozenset({left_out}))

    names = {step.name for step in steps}
    assert every - names == gone
    assert all(set(step.after) <= names for step in steps)
