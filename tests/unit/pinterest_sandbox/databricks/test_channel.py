"""Messages between server and worker."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pinterest_sandbox.databricks.channel import Channel


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(text=st.text(st.characters(categories=None)))
@example(text="\ud800")
@example(text="a\nb\u2028c\0")
def test_any_text_arrives(text: str) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Channel(ours).send({"text": text})
        assert next(Channel(theirs).messages()) == {"text": text}


def test_message_that_a_killed_process_did_not_finish_is_none(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = ends
    Channel(ours).send({"whole": 1})
    ours.sendall(b'{"torn": "by a ki')
    ours.close()
    assert list(Channel(theirs).messages()) == [{"whole": 1}]
