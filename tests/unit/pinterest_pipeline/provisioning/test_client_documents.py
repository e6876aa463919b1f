"""The SSM documents of the client: created, updated, left alone, and taken up where it broke off."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pinterest_pipeline import connections
from pinterest_pipeline.errors import Permanent, PipelineError
from pinterest_pipeline.provisioning import client_documents
from pinterest_pipeline.provisioning.changes import Action
from pinterest_pipeline.provisioning.client_documents import document_changes, ensure_document, find_document
from tests.unit.pinterest_pipeline.provisioning.fake_ssm import Document, FakeSsm

NAME = "pinterest-sandbox-words"


def content(word: str) -> str:
    return json.dumps({"schemaVersion": "2.2", "description": word, "mainSteps": []})


@pytest.fixture
def ssm(fake_ssm: FakeSsm) -> Any:
    return connections.aws_client("ssm")


def test_a_document_is_created_once_and_then_left_alone(ssm: Any, fake_ssm: FakeSsm) -> None:
    assert ensure_document(ssm, NAME, content("one"), {"made-by": "tests"}) == "created"
    assert fake_ssm.documents[NAME].tags == [{"Key": "made-by", "Value": "tests"}]
    before = fake_ssm.documents[NAME].contents
    assert ensure_document(ssm, NAME, content("one"), {}) == "unchanged"
    assert fake_ssm.documents[NAME].contents == before == [content("one")]


def test_another_content_becomes_the_default_version(ssm: Any, fake_ssm: FakeSsm) -> None:
    ensure_document(ssm, NAME, content("one"), {})
    assert ensure_document(ssm, NAME, content("two"), {}) == "updated"
    assert fake_ssm.documents[NAME] == Document([content("one"), content("two")], default=2)
    assert ensure_document(ssm, NAME, content("two"), {}) == "unchanged"


def test_a_content_of_before_is_found_among_the_versions(ssm: Any, fake_ssm: FakeSsm) -> None:
    """A version whose default was not set before the task was killed, and a product that was set back."""
    fake_ssm.documents[NAME] = Document([content("one"), content("two"), content("three")], default=2)
    assert ensure_document(ssm, NAME, content("three"), {}) == "updated"
    assert fake_ssm.documents[NAME].default == 3
    assert ensure_document(ssm, NAME, content("one"), {}) == "updated"
    assert fake_ssm.documents[NAME].default == 1
    assert len(fake_ssm.documents[NAME].contents) == 3


def test_a_new_version_is_waited_for(ssm: Any, fake_ssm: FakeSsm) -> None:
    ensure_document(ssm, NAME, content("one"), {})
    fake_ssm.inactive = 3
    assert ensure_document(ssm, NAME, content("two"), {}) == "updated"
    assert fake_ssm.documents[NAME].default == 2


def test_the_wait_has_an_end(ssm: Any, fake_ssm: FakeSsm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_documents, "ACTIVE_SECONDS", 0.3)
    ensure_document(ssm, NAME, content("one"), {})
    fake_ssm.inactive = 10_000
    with pytest.raises(PipelineError, match="version 2, is still Updating"):
        ensure_document(ssm, NAME, content("two"), {})
    assert fake_ssm.documents[NAME].default == 1
    # The next try goes on with the version that is there.
    fake_ssm.inactive = 0
    assert ensure_document(ssm, NAME, content("two"), {}) == "updated"
    assert len(fake_ssm.documents[NAME].contents) == 2


def test_somebody_else_is_faster(ssm: Any, fake_ssm: FakeSsm, monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter([None])
    real = find_document

    def look(client: Any, name: str) -> Any:
        return next(found, real(client, name))

    fake_ssm.documents[NAME] = Document([content("one")])
    monkeypatch.setattr(client_documents, "find_document", look)
    assert ensure_document(ssm, NAME, content("one"), {}) == "unchanged"


def test_a_document_of_another_type_is_left_alone(ssm: Any, fake_ssm: FakeSsm) -> None:
    fake_ssm.documents[NAME] = Document([content("one")], kind="Automation")
    with pytest.raises(Permanent, match=f"{NAME} is taken by an SSM document of type Automation"):
        ensure_document(ssm, NAME, content("two"), {})
    assert fake_ssm.documents[NAME].contents == [content("one")]


def test_changes_are_told_and_not_made(ssm: Any, fake_ssm: FakeSsm) -> None:
    fake_ssm.documents[NAME] = Document([content("one")])
    fake_ssm.documents["same"] = Document([content("two")])
    changes = document_changes(ssm, {NAME: content("two"), "same": content("two"), "none": content("two")})
    assert [(change.kind, change.name, change.action, change.field) for change in changes] == [
        ("ssm_document", NAME, Action.UPDATE, "content"),
        ("ssm_document", "none", Action.CREATE, ""),
    ]
    assert set(fake_ssm.calls) == {"DescribeDocument", "GetDocument"}
