from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from pinterest_sandbox.aws.clients import aws_client
from tests.unit.pinterest_sandbox.faults.gates import Gate, opened_gate

BUCKET = "user-sandbox-bucket"
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def moto_port() -> Iterator[int]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    yield server.get_host_and_port()[1]
    server.stop()


@pytest.fixture(scope="module")
def open_gate(moto_port: int) -> Iterator[Gate]:
    with opened_gate({"s3": moto_port}) as gate:
        aws_client("s3", f"http://127.0.0.1:{moto_port}").create_bucket(Bucket=BUCKET)
        yield gate


@pytest.fixture
def gate(open_gate: Gate) -> Gate:
    open_gate.book.clear()
    return open_gate


@pytest.fixture(scope="module")
def direct(moto_port: int) -> Any:
    return aws_client("s3", f"http://127.0.0.1:{moto_port}")


@pytest.fixture
def s3(gate: Gate) -> Any:
    return aws_client("s3", gate.url("s3"))


@pytest.mark.parametrize("size", [0, 1, 100_000, 9 * MEGABYTE], ids=["empty", "1 B", "100 kB", "9 MB"])
def test_an_object_is_put_and_got(s3: Any, direct: Any, size: int) -> None:
    content = os.urandom(size)
    key = f"topics/a b+é/{size}.json"
    put = s3.put_object(Bucket=BUCKET, Key=key, Body=content, Metadata={"own": "1"}, ContentType="a/b")
    straight = direct.get_object(Bucket=BUCKET, Key=key)
    assert straight["Body"].read() == content
    got = s3.get_object(Bucket=BUCKET, Key=key)
    assert got["Body"].read() == content
    assert (got["ETag"], got["Metadata"], got["ContentType"]) == (put["ETag"], {"own": "1"}, "a/b")
    assert s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"] == size


def test_a_range_is_got(s3: Any) -> None:
    s3.put_object(Bucket=BUCKET, Key="range", Body=b"0123456789")
    answer = s3.get_object(Bucket=BUCKET, Key="range", Range="bytes=2-4")
    assert answer["Body"].read() == b"234"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert answer["ContentRange"] == "bytes 2-4/10"


def test_objects_are_listed_page_by_page_and_deleted(s3: Any, direct: Any) -> None:
    keys = [f"list/partition=0/a+{number:03d}.json" for number in range(25)]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x")
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="list/", StartAfter=keys[3], PaginationConfig={"PageSize": 10}
    )
    assert [item["Key"] for page in pages for item in page["Contents"]] == keys[4:]
    s3.delete_object(Bucket=BUCKET, Key=keys[0])
    s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in keys[1:20]]})
    left = direct.list_objects_v2(Bucket=BUCKET, Prefix="list/")["Contents"]
    assert [item["Key"] for item in left] == keys[20:]


def test_an_object_in_parts_is_put_together(s3: Any, direct: Any) -> None:
    parts = [os.urandom(5 * MEGABYTE), os.urandom(5 * MEGABYTE), os.urandom(10)]
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")["UploadId"]
    told = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(Bucket=BUCKET, Key="parts", UploadId=upload, PartNumber=number, Body=part)[
                "ETag"
            ],
        }
        for number, part in enumerate(parts, 1)
    ]
    s3.complete_multipart_upload(Bucket=BUCKET, Key="parts", UploadId=upload, MultipartUpload={"Parts": told})
    assert direct.get_object(Bucket=BUCKET, Key="parts")["Body"].read() == b"".join(parts)


def test_an_error_of_the_service_is_read(s3: Any) -> None:
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=BUCKET, Key="nothing")
    with pytest.raises(ClientError) as missing:
        s3.head_object(Bucket=BUCKET, Key="nothing")
    assert missing.value.response["Error"]["Code"] == "404"


@pytest.mark.parametrize("error", ["SlowDown", "InternalError", "ServiceUnavailable"])
def test_a_struck_request_is_sent_again_by_boto_and_succeeds(
    gate: Gate, s3: Any, direct: Any, error: str
) -> None:
    s3.put_object(Bucket=BUCKET, Key=error, Body=b"before")
    active = gate.begin("s3", error=error, share="0.5")
    bodies = [bytes([number]) * 200_000 for number in range(3)]
    retries = 0
    for body in bodies:
        put = s3.put_object(Bucket=BUCKET, Key=error, Body=body)
        retries += put["ResponseMetadata"]["RetryAttempts"]
    assert retries == active.struck == 2
    assert direct.get_object(Bucket=BUCKET, Key=error)["Body"].read() == bodies[-1]


def test_a_request_that_is_struck_each_time_fails_with_the_services_error(gate: Gate, s3: Any) -> None:
    active = gate.begin("s3", error="SlowDown")
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=BUCKET, Key="never", Body=b"x" * 100_000)
    assert refused.value.response["Error"]["Code"] == "SlowDown"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    # The client was told to try again three times.
    assert active.struck == 4
    gate.book.clear()
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=BUCKET, Key="never")
