from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline.entities import Names
from pinterest_pipeline.provisioning.iam_documents import PLACEHOLDERS, derived, render, size
from pinterest_pipeline.provisioning.plugin_file import FOLDER

ACCOUNT = {"AWS_REGION": "eu-west-1", "AWS_ACCOUNT_ID": "123456789012"}


def policy(resource: str, **more: Any) -> str:
    statement = {"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def resource(text: str, values: dict[str, str]) -> str:
    return str(render(policy(text), values)["Statement"][0]["Resource"])


def test_placeholders_are_filled_in() -> None:
    found = resource(
        "arn:${AWS_PARTITION}:sns:${AWS_REGION}:${AWS_ACCOUNT_ID}:x-${USER_ID}", ACCOUNT | {"USER_ID": "7a"}
    )
    assert found == "arn:aws:sns:eu-west-1:123456789012:x-7a"


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
    ],
)
def test_the_partition_follows_from_the_region_or_is_given(region: str, partition: str) -> None:
    given = {"AWS_PARTITION": partition} if partition == "aws-iso" else {}
    assert resource("${AWS_PARTITION}", {"AWS_REGION": region} | given) == partition


def test_names_follow_from_the_resource_id_as_the_pipeline_derives_them() -> None:
    names = Names(user_id="7a", catalog="c", schema="s", state_root="s3://user-7a-bucket/_state")
    assert derived({"USER_ID": "7a"}) == {
        "BUCKET": names.bucket,
        "STATE_ROOT": names.state_root.removeprefix("s3://"),
        "STATE_BUCKET": names.bucket,
        "PLUGIN_SOURCE": f"{names.bucket}/{FOLDER}/none",
        "PLUGIN_BUCKET": names.bucket,
        "CONNECTOR_LOG_GROUP": f"/msk-connect/{names.connector}",
        # No instance has this id.
        "CLIENT_INSTANCE_ID": "i-00000000000000000",
    }


def test_a_bucket_follows_from_what_lies_in_it() -> None:
    values = {"USER_ID": "7a", "STATE_ROOT": "states/of/7a", "PLUGIN_SOURCE": "files/sink/sink-1.0.zip"}
    assert resource("${STATE_BUCKET} ${PLUGIN_BUCKET} ${BUCKET}", values) == "states files user-7a-bucket"


def test_what_is_given_goes_before_what_follows() -> None:
    assert resource("${BUCKET} ${STATE_ROOT}", {"USER_ID": "7a", "BUCKET": "mine"}) == "mine mine/_state"


def test_every_missing_value_is_named_with_its_meaning() -> None:
    with pytest.raises(ValueError, match="no value for") as raised:
        render(
            policy("${AWS_ACCOUNT_ID} ${USER_ID} ${BUCKET} ${AWS_REGION}"),
            {"AWS_REGION": "eu-west-1", "USER_ID": ""},
        )
    assert str(raised.value) == (
        "no value for AWS_ACCOUNT_ID (the account's 12 digits), USER_ID (the resource id: 1 to 40 lower-case "
        "letters and digits), BUCKET (the pipeline's bucket)"
    )


def test_what_a_document_does_not_name_need_not_be_there() -> None:
    assert resource("${USER_ID}", {"USER_ID": "7a"}) == "7a"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_PARTITION", "gcp"),
        ("AWS_REGION", "Frankfurt"),
        ("AWS_ACCOUNT_ID", "12345678901"),
        ("AWS_ACCOUNT_ID", "١٢٣٤٥٦٧٨٩٠١٢"),
        ("USER_ID", "My-Id"),
        ("BUCKET", "user_bucket"),
        ("STATE_ROOT", "s3://states/of"),
        ("STATE_ROOT", "states/of/"),
        ("PLUGIN_SOURCE", "files"),
        ("CLUSTER_NAME", "a/b"),
        ("CONNECTOR_ROLE", "arn:aws:iam::123456789012:role/x"),
        ("KINESIS_API_ROLE", "/x"),
        ("ALERT_TOPIC", "arn:aws:sns:eu-west-1:123456789012:x"),
        ("ENVIRONMENT", "1st"),
        ("ENVIRONMENT_BUCKET", "b"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="is wrong") as raised:
        render(policy(f"${{{name}}}"), {name: value})
    assert str(raised.value) == f"{name}={value!r} is wrong: {PLACEHOLDERS[name].meaning} expected"


@pytest.mark.parametrize("name", PLACEHOLDERS)
@pytest.mark.parametrize("wide", ["*", "?", "${aws:username}", '"', "\\", "\n", " "])
def test_no_value_widens_a_statement(name: str, wide: str) -> None:
    for value in (wide, f"aaaa{wide}", f"aaaa{wide}aaaa", f"{wide}aaaa"):
        with pytest.raises(ValueError, match="is wrong"):
            render(policy(f"${{{name}}}"), {name: value})


def test_all_wrong_values_are_named_at_once() -> None:
    with pytest.raises(ValueError, match=r"AWS_REGION='x' is wrong.*; USER_ID='Y' is wrong"):
        render(policy("${AWS_REGION} ${USER_ID}"), {"AWS_REGION": "x", "USER_ID": "Y"})


def test_a_value_of_no_placeholder_is_refused() -> None:
    with pytest.raises(ValueError, match="no placeholders: AWS_ACOUNT_ID, USER; there are AWS_PARTITION, "):
        render(policy("x"), {"USER": "a", "AWS_ACOUNT_ID": "123456789012"})


def test_a_placeholder_of_no_value_is_refused() -> None:
    with pytest.raises(ValueError, match="placeholders that nothing is known of: aws:username, "):
        render(policy("${aws:username} ${} ${USER_ID}"), {"USER_ID": "7a"})


@pytest.mark.parametrize(("more", "limit"), [({}, 6144), ({"Principal": {"Service": "x"}}, 2048)])
def test_what_is_too_long_for_iam_is_refused(more: dict[str, Any], limit: int) -> None:
    room = limit - size(json.loads(policy("", **more)))
    whole = render(policy(f"{'x' * (room - 2)}${{USER_ID}}", **more), {"USER_ID": "7a"})
    assert size(whole) == limit
    with pytest.raises(ValueError, match=f"the policy has {limit + 1} characters, IAM takes {limit}"):
        render(policy(f"{'x' * (room - 1)}${{USER_ID}}", **more), {"USER_ID": "7a"})


def test_white_space_between_the_parts_does_not_count() -> None:
    assert size({"Statement": [{"Resource": "ab"}, {}]}) == len('{"Statement":[{"Resource":"ab"},{}]}')
