"""Make the class archives: let broker and worker do their work once, and write down what they loaded."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from pinterest_sandbox.config import HOST
from pinterest_sandbox.kafka.archives import Program, class_archive
from pinterest_sandbox.kafka.programs import ARGUMENT_FILE, prepare_broker, prepare_worker
from pinterest_sandbox.kafka.ready import check_broker, check_worker
from pinterest_sandbox.kafka.sink_build import CONNECTOR_CLASS
from pinterest_sandbox.prerequisites import require_program
from pinterest_sandbox.waiting import NotReady, wait_until

_TOPIC = "training.pin"


def make_class_archives() -> list[Path]:
    """Make the archives of broker and worker, unless they are there. Takes about half a minute.

    :returns: the archives.
    """
    programs: tuple[Program, ...] = ("kafka", "connect")
    archives = {program: class_archive(program) for program in programs}
    if not all(archive.exists() for archive in archives.values()):
        with tempfile.TemporaryDirectory(prefix="class-archives-") as folder:
            _train(Path(folder))
            for program, archive in archives.items():
                archive.parent.mkdir(parents=True, exist_ok=True)
                for stale in archive.parent.glob(f"{program}-*.jsa"):
                    stale.unlink()
                shutil.move(Path(folder) / f"{program}.jsa", archive)
    return list(archives.values())


def _train(folder: Path) -> None:
    kafka_port, controller_port, connect_port = _free_ports(3)
    bootstrap, url = f"{HOST}:{kafka_port}", f"http://{HOST}:{connect_port}"
    prepare_broker(
        folder / "kafka",
        port=kafka_port,
        controller_port=controller_port,
        archive=None,
        archive_at_exit=folder / "kafka.jsa",
    )
    prepare_worker(
        folder / "connect",
        kafka_port=kafka_port,
        port=connect_port,
        archive=None,
        archive_at_exit=folder / "connect.jsa",
    )
    with ExitStack() as stack:
        stack.enter_context(_java(folder / "kafka"))
        wait_until(lambda: check_broker(bootstrap), what="Kafka broker", timeout=60)
        stack.enter_context(_java(folder / "connect"))
        wait_until(lambda: check_worker(url), what="Connect worker", timeout=60)
        store = stack.enter_context(_store())
        _work(bootstrap, url, store)


def _work(bootstrap: str, url: str, store: _Store) -> None:
    """What a pipeline does: a topic, a connector, records, objects."""
    admin = AdminClient({"bootstrap.servers": bootstrap})
    admin.create_topics([NewTopic(_TOPIC, 1, 1)])[_TOPIC].result(30)
    connector = {
        "connector.class": CONNECTOR_CLASS,
        "topics.regex": "^training\\.(pin|geo)$",
        "s3.bucket.name": "training",
        "s3.region": "us-east-1",
        "aws.access.key.id": "training",
        "aws.secret.access.key": "training",
        "store.url": f"http://{HOST}:{store.server_port}",
        "flush.size": "100",
        "format.class": "io.confluent.connect.s3.format.json.JsonFormat",
        "storage.class": "io.confluent.connect.s3.storage.S3Storage",
        "errors.tolerance": "all",
        "errors.deadletterqueue.topic.name": "training.dead-letter",
        "errors.deadletterqueue.topic.replication.factor": "1",
        "errors.deadletterqueue.context.headers.enable": "true",
    }
    requests.put(f"{url}/connectors/training/config", json=connector, timeout=30).raise_for_status()
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(_TOPIC, b"not JSON")
    for index in range(200):
        producer.produce(_TOPIC, f'{{"index": {index}, "title": "a title", "score": 1.5}}'.encode())
    producer.flush(30)
    wait_until(store.check, what="objects of the training run", timeout=60)


@contextmanager
def _java(folder: Path) -> Iterator[None]:
    with (folder / "output.log").open("w") as log:
        command = [require_program("java"), f"@{folder / ARGUMENT_FILE}"]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            yield
        finally:
            # The archive is written on the way out.
            process.terminate()
            process.wait(timeout=120)


class _Store(ThreadingHTTPServer):
    """As much of S3 as the sink calls: every request succeeds, objects are counted."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((HOST, 0), _StoreHandler)
        self.objects = 0

    def check(self) -> None:
        """:raises NotReady: until two objects have come."""
        if self.objects < 2:
            raise NotReady(f"{self.objects} of 2 objects")


class _StoreHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        """The bucket exists."""
        self._succeed()

    def do_PUT(self) -> None:
        """The object is taken."""
        self.rfile.read(int(self.headers["Content-Length"]))
        if isinstance(self.server, _Store):
            self.server.objects += 1
        self._succeed()

    def _succeed(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def _store() -> Iterator[_Store]:
    with _Store() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [int(each.getsockname()[1]) for each in sockets]
