"""What is told of logged errors, and above all what is not."""

from __future__ import annotations

import pytest

from pinterest_pipeline.health.readings.log_lines import tellable

HEAD = "[Worker-0bb8afa0b01391c41] [2026-03-01 12:00:00,123] ERROR "
TASK = f"{HEAD}[sandbox-connector|task-0] "

#: As Kafka Connect 3.7 logs a killed task.
KILLED = (
    f"{TASK}WorkerSinkTask{{id=sandbox-connector-0}} Task threw an uncaught and unrecoverable exception. "
    "Task is being killed and will not recover until manually restarted "
    "(org.apache.kafka.connect.runtime.WorkerTask:212)\n"
    "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable "
    "exception.\n"
    "\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliverMessages(WorkerSinkTask.java:632)\n"
    "Caused by: java.io.IOException: Part upload failed\n"
    "\tat io.confluent.connect.s3.storage.S3OutputStream.uploadPart(S3OutputStream.java:169)\n"
    "Caused by: com.amazonaws.services.s3.model.AmazonS3Exception: Access Denied (Service: Amazon S3; "
    "Status Code: 403; Error Code: AccessDenied; Request ID: H2M5; S3 Extended Request ID: x/y=)\n"
    "\t... 12 more"
)
#: As it logs a record that no converter takes.
REFUSED = (
    f"{TASK}Error encountered in task sandbox-connector-0. Executing stage 'VALUE_CONVERTER' with class "
    "'org.apache.kafka.connect.json.JsonConverter', where consumed record is {topic='sandbox.user', "
    "partition=0, offset=3, value=Ada Lovelace}. (org.apache.kafka.connect.runtime.errors.LogReporter:66)\n"
    "org.apache.kafka.connect.errors.DataException: Converting byte[] to Kafka Connect data failed due to "
    "serialization error: \n"
    "Caused by: org.apache.kafka.common.errors.SerializationException: com.fasterxml.jackson.core."
    "JsonParseException: Unrecognized token 'Ada': was expecting (JSON String, Number, Array)\n"
    ' at [Source: (byte[])"Ada Lovelace, 10 Downing Street"; line: 1, column: 4]\n'
)


def told(message: str) -> str | None:
    return tellable(message, "sandbox-connector")


def test_a_killed_task_is_told_by_its_place_its_exceptions_and_the_status_of_aws() -> None:
    assert told(KILLED) == (
        "task-0: Task threw an uncaught and unrecoverable exception. Task is being killed and will not "
        "recover until manually restarted: ConnectException < AmazonS3Exception: HTTP 403 AccessDenied"
    )


def test_of_a_refused_record_nothing_is_told_but_that() -> None:
    assert told(REFUSED) == (
        "task-0: Error encountered in task sandbox-connector: DataException < SerializationException"
    )


def test_an_exception_alone_is_told_with_its_text() -> None:
    # As the status of a task has it.
    message = (
        f"{TASK}org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to failure.\n"
    )
    assert told(message) == "task-0: Exiting WorkerSinkTask due to failure: ConnectException"


@pytest.mark.parametrize(
    "name",
    [
        "org.apache.kafka.connect.errors.DataException",
        "org.apache.kafka.connect.errors.SchemaBuilderException",
        "org.apache.kafka.common.errors.SerializationException",
        "com.fasterxml.jackson.core.JsonParseException",
        "java.lang.NumberFormatException",
        "java.lang.ClassCastException",
        "java.lang.IllegalArgumentException",
        "org.apache.kafka.common.config.ConfigException",
        "java.nio.charset.MalformedInputException: Characters",
    ],
)
def test_an_exception_about_data_or_settings_is_told_by_its_name_alone(name: str) -> None:
    found = told(f"{TASK}{name}: Lovelace is wrong")
    assert found is not None
    assert "Lovelace" not in found
    assert name.rpartition(".")[2].split(":")[0] in found


SECRET = "Lovelace"


@pytest.mark.parametrize(
    "text",
    [
        f"Could not write '{SECRET}'",
        f'Could not write "{SECRET}"',
        f"Could not write `{SECRET}`",
        f"Could not write ‘{SECRET}’",
        f"Could not write “{SECRET}”",
        f"Could not write «{SECRET}»",
        f"Could not write {{{SECRET}}}",
        f"Could not write [{SECRET}]",
        f"Could not write ({SECRET})",
        f"Could not write <{SECRET}>",
        f"Could not write: {SECRET}",
        f"Could not write name={SECRET}",
        f"Could not write 12 {SECRET}",
        f"Could not write @{SECRET}",
        f"Could not write #{SECRET}",
        f"Could not write \\{SECRET}",
        f"Could not write ж {SECRET}",
        f"Could not write value {SECRET}",
        f"Invalid {SECRET}",
        f"Unexpected character {SECRET}",
        f"For input string {SECRET}",
        f"Can not convert {SECRET} to a number",
        f"Failed to deserialize {SECRET}",
        f"Failed to process {SECRET}",
        f"Could not write it\n{SECRET}",
        f"Could not write it\n\tat {SECRET}",
        f"Could not write it\nCaused by: {SECRET}",
        f"Could not write it\nCaused by: java.io.IOException: {SECRET}",
    ],
)
@pytest.mark.parametrize("before", ["", "java.io.IOException: "])
def test_nothing_that_may_be_a_value_is_told(text: str, before: str) -> None:
    found = told(f"{TASK}{before}{text}")
    assert found is not None
    assert SECRET not in found
    assert found.startswith("task-0: ")


def test_a_text_without_a_value_is_cut_at_120_characters() -> None:
    found = told(TASK + "word " * 60)
    assert found is not None
    said = found.removeprefix("task-0: ")
    assert said == ("word " * 24).strip()
    assert len(said) <= 120


def test_no_line_is_longer_than_200_characters() -> None:
    name = "A" + "b" * 80 + "Exception"
    found = told(f"{TASK}{'word ' * 60}\norg.{name}: x\nCaused by: org.C{name}: x")
    assert found is not None
    assert len(found) == 200


def test_a_line_break_never_gets_into_it() -> None:
    for message in (KILLED, REFUSED, f"{TASK}a\r\nb", f"{TASK}\n\n"):
        found = told(message)
        assert found is not None
        assert found.isprintable()


@pytest.mark.parametrize(
    "message",
    [
        f"{HEAD}[other-connector|task-0] failed",
        f"{HEAD}[sandbox-connector-2|task-0] failed",
        "[Worker-0bb8afa0b01391c41] [2026-03-01 12:00:00,123] INFO ERROR is the name of a topic",
        "\tat com.example.ERROR [sandbox-connector|task-0] x",
        "ERRORS",
        "",
    ],
)
def test_other_lines_are_none_of_the_connectors_errors(message: str) -> None:
    assert told(message) is None


def test_a_line_of_the_worker_has_no_place() -> None:
    message = f"{HEAD}Stopping due to error (org.apache.kafka.connect.cli.ConnectDistributed:86)"
    assert told(message) == "Stopping due to error"


def test_a_line_without_anything_to_tell_is_counted() -> None:
    assert told(f"{HEAD}'x'") == "an error without a text"


def test_the_status_of_the_second_sdk_is_told_too() -> None:
    found = told(
        f"{TASK}software.amazon.awssdk.services.s3.model.S3Exception: Slow Down "
        "(Service: S3, Status Code: 503, Request ID: ABC)"
    )
    assert found == "task-0: Slow Down: S3Exception: HTTP 503"
