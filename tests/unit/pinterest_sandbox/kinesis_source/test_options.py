"""Options as notebooks write them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pyspark.sql.datasource import CaseInsensitiveDict

from pyspark_kinesis.options import LATEST, Options, WrongOption, read_options
from pyspark_kinesis.timestamps import parse_timestamp


def options(**given: str) -> Options:
    return read_options(CaseInsensitiveDict({"streamName": "s", **given}))


def test_names_are_read_in_any_case_and_unknown_or_tuning_options_change_nothing() -> None:
    found = options(
        STREAMNAME=" a, b ,", awsaccesskey="k", AWSSECRETKEY="s", maxFetchRate="1.0", shardsPerTask="5", x="y"
    )
    assert found.streams == ("a", "b")
    assert (found.connection.access_key, found.connection.secret_key) == ("k", "s")
    assert found == options(streamName="a,b", awsAccessKey="k", awsSecretKey="s", consumerMode="polling")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("latest", LATEST),
        ("", LATEST),
        ("earliest", None),
        ("TRIM_HORIZON", None),
        ('{"at_timestamp": "2020-06-25T17:23:45Z"}', datetime(2020, 6, 25, 17, 23, 45, tzinfo=UTC)),
        (
            '{"at_timestamp": "06/25/2020 10:23:45 PDT", "format": "MM/dd/yyyy HH:mm:ss ZZZ"}',
            datetime(2020, 6, 25, 17, 23, 45, tzinfo=UTC),
        ),
    ],
)
def test_initial_position(text: str, expected: object) -> None:
    assert options(initialPosition=text).initial_position == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"streamName": ""}, "either streamName or streamARN"),
        ({"streamARN": "arn:aws:kinesis:us-east-1:1:stream/s"}, "either streamName or streamARN"),
        ({"streamName": "a,a"}, "no list of different streams"),
        ({"awsAccessKey": "k"}, "belong together"),
        ({"consumerMode": "efo"}, "consumerMode='efo' .* is not available here"),
        ({"serviceCredential": "c"}, "serviceCredential='c' .* is not available here"),
        ({"initialPosition": "oldest"}, "none of latest, earliest"),
        ({"initialPosition": '{"at": 1}'}, "none of latest, earliest"),
        ({"initialPosition": '{"at_timestamp": "yesterday"}'}, "yesterday"),
        ({"initialPosition": "[1]"}, "none of latest, earliest"),
    ],
)
def test_wrong_options_are_named(given: dict[str, str], message: str) -> None:
    with pytest.raises(WrongOption, match=message):
        options(**given)


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("2020-06-25", "yyyy-MM-dd", datetime(2020, 6, 25, tzinfo=UTC)),
        ("06/25/2020", "MM/dd/yyyy", datetime(2020, 6, 25, tzinfo=UTC)),
        (
            "2020-06-25T10:23:45.678+02:00",
            "yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
            datetime(2020, 6, 25, 8, 23, 45, 678000, tzinfo=UTC),
        ),
        ("25.6.2020 9:05 -0330", "d.M.yyyy H:mm Z", datetime(2020, 6, 25, 12, 35, tzinfo=UTC)),
        ("2020-06-25 10:23:45", None, datetime(2020, 6, 25, 10, 23, 45, tzinfo=UTC)),
        ("2020-06-25T10:23:45+02:00", None, datetime(2020, 6, 25, 8, 23, 45, tzinfo=UTC)),
    ],
)
def test_times_of_javas_patterns(text: str, pattern: str | None, expected: datetime) -> None:
    assert parse_timestamp(text, pattern) == expected


@pytest.mark.parametrize(
    ("text", "pattern", "message"),
    [
        ("2020-06-25", "MM/dd/yyyy", "is not of the form"),
        ("10 June", "d MMMM", "not of the form|not known here"),
        ("06/25/2020 XYZ", "MM/dd/yyyy z", "time zone 'XYZ' is not known"),
        ("3 PM", "h a", "letter 'h' .* is not known"),
    ],
)
def test_times_that_cannot_be_read(text: str, pattern: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_timestamp(text, pattern)
