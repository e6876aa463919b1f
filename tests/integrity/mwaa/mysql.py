"""A MySQL server with a row for every key: as much of the wire protocol as PyMySQL needs to read it.

.. seealso:: https://dev.mysql.com/doc/dev/mysql-server/latest/PAGE_PROTOCOL.html
"""

from __future__ import annotations

import re
import socketserver
import struct
import threading

from pymysql.constants import CLIENT, COMMAND, FIELD_TYPE

from pinterest_pipeline.entities import Contract, contracts

CAPABILITIES = CLIENT.PROTOCOL_41 | CLIENT.SECURE_CONNECTION | CLIENT.PLUGIN_AUTH | CLIENT.CONNECT_WITH_DB
UTF8MB4 = 45
#: Type of a contract's column to its type on the wire and a text that such a column holds.
VALUES = {
    "integer": (FIELD_TYPE.LONG, "30"),
    "float": (FIELD_TYPE.DOUBLE, "-89.9787"),
    "string": (FIELD_TYPE.VAR_STRING, "❄️"),
    "datetime": (FIELD_TYPE.DATETIME, "2020-08-28 03:52:47"),
}


class _Client(socketserver.StreamRequestHandler):
    """One connection; anybody may log in."""

    def handle(self) -> None:
        self.sequence = 0
        low, high = CAPABILITIES & 0xFFFF, CAPABILITIES >> 16
        scramble = b"s" * 20
        self.send(
            b"\x0a8.0.0\0"
            + struct.pack("<I8sxHBHHB10x", 1, scramble[:8], low, UTF8MB4, 2, high, 21)
            + scramble[8:]
            + b"\0mysql_native_password\0"
        )
        self.receive()
        self.send(b"\0\0\0\2\0\0\0")
        while (command := self.receive()) and command[0] == COMMAND.COM_QUERY:
            self.answer(command[1:].decode())

    def answer(self, query: str) -> None:
        found = re.search(r"FROM (\w+)\nWHERE \S+ IN \(([\d,]+)\)", query)
        if not found:
            # SET and ROLLBACK.
            self.send(b"\0\0\0\2\0\0\0")
            return
        contract = next(each for each in contracts().values() if each.source_table == found[1])
        self.send(bytes([len(contract.columns)]))
        for column in contract.columns:
            names = ["def", "", "", "", column.name, column.name]
            kind = VALUES[column.type][0]
            self.send(_texts(names) + struct.pack("<BHIBHBxx", 12, UTF8MB4, 1024, kind, 0, 0))
        end = b"\xfe\0\0\2\0"
        self.send(end)
        for key in found[2].split(","):
            self.send(_texts(_row(contract, key)))
        self.send(end)

    def send(self, payload: bytes) -> None:
        self.wfile.write(struct.pack("<I", len(payload))[:3] + bytes([self.sequence]) + payload)
        self.sequence = (self.sequence + 1) % 256

    def receive(self) -> bytes:
        header = self.rfile.read(4)
        if not header:
            return b""
        self.sequence = (header[3] + 1) % 256
        return self.rfile.read(int.from_bytes(header[:3], "little"))


def _row(contract: Contract, key: str) -> list[str]:
    return [key if column.name == contract.key else VALUES[column.type][1] for column in contract.columns]


def _texts(texts: list[str]) -> bytes:
    return b"".join(bytes([len(each)]) + each for each in (text.encode() for text in texts))


class MySql(socketserver.ThreadingTCPServer):
    """The server, on a free port of the loopback interface until ``shutdown`` is called."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Client)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.server_address[1])
