"""The sink's plugin file, brought into the pipeline's bucket unless something else is in its place.

MSK Connect copies the file when it makes a custom plugin and never looks at it again, so a newer file would
change nothing while that plugin lives.

.. seealso:: https://docs.aws.amazon.com/msk/latest/developerguide/msk-connect-plugins.html
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from cloud_operators.exceptions import Difference, ResourceDiffers
from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning.changes import Action, Change, changes_of
from pinterest_pipeline.provisioning.plugin_source import Content, Look, PluginFile, S3File, plugin_source
from pinterest_pipeline.settings import PREFIX

logger = logging.getLogger(__name__)

KIND = "plugin_file"
FOLDER = "kafka-connect-s3"
SETTING = f"{PREFIX}CONNECTOR_PLUGIN_SOURCE"
HASH_SETTING = f"{PREFIX}CONNECTOR_PLUGIN_SHA256"


def plugin_key(source: str) -> str:
    """S3 key of the plugin file: the folder and the file's own name."""
    return f"{FOLDER}/{unquote(urlsplit(source).path).rpartition('/')[2]}"


def plugin_file_changes(
    s3: Any, source: str, bucket: str | None, built: Mapping[str, Any] | None, *, plugin: str, sha256: str
) -> list[Change]:
    """What would become of the plugin file, and of the custom plugin that was made of another one.

    :param s3: a boto3 S3 client.
    :param source: ``https://`` or ``s3://`` address.
    :param bucket: the pipeline's bucket, ``None`` while it is not there.
    :param built: the custom plugin that exists, as MSK Connect describes it.
    :param plugin: name of the custom plugin.
    :param sha256: hash that the file must have, empty for any.
    :raises Permanent: when there is nothing at ``source``.
    """
    key = plugin_key(source)
    wanted = plugin_source(s3, source)
    looked = wanted.look()
    place = S3File(s3, bucket, key) if bucket else None
    found = place.find() if place else None
    rows: list[Change] = []
    stays = wanted == place
    if not stays and found is not None and place is not None:
        stays = _is_copy(looked, found)
        if found.copied_of is None:
            differences = _other_file(wanted, looked, place, found)
            stays = not differences
            rows += changes_of(KIND, key, differences, Action.REFUSE, _not_ours(wanted))
        elif not stays:
            rows.append(Change(kind=KIND, name=key, action=Action.UPDATE, field="content", note=str(wanted)))
    elif not stays:
        rows.append(Change(kind=KIND, name=key, action=Action.CREATE, note=str(wanted)))
    if stays and place and sha256 and found and found.copied_of and place.read().sha256 != sha256:
        stays = False
        rows.append(Change(kind=KIND, name=key, action=Action.UPDATE, field="content", note=str(wanted)))
    file = place if stays and place else wanted
    content = file.read() if sha256 or _made_of(built) else None
    if content is not None and sha256 and content.sha256 != sha256:
        difference = {"SHA-256": Difference(sha256, content.sha256)}
        rows += changes_of(KIND, key, difference, Action.REFUSE, _wrong_hash(file))
    if content is not None:
        note = "MSK Connect keeps the file that a plugin was made of"
        rows += changes_of("custom_plugin", plugin, _other_plugin(built, content), Action.REPLACE, note)
    return rows


