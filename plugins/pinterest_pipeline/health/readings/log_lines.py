"""What may be told of an error that Kafka Connect has logged.

Errors quote what they failed on: records, settings, addresses. So of a line no more is kept than the place,
the beginning of its text up to the first thing that may be such a value, and the names of exception classes;
of AWS's errors also status and code.
"""

from __future__ import annotations

import re

MAX_LENGTH = 200
MAX_TEXT = 120

#: "[Worker-0a1b] [2026-01-31 10:00:00,123] ERROR [connector|task-0] text", at times without the last bracket.
_HEADER = re.compile(
    r"(?:\[Worker-[\w-]+\] )?(?:\[[\d:., -]+\] )?ERROR (?:\[(?P<place>[\w.-]{1,128}\|[\w-]{1,40})\] )?"
)
#: Stands before what a task logs of itself.
_TASK = re.compile(r"Worker(?:Sink|Source)Task\{id=[\w.-]{1,140}\} ")
_EXCEPTION = re.compile(r"(?:[a-z_]\w{0,40}\.){1,12}(?P<name>[A-Z]\w{0,80}(?:Exception|Error))(?=[:\s]|$)")
_CAUSE = re.compile(r"^Caused by: (?=\S)", re.MULTILINE)
#: Exceptions whose texts are about data or settings.
_OF_DATA = re.compile(
    r"Data|Schema|Serializ|Json|Parse|Mapping|Format|Number|Cast|Argument|Config|Charact|Conver|Decod|Encod"
)
#: A value may begin at any sign that is not of plain English prose, or follow one of the words.
_VALUE = re.compile(r"[^A-Za-z ,.;/-]")
_ANNOUNCES = re.compile(
    r"\b(?:values?|strings?|tokens?|inputs?|records?|keys?|fields?|characters?|secrets?|passwords?|messages?|"
    r"convert|parse|cast|(?:de)?seriali[sz]\w+|process\w*|got|found|received|named|unknown|invalid|unexpected|"
    r"unrecogni[sz]ed)\b",
    re.IGNORECASE,
)
_AWS = re.compile(
    r"\(Service: [A-Za-z0-9 ]{1,40}[;,] Status Code: (?P<status>\d{3})[;,)]"
    r"(?: Error Code: (?P<code>[A-Za-z]{1,60})[;,)])?"
)


def tellable(message: str, connector: str) -> str | None:
    """What may be told of a logged message.

    :param message: the message, with or without a stack trace.
    :param connector: the connector of interest.
    :returns: one line of at most :data:`MAX_LENGTH` characters; ``None`` when the message is no error in
        Connect's form, or another connector's.
    """
    header = _HEADER.match(message)
    if header is None:
        return None
    place = header["place"]
    if place is not None and place.partition("|")[0] != connector:
        return None
    text = _TASK.sub("", message[header.end() :], count=1)
    classes = _classes(text)
    first, _, _ = text.partition("\n")
    said = _without_values(_of_exception(first) if _EXCEPTION.match(first) else first)
    parts = [place.partition("|")[2] if place else "", said, " < ".join(classes), _of_aws(text)]
    return ": ".join(part for part in parts if part)[:MAX_LENGTH] or "an error without a text"


def _classes(text: str) -> list[str]:
    """The first exception and the last cause, which say most."""
    found = [found["name"] for found in [_EXCEPTION.match(text)] if found]
    for line in text.split("\n")[1:]:
        if (exception := _EXCEPTION.match(_CAUSE.sub("", line))) and not line.startswith((" ", "\t")):
            found.append(exception["name"])
    return list(dict.fromkeys([*found[:1], *found[-1:]]))


def _of_exception(line: str) -> str:
    """The text of an exception, unless it is of a kind that tells of data."""
    name, _, said = line.partition(": ")
    return "" if _OF_DATA.search(name.rpartition(".")[2]) else said


def _without_values(text: str) -> str:
    ends = [MAX_TEXT, len(text)]
    if value := _VALUE.search(text):
        ends.append(value.start())
    if word := _ANNOUNCES.search(text):
        ends.append(word.end())
    return text[: min(ends)].strip(" ,.;/-")


def _of_aws(text: str) -> str:
    found = _AWS.search(text)
    return f"HTTP {found['status']} {found['code'] or ''}".strip() if found else ""
