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
from pinterest_pipeline.provisioning.plugin_source import Look, PluginFile, S3File, plugin_source
from pinterest_pipeline.settings import PREFIX

logger = logging.getLogger(__name__)

FOLDER = "kafka-connect-s3"
SETTING = f"{PREFIX}CONNECTOR_PLUGIN_SOURCE"


def plugin_key(source: str) -> str:
    """S3 key of the plugin file: the folder and the file's own name."""
    return f"{FOLDER}/{unquote(urlsplit(source).path).rpartition('/')[2]}"


def copy_plugin_file(s3: Any, source: str, bucket: str, built: Mapping[str, Any] | None = None) -> str:
    """Bring the plugin file into the bucket, unless the same one is there.

    :param s3: a boto3 S3 client.
    :param source: ``https://`` or ``s3://`` address.
    :param bucket: the pipeline's bucket.
    :param built: the custom plugin that exists, as MSK Connect describes it.
    :returns: its key in the bucket.
    :raises Permanent: when there is nothing at ``source``.
    :raises ResourceDiffers: when another file lies in its place that was not copied here, or the custom
        plugin was made of another file; nothing is copied then.
    """
    key = plugin_key(source)
    wanted, place = plugin_source(s3, source), S3File(s3, bucket, key)
    stays = _stays(wanted, place)
    _refuse_other_plugin(built, place if stays else wanted)
    if not stays:
        wanted.copy_to(s3, bucket, key)
        logger.info("copied the plugin file to %s", place)
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
        _refuse_other_file(wanted, looked, place, found)
        logger.info("adopted %s, which was not copied here and is the same file", place)
        return True
    same = found.copied_of == looked.version and looked.size in (None, found.size)
    if same:
        logger.info("%s is the same file already", place)
    return same


def _refuse_other_file(wanted: PluginFile, looked: Look, place: S3File, found: Look) -> None:
    differences = {}
    if looked.size not in (None, found.size):
        differences["size"] = Difference(looked.size, found.size)
    else:
        content, other = wanted.read(), place.read()
        if content != other:
            differences["MD5"] = Difference(content.md5, other.md5)
    if differences:
        raise ResourceDiffers(
            f"plugin file {place}",
            differences,
            f"It was not copied there from {wanted}. To use it, set {SETTING} to its s3:// address; to use "
            "the other one, delete or rename it first.",
        )


def _refuse_other_plugin(built: Mapping[str, Any] | None, file: PluginFile) -> None:
    if built is None or built["customPluginState"] == "DELETING":
        return
    # Not there yet while the plugin is being made.
    made_of = built.get("latestRevision", {}).get("fileDescription")
    if not made_of:
        return
    content = file.read()
    told = {"file size": (content.size, "fileSize"), "file MD5": (content.md5, "fileMd5")}
    differences = {
        what: Difference(value, made_of[member])
        for what, (value, member) in told.items()
        if value != made_of.get(member, value)
    }
    if differences:
        raise ResourceDiffers(
            f"custom plugin {built['name']!r}",
            differences,
            f"It keeps the file that it was made of. To use {file}, delete the connector and the custom "
            f"plugin, then run this again; to keep it, set {SETTING} back to that file.",
        )
