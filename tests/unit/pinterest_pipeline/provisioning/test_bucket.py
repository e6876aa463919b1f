"""The survey makes the bucket, and takes up one that an earlier run left in any state."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pinterest_pipeline import connections
from pinterest_pipeline.provisioning import tasks

BUCKET = "user-sandbox-bucket"
TAGS = {"pinterest:resource-id": "sandbox", "pinterest:created-by": "airflow"}
BLOCKED = {
    "BlockPublicAcls": True,
    "IgnorePublicAcls": True,
    "BlockPublicPolicy": True,
    "RestrictPublicBuckets": True,
}

pytestmark = pytest.mark.usefixtures("configured", "tags_with_the_bucket")


class Killed(BaseException):
    """The worker is gone."""


@pytest.fixture
def watched(account: None, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[Any], None]]:
    """Functions that are given each S3 client that the pipeline makes."""
    watchers: list[Callable[[Any], None]] = []
    make = connections.aws_client

    def aws_client(service: str) -> Any:
        client = make(service)
        if service == "s3":
            for watch in watchers:
                watch(client)
        return client

    monkeypatch.setattr(connections, "aws_client", aws_client)
    return watchers


@pytest.fixture
def tags_with_the_bucket(watched: list[Callable[[Any], None]]) -> None:
    """S3 gives a bucket the tags that its creation asks for; moto 5.2 leaves them out."""

    def watch(client: Any) -> None:
        asked: list[dict[str, Any]] = []

        def tag(http_response: Any, **_: Any) -> None:
            request = asked.pop()
            tags = request.get("CreateBucketConfiguration", {}).get("Tags")
            if tags and http_response.status_code == 200:
                client.put_bucket_tagging(Bucket=request["Bucket"], Tagging={"TagSet": tags})

        client.meta.events.register(
            "provide-client-params.s3.CreateBucket", lambda params, **_: asked.append(params)
        )
        client.meta.events.register("after-call.s3.CreateBucket", tag)

    watched.append(watch)


@contextmanager
def killed(watched: list[Callable[[Any], None]], event: str) -> Iterator[None]:
    """The worker is killed at this event of an S3 client."""

    def kill(**_: Any) -> None:
        raise Killed

    def watch(client: Any) -> None:
        client.meta.events.register_last(event, kill)

    watched.append(watch)
    with pytest.raises(Killed):
        yield
    watched.remove(watch)


def survey(run_id: str = "manual__1") -> None:
    tasks.survey_resources.function("batch", {"changes": []}, run_id=run_id)


def record(s3: Any) -> dict[tuple[str, str], str]:
    document = json.loads(s3.get_object(Bucket=BUCKET, Key="_state/resources.json")["Body"].read())
    return {(entry["kind"], entry["name"]): entry["state"] for entry in document["resources"]}


def tags_of(s3: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"]}


def blocked(s3: Any) -> Any:
    return s3.get_public_access_block(Bucket=BUCKET)["PublicAccessBlockConfiguration"]


def versioning(s3: Any) -> str:
    return str(s3.get_bucket_versioning(Bucket=BUCKET).get("Status", ""))


def test_the_bucket_is_made_tagged_closed_versioned_and_noted(real_s3: Any) -> None:
    survey()
    assert tags_of(real_s3) == TAGS
    assert blocked(real_s3) == BLOCKED
    assert versioning(real_s3) == "Enabled"
    assert record(real_s3)["bucket", BUCKET] == "creating"
    assert set(record(real_s3).values()) == {"creating"}


@pytest.mark.parametrize(
    ("region", "place"), [("us-east-1", None), ("eu-west-1", "eu-west-1"), ("cn-north-1", "cn-north-1")]
)
def test_the_bucket_lies_in_the_region_of_the_connection(
    monkeypatch: pytest.MonkeyPatch, region: str, place: str | None
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    survey()
    # Null stands for us-east-1, which a request must not name: moto refuses that as S3 does.
    s3 = connections.aws_client("s3")
    assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == place
    assert tags_of(s3) == TAGS


@pytest.mark.parametrize(
    "event",
    [
        f"{moment}.s3.{operation}"
        for operation in ("CreateBucket", "PutPublicAccessBlock", "PutBucketVersioning", "PutObject")
        for moment in ("before-call", "after-call")
    ],
)
def test_a_run_that_broke_off_is_taken_up(
    real_s3: Any, watched: list[Callable[[Any], None]], event: str
) -> None:
    with killed(watched, event):
        survey()
    # Another run, not only another try, finds what is left.
    survey("manual__2")
    assert tags_of(real_s3) == TAGS
    assert blocked(real_s3) == BLOCKED
    assert versioning(real_s3) == "Enabled"
    assert record(real_s3)["bucket", BUCKET] == "creating"
    tasks.record_resources.function("batch", run_id="manual__2")
    assert record(real_s3)["bucket", BUCKET] == "created"


@pytest.mark.parametrize("tags", [{}, {"team": "data"}, {"pinterest:created-by": "airflow"}])
def test_a_bucket_of_somebody_else_is_adopted_as_it_is(real_s3: Any, tags: dict[str, str]) -> None:
    real_s3.create_bucket(Bucket=BUCKET)
    if tags:
        tag_set = [{"Key": key, "Value": value} for key, value in tags.items()]
        real_s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": tag_set})
    survey()
    assert ("bucket", BUCKET) not in record(real_s3)
    assert (tags_of(real_s3) if tags else {}) == tags
    assert versioning(real_s3) == ""
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        blocked(real_s3)


def test_a_bucket_that_was_noted_is_not_changed_again(real_s3: Any) -> None:
    survey()
    tasks.record_resources.function("batch", run_id="manual__1")
    opened = BLOCKED | {"BlockPublicPolicy": False}
    real_s3.put_public_access_block(Bucket=BUCKET, PublicAccessBlockConfiguration=opened)
    real_s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Suspended"})
    survey("manual__2")
    assert blocked(real_s3) == opened
    assert versioning(real_s3) == "Suspended"
    assert record(real_s3)["bucket", BUCKET] == "created"


def test_a_bucket_whose_tags_may_not_be_read_is_an_error(
    real_s3: Any, watched: list[Callable[[Any], None]]
) -> None:
    real_s3.create_bucket(Bucket=BUCKET)

    def deny(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetBucketTagging")

    watched.append(lambda client: client.meta.events.register("before-call.s3.GetBucketTagging", deny))
    with pytest.raises(ClientError, match="GetBucketTagging"):
        survey()
