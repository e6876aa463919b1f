"""Argument files of Java programs: class path, heap, class archive."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class JavaCommand:
    """One Java program and how its JVM is set up.

    :param main: main class.
    :param arguments: of the program.
    :param class_path: explicit and sorted: class archives are bound to it.
    :param heap_megabytes: greatest size of the heap.
    :param logging: log4j2 configuration file.
    :param archive: class archive (AppCDS) to read; a missing or stale one is passed over by the JVM.
    :param archive_at_exit: class archive to write when the program ends.
    """

    main: str
    arguments: tuple[str, ...]
    class_path: str
    heap_megabytes: int
    logging: Path | None = None
    archive: Path | None = None
    archive_at_exit: Path | None = None

    def words(self) -> list[str]:
        """What stands behind ``java`` on the command line."""
        # One core is enough for each of these small JVMs: the serial collector and the quick compiler
        # start faster and use half the memory of the defaults.
        options = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms32m", f"-Xmx{self.heap_megabytes}m"]
        options += ["-XX:+ExitOnOutOfMemoryError", "-Djava.net.preferIPv4Stack=true"]
        if self.logging:
            options.append(f"-Dlog4j2.configurationFile={self.logging.as_uri()}")
        if self.archive_at_exit:
            options.append(f"-XX:ArchiveClassesAtExit={self.archive_at_exit}")
        elif self.archive:
            # A missing or stale archive is no reason to complain, let alone to end.
            options += [f"-XX:SharedArchiveFile={self.archive}", "-Xshare:auto", "-Xlog:cds=off"]
        return [*options, "-cp", self.class_path, self.main, *self.arguments]

    def write(self, target: Path) -> None:
        """Write an argument file, for ``java @<target>``.

        Its form is in the `java` manual's section on argument files: words in quotes, escaped by backslashes.
        """
        quoted = ('"' + word.replace("\\", "\\\\").replace('"', '\\"') + '"' for word in self.words())
        target.write_text("\n".join(quoted) + "\n", encoding="utf-8")
