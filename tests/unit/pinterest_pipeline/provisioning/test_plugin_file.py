from __future__ import annotations

import hashlib
from typing import Any

import pytest

from cloud_operators.exceptions import Difference, ResourceDiffers
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


def built_of(content: bytes, state: str = "ACTIVE") -> dict[str, Any]:
    """What MSK Connect describes of a custom plugin that was made of this file."""
    described = {"fileMd5": hashlib.md5(content).hexdigest(), "fileSize": len(content)}
    return {
        "name": "sandbox-plugin",
        "customPluginState": state,
        "latestRevision": {"revision": 1, "fileDescription": described},
    }


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


@pytest.mark.parametrize(
    ("theirs", "differing"),
    [
        pytest.param(b"PK of a user", {"size": Difference(5, 12)}, id="another-size"),
        pytest.param(
            b"PK-U-",
            {"MD5": Difference(hashlib.md5(b"PK...").hexdigest(), hashlib.md5(b"PK-U-").hexdigest())},
            id="the-same-size",
        ),
    ],
)
def test_a_file_of_somebody_else_is_not_written_over(
    s3: FakeS3, theirs: bytes, differing: dict[str, Difference]
) -> None:
    s3.objects["other", "sink.zip"] = b"PK..."
    s3.objects[BUCKET, KEY] = theirs
    with pytest.raises(
        ResourceDiffers, match="set PINTEREST_CONNECTOR_PLUGIN_SOURCE to its s3:// add"
    ) as caught:
        copy_plugin_file(s3, "s3://other/sink.zip", BUCKET)
    assert caught.value.differences == differing
    assert s3.objects[BUCKET, KEY] == theirs
    # The remedy that the message names.
    assert copy_plugin_file(s3, f"s3://{BUCKET}/{KEY}", BUCKET) == KEY


def test_a_file_of_somebody_else_with_the_same_content_is_adopted(
    s3: FakeS3, caplog: pytest.LogCaptureFixture
) -> None:
    s3.objects["other", "sink.zip"] = s3.objects[BUCKET, KEY] = b"PK..."
    with caplog.at_level("INFO"):
        assert copy_plugin_file(s3, "s3://other/sink.zip", BUCKET) == KEY
    assert s3.metadata[BUCKET, KEY] == {}
    assert "adopted" in caplog.text


@pytest.mark.parametrize("newer", [b"PK-2", b"PK: longer"])
def test_a_newer_file_is_refused_when_the_custom_plugin_keeps_the_old_one(s3: FakeS3, newer: bytes) -> None:
    s3.objects["other", "sink.zip"] = b"PK-1"
    copy_plugin_file(s3, "s3://other/sink.zip", BUCKET)
    built = built_of(b"PK-1")
    assert copy_plugin_file(s3, "s3://other/sink.zip", BUCKET, built) == KEY
    s3.objects["other", "sink.zip"] = newer
    with pytest.raises(
        ResourceDiffers, match=r"custom plugin 'sandbox-plugin' .*\n(.*\n)+.*with allow_replace"
    ):
        copy_plugin_file(s3, "s3://other/sink.zip", BUCKET, built)
    assert s3.objects[BUCKET, KEY] == b"PK-1"
    # Once it is being deleted, or gone, the newer file takes its place.
    copy_plugin_file(s3, "s3://other/sink.zip", BUCKET, built_of(b"PK-1", "DELETING"))
    assert s3.objects[BUCKET, KEY] == newer


def test_a_file_that_was_changed_in_its_place_is_refused_too(s3: FakeS3) -> None:
    s3.objects[BUCKET, KEY] = b"PK-2"
    with pytest.raises(ResourceDiffers) as caught:
        copy_plugin_file(s3, f"s3://{BUCKET}/{KEY}", BUCKET, built_of(b"PK-1"))
    old, new = (hashlib.md5(content).hexdigest() for content in (b"PK-1", b"PK-2"))
    assert caught.value.differences == {"file MD5": Difference(new, old)}


def test_a_file_that_was_lost_is_brought_again(s3: FakeS3) -> None:
    s3.objects["other", "sink.zip"] = b"PK-1"
    copy_plugin_file(s3, "s3://other/sink.zip", BUCKET, built_of(b"PK-1"))
    assert s3.objects[BUCKET, KEY] == b"PK-1"


def test_a_custom_plugin_that_is_just_being_made_has_no_description_yet(s3: FakeS3) -> None:
    s3.objects[BUCKET, KEY] = b"PK-1"
    built = {"name": "p", "customPluginState": "CREATING", "latestRevision": {"revision": 1}}
    assert copy_plugin_file(s3, f"s3://{BUCKET}/{KEY}", BUCKET, built) == KEY


def test_from_the_web(s3: FakeS3, rest_proxy: FakeRestProxy) -> None:
    rest_proxy.script = [Answer(200, "PK from the web", {"ETag": '"1"'})] * 3
    source = f"{rest_proxy.url}/files/sink.zip"
    assert copy_plugin_file(s3, source, BUCKET) == KEY
    assert s3.objects[BUCKET, KEY] == b"PK from the web"
    # A compressed answer would be stored as it came.
    assert {request.headers["Accept-Encoding"] for request in rest_proxy.requests} == {"identity"}
    s3.objects[BUCKET, KEY] = b"PK untouched !!"
    copy_plugin_file(s3, source, BUCKET)
    assert s3.objects[BUCKET, KEY] == b"PK untouched !!"


def test_a_newer_file_of_the_web_is_refused_when_the_custom_plugin_keeps_the_old_one(
    s3: FakeS3, rest_proxy: FakeRestProxy
) -> None:
    rest_proxy.script = [Answer(200, "PK-1", {"ETag": '"1"'})] * 2
    source = f"{rest_proxy.url}/files/sink.zip"
    copy_plugin_file(s3, source, BUCKET)
    rest_proxy.script = [Answer(200, "PK-2", {"ETag": '"2"'})] * 2
    with pytest.raises(ResourceDiffers, match="file MD5"):
        copy_plugin_file(s3, source, BUCKET, built_of(b"PK-1"))
    assert s3.objects[BUCKET, KEY] == b"PK-1"


def test_a_web_server_that_tells_no_size_is_believed_by_its_version(
    s3: FakeS3, rest_proxy: FakeRestProxy
) -> None:
    rest_proxy.script = [Answer(200, "PK-1", {"ETag": '"1"'}, chunked=True)] * 3
    source = f"{rest_proxy.url}/files/sink.zip"
    copy_plugin_file(s3, source, BUCKET)
    s3.objects[BUCKET, KEY] = b"untouched"
    copy_plugin_file(s3, source, BUCKET)
    assert s3.objects[BUCKET, KEY] == b"untouched"


def test_what_the_web_does_not_have_is_named(s3: FakeS3, rest_proxy: FakeRestProxy) -> None:
    rest_proxy.script = [Answer(404, "")]
    with pytest.raises(Permanent, match=r"no plugin file at .*/sink.zip: status 404"):
        copy_plugin_file(s3, f"{rest_proxy.url}/sink.zip", BUCKET)
    assert s3.objects == {}
