"""The machine that commands run on: a folder as its root, and stand-ins for some of its programs.

The scripts of the SSM documents take the root from ``KAFKA_CLIENT_ROOT``. The machine looks as if the client
had been installed with the versions that the sandbox runs; its REST proxy is the sandbox's own.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

from pinterest_sandbox import rest_proxy
from pinterest_sandbox.aws.ssm.unit import PROCESS, UNIT, Unit
from pinterest_sandbox.config import CHECKOUT, HOST, Config
from pinterest_sandbox.jars import jar_folder
from pinterest_sandbox.prerequisites import java_version, require_program

HOME = Path("opt/kafka-client")
#: The programs of the machine. None of them reaches beyond it.
_CURL = """\
#!/bin/bash
# Downloads nothing: the machine reaches no other.
if [[ ${!#} == http://%(host)s:* ]]; then exec %(curl)s "$@"; fi
echo "curl: (6) Could not resolve host: the sandbox's machine reaches %(host)s only, not ${!#}" >&2
exit 6
"""
_DNF = """\
#!/bin/bash
echo "Error: There are no enabled repositories: the sandbox's machine installs no packages" >&2
exit 1
"""
_RPM = """\
#!/bin/bash
# rpm --query --quiet PACKAGE
[[ ${!#} == tar || ${!#} == gzip || ${!#} == java-%(java)s-amazon-corretto-headless ]]
"""
_JOURNALCTL = """\
#!/bin/bash
# journalctl --unit UNIT --no-pager --output cat --lines NUMBER
[[ $2 == %(unit)s ]] || exit 1
if [[ -f %(log)s ]]; then tail -n "${!#}" %(log)s; fi
"""
_SYSTEMCTL = """\
#!/bin/bash
exec %(python)s -m pinterest_sandbox.aws.ssm.systemctl %(folder)s "$@"
"""


class Machine:
    """The one instance.

    :param config: the sandbox.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.folder = config.home / "ssm" / "machine"
        self.root = self.folder / "root"
        self.unit = Unit(config, self.folder / "started")

    def is_there(self) -> bool:
        """Whether the instance is running: it is the REST proxy's."""
        return self.unit.is_there()

    @property
    def environment(self) -> dict[str, str]:
        """The variables of everything that runs on it."""
        return {
            "PATH": f"{self.folder / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            "KAFKA_CLIENT_ROOT": str(self.root),
            "PINTEREST_SANDBOX_HOME": str(self.config.home),
        }

    def prepare(self) -> None:
        """Lay out programs and, on a new machine, the installed client."""
        self._programs()
        if self.root.exists():
            return
        partial = self.folder / "root.partial"
        shutil.rmtree(partial, ignore_errors=True)
        self._lay_out(partial)
        partial.rename(self.root)

    def _lay_out(self, root: Path) -> None:
        kafka = next(jar_folder("kafka").glob("kafka-clients-*.jar"))
        _install(root, "kafka", kafka.stem.removeprefix("kafka-clients-"), [kafka])
        sources = sorted(Path(rest_proxy.__path__[0]).glob("*.py"))
        project = tomllib.loads((CHECKOUT / "sandbox" / "pyproject.toml").read_text(encoding="utf-8"))
        _install(root, "kafka-rest", project["project"]["version"], sources)
        java = f"usr/lib/jvm/java-{java_version()}-amazon-corretto"
        (root / java).parent.mkdir(parents=True)
        (root / java).symlink_to(Path(os.path.realpath(require_program("java"))).parents[1])
        brokers = f"bootstrap.servers={self.config.address('kafka')}\n"
        port = self.config.ports["rest_proxy"]
        _write(root / "etc/kafka-client/client.properties", brokers)
        _write(root / "etc/kafka-client/kafka-rest.properties", f"listeners=http://0.0.0.0:{port}\n{brokers}")
        _write(
            root / "etc/systemd/system" / UNIT,
            f"# Stands for the process {PROCESS} of the sandbox.\n[Service]\nEnvironment=JAVA_HOME=/{java}\n",
        )

    def _programs(self) -> None:
        folder = self.folder / "bin"
        folder.mkdir(parents=True, exist_ok=True)
        values = {
            "host": HOST,
            "curl": shlex.quote(shutil.which("curl") or "/usr/bin/curl"),
            "java": java_version(),
            "unit": UNIT,
            "log": shlex.quote(str(self.config.logs / f"{PROCESS}.log")),
            "python": shlex.quote(sys.executable),
            "folder": shlex.quote(str(self.folder)),
        }
        texts = {"curl": _CURL, "dnf": _DNF, "rpm": _RPM, "journalctl": _JOURNALCTL, "systemctl": _SYSTEMCTL}
        for name, text in texts.items():
            (folder / name).write_text(text % values, encoding="utf-8")
            (folder / name).chmod(0o755)


def _install(root: Path, name: str, number: str, files: Iterable[Path]) -> None:
    """A part as the install document leaves it: a folder by version and checksum, and a link to it."""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    folder = f"{name}-{number}-{digest[:12]}"
    _write(root / HOME / folder / ".sha256", f"{digest}\n")
    (root / HOME / name).symlink_to(folder)


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    target.chmod(0o644)
