"""The table, what follows from it, and looks that take too long or fail."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator

import botocore.exceptions
import pytest

from pinterest_pipeline.errors import Permanent
from pinterest_pipeline.provisioning.prerequisites.findings import (
    Finding,
    Outcome,
    PrerequisitesMissing,
    PrerequisitesUnknown,
    Status,
    check_required,
    remedies,
    table,
)
from pinterest_pipeline.provisioning.prerequisites.looking import Check, look_at_all
from pinterest_pipeline.provisioning.prerequisites.refusals import CredentialsRefused
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT
from tests.unit.pinterest_pipeline.provisioning.prerequisites.sample import sample


def finding(status: Status, *, required: bool = True, name: str = "bucket", found: str = "b") -> Finding:
    remedy = "" if status in (Status.THERE, Status.TO_BE_CREATED) else f"mend {name}."
    return Finding(name=name, required=required, status=status, found=found, remedy=remedy)


def test_the_table_has_aligned_columns_and_a_line_for_each() -> None:
    rows = [
        finding(Status.THERE, name="MSK cluster", found="demo is ACTIVE"),
        finding(Status.TO_BE_CREATED, found="b is not\nthere"),
        finding(Status.MISSING, name="S3 endpoint", required=False, found="none"),
    ]
    assert table(rows).splitlines() == [
        "STATUS         NEEDED    WHAT         FOUND",
        "there          required  MSK cluster  demo is ACTIVE",
        "to be created  required  bucket       b is not there",
        "missing        optional  S3 endpoint  none",
    ]
    assert remedies(rows) == "S3 endpoint (optional, missing): mend S3 endpoint."
    assert rows[1].document() == {
        "name": "bucket",
        "required": True,
        "status": "to be created",
        "found": "b is not\nthere",
        "remedy": "",
    }


@pytest.mark.parametrize("status", list(Status))
def test_what_is_optional_never_stops_the_run(status: Status) -> None:
    check_required([finding(status, required=False)])


@pytest.mark.parametrize("status", [Status.THERE, Status.TO_BE_CREATED])
def test_what_is_there_or_made_does_not_stop_the_run(status: Status) -> None:
    check_required([finding(status)])


@pytest.mark.parametrize("status", [Status.MISSING, Status.WRONG])
def test_the_error_lists_what_is_to_be_mended_and_nothing_else(status: Status) -> None:
    rows = [
        finding(status, name="role"),
        finding(Status.THERE, name="cluster"),
        finding(Status.UNKNOWN, name="bucket"),
        finding(Status.WRONG, name="endpoint", required=False),
    ]
    with pytest.raises(PrerequisitesMissing) as caught:
        check_required(rows)
    # No other try is made: the retry policy knows it by its base class.
    assert isinstance(caught.value, Permanent)
    assert [each.name for each in caught.value.findings] == ["role", "bucket"]
    message = str(caught.value)
    assert message.startswith("Nothing was changed")
    assert f"role ({status}): b\n  mend role." in message
    assert "cluster" not in message
    assert "endpoint" not in message


def test_what_could_not_be_looked_at_stops_the_run_but_is_tried_again() -> None:
    with pytest.raises(PrerequisitesUnknown) as caught:
        check_required([finding(Status.UNKNOWN)])
    assert not isinstance(caught.value, Permanent)


@pytest.fixture
def hanging() -> Iterator[Callable[[], Outcome]]:
    """A look that ends when the test does."""
    over = threading.Event()

    def look() -> Outcome:
        over.wait(60)
        return Outcome(status=Status.THERE, found="late")

    yield look
    over.set()


def check(name: str, look: Callable[[], Outcome]) -> Check:
    return Check(name=name, required=True, service="iam", look=look)


def there() -> Outcome:
    return Outcome(status=Status.THERE, found="fine")


def failing(error: Exception) -> Callable[[], Outcome]:
    def look() -> Outcome:
        raise error

    return look


def client_error(code: str, operation: str = "GetRole") -> Exception:
    return botocore.exceptions.ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


def test_no_look_holds_up_or_hides_another(hanging: Callable[[], Outcome]) -> None:
    checks = [
        check("hangs", hanging),
        check("fails", failing(ValueError("odd"))),
        check("denied", failing(client_error("AccessDenied"))),
        check("fine", there),
    ]
    found = {each.name: each for each in look_at_all(checks, limit_seconds=0.5)}
    assert list(found) == ["hangs", "fails", "denied", "fine"]
    assert [each.status for each in found.values()] == ["unknown", "unknown", "unknown", "there"]
    assert "given up after 0.5 s" in found["hangs"].found
    assert "ValueError: odd" in found["fails"].found
    assert found["denied"].remedy.startswith("allow iam:GetRole")
    assert all(each.remedy for each in list(found.values())[:3])


@pytest.mark.parametrize(
    "error",
    [
        client_error("ExpiredToken"),
        client_error("ExpiredTokenException"),
        client_error("InvalidClientTokenId"),
        client_error("UnrecognizedClientException"),
        client_error("AccessDenied", "AssumeRole"),
        botocore.exceptions.NoCredentialsError(),
    ],
    ids=repr,
)
def test_refused_credentials_are_told_once_and_as_that(error: Exception) -> None:
    with pytest.raises(CredentialsRefused, match="aws_default") as caught:
        look_at_all([check("fine", there), check("a", failing(error)), check("b", failing(error))])
    assert isinstance(caught.value, Permanent)
    assert str(error.args[0] if not hasattr(error, "response") else error.response["Error"]["Code"]) in str(
        caught.value
    )


def test_the_documentation_shows_what_is_logged() -> None:
    page = (CHECKOUT / "docs" / "mwaa.md").read_text(encoding="utf-8")
    shown = re.findall(r"```text\n(.*?)\n```", page.partition("## Before provisioning\n")[2], re.DOTALL)
    found = sample()
    assert shown[:2] == [
        table(found),
        remedies(each for each in found if each.name == "role of the connector"),
    ]
    with pytest.raises(PrerequisitesMissing) as caught:
        check_required(found)
    assert [each.name for each in caught.value.findings] == ["role of the connector"]
