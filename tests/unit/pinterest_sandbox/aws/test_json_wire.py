"""AWS's JSON protocol on the server's side."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from pinterest_sandbox.aws.json_wire import JsonService
from pinterest_sandbox.aws.wire import AwsError, WrongAnswer

SSM = JsonService("ssm")
GET = "AmazonSSM.GetDocument"


def test_a_request_is_read_by_the_shapes_of_its_operation() -> None:
    call = SSM.parse(GET, b'{"Name": "words", "Unknown": 1, "VersionName": null}')
    assert (call.operation.name, call.parameters) == ("GetDocument", {"Name": "words"})


@pytest.mark.parametrize(
    ("target", "body", "code", "said"),
    [
        ("AmazonSSM.GetWords", b"{}", "UnknownOperationException", "GetWords"),
        ("Kinesis.GetDocument", b"{}", "UnknownOperationException", "Kinesis"),
        ("", b"{}", "UnknownOperationException", "no operation"),
        (GET, b"{", "SerializationException", "can't be read"),
        (GET, b"[]", "SerializationException", "can't be read"),
        (GET, b"{}", "ValidationException", "Name"),
        (GET, b'{"Name": 1}', "ValidationException", "Name"),
        (GET, b'{"Name": "a b c"}', "ValidationException", "does not match"),
        (GET, b'{"Name": "words", "DocumentFormat": "XML"}', "ValidationException", "XML"),
        ("AmazonSSM.ListDocuments", b'{"MaxResults": 0}', "ValidationException", "MaxResults"),
    ],
)
def test_what_can_not_be_read_is_refused(target: str, body: bytes, code: str, said: str) -> None:
    with pytest.raises(AwsError, match=said) as caught:
        SSM.parse(target, body)
    assert caught.value.code == code


def test_an_answer_that_aws_could_not_give_is_a_fault() -> None:
    operation = SSM.model.operation_model("GetDocument")
    for wrong in (
        {"Status": "Fine"},
        {"Name": 3},
        {"DocumentVersion": "first"},
        {"DisplayName": "x" * 1025},
        {"Unknown": 1},
    ):
        with pytest.raises(WrongAnswer, match="GetDocument"):
            SSM.answer(operation, wrong)


def test_an_answer_is_what_a_client_reads() -> None:
    moment = datetime(2026, 1, 1, 12, 0, 0, 123000, UTC)
    answer = SSM.answer(
        SSM.model.operation_model("GetDocument"),
        {"Name": "words", "CreatedDate": moment, "VersionName": None},
    )
    assert answer.status == 200
    assert json.loads(answer.body) == {"Name": "words", "CreatedDate": moment.timestamp()}


def test_errors_have_the_member_that_their_shape_has() -> None:
    answer = SSM.error(AwsError("InvalidDocument", "none"))
    assert (answer.status, json.loads(answer.body)) == (
        400,
        {"__type": "InvalidDocument", "Message": "none"},
    )
    assert json.loads(SSM.error(AwsError("SerializationException", "x")).body)["message"] == "x"
    assert SSM.error(AwsError("InternalServerError", "x")).status == 500
    with pytest.raises(WrongAnswer):
        SSM.error(AwsError("NoSuchError", "x"))
