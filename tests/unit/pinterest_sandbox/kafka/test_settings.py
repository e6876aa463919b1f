from __future__ import annotations

import re
from pathlib import Path

from pinterest_sandbox.kafka.settings import LOGGING, broker_properties, properties_text, worker_properties


def test_everything_listens_on_loopback_only() -> None:
    broker = broker_properties(data=Path("data"), port=1, controller_port=2)
    worker = worker_properties(bootstrap="127.0.0.1:1", port=3, plugins=Path("plugins"))
    listeners = [str(values[name]) for values in (broker, worker) for name in values if "listeners" in name]
    addresses = re.findall(r"://([^,]*)", ",".join(listeners))
    assert addresses == ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:1", "127.0.0.1:3"]


def test_topics_are_never_made_by_accident() -> None:
    assert (
        broker_properties(data=Path("data"), port=1, controller_port=2)["auto.create.topics.enable"]
        == "false"
    )


def test_internal_topics_need_one_broker_only() -> None:
    values = {
        **broker_properties(data=Path("data"), port=1, controller_port=2),
        **worker_properties(bootstrap="127.0.0.1:1", port=3, plugins=Path("plugins")),
    }
    factors = {name: value for name, value in values.items() if name.endswith("replication.factor")}
    assert len(factors) == 7
    assert set(factors.values()) == {1}


def test_properties_are_escaped() -> None:
    assert properties_text({"a": 1, "b": "x\\y\nz"}) == "a=1\nb=x\\\\y\\nz\n"


def test_logging_configuration_has_one_value_a_line() -> None:
    lines = [line for line in LOGGING.splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.]+ = .+", line) for line in lines)
