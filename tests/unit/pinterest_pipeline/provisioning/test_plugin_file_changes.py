"""What the plan tells of the plugin file, and the hash that it must have."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning.changes import Action
from pinterest_pipeline.provisioning.plugin_file import copy_plugin_file, plugin_file_changes
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy, FakeS3
from tests.unit.pinterest_pipeline.provisioning.test_plugin_file import BUCKET, KEY, built_of

SOURCE = "s3://other/sink.zip"


def rows(s3: FakeS3, built: Any = None, *, bucket: str | None = BUCKET, sha256: str = "") -> list[Any]:
    changes = plugin_file_changes(s3, SOURCE, bucket, built, plugin="sandbox-plugin", sha256=sha256)
    return [(change.kind, change.action, change.field) for change in changes]


@pytest.fixture
def source(s3: FakeS3) -> FakeS3:
    s3.objects["other", "sink.zip"] = b"PK-1"
    return s3


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("bucket", [BUCKET, None])
def test_a_file_that_is_not_there_is_created_and_nothing_is_copied_yet(
    source: FakeS3, bucket: str | None
) -> None:
    before = dict(source.objects)
    assert rows(source, bucket=bucket) == [("plugin_file", Action.CREATE, "")]
    assert source.objects == before


def test_after_the_copy_there_is_nothing_to_do(source: FakeS3) -> None:
    copy_plugin_file(source, SOURCE, BUCKET)
    assert rows(source, built_of(b"PK-1")) == []


def test_a_newer_file_is_copied_while_no_plugin_is_made_of_the_old_one(source: FakeS3) -> None:
    copy_plugin_file(source, SOURCE, BUCKET)
    source.objects["other", "sink.zip"] = b"PK-2"
    assert rows(source) == [("plugin_file", Action.UPDATE, "content")]
    assert rows(source, built_of(b"PK-1", "DELETING")) == [("plugin_file", Action.UPDATE, "content")]
    assert rows(source, built_of(b"PK-1")) == [
        ("plugin_file", Action.UPDATE, "content"),
        ("custom_plugin", Action.REPLACE, "file MD5"),
    ]


def test_a_file_of_somebody_else_is_refused(source: FakeS3) -> None:
    source.objects[BUCKET, KEY] = b"PK of a user"
    assert rows(source) == [("plugin_file", Action.REFUSE, "size")]
    source.objects[BUCKET, KEY] = b"PK-1"
    assert rows(source) == []


def test_a_missing_file_is_named(s3: FakeS3) -> None:
    with pytest.raises(Permanent, match=f"no plugin file at {SOURCE}"):
        rows(s3)


def test_a_file_with_another_hash_is_refused_before_it_is_copied(source: FakeS3) -> None:
    assert rows(source, sha256=sha256(b"PK-1")) == [("plugin_file", Action.CREATE, "")]
    assert rows(source, sha256=sha256(b"PK-2")) == [
        ("plugin_file", Action.CREATE, ""),
        ("plugin_file", Action.REFUSE, "SHA-256"),
    ]
    with pytest.raises(Permanent, match=f"PINTEREST_CONNECTOR_PLUGIN_SHA256.*{sha256(b'PK-1')}"):
        copy_plugin_file(source, SOURCE, BUCKET, sha256=sha256(b"PK-2"))
    assert (BUCKET, KEY) not in source.objects


def test_the_file_that_lies_in_the_bucket_must_have_the_hash_too(source: FakeS3) -> None:
    copy_plugin_file(source, SOURCE, BUCKET, sha256=sha256(b"PK-1"))
    assert rows(source, sha256=sha256(b"PK-1")) == []
    # A run that was killed before it had looked at its copy.
    source.objects[BUCKET, KEY] = b"PK-X"
    assert rows(source, sha256=sha256(b"PK-1")) == [("plugin_file", Action.UPDATE, "content")]
    copy_plugin_file(source, SOURCE, BUCKET, sha256=sha256(b"PK-1"))
    assert source.objects[BUCKET, KEY] == b"PK-1"


def test_a_file_that_changes_while_it_is_copied_does_not_stay(s3: FakeS3, rest_proxy: FakeRestProxy) -> None:
    # It is looked at, read for its hash, and read once more to be passed on.
    rest_proxy.script = [Answer(200, text, {"ETag": '"1"'}) for text in ("PK-1", "PK-1", "PK-2")]
    with pytest.raises(Permanent, match=sha256(b"PK-2")):
        copy_plugin_file(s3, f"{rest_proxy.url}/sink.zip", BUCKET, sha256=sha256(b"PK-1"))
    assert (BUCKET, KEY) not in s3.objects
