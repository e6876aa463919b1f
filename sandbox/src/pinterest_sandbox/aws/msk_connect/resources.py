"""Operations on custom plugins, worker configurations and tags."""

from __future__ import annotations

import re
from typing import Any

from pinterest_sandbox.aws.msk_connect.mapping import decode_properties
from pinterest_sandbox.aws.msk_connect.paging import page
from pinterest_sandbox.aws.msk_connect.records import CustomPlugin, WorkerConfiguration, new_arn
from pinterest_sandbox.aws.msk_connect.store import Store
from pinterest_sandbox.aws.wire import AwsError

Parameters = dict[str, Any]
Answer = dict[str, Any]

_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,127}")
_BUCKET_ARN = re.compile(r"arn:aws[\w-]*:s3:::[a-z0-9.-]{3,63}")


def check_name(kind: str, name: str, taken: set[str]) -> None:
    """Refuse a name that AWS would refuse.

    :raises AwsError: ``BadRequestException`` for its form, ``ConflictException`` when it is taken.
    """
    if not _NAME.fullmatch(name):
        raise AwsError(
            "BadRequestException",
            f"The name {name} of the {kind} is invalid: letters, digits and - "
            "are allowed, at most 128 characters.",
        )
    if name in taken:
        raise AwsError("ConflictException", f"A resource with this name already exists: {kind} {name}.")


class Resources:
    """Custom plugins, worker configurations and tags.

    :param store: the records.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def create_custom_plugin(self, request: Parameters) -> Answer:
        """CreateCustomPlugin: the file is checked afterwards, the answer says CREATING."""
        check_name("custom plugin", request["name"], {plugin.name for plugin in self._store.plugins.values()})
        location = request["location"]["s3Location"]
        if not _BUCKET_ARN.fullmatch(location["bucketArn"]):
            raise AwsError("BadRequestException", f"bucketArn is no ARN of a bucket: {location['bucketArn']}")
        plugin = CustomPlugin(
            arn=new_arn("custom-plugin", request["name"]),
            name=request["name"],
            description=request.get("description"),
            content_type=request["contentType"],
            location=location,
            tags=dict(request.get("tags") or {}),
        )
        self._store.plugins[plugin.arn] = plugin
        return {
            "customPluginArn": plugin.arn,
            "customPluginState": plugin.state,
            "name": plugin.name,
            "revision": 1,
        }

    def describe_custom_plugin(self, request: Parameters) -> Answer:
        """DescribeCustomPlugin."""
        plugin = self._store.plugin(request["customPluginArn"])
        description = None
        if plugin.code is not None:
            description = {"code": plugin.code, "message": plugin.message}
        return {**_plugin_summary(plugin), "stateDescription": description}

    def list_custom_plugins(self, request: Parameters) -> Answer:
        """ListCustomPlugins."""
        found, token = page(_by_name(self._store.plugins, request.get("namePrefix")), request)
        return {"customPlugins": [_plugin_summary(plugin) for plugin in found], "nextToken": token}

    def delete_custom_plugin(self, request: Parameters) -> Answer:
        """DeleteCustomPlugin: refused while a connector uses it."""
        plugin = self._store.plugin(request["customPluginArn"])
        users = [
            connector.name
            for connector in self._store.connectors.values()
            for used in connector.settings["plugins"]
            if used["customPlugin"]["customPluginArn"] == plugin.arn
        ]
        if users:
            raise AwsError(
                "BadRequestException",
                f"The custom plugin {plugin.arn} is in use by connectors: {', '.join(users)}.",
            )
        plugin.state = "DELETING"
        return {"customPluginArn": plugin.arn, "customPluginState": plugin.state}

    def create_worker_configuration(self, request: Parameters) -> Answer:
        """CreateWorkerConfiguration."""
        check_name(
            "worker configuration", request["name"], {worker.name for worker in self._store.workers.values()}
        )
        decode_properties(request["propertiesFileContent"])
        worker = WorkerConfiguration(
            arn=new_arn("worker-configuration", request["name"]),
            name=request["name"],
            description=request.get("description"),
            properties=request["propertiesFileContent"],
            tags=dict(request.get("tags") or {}),
        )
        self._store.workers[worker.arn] = worker
        return {**_worker_summary(worker), "description": None}

    def describe_worker_configuration(self, request: Parameters) -> Answer:
        """DescribeWorkerConfiguration: the only answer that has the properties."""
        worker = self._store.worker(request["workerConfigurationArn"])
        summary = _worker_summary(worker)
        return {
            **summary,
            "latestRevision": {**summary["latestRevision"], "propertiesFileContent": worker.properties},
        }

    def list_worker_configurations(self, request: Parameters) -> Answer:
        """ListWorkerConfigurations."""
        found, token = page(_by_name(self._store.workers, request.get("namePrefix")), request)
        return {"workerConfigurations": [_worker_summary(worker) for worker in found], "nextToken": token}

    def delete_worker_configuration(self, request: Parameters) -> Answer:
        """DeleteWorkerConfiguration: refused while a connector uses it."""
        worker = self._store.worker(request["workerConfigurationArn"])
        users = [
            connector.name
            for connector in self._store.connectors.values()
            if (connector.settings.get("workerConfiguration") or {}).get("workerConfigurationArn")
            == worker.arn
        ]
        if users:
            raise AwsError(
                "BadRequestException",
                f"The worker configuration {worker.arn} is in use by connectors: {', '.join(users)}.",
            )
        worker.state = "DELETING"
        return {"workerConfigurationArn": worker.arn, "workerConfigurationState": worker.state}

    def tag_resource(self, request: Parameters) -> Answer:
        """TagResource."""
        self._store.tagged(request["resourceArn"]).tags.update(request["tags"])
        return {}

    def untag_resource(self, request: Parameters) -> Answer:
        """UntagResource."""
        resource = self._store.tagged(request["resourceArn"])
        for key in request["tagKeys"]:
            resource.tags.pop(key, None)
        return {}

    def list_tags_for_resource(self, request: Parameters) -> Answer:
        """ListTagsForResource."""
        return {"tags": dict(self._store.tagged(request["resourceArn"]).tags)}


def _by_name[Record: (CustomPlugin, WorkerConfiguration)](
    records: dict[str, Record], prefix: str | None
) -> list[Record]:
    return sorted(
        (record for record in records.values() if record.name.startswith(prefix or "")),
        key=lambda record: record.name,
    )


def _plugin_summary(plugin: CustomPlugin) -> Answer:
    file = None
    if plugin.file_md5 is not None:
        file = {"fileMd5": plugin.file_md5, "fileSize": plugin.file_size}
    return {
        "creationTime": plugin.created,
        "customPluginArn": plugin.arn,
        "customPluginState": plugin.state,
        "description": plugin.description,
        "latestRevision": {
            "contentType": plugin.content_type,
            "creationTime": plugin.created,
            "description": plugin.description,
            "fileDescription": file,
            "location": {"s3Location": plugin.location},
            "revision": 1,
        },
        "name": plugin.name,
    }


def _worker_summary(worker: WorkerConfiguration) -> Answer:
    return {
        "creationTime": worker.created,
        "description": worker.description,
        "latestRevision": {"creationTime": worker.created, "description": worker.description, "revision": 1},
        "name": worker.name,
        "workerConfigurationArn": worker.arn,
        "workerConfigurationState": worker.state,
    }
