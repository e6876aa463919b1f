"""``dbutils.fs`` over Hadoop's file systems, so that a path means the same here and in ``spark.read``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from py4j.protocol import Py4JJavaError

from pinterest_sandbox.databricks.mounts import MountError, Mounts, read_point, read_source

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


class FileInfo(NamedTuple):
    """One entry of a listing.

    :param path: full path; a folder's ends with a slash.
    :param size: bytes; 0 for folders.
    :param modificationTime: milliseconds since 1970.
    """

    path: str
    name: str
    size: int
    modificationTime: int

    def isDir(self) -> bool:
        """Whether it is a folder."""
        return self.name.endswith("/")

    def isFile(self) -> bool:
        """Whether it is a file."""
        return not self.isDir()


class MountInfo(NamedTuple):
    """One mount.

    :param mountPoint: path in ``dbfs:/``.
    :param source: where it leads; keys are never shown.
    """

    mountPoint: str
    source: str
    encryptionType: str = ""


class FileSystem:
    """File utilities of one session. A path without scheme is on ``dbfs:/``.

    :param session: gives the JVM and its Hadoop configuration.
    :param mounts: the workspace's.
    """

    def __init__(self, session: SparkSession, mounts: Mounts) -> None:
        self._session = session
        self._java: Any = session._jvm
        self._mounts = mounts

    def ls(self, dir: str) -> list[FileInfo]:
        """What is in a folder.

        :raises FileNotFoundError: when it does not exist.
        """
        path, system = self._open(dir)
        _check_exists(system, path, dir)
        return [_info(status) for status in system.listStatus(path)]

    def head(self, file: str, max_bytes: int = 65536) -> str:
        """The beginning of a file as text.

        :param max_bytes: at most so much of it.
        """
        path, system = self._open(file)
        _check_exists(system, path, file)
        if system.getFileStatus(path).getLen() > max_bytes:
            print(f"[Truncated to first {max_bytes} bytes]")
        stream = system.open(path)
        try:
            return bytes(stream.readNBytes(max_bytes)).decode(errors="ignore")
        finally:
            stream.close()

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:
        """Write text into a file.

        :raises FileExistsError: when it exists and ``overwrite`` is false.
        """
        path, system = self._open(file)
        if not overwrite and system.exists(path):
            raise FileExistsError(f"{file} already exists: pass overwrite=True to replace it")
        stream = system.create(path, True)
        try:
            stream.write(contents.encode())
        finally:
            stream.close()
        print(f"Wrote {len(contents.encode())} bytes.")
        return True

    def mkdirs(self, dir: str) -> bool:
        """Make a folder and those above it."""
        path, system = self._open(dir)
        return bool(system.mkdirs(path))

    def rm(self, dir: str, recurse: bool = False) -> bool:
        """Delete a file, or a folder with ``recurse``.

        :returns: whether something was deleted.
        """
        path, system = self._open(dir)
        return bool(system.delete(path, recurse))

    def cp(self, source: str, to: str, recurse: bool = False) -> bool:
        """Copy a file, or a folder with ``recurse``, also from one file system to another."""
        return self._copy(source, to, recurse, delete_source=False)

    def mv(self, source: str, to: str, recurse: bool = False) -> bool:
        """Move a file, or a folder with ``recurse``, also from one file system to another."""
        return self._copy(source, to, recurse, delete_source=True)

    def mount(
        self,
        source: str,
        mount_point: str,
        encryption_type: str = "",
        owner: str | None = None,
        extra_configs: Mapping[str, str] | None = None,
    ) -> bool:
        """Let a path of ``dbfs:/`` lead to a bucket, for the whole workspace, until it is unmounted.

        :param source: ``s3a://bucket``, also with keys in it; the other arguments change nothing here.
        :raises MountError: when it can't be mounted; it begins as Java's message does.
        """
        return self._mount(source, mount_point, update=False)

    def updateMount(
        self,
        source: str,
        mount_point: str,
        encryption_type: str = "",
        owner: str | None = None,
        extra_configs: Mapping[str, str] | None = None,
    ) -> bool:
        """Let a path that is mounted lead elsewhere."""
        return self._mount(source, mount_point, update=True)

    def unmount(self, mount_point: str) -> bool:
        """Let a path lead nowhere any more.

        :raises MountError: when it is not mounted.
        """
        self._mounts.unmount(mount_point)
        self.refreshMounts()
        print(f"{read_point(mount_point)} has been unmounted.")
        return True

    def mounts(self) -> list[MountInfo]:
        """All mounts, the root among them."""
        return [MountInfo("/", "DatabricksRoot"), *(MountInfo(*pair) for pair in self._mounts.all().items())]

    def refreshMounts(self) -> bool:
        """See mounts that other runs have made meanwhile."""
        self._mounts.refresh(self._session._jsc.hadoopConfiguration())
        return True

    def _mount(self, source: str, point: str, *, update: bool) -> bool:
        target = read_source(source)
        bucket = "/".join(target.split("/")[:3])
        root, system = self._open(f"{bucket}/")
        try:
            system.listStatusIterator(root).hasNext()
        except Py4JJavaError as error:
            raise MountError(f"{bucket} can't be listed: {error.java_exception}") from None
        self._mounts.mount(target, point, update=update)
        return self.refreshMounts()

    def _copy(self, source: str, to: str, recurse: bool, *, delete_source: bool) -> bool:
        path, system = self._open(source)
        target, target_system = self._open(to)
        _check_exists(system, path, source)
        if system.getFileStatus(path).isDirectory() and not recurse:
            raise IsADirectoryError(f"{source} is a folder: pass recurse=True")
        util = self._java.org.apache.hadoop.fs.FileUtil
        configuration = self._session._jsc.hadoopConfiguration()
        return bool(util.copy(system, path, target_system, target, delete_source, configuration))

    def _open(self, location: str) -> tuple[Any, Any]:
        """Hadoop's path and file system of ``location``."""
        full = (
            location
            if ":/" in location
            else f"dbfs:{location if location.startswith('/') else '/' + location}"
        )
        path = self._java.org.apache.hadoop.fs.Path(full)
        return path, path.getFileSystem(self._session._jsc.hadoopConfiguration())


def _check_exists(system: Any, path: Any, named: str) -> None:
    if not system.exists(path):
        # In the words of Java, which notebooks look for.
        raise FileNotFoundError(f"java.io.FileNotFoundException: No such file or directory {named}")


def _info(status: Any) -> FileInfo:
    slash = "/" if status.isDirectory() else ""
    path = status.getPath()
    size = 0 if slash else int(status.getLen())
    return FileInfo(str(path) + slash, str(path.getName()) + slash, size, int(status.getModificationTime()))
