"""Systems Manager's documents: versions, contents, and what is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pinterest_sandbox.aws.clients import aws_client
from pinterest_sandbox.aws.ssm.commands import Commands
from pinterest_sandbox.aws.ssm.documents import Documents
from pinterest_sandbox.aws.ssm.facade import Ssm, application
from pinterest_sandbox.aws.ssm.store import Store
from tests.unit.pinterest_sandbox.aws.serving import serving
from tests.unit.pinterest_sandbox.aws.ssm_machine import FakeMachine, document


@pytest.fixture
def ssm(tmp_path: Path, moto_url: str) -> Iterator[Any]:
    with started(tmp_path, moto_url) as client:
        yield client


@contextmanager
def started(folder: Path, moto_url: str) -> Iterator[Any]:
    """A client of the facade over the state in a folder; made again, it is the facade after a restart."""
    store = Store(folder / "state.json")
    service = Ssm(Documents(store), Commands(store, FakeMachine(folder)), moto_url)
    with serving(application(service)) as url:
        yield aws_client("ssm", url)


def create(client: Any, name: str = "words", content: str | None = None, **more: Any) -> Any:
    return client.create_document(
        Name=name,
        Content=content or document("echo one"),
        DocumentType="Command",
        DocumentFormat="JSON",
        **more,
    )["DocumentDescription"]


def test_a_document_is_described_as_it_was_made(ssm: Any) -> None:
    content = document("echo $SSM_Word", Word={"type": "String", "default": "x", "description": "A word."})
    tags = [{"Key": "made-by", "Value": "tests"}]
    made = create(ssm, content=content, TargetType="/AWS::EC2::Instance", Tags=tags)
    assert (made["Status"], made["DocumentVersion"]) == ("Creating", "1")
    found = ssm.describe_document(Name="words")["Document"]
    assert found["Hash"] == hashlib.sha256(content.encode()).hexdigest()
    assert found["Parameters"] == [
        {"Name": "Word", "Type": "String", "DefaultValue": "x", "Description": "A word."}
    ]
    assert {name: found[name] for name in ("Status", "LatestVersion", "DefaultVersion", "TargetType")} == {
        "Status": "Active",
        "LatestVersion": "1",
        "DefaultVersion": "1",
        "TargetType": "/AWS::EC2::Instance",
    }
    assert found["Tags"] == tags
    assert ssm.get_document(Name="words")["Content"] == content


def test_a_new_version_is_used_once_it_is_the_default(ssm: Any) -> None:
    create(ssm)
    second = document("echo two")
    made = ssm.update_document(Name="words", Content=second, DocumentVersion="$LATEST")
    assert made["DocumentDescription"]["DocumentVersion"] == "2"
    assert ssm.get_document(Name="words")["Content"] == document("echo one")
    assert ssm.get_document(Name="words", DocumentVersion="$LATEST")["Content"] == second
    ssm.update_document_default_version(Name="words", DocumentVersion="2")
    assert ssm.get_document(Name="words")["Content"] == second
    assert ssm.describe_document(Name="words")["Document"]["DefaultVersion"] == "2"


def test_documents_outlive_the_process(tmp_path: Path, moto_url: str) -> None:
    with started(tmp_path, moto_url) as client:
        create(client)
        client.update_document(Name="words", Content=document("echo two"), DocumentVersion="1")
        before = client.describe_document(Name="words")["Document"]
    with started(tmp_path, moto_url) as client:
        assert client.describe_document(Name="words")["Document"] == before
        assert client.get_document(Name="words", DocumentVersion="2")["Content"] == document("echo two")


def test_lists_and_deletes(ssm: Any) -> None:
    for name in ("words-a", "words-b", "other"):
        create(ssm, name)
    pages = ssm.get_paginator("list_documents").paginate(
        Filters=[{"Key": "Name", "Values": ["words"]}, {"Key": "Owner", "Values": ["Self"]}],
        PaginationConfig={"PageSize": 1},
    )
    assert [row["Name"] for page in pages for row in page["DocumentIdentifiers"]] == ["words-a", "words-b"]
    ssm.delete_document(Name="words-a")
    with pytest.raises(ssm.exceptions.InvalidDocument):
        ssm.describe_document(Name="words-a")


def test_the_default_version_is_not_deleted_by_itself(ssm: Any) -> None:
    create(ssm)
    ssm.update_document(Name="words", Content=document("echo two"), DocumentVersion="$LATEST")
    with pytest.raises(ssm.exceptions.InvalidDocumentOperation):
        ssm.delete_document(Name="words", DocumentVersion="1")
    ssm.delete_document(Name="words", DocumentVersion="2")
    assert ssm.describe_document(Name="words")["Document"]["LatestVersion"] == "1"


STEP = {"action": "aws:runShellScript", "name": "say", "inputs": {"runCommand": ["echo"]}}


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ("{", "InvalidDocumentContent"),
        ("[]", "InvalidDocumentContent"),
        ({"schemaVersion": "1.2", "mainSteps": [STEP]}, "InvalidDocumentSchemaVersion"),
        ({"schemaVersion": "2.2"}, "InvalidDocumentContent"),
        ({"schemaVersion": "2.2", "mainSteps": [STEP, STEP]}, "InvalidDocumentContent"),
        ({"schemaVersion": "2.2", "mainSteps": [{**STEP, "action": "aws:x"}]}, "InvalidDocumentContent"),
        ({"schemaVersion": "2.2", "mainSteps": [{**STEP, "name": "a b"}]}, "InvalidDocumentContent"),
        ({"schemaVersion": "2.2", "mainSteps": [{**STEP, "inputs": {}}]}, "InvalidDocumentContent"),
        (
            {"schemaVersion": "2.2", "mainSteps": [STEP], "parameters": {"a-b": {"type": "String"}}},
            "InvalidDocumentContent",
        ),
        (
            {"schemaVersion": "2.2", "mainSteps": [STEP], "parameters": {"a": {"type": "Text"}}},
            "InvalidDocumentContent",
        ),
        ("x" * (64 * 1024 + 1), "MaxDocumentSizeExceeded"),
    ],
)
def test_a_wrong_content_is_refused(ssm: Any, content: Any, error: str) -> None:
    text = content if isinstance(content, str) else json.dumps(content)
    with pytest.raises(getattr(ssm.exceptions, error)):
        create(ssm, content=text)
    create(ssm)
    with pytest.raises(getattr(ssm.exceptions, error)):
        ssm.update_document(Name="words", Content=text, DocumentVersion="$LATEST")
    assert ssm.describe_document(Name="words")["Document"]["LatestVersion"] == "1"


def test_what_is_there_or_not_there_is_refused(ssm: Any) -> None:
    create(ssm)
    with pytest.raises(ssm.exceptions.DocumentAlreadyExists):
        create(ssm)
    with pytest.raises(ssm.exceptions.DuplicateDocumentContent):
        ssm.update_document(Name="words", Content=document("echo one"), DocumentVersion="$LATEST")
    with pytest.raises(ssm.exceptions.InvalidDocumentVersion):
        ssm.update_document_default_version(Name="words", DocumentVersion="7")
    ssm.update_document(Name="words", Content=document("echo two"), DocumentVersion="$LATEST")
    with pytest.raises(ssm.exceptions.InvalidDocumentVersion):
        ssm.update_document(Name="words", Content=document("echo three"), DocumentVersion="1")
    for call in (ssm.get_document, ssm.describe_document, ssm.delete_document):
        with pytest.raises(ssm.exceptions.InvalidDocument):
            call(Name="none")


def test_names_of_aws_are_reserved(ssm: Any) -> None:
    with pytest.raises(ssm.exceptions.ClientError, match="ValidationException"):
        create(ssm, "AWS-Words")


def test_what_the_sandbox_does_not_have_says_so(ssm: Any) -> None:
    with pytest.raises(ssm.exceptions.ClientError, match="has no ListAssociations"):
        ssm.list_associations()


def test_parameter_store_is_motos(ssm: Any, moto_url: str) -> None:
    ssm.put_parameter(Name="word", Value="here", Type="String")
    try:
        there = aws_client("ssm", moto_url).get_parameter(Name="word")["Parameter"]
        assert there["Value"] == ssm.get_parameter(Name="word")["Parameter"]["Value"] == "here"
    finally:
        ssm.delete_parameter(Name="word")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name="word")