def copy_plugin_file(
    s3: Any, source: str, bucket: str, built: Mapping[str, Any] | None = None, *, sha256: str = ""
) -> str:
    """Bring the plugin file into the bucket, unless the same one is there.

    :param s3: a boto3 S3 client.
    :param source: ``https://`` or ``s3://`` address.
    :param bucket: the pipeline's bucket.
    :param built: the custom plugin that exists, as MSK Connect describes it.
    :param sha256: hash that the file must have, empty for any.
    :returns: its key in the bucket.
    :raises Permanent: when there is nothing at ``source``, or the file has another hash; nothing is left in
        the bucket then that was not there before.
    :raises ResourceDiffers: when another file lies in its place that was not copied here, or the custom
        plugin was made of another file; nothing is copied then.
    """
    key = plugin_key(source)
    wanted, place = plugin_source(s3, source), S3File(s3, bucket, key)
    stays = _stays(wanted, place) and not _is_spoilt(wanted, place, sha256)
    file = place if stays else wanted
    content = file.read() if sha256 or _made_of(built) else None
    if content is not None:
        _check_hash(file, content, sha256)
        if differences := _other_plugin(built, content):
            raise ResourceDiffers(f"custom plugin {(built or {})['name']!r}", differences, _newer_file(file))
    if not stays:
        wanted.copy_to(s3, bucket, key)
        logger.info("copied the plugin file to %s", place)
        if sha256:
            # The bytes were read once to look at them and once to pass them on: these are the latter.
            _check_copy(place, sha256)
    return key


def _stays(wanted: PluginFile, place: S3File) -> bool:
    """Whether what lies in the file's place is what is wanted.

    :raises ResourceDiffers: when it is another file that was not copied here.
    """
    looked = wanted.look()
    if wanted == place:
        return True
    found = place.find()
    if found is None:
        return False
    if found.copied_of is None:
        if differences := _other_file(wanted, looked, place, found):
            raise ResourceDiffers(f"plugin file {place}", differences, _not_ours(wanted))
        logger.info("adopted %s, which was not copied here and is the same file", place)
        return True
    same = _is_copy(looked, found)
    if same:
        logger.info("%s is the same file already", place)
    return same


def _is_spoilt(wanted: PluginFile, place: S3File, sha256: str) -> bool:
    """Whether a copy has another hash: of a web server that tells no version, or of a run that was killed."""
    found = place.find()
    copied = wanted != place and found is not None and found.copied_of is not None
    return bool(sha256) and copied and place.read().sha256 != sha256


def _is_copy(looked: Look, found: Look) -> bool:
    return found.copied_of == looked.version and looked.size in (None, found.size)


def _other_file(wanted: PluginFile, looked: Look, place: S3File, found: Look) -> dict[str, Difference]:
    if looked.size not in (None, found.size):
        return {"size": Difference(looked.size, found.size)}
    content, other = wanted.read(), place.read()
    return {} if content == other else {"MD5": Difference(content.md5, other.md5)}


def _not_ours(wanted: PluginFile) -> str:
    return (
        f"It was not copied there from {wanted}. To use it, set {SETTING} to its s3:// address; to use "
        "the other one, delete or rename it first."
    )


def _newer_file(file: PluginFile) -> str:
    return (
        f"It keeps the file that it was made of. To use {file}, run this with allow_replace; to keep it, set "
        f"{SETTING} back to that file."
    )


def _wrong_hash(file: PluginFile) -> str:
    return f"{file} is not the file that {HASH_SETTING} was taken of: correct the address or the hash"


def _check_hash(file: PluginFile, content: Content, sha256: str) -> None:
    if sha256 and content.sha256 != sha256:
        raise Permanent(f"{_wrong_hash(file)}. Its SHA-256 is {content.sha256}, wanted {sha256}")


def _check_copy(place: S3File, sha256: str) -> None:
    try:
        _check_hash(place, place.read(), sha256)
    except Permanent:
        place.delete()
        raise


def _made_of(built: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What the custom plugin was made of; nothing while it is being made or deleted."""
    if built is None or built["customPluginState"] == "DELETING":
        return {}
    return built.get("latestRevision", {}).get("fileDescription") or {}


def _other_plugin(built: Mapping[str, Any] | None, content: Content) -> dict[str, Difference]:
    made_of = _made_of(built)
    told = {"file size": (content.size, "fileSize"), "file MD5": (content.md5, "fileMd5")}
    return {
        what: Difference(value, made_of[member])
        for what, (value, member) in told.items()
        if value != made_of.get(member, value)
    }
