from __future__ import annotations

from typing import Any

from pinterest_pipeline.emulation.dead_letters import collect_origins


class Message:
    def __init__(self, **headers: bytes | None) -> None:
        self._headers = [(f"__connect.errors.{name}", value) for name, value in headers.items()]

    def headers(self) -> Any:
        return self._headers or None


def dead(topic: str, partition: int, offset: int) -> Message:
    return Message(
        topic=topic.encode(), partition=str(partition).encode(), offset=str(offset).encode(), stage=b"VALUE"
    )


def test_origins_come_from_the_context_headers() -> None:
    found = collect_origins([dead("sandbox.pin", 0, 7), dead("sandbox.geo", 2, 7), dead("sandbox.pin", 0, 9)])
    assert found == {"sandbox.pin": {(0, 7), (0, 9)}, "sandbox.geo": {(2, 7)}}


def test_a_record_reported_twice_counts_once() -> None:
    assert collect_origins([dead("sandbox.pin", 0, 7)] * 2) == {"sandbox.pin": {(0, 7)}}


def test_messages_of_others_are_left_out() -> None:
    strangers = [Message(), Message(topic=b"sandbox.pin"), Message(topic=b"t", partition=b"x", offset=b"1")]
    assert collect_origins([*strangers, Message(topic=None, partition=None, offset=None)]) == {}
