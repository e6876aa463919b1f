"""The SSM documents of the EC2 client in the account: made, brought in line, their default version set.

.. seealso:: https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-version.html
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import tenacity

from pinterest_pipeline.errors import Permanent, PipelineError
from pinterest_pipeline.provisioning.changes import Action, Change

KIND = "ssm_document"
#: A document must be active before a version of it can become the default.
ACTIVE_SECONDS = 60.0
_TARGET_TYPE = "/AWS::EC2::Instance"


def ensure_document(ssm: Any, name: str, content: str, tags: Mapping[str, str]) -> str:
    """Make the document or bring it in line; safe to call again wherever an earlier call broke off.

    :param ssm: a boto3 Systems Manager client.
    :param name: name of the document.
    :param content: what its default version must hold, as JSON.
    :param tags: of a new document.
    :returns: ``created``, ``updated`` or ``unchanged``.
    :raises Permanent: when the name is that of a document of another type.
    """
    found = find_document(ssm, name)
    if found is None:
        try:
            ssm.create_document(
                Name=name,
                Content=content,
                DocumentType="Command",
                DocumentFormat="JSON",
                TargetType=_TARGET_TYPE,
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
        except ssm.exceptions.DocumentAlreadyExists:
            return ensure_document(ssm, name, content, tags)
        _wait_until_active(ssm, name, "1")
        return "created"
    if found["DocumentType"] != "Command":
        raise Permanent(
            f"the name {name} is taken by an SSM document of type {found['DocumentType']}: delete it, or use "
            "another PINTEREST_USER_ID"
        )
    if is_as_wanted(ssm, name, content):
        return "unchanged"
    version = _version_with(ssm, name, content, str(found["LatestVersion"]))
    _wait_until_active(ssm, name, version)
    ssm.update_document_default_version(Name=name, DocumentVersion=version)
    return "updated"


def find_document(ssm: Any, name: str) -> dict[str, Any] | None:
    """The description of a document's default version, ``None`` without a document.

    :param ssm: a boto3 Systems Manager client.
    :param name: name of the document.
    """
    try:
        found: dict[str, Any] = ssm.describe_document(Name=name)["Document"]
    except ssm.exceptions.InvalidDocument:
        return None
    return found


def is_as_wanted(ssm: Any, name: str, content: str) -> bool:
    """Whether the default version of a document that exists holds this content.

    :param ssm: a boto3 Systems Manager client.
    :param name: name of the document.
    :param content: what it should hold, as JSON.
    """
    return _holds(ssm, name, "$DEFAULT", content)


def _version_with(ssm: Any, name: str, content: str, latest: str) -> str:
    """The version that holds the content: a new one, or an older one, as none is taken twice."""
    try:
        made = ssm.update_document(
            Name=name,
            Content=content,
            DocumentVersion="$LATEST",
            DocumentFormat="JSON",
            TargetType=_TARGET_TYPE,
        )
    except ssm.exceptions.DuplicateDocumentContent:
        for number in range(int(latest), 0, -1):
            if _holds(ssm, name, str(number), content):
                return str(number)
        raise
    return str(made["DocumentDescription"]["DocumentVersion"])


def _holds(ssm: Any, name: str, version: str, content: str) -> bool:
    try:
        found = ssm.get_document(Name=name, DocumentVersion=version, DocumentFormat="JSON")["Content"]
        # The service may write JSON in another way.
        return bool(json.loads(found) == json.loads(content))
    except (ssm.exceptions.InvalidDocumentVersion, ValueError):
        return False


def _wait_until_active(ssm: Any, name: str, version: str) -> None:
    def look() -> None:
        found = ssm.describe_document(Name=name, DocumentVersion=version)["Document"]
        if found["Status"] == "Failed":
            raise Permanent(
                f"SSM document {name} failed: {found.get('StatusInformation', 'no reason given')}"
            )
        if found["Status"] != "Active":
            raise PipelineError(f"SSM document {name}, version {version}, is still {found['Status']}")

    tenacity.Retrying(
        retry=tenacity.retry_if_exception(
            lambda error: isinstance(error, PipelineError) and not isinstance(error, Permanent)
        ),
        wait=tenacity.wait_exponential(multiplier=0.2, max=3),
        stop=tenacity.stop_after_delay(ACTIVE_SECONDS),
        reraise=True,
    )(look)


def document_changes(ssm: Any, wanted: Mapping[str, str]) -> list[Change]:
    """What :func:`ensure_document` would do; nothing is changed by the look.

    :param ssm: a boto3 Systems Manager client.
    :param wanted: name of each document to its content.
    """
    changes = []
    for name, content in wanted.items():
        if find_document(ssm, name) is None:
            changes.append(Change(kind=KIND, name=name, action=Action.CREATE))
        elif not is_as_wanted(ssm, name, content):
            changes.append(
                Change(
                    kind=KIND, name=name, action=Action.UPDATE, field="content", note="a new default version"
                )
            )
    return changes
