from __future__ import annotations

from typing import Any

import pytest

from cloud_operators.aws.operators.msk_connect import (
    MskConnectCreateCustomPluginOperator,
    MskConnectDeleteCustomPluginOperator,
)
from cloud_operators.exceptions import ResourceDiffers, ServiceFailed, WaitTimedOut
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.running import run


def create(**arguments: Any) -> MskConnectCreateCustomPluginOperator:
    defaults = {"name": "demo-plugin", "bucket_arn": "arn:aws:s3:::demo", "file_key": "plugins/sink.zip"}
    return MskConnectCreateCustomPluginOperator(task_id="create", **{**defaults, **arguments})


def only(resources: dict[str, Any]) -> Any:
    assert len(resources) == 1
    return next(iter(resources.values()))


def test_creates(msk: FakeMsk, way: dict[str, Any], context: Any, xcoms: dict[str, Any]) -> None:
    arn = run(create(object_version="v7", description="The sink", tags={"team": "data"}, **way), context)

    plugin = only(msk.plugins)
    assert arn == plugin.body["customPluginArn"]
    assert plugin.body["latestRevision"]["contentType"] == "ZIP"
    assert plugin.body["latestRevision"]["location"] == {
        "s3Location": {"bucketArn": "arn:aws:s3:::demo", "fileKey": "plugins/sink.zip", "objectVersion": "v7"}
    }
    waited = way["deferrable"] or way["wait_for_completion"]
    assert plugin.state == ("ACTIVE" if waited else "CREATING")
    assert xcoms["action"] == "created"


def test_adopts_an_equal_one(msk: FakeMsk, way: dict[str, Any], context: Any, xcoms: dict[str, Any]) -> None:
    # Enough others that start with the name to fill the first page of the list.
    for name in ("demo-plugin-1", "demo-plugin-2", "demo-plugin-3", "demo-plugin"):
        last = run(create(name=name, aws_conn_id=None, wait_for_completion=False), context)

    assert run(create(**way), context) == last
    assert len(msk.plugins) == 4
    assert xcoms["action"] == "adopted"


def test_refuses_a_different_one(msk: FakeMsk, way: dict[str, Any], context: Any) -> None:
    run(create(aws_conn_id=None, wait_for_completion=False), context)

    with pytest.raises(ResourceDiffers) as raised:
        run(create(file_key="plugins/other.zip", content_type="JAR", **way), context)

    assert str(raised.value).splitlines() == [
        "Custom plugin 'demo-plugin' exists and differs from what was asked for; nothing was changed.",
        "  contentType: wanted 'JAR', found 'ZIP'",
        "  location.fileKey: wanted 'plugins/other.zip', found 'plugins/sink.zip'",
    ]
    assert only(msk.plugins).body["latestRevision"]["contentType"] == "ZIP"


def test_reports_why_the_creation_failed(msk: FakeMsk, waiting: dict[str, Any], context: Any) -> None:
    msk.failures["plugin"] = ("CREATE_FAILED", "InvalidInput.ZipSize", "The archive is too large")

    with pytest.raises(
        ServiceFailed, match=r"is CREATE_FAILED \(InvalidInput.ZipSize: The archive is too"
    ) as e:
        run(create(**waiting), context)

    assert (e.value.state, e.value.code) == ("CREATE_FAILED", "InvalidInput.ZipSize")


def test_refuses_to_adopt_a_failed_one(msk: FakeMsk, way: dict[str, Any], context: Any) -> None:
    msk.failures["plugin"] = ("CREATE_FAILED", "InvalidInput", "not a zip")
    with pytest.raises(ServiceFailed):
        run(create(aws_conn_id=None, waiter_delay=0), context)

    with pytest.raises(
        ServiceFailed, match=r"delete it first: it is CREATE_FAILED \(InvalidInput: not a zip\)"
    ):
        run(create(**way), context)


def test_adopts_what_another_created_meanwhile(msk: FakeMsk, way: dict[str, Any], context: Any) -> None:
    others: list[str] = []
    msk.looks = 0

    def race() -> None:
        body = {
            "name": "demo-plugin",
            "contentType": "ZIP",
            "location": {"s3Location": {"bucketArn": "arn:aws:s3:::demo", "fileKey": "plugins/sink.zip"}},
        }
        others.append(msk._plugin("POST", [], {}, body)["customPluginArn"])

    msk.before_create = race

    assert [run(create(**way), context)] == others
    assert len(msk.plugins) == 1


def test_waits_for_a_deletion_and_creates_anew(msk: FakeMsk, waiting: dict[str, Any], context: Any) -> None:
    old = run(create(aws_conn_id=None, wait_for_completion=False), context)
    msk._plugin("DELETE", [old], {}, {})

    new = run(create(file_key="plugins/new.zip", **waiting), context)

    assert new != old
    assert only(msk.plugins).body["latestRevision"]["location"]["s3Location"]["fileKey"] == "plugins/new.zip"


def test_does_not_create_while_one_is_deleted_when_not_waiting(msk: FakeMsk, context: Any) -> None:
    arn = run(create(aws_conn_id=None, wait_for_completion=False), context)
    msk._plugin("DELETE", [arn], {}, {})

    with pytest.raises(
        ServiceFailed, match=r"is DELETING \(an earlier one of this name is still being deleted"
    ):
        run(create(aws_conn_id=None, wait_for_completion=False), context)


def test_gives_up_after_the_attempts(msk: FakeMsk, waiting: dict[str, Any], context: Any) -> None:
    msk.looks = 50

    with pytest.raises(WaitTimedOut, match="last seen as CREATING"):
        run(create(**{**waiting, "waiter_max_attempts": 3}), context)


def test_survives_throttling_while_waiting(msk: FakeMsk, waiting: dict[str, Any], context: Any) -> None:
    msk.throttle_next = [(429, "TooManyRequestsException")]

    run(create(**waiting), context)

    assert only(msk.plugins).state == "ACTIVE"
    assert msk.throttle_next == []


def test_deletes(msk: FakeMsk, way: dict[str, Any], context: Any) -> None:
    arn = run(create(aws_conn_id=None, waiter_delay=0), context)

    answer = run(
        MskConnectDeleteCustomPluginOperator(task_id="delete", custom_plugin_arn=arn, **way), context
    )

    assert answer == arn
    if way["deferrable"] or way["wait_for_completion"]:
        assert msk.plugins == {}
    else:
        assert only(msk.plugins).state == "DELETING"


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "being deleted"])
def test_deletes_what_is_gone_or_going(msk: FakeMsk, way: dict[str, Any], context: Any, gone: bool) -> None:
    arn = run(create(aws_conn_id=None, waiter_delay=0), context)
    msk._plugin("DELETE", [arn], {}, {})
    if gone:
        msk.plugins.clear()
    msk.requests.clear()

    answer = run(
        MskConnectDeleteCustomPluginOperator(task_id="delete", custom_plugin_arn=arn, **way), context
    )

    assert answer == arn
    assert "DELETE v1/custom-plugins" not in msk.requests


def test_refuses_to_delete_nothing(context: Any) -> None:
    with pytest.raises(ValueError, match="ARN of the Custom plugin to delete is empty"):
        run(MskConnectDeleteCustomPluginOperator(task_id="delete", custom_plugin_arn=""), context)
