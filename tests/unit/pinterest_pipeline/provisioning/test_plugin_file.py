from __future__ import annotations

import pytest

from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning.plugin_file import copy_plugin_file, plugin_key
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy, FakeS3

BUCKET = "user-sandbox-bucket"
KEY = "kafka-connect-s3/sink.zip"


@pytest.mark.parametrize(
    "source",
    ["s3://other/some/folder/sink.zip", "https://host/folder/sink.zip", "https://host/a/sink.zip?version=2"],
)
def test_the_file_keeps_its_name(source: str) -> None:
    assert plugin_key(source) == KEY


def test_from_s3(s3: FakeS3) -> None:
    s3.objects["other", "some/sink.zip"] = b"PK..."
    assert copy_plugin_file(s3, "s3://other/some/sink.zip", BUCKET) == KEY
    assert s3.objects[BUCKET, KEY] == b"PK..."


def test_the_same_file_is_not_copied_again(s3: FakeS3) -> None:
    s3.objects["other", "sink.zip"] = b"PK..."
    copy_plugin_file(s3, "s3://other/sink.zip", BUCKET)
    marker = b"PK.!!"
    s3.objects[BUCKET, KEY] = marker
    copy_plugin_file(s3, "s3://other/sink.zip", BUCKET)
    assert s3.objects[BUCKET, KEY] == marker


def test_a_newer_file_of_the_same_size_is_copied(s3: FakeS3) -> None:
    s3.objects["other", "sink.zip"] = b"PK-1"
    copy_plugin_file(s3, "s3://other/sink.zip", BUCKET)
    s3.objects["other", "sink.zip"] = b"PK-2"
    copy_plugin_file(s3, "s3://other/sink.zip", BUCKET)
    assert s3.objects[BUCKET, KEY] == b"PK-2"


def test_a_file_that_lies_in_its_place_already(s3: FakeS3) -> None:
    s3.objects[BUCKET, KEY] = b"PK..."
    assert copy_plugin_file(s3, f"s3://{BUCKET}/{KEY}", BUCKET) == KEY


@pytest.mark.parametrize("source", ["s3://other/sink.zip", f"s3://{BUCKET}/{KEY}"])
def test_a_missing_file_is_named(s3: FakeS3, source: str) -> None:
    with pytest.raises(Permanent, match=f"no plugin file at {source}"):
        copy_plugin_file(s3, source, BUCKET)


def test_from_the_web(s3: FakeS3, rest_proxy: FakeRestProxy) -> None:
    rest_proxy.script = [Answer(200, "PK from the web", {"ETag": '"1"'})] * 2
    source = f"{rest_proxy.url}/files/sink.zip"
    assert copy_plugin_file(s3, source, BUCKET) == KEY
    assert s3.objects[BUCKET, KEY] == b"PK from the web"
    s3.objects[BUCKET, KEY] = b"PK untouched !!"
    copy_plugin_file(s3, source, BUCKET)
    assert s3.objects[BUCKET, KEY] == b"PK untouched !!"


def test_what_the_web_does_not_have_is_named(s3: FakeS3, rest_proxy: FakeRestProxy) -> None:
    rest_proxy.script = [Answer(404, "")]
    with pytest.raises(Permanent, match=r"no plugin file at .*/sink.zip: status 404"):
        copy_plugin_file(s3, f"{rest_proxy.url}/sink.zip", BUCKET)
    assert s3.objects == {}
