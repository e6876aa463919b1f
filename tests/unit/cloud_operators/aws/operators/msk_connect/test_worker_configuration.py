from __future__ import annotations

import base64
from typing import Any

import pytest

from cloud_operators.aws.operators.msk_connect import (
    MskConnectCreateWorkerConfigurationOperator,
    MskConnectDeleteWorkerConfigurationOperator,
)
from cloud_operators.exceptions import ResourceDiffers
from tests.unit.cloud_operators.aws.fake_msk import FakeMsk
from tests.unit.cloud_operators.running import run

PROPERTIES = """\
# converters
key.converter=org.apache.kafka.connect.storage.StringConverter
value.converter=org.apache.kafka.connect.json.JsonConverter
"""


def create(properties: str = PROPERTIES, **arguments: Any) -> MskConnectCreateWorkerConfigurationOperator:
    return MskConnectCreateWorkerConfigurationOperator(
        task_id="create", name="demo-worker", properties=properties, **arguments
    )


def content(msk: FakeMsk) -> str:
    (worker,) = msk.workers.values()
    return base64.b64decode(worker.body["latestRevision"]["propertiesFileContent"]).decode()


def test_creates(msk: FakeMsk, way: dict[str, Any], context: Any, xcoms: dict[str, Any]) -> None:
    arn = run(create(**way), context)

    assert list(msk.workers) == [arn]
    assert content(msk) == PROPERTIES
    assert xcoms["action"] == "created"


def test_adopts_equal_properties_in_another_spelling(
    msk: FakeMsk, way: dict[str, Any], context: Any, xcoms: dict[str, Any]
) -> None:
    arn = run(create(aws_conn_id=None), context)
    spelled = """
        value.converter : org.apache.kafka.connect.json.JsonConverter
        ! another comment
        key.converter   org.apache.kafka.\\
                        connect.storage.StringConverter
    """

    assert run(create(spelled, **way), context) == arn
    assert content(msk) == PROPERTIES
    assert xcoms["action"] == "adopted"


def test_refuses_different_properties(msk: FakeMsk, way: dict[str, Any], context: Any) -> None:
    run(create(PROPERTIES + "ssl.key.password=first\n", aws_conn_id=None), context)

    with pytest.raises(ResourceDiffers) as raised:
        run(create("key.converter=other\nssl.key.password=second\ntasks=1\n", **way), context)

    assert str(raised.value).splitlines()[1:] == [
        "  properties.key.converter: wanted 'other', "
        "found 'org.apache.kafka.connect.storage.StringConverter'",
        "  properties.ssl.key.password: wanted '***', found 'another ***'",
        "  properties.tasks: wanted '1', found nothing",
        "  properties.value.converter: wanted nothing, found 'org.apache.kafka.connect.json.JsonConverter'",
    ]


def test_waits_for_a_deletion_and_creates_anew(msk: FakeMsk, waiting: dict[str, Any], context: Any) -> None:
    old = run(create(aws_conn_id=None), context)
    msk._worker("DELETE", [old], {}, {})

    new = run(create("tasks=2", **waiting), context)

    assert new != old
    assert content(msk) == "tasks=2"


def test_deletes(msk: FakeMsk, way: dict[str, Any], context: Any) -> None:
    arn = run(create(aws_conn_id=None), context)

    delete = MskConnectDeleteWorkerConfigurationOperator(
        task_id="delete", worker_configuration_arn=arn, **way
    )

    assert run(delete, context) == arn
    waited = way["deferrable"] or way["wait_for_completion"]
    assert [worker.state for worker in msk.workers.values()] == ([] if waited else ["DELETING"])


def test_deletes_what_is_gone(msk: FakeMsk, way: dict[str, Any], context: Any) -> None:
    arn = run(create(aws_conn_id=None), context)
    msk.workers.clear()

    delete = MskConnectDeleteWorkerConfigurationOperator(
        task_id="delete", worker_configuration_arn=arn, **way
    )

    assert run(delete, context) == arn
