"""The operations on documents."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pinterest_sandbox.aws.ssm.content import check_content, described_parameters
from pinterest_sandbox.aws.ssm.paging import page
from pinterest_sandbox.aws.ssm.store import Document, Store, Version
from pinterest_sandbox.aws.wire import AwsError
from pinterest_sandbox.config import ACCOUNT

#: How many versions a document may have.
MOST_VERSIONS = 1000


class Documents:
    """The account's documents. Each method is the operation of that name: its parameters, its answer.

    :param store: where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """CreateDocument."""
        name = request["Name"]
        if name.lower().startswith(("aws", "amazon", "amzn")):
            raise AwsError("ValidationException", f"Document name {name} begins with a reserved word")
        check_content(
            request["Content"], request.get("DocumentType", "Command"), request.get("DocumentFormat", "JSON")
        )
        if name in self._store.documents:
            raise AwsError("DocumentAlreadyExists", "The specified document already exists.")
        first = Version(number=1, content=request["Content"], created=_now(), name=request.get("VersionName"))
        document = Document(
            name=name,
            target_type=request.get("TargetType"),
            tags=request.get("Tags", []),
            versions=[first],
        )
        self._store.documents[name] = document
        self._store.save()
        return {"DocumentDescription": {**_described(document, first), "Status": "Creating"}}

    def update(self, request: dict[str, Any]) -> dict[str, Any]:
        """UpdateDocument."""
        document = self._store.document(request["Name"])
        check_content(request["Content"], "Command", request.get("DocumentFormat", "JSON"))
        if document.version(request.get("DocumentVersion", "$LATEST")) is not document.latest:
            raise AwsError("InvalidDocumentVersion", "The document version is not the latest one.")
        for version in document.versions:
            if version.content == request["Content"]:
                raise AwsError(
                    "DuplicateDocumentContent",
                    "The content of the document matches another version. Change the content and try again.",
                )
            if version.name and version.name == request.get("VersionName"):
                raise AwsError("DuplicateDocumentVersionName", f"There is a version {version.name}.")
        if len(document.versions) >= MOST_VERSIONS:
            raise AwsError("DocumentVersionLimitExceeded", f"{MOST_VERSIONS} versions are allowed")
        made = Version(
            number=document.latest.number + 1,
            content=request["Content"],
            created=_now(),
            name=request.get("VersionName"),
        )
        document.versions.append(made)
        document.target_type = request.get("TargetType", document.target_type)
        self._store.save()
        return {"DocumentDescription": {**_described(document, made), "Status": "Updating"}}

    def update_default(self, request: dict[str, Any]) -> dict[str, Any]:
        """UpdateDocumentDefaultVersion."""
        document = self._store.document(request["Name"])
        version = document.version(request["DocumentVersion"])
        document.default = version.number
        self._store.save()
        return {
            "Description": {
                "Name": document.name,
                "DefaultVersion": str(version.number),
                "DefaultVersionName": version.name,
            }
        }

    def get(self, request: dict[str, Any]) -> dict[str, Any]:
        """GetDocument."""
        document, version = self._version(request)
        return {
            "Name": document.name,
            "CreatedDate": _moment(version.created),
            "VersionName": version.name,
            "DocumentVersion": str(version.number),
            "Status": "Active",
            "Content": version.content,
            "DocumentType": "Command",
            "DocumentFormat": "JSON",
        }

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """DescribeDocument."""
        return {"Document": _described(*self._version(request))}

    def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """ListDocuments, with the filters ``Name`` and ``Owner``."""
        names = sorted(self._store.documents)
        for chosen in request.get("Filters", []):
            values = chosen.get("Values", [])
            if chosen["Key"] == "Name":
                names = [name for name in names if name.startswith(tuple(values))]
            elif chosen["Key"] == "Owner":
                names = names if {"Self", "Private"} & set(values) else []
            else:
                raise AwsError("InvalidFilterKey", f"The sandbox filters documents not by {chosen['Key']}")
        shown, token = page(names, request)
        return {
            "DocumentIdentifiers": [_identified(self._store.documents[name]) for name in shown],
            "NextToken": token,
        }

    def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """DeleteDocument: all of it, or one version that is not the default."""
        document = self._store.document(request["Name"])
        if "DocumentVersion" in request:
            version = document.version(request["DocumentVersion"])
            if version.number == document.default:
                raise AwsError(
                    "InvalidDocumentOperation", "Default version of the document can't be deleted."
                )
            document.versions.remove(version)
        else:
            del self._store.documents[document.name]
        self._store.save()
        return {}

    def _version(self, request: Mapping[str, Any]) -> tuple[Document, Version]:
        document = self._store.document(request["Name"])
        if "VersionName" not in request:
            return document, document.version(request.get("DocumentVersion"))
        for version in document.versions:
            if version.name == request["VersionName"]:
                return document, version
        raise AwsError("InvalidDocumentVersion", f"{document.name} has no version {request['VersionName']}")


def _described(document: Document, version: Version) -> dict[str, Any]:
    content = check_content(version.content, "Command", "JSON")
    return {
        **_identified(document),
        "VersionName": version.name,
        "CreatedDate": _moment(version.created),
        "DocumentVersion": str(version.number),
        "Hash": hashlib.sha256(version.content.encode()).hexdigest(),
        "HashType": "Sha256",
        "Status": "Active",
        "Description": content.get("description"),
        "Parameters": described_parameters(content),
        "LatestVersion": str(document.latest.number),
        "DefaultVersion": str(document.default),
    }


def _identified(document: Document) -> dict[str, Any]:
    """The document by its default version, as ListDocuments has it."""
    default = document.version(None)
    return {
        "Name": document.name,
        "CreatedDate": _moment(default.created),
        "Owner": ACCOUNT,
        "VersionName": default.name,
        "PlatformTypes": ["Linux"],
        "DocumentVersion": str(default.number),
        "DocumentType": "Command",
        "SchemaVersion": "2.2",
        "DocumentFormat": "JSON",
        "TargetType": document.target_type,
        "Tags": document.tags,
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _now() -> float:
    return round(time.time(), 3)
