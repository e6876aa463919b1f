"""The table of changes, and which of them may be applied."""

from __future__ import annotations

import pytest

from cloud_operators.exceptions import Difference
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning.changes import Action, Change, changes_of, check_allowed, table

CREATED = Change(kind="topic", name="demo.pin", action=Action.CREATE, wanted={"partitions": 3})
UPDATED = Change(kind="stream", name="s", action=Action.UPDATE, field="shard_count", found=1, wanted=2)
REPLACED = Change(
    kind="connector",
    name="c",
    action=Action.REPLACE,
    field="role",
    found="a",
    wanted="b",
    note="Offsets stay",
)
REFUSED = Change(
    kind="topic", name="t", action=Action.REFUSE, field="partitions", found=3, wanted=1, note="Leave it empty"
)


def test_the_table_has_a_line_for_each_change_and_aligned_columns() -> None:
    assert table([CREATED, UPDATED]).splitlines() == [
        "action  kind    name      field        found  wanted",
        'create  topic   demo.pin                      {"partitions": 3}',
        "update  stream  s         shard_count  1      2",
    ]


def test_no_change_is_said_in_words() -> None:
    assert table([]) == "No changes: everything is as wanted."


def test_a_long_value_is_cut_and_lines_are_joined() -> None:
    text = table([Change(kind="k", name="n", action=Action.UPDATE, field="f", found="a\nb", wanted="x" * 90)])
    assert text.splitlines()[1] == f"update  k     n     f      a b    {'x' * 59}…"


def test_a_change_survives_json() -> None:
    assert [Change.of(change.document()) for change in (CREATED, REPLACED)] == [CREATED, REPLACED]
    assert CREATED.document()["action"] == "create"


def test_differences_become_rows() -> None:
    assert changes_of("stream", "s", {"shard_count": Difference(2, 1)}, Action.UPDATE) == [UPDATED]


def test_what_may_be_applied() -> None:
    check_allowed([CREATED, UPDATED], allow_replace=False)
    check_allowed([CREATED, REPLACED], allow_replace=True)


@pytest.mark.parametrize("allow_replace", [False, True])
def test_a_refused_change_is_named_with_its_remedy(allow_replace: bool) -> None:
    with pytest.raises(Permanent) as caught:
        check_allowed([CREATED, REFUSED], allow_replace=allow_replace)
    assert str(caught.value).splitlines()[1:] == [
        "  topic t: partitions is 3, wanted 1. Leave it empty",
    ]


def test_a_replacement_must_be_allowed() -> None:
    with pytest.raises(Permanent, match="set allow_replace") as caught:
        check_allowed([REPLACED, REFUSED], allow_replace=False)
    assert len(str(caught.value).splitlines()) == 3
