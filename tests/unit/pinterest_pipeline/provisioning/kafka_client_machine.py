"""An EC2 instance as far as the SSM documents see it: a folder, and stand-ins for its commands."""

from __future__ import annotations

import hashlib
import io
import os
import re
import subprocess
import tarfile
from pathlib import Path
from typing import Any

from pinterest_pipeline.provisioning.ssm_documents import SsmDocument, ssm_document

CHECKOUT = Path(__file__).resolve().parents[4]
STAND_INS = Path(__file__).resolve().parent / "stand_ins"
HOME = "/opt/kafka-client"
UNIT = "kafka-rest-proxy.service"
UNIT_FILE = f"/etc/systemd/system/{UNIT}"
PROXY = "/etc/kafka-client/kafka-rest.properties"
CLIENT = "/etc/kafka-client/client.properties"
#: What the unit has logged, its last lines errors.
LOG = "".join(f"[2025-01-01] INFO line {number} (x)\n" for number in range(30)) + (
    "ERROR Server died unexpectedly: (io.confluent.kafkarest.KafkaRestMain)\n"
    "java.lang.RuntimeException: SaslAuthenticationException: Access denied\n"
)
BROKERS = ",".join(f"b-{number}.pins.abc.c2.kafka.eu-west-1.amazonaws.com:9098" for number in (1, 2))


def read_checkout(relative: str) -> str:
    return (CHECKOUT / "include" / relative).read_text(encoding="utf-8")


class RefusedParameter(Exception):
    """What Systems Manager answers with InvalidParameters."""


class Machine:
    """One instance.

    :param folder: an empty folder.
    :param port: what the REST proxy is to listen on.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.root, self.state = folder / "root", folder / "machine"
        self.root.mkdir()
        (self.state / "served").mkdir(parents=True)
        self.set(packages="tar\ngzip\n", journal="", restarts="0", http_status="200")
        self.set(unit_state="inactive", state_after_restart="active")
        self.parameters = {"BootstrapServers": BROKERS, "Port": str(port), "AnswerSeconds": "2"}
        self.publish("Kafka", "3.9.1")
        self.publish("IamAuth", "2.3.2")
        self.publish("RestProxy", "7.9.1")

    def set(self, **files: str) -> None:
        """Files that the stand-ins read."""
        for name, text in files.items():
            (self.state / name).write_text(text)

    def log(self, stand_in: str) -> list[str]:
        """Calls of a stand-in, and forget them."""
        file = self.state / f"{stand_in}.log"
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    def publish(self, part: str, version: str, content: bytes | None = None) -> Path:
        """Serve a version of a part where the document expects it, and ask for it from now on."""
        places = {
            "Kafka": f"archive.apache.org/dist/kafka/{version}/kafka_2.13-{version}.tgz",
            "IamAuth": "github.com/aws/aws-msk-iam-auth/releases/download/"
            f"v{version}/aws-msk-iam-auth-{version}-all.jar",
            "RestProxy": f"packages.confluent.io/archive/{version.rpartition('.')[0]}/"
            f"confluent-community-{version}.tar.gz",
        }
        made = {
            "Kafka": {"bin/kafka-topics.sh": f"kafka {version}", "libs/kafka-clients.jar": "jar"},
            "RestProxy": {"bin/kafka-rest-start": f"rest proxy {version}"},
        }
        if content is None and part == "IamAuth":
            content = f"jar {version}".encode()
        elif content is None:
            content = archive(f"{part}-{version}", made[part])
        file = self.state / "served" / places[part]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
        sha256 = hashlib.sha256(content).hexdigest()
        self.parameters |= {f"{part}Version": version, f"{part}Sha256": sha256}
        return file

    def run(
        self, document: SsmDocument = SsmDocument.INSTALL, *, checked: bool = True, **parameters: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a document as SSM Agent does.

        :param checked: whether the service's own check of the parameters comes first.
        :param parameters: others than the machine's.
        """
        made = ssm_document(document, read_checkout)
        declared: dict[str, Any] = made.get("parameters", {})
        values = {name: what["default"] for name, what in declared.items() if "default" in what}
        values |= {name: value for name, value in (self.parameters | parameters).items() if name in declared}
        for name, what in declared.items():
            if checked and not re.fullmatch(what["allowedPattern"], values[name]):
                raise RefusedParameter(name)
        (step,) = made["mainSteps"]
        script = self.state / "_script.sh"
        script.write_text("\n".join(step["inputs"]["runCommand"]) + "\n")
        script.chmod(0o700)
        environment = {f"SSM_{name}": value for name, value in values.items()}
        environment |= {"MACHINE": str(self.state), "KAFKA_CLIENT_ROOT": str(self.root)}
        environment["PATH"] = f"{STAND_INS}:/usr/local/bin:/usr/bin:/bin"
        return subprocess.run(
            ["sh", "-c", str(script)],
            env=environment,
            cwd=self.state,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def installed(self, **parameters: str) -> list[str]:
        """Install without an error; what was said, line by line."""
        done = self.run(**parameters)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    def refused(
        self, document: SsmDocument = SsmDocument.INSTALL, *, checked: bool = True, **parameters: str
    ) -> str:
        """Run a document that fails; its error."""
        done = self.run(document, checked=checked, **parameters)
        assert done.returncode == 1, done.stdout
        return done.stderr

    def file(self, path: str) -> Path:
        return self.root / path.removeprefix("/")

    def text(self, path: str) -> str:
        return self.file(path).read_text()

    def tree(self) -> dict[str, object]:
        """All that lies on the machine: content, mode and, for a file, when it was written."""
        found: dict[str, object] = {}
        for folder, folders, files in os.walk(self.root):
            for name in (*folders, *files):
                path = Path(folder, name)
                status = path.lstat()
                shown = str(path.relative_to(self.root))
                if path.is_symlink():
                    found[shown] = os.readlink(path)
                elif path.is_dir():
                    found[shown] = status.st_mode
                else:
                    found[shown] = (status.st_mode, status.st_ino, status.st_mtime_ns, path.read_bytes())
        return found


def archive(top: str, files: dict[str, str]) -> bytes:
    """A .tar.gz whose files lie below one folder."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{top}/{name}")
            member.size, member.mode = len(text), 0o755
            tar.addfile(member, io.BytesIO(text.encode()))
    return made.getvalue()


def changes(lines: list[str]) -> list[str]:
    return [line for line in lines if not line.startswith(("unchanged:", "answers:"))]


def in_use(machine: Machine) -> dict[str, str]:
    """The version of each part that its link points to, without the checksum."""
    parts = ("aws-msk-iam-auth", "kafka", "kafka-rest")
    return {part: os.readlink(machine.file(f"{HOME}/{part}")).rpartition("-")[0] for part in parts}


def leftovers(machine: Machine) -> list[str]:
    """What a run must not leave behind."""
    return [path for path in machine.tree() if re.search(r"\.work|\.new$|\.file$", path)]
