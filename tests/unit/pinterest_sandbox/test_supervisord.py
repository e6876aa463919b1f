"""The supervisor's poller: a descriptor that supervisord has forgotten must not keep it busy."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from pinterest_sandbox.supervisord import Poller


@pytest.fixture
def broken_pipe() -> Iterator[int]:
    """The writing end of a pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def test_a_pipe_without_a_reader_is_told_of_and_can_be_dropped(broken_pipe: int) -> None:
    poller = Poller(options=None)
    poller.register_readable(broken_pipe)
    readable, _ = poller.poll(1)
    assert readable == [broken_pipe]
    # As supervisord does with what it does not know.
    poller.unregister_readable(broken_pipe)
    assert poller.poll(0) == ([], [])


def test_one_that_was_polled_for_writing_as_well(broken_pipe: int) -> None:
    poller = Poller(options=None)
    poller.register_writable(broken_pipe)
    _, writable = poller.poll(1)
    assert writable == [broken_pipe]
    poller.unregister_writable(broken_pipe)
    assert poller.poll(0) == ([], [])
