from __future__ import annotations

import json
from typing import Any, ClassVar

import pytest
from airflow.sdk import Connection

from pinterest_pipeline.errors import Permanent, PipelineError
from pinterest_pipeline.provisioning import connection
from tests.unit.pinterest_pipeline.fakes import Answer, FakeRestProxy

TOPICS = {"sandbox.pin": 1, "sandbox.geo": 1}
URL = "https://abc.execute-api.us-east-1.amazonaws.com/test"


class FakeSecretsManager:
    class exceptions:
        ResourceNotFoundException: ClassVar[type[Exception]] = type(
            "ResourceNotFoundException", (Exception,), {}
        )

    def __init__(self) -> None:
        self.secrets: dict[str, str] = {}
        self.tags: Any = None

    def get_secret_value(self, *, SecretId: str) -> dict[str, str]:
        if SecretId not in self.secrets:
            raise self.exceptions.ResourceNotFoundException
        return {"SecretString": self.secrets[SecretId]}

    def create_secret(self, *, Name: str, SecretString: str, Tags: Any, Description: str) -> None:
        self.secrets[Name], self.tags = SecretString, Tags

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> None:
        self.secrets[SecretId] = SecretString


def test_the_secret_is_created_then_kept_then_updated() -> None:
    manager = FakeSecretsManager()
    first = connection.connection_document(URL + "/")
    assert connection.write_secret(manager, first, {"a": "b"}) == "created"
    assert connection.write_secret(manager, first, {"a": "b"}) == "unchanged"
    assert connection.write_secret(manager, connection.connection_document(URL, "key"), {}) == "updated"
    assert list(manager.secrets) == ["airflow/connections/pinterest_api"]
    assert manager.tags == [{"Key": "a", "Value": "b"}]


def test_airflow_reads_the_connection_back() -> None:
    text = connection.connection_document(URL + "/", "key")
    found = Connection.from_json(text, conn_id="pinterest_api")
    assert (found.conn_type, connection.base_url(found), found.password) == ("http", URL, "key")
    assert "password" not in json.loads(connection.connection_document(URL))


def test_a_connection_without_a_host_says_what_to_do() -> None:
    with pytest.raises(Permanent, match="run pinterest_provision_batch or pinterest_provision_stream"):
        connection.base_url(Connection(conn_id="pinterest_api", conn_type="http"))


@pytest.fixture
def api(rest_proxy: FakeRestProxy) -> FakeRestProxy:
    for topic in TOPICS:
        rest_proxy.topics[topic] = []
    return rest_proxy


def test_the_api_is_asked_and_nothing_is_written(api: FakeRestProxy) -> None:
    connection.check_api(api.url, "key", TOPICS)
    assert [request.method for request in api.requests] == ["GET"] * 3 + ["POST"]
    posted = api.requests[-1]
    assert (posted.path, posted.body) == ("/topics/sandbox.pin", {"records": []})
    assert posted.headers["Content-Type"] == "application/vnd.kafka.json.v2+json"
    assert not any(api.topics.values())
    assert {request.headers["x-api-key"] for request in api.requests} == {"key"}


def test_a_deployment_that_is_still_spreading_is_waited_for(api: FakeRestProxy) -> None:
    api.script = [Answer(403, {"message": "Forbidden"}), Answer(403, {"message": "Forbidden"})]
    connection.check_api(api.url, "", TOPICS, settle_seconds=10)
    assert len(api.requests) == 6
    api.script = [None, None, None, Answer(403, {"message": "Forbidden"})]
    connection.check_api(api.url, "", TOPICS, settle_seconds=10)
    assert len(api.requests) == 11


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(Answer(200, {"offsets": []}), "taken as a success, .* answered 200", id="200"),
        pytest.param(Answer(204, ""), "taken as a success", id="204"),
        pytest.param(
            Answer(403, {"message": "Missing Authentication Token"}),
            "no POST method for this path, .* answered 403: .*Missing Authentication Token",
            id="403",
        ),
        pytest.param(Answer(404, {"error_code": 40401}), "does not get the path", id="404"),
        pytest.param(Answer(405, {"error_code": 405}), "the method does not reach", id="405"),
        pytest.param(Answer(415, {"error_code": 415}), "the content type does not reach", id="415"),
        pytest.param(Answer(400, {"error_code": 400}), "not the REST proxy's refusal", id="400"),
        pytest.param(Answer(502, {"message": "Internal server error"}), "can't be reached", id="502"),
        pytest.param(Answer(504, {"message": "Endpoint request timed out"}), "can't be reached", id="504"),
        pytest.param(Answer(422, {"message": "no"}), "refused, but not by the REST proxy", id="422-else"),
        pytest.param(Answer(422, "no"), "refused, but not by the REST proxy", id="422-text"),
        # The proxy's answer to a POST whose body was lost.
        pytest.param(
            Answer(422, {"error_code": 422, "message": "Request body is empty. Data is required."}),
            "the body does not reach the REST proxy",
            id="422-no-body",
        ),
    ],
)
def test_any_other_answer_to_no_records_is_an_error(api: FakeRestProxy, answer: Answer, told: str) -> None:
    api.script = [None, None, None, answer]
    with pytest.raises(PipelineError, match=rf"POST /topics/sandbox\.pin without records: .*{told}"):
        connection.check_api(api.url, "", TOPICS, settle_seconds=0)


def test_an_answer_that_is_no_json_is_an_error(api: FakeRestProxy) -> None:
    api.script = [Answer(200, "<html>")]
    with pytest.raises(PipelineError, match="GET /topics: the API's answer is not JSON: <html>"):
        connection.check_api(api.url, "", TOPICS, settle_seconds=0)


def test_an_api_that_refuses_is_an_error(api: FakeRestProxy) -> None:
    api.script = [Answer(403, {"message": "Forbidden"})] * 100
    with pytest.raises(PipelineError, match="GET /topics: the API answered 403"):
        connection.check_api(api.url, "", TOPICS, settle_seconds=0)


def test_a_missing_topic_is_named(api: FakeRestProxy) -> None:
    with pytest.raises(PipelineError, match=r"does not list the topics sandbox\.user"):
        connection.check_api(api.url, "", {**TOPICS, "sandbox.user": 1}, settle_seconds=0)


def test_another_number_of_partitions_is_told(api: FakeRestProxy) -> None:
    with pytest.raises(PipelineError, match=r"topic sandbox\.geo with 1 partitions, not 3"):
        connection.check_api(api.url, "", {"sandbox.geo": 3}, settle_seconds=0)


def test_the_url_is_in_no_error() -> None:
    with pytest.raises(PipelineError) as caught:
        connection.check_api("http://127.0.0.1:9/secret-stage", "", TOPICS, settle_seconds=0)
    assert "secret-stage" not in str(caught.value)
    assert caught.value.__cause__ is None
