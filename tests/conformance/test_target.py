"""A target that can't be made says all that it lacks."""

from __future__ import annotations

import os

import pytest

from tests.conformance.target import VARIABLES, Unusable, aws_target


@pytest.fixture(autouse=True)
def chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential chain that finds what it is given here, and asks no one over the network."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")


def test_every_missing_variable_is_named() -> None:
    with pytest.raises(Unusable) as caught:
        aws_target({"CONFORMANCE_TOPIC": "t"}, "p")

    message = str(caught.value)
    assert {name for name in VARIABLES if name not in message} == {"CONFORMANCE_TOPIC"}
    assert "AWS_DEFAULT_REGION" in message
    assert "AWS credentials" in message


@pytest.mark.parametrize("compute", ["serverless", "[]"])
def test_compute_is_an_object(monkeypatch: pytest.MonkeyPatch, compute: str) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    given = dict.fromkeys(VARIABLES, "x")

    with pytest.raises(Unusable, match="CONFORMANCE_COMPUTE"):
        aws_target({**given, "CONFORMANCE_COMPUTE": compute}, "p")

    made = aws_target({**given, "CONFORMANCE_COMPUTE": "{}"}, "p")
    assert made.invoke_url("n", "abc", "test") == "https://abc.execute-api.eu-west-1.amazonaws.com/test"
    assert made.databricks.host == "https://x"
