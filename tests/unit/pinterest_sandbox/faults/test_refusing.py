from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from pinterest_sandbox.faults.services import CLIENTS, SERVICES
from tests.unit.pinterest_sandbox.faults.gates import Gate, RawServer, opened_gate, raw_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.fixture(scope="module")
def server() -> Iterator[RawServer]:
    with raw_server(OK) as server:
        yield server


@pytest.fixture(scope="module")
def open_gate(server: RawServer) -> Iterator[Gate]:
    with opened_gate(dict.fromkeys(SERVICES, server.port)) as gate:
        yield gate


@pytest.fixture
def gate(open_gate: Gate) -> Gate:
    open_gate.book.clear()
    return open_gate


def get(gate: Gate, service: str, client: str = "airflow") -> requests.Response:
    return requests.get(f"{gate.url(service, client)}/a", timeout=10)


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        pytest.param({"status": 503}, 503, "SlowDown", id="503"),
        pytest.param({"status": 500}, 500, "InternalError", id="500"),
        pytest.param({"status": 502}, 502, "BadGateway", id="502"),
        pytest.param({"error": "ServiceUnavailable"}, 503, "ServiceUnavailable", id="code"),
        pytest.param({"error": "RequestTimeout"}, 400, "RequestTimeout", id="400"),
    ],
)
def test_s3_refuses_in_xml(gate: Gate, options: dict[str, object], status: int, code: str) -> None:
    gate.begin("s3", **options)
    answer = get(gate, "s3")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/xml"
    root = ET.fromstring(answer.content)
    assert root.tag == "Error"
    assert root.findtext("Code") == code
    assert root.findtext("Message")
    assert root.findtext("RequestId") == answer.headers["x-amz-request-id"]


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        pytest.param({"status": 400}, 400, "ProvisionedThroughputExceededException", id="400"),
        pytest.param({"status": 500}, 500, "InternalFailure", id="500"),
        pytest.param({"status": 503}, 503, "ServiceUnavailable", id="503"),
        pytest.param({"status": 429}, 429, "TooManyRequests", id="429"),
        pytest.param({"error": "LimitExceededException"}, 400, "LimitExceededException", id="code"),
        pytest.param({"error": "KMSThrottlingException"}, 400, "KMSThrottlingException", id="KMS"),
    ],
)
def test_kinesis_refuses_with_a_type(gate: Gate, options: dict[str, object], status: int, code: str) -> None:
    gate.begin("kinesis", **options)
    answer = get(gate, "kinesis")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert answer.headers["x-amzn-RequestId"]
    content = answer.json()
    assert set(content) == {"__type", "message"}
    assert content["__type"] == code


@pytest.mark.parametrize(
    ("options", "status", "message", "kind"),
    [
        pytest.param({"status": 503}, 503, "Service Unavailable", "ServiceUnavailableException", id="503"),
        pytest.param({"status": 429}, 429, "Too Many Requests", "TooManyRequestsException", id="429"),
        pytest.param({"status": 502}, 502, "Internal server error", "InternalServerErrorException", id="502"),
        pytest.param({"status": 418}, 418, "I'm a Teapot", "BadRequestException", id="418"),
        pytest.param(
            {"error": "LimitExceededException"}, 429, "Limit Exceeded", "LimitExceededException", id="code"
        ),
    ],
)
def test_the_api_refuses_with_a_message(
    gate: Gate, options: dict[str, object], status: int, message: str, kind: str
) -> None:
    gate.begin("api", **options)
    answer = get(gate, "api")
    assert answer.status_code == status
    assert answer.json() == {"message": message}
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["x-amzn-ErrorType"] == kind


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        pytest.param({"status": 503}, 503, 50302, id="503"),
        pytest.param({"status": 500}, 500, 50003, id="500"),
        pytest.param({"status": 429}, 429, 42901, id="429"),
        pytest.param({"status": 504}, 504, 504, id="504"),
        pytest.param({"error": "50002"}, 500, 50002, id="code"),
    ],
)
def test_the_rest_proxy_refuses_with_a_number(
    gate: Gate, options: dict[str, object], status: int, code: int
) -> None:
    gate.begin("rest-proxy", **options)
    answer = get(gate, "rest-proxy")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/vnd.kafka.v2+json"
    content = answer.json()
    assert set(content) == {"error_code", "message"}
    assert content["error_code"] == code


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        pytest.param({"status": 503}, 503, "TEMPORARILY_UNAVAILABLE", id="503"),
        pytest.param({"status": 429}, 429, "REQUEST_LIMIT_EXCEEDED", id="429"),
        pytest.param({"status": 502}, 502, "BAD_GATEWAY", id="502"),
        pytest.param({"error": "RESOURCE_EXHAUSTED"}, 429, "RESOURCE_EXHAUSTED", id="code"),
    ],
)
def test_databricks_refuses_with_a_code(
    gate: Gate, options: dict[str, object], status: int, code: str
) -> None:
    gate.begin("databricks", **options)
    answer = get(gate, "databricks")
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/json"
    content = answer.json()
    assert set(content) == {"error_code", "message"}
    assert content["error_code"] == code


def test_a_struck_request_does_not_reach_the_service(gate: Gate, server: RawServer) -> None:
    gate.begin("s3", status=503)
    before = len(server.heard)
    # Its body is read to the end, so that the connection can be used again.
    with requests.Session() as session:
        for _ in range(3):
            answer = session.put(f"{gate.url('s3')}/k", data=b"x" * 3_000_000, timeout=10)
            assert answer.status_code == 503
        assert len(server.heard) == before
        gate.book.clear()
        assert session.put(f"{gate.url('s3')}/k", data=b"x", timeout=10).text == "ok"


def test_a_struck_head_request_has_no_body(gate: Gate) -> None:
    gate.begin("s3", error="SlowDown")
    with requests.Session() as session:
        for _ in range(2):
            answer = session.head(f"{gate.url('s3')}/k", timeout=10)
            assert answer.status_code == 503
            assert answer.content == b""


@pytest.mark.parametrize(
    ("share", "struck"),
    [("1", 20), ("0.3", 6), ("1/3", 6), ("0.05", 1), ("0.01", 0), ("0.95", 19)],
)
def test_exactly_the_share_is_struck_however_many_ask_at_once(gate: Gate, share: str, struck: int) -> None:
    active = gate.begin("s3", status=503, share=share)
    with ThreadPoolExecutor(5) as pool:
        statuses = list(pool.map(lambda _: get(gate, "s3").status_code, range(20)))
    assert statuses.count(503) == struck
    assert statuses.count(200) == 20 - struck
    assert (active.seen, active.struck) == (20, struck)


def test_a_fault_of_one_client_hits_no_other(gate: Gate) -> None:
    gate.begin("s3", client="spark", status=503)
    statuses = {client: get(gate, "s3", client).status_code for client in CLIENTS}
    assert statuses == {"airflow": 200, "connector": 200, "spark": 503, "api": 200, "other": 200}


def test_a_fault_of_all_clients_hits_each_but_one_service_only(gate: Gate) -> None:
    gate.begin("s3", status=503)
    assert {get(gate, "s3", client).status_code for client in CLIENTS} == {503}
    assert {get(gate, service).status_code for service in SERVICES if service != "s3"} == {200}


def test_a_fault_ends_by_itself(gate: Gate) -> None:
    gate.begin("s3", status=503, seconds=20.0)
    gate.clock.now += 19.9
    assert get(gate, "s3").status_code == 503
    gate.clock.now += 0.2
    assert get(gate, "s3").status_code == 200
    assert gate.book.active() == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_that_is_down_is_unavailable_in_its_own_form(service: str) -> None:
    with opened_gate({}) as gate:
        answer = requests.post(gate.url(service), data=b"x" * 2_000_000, timeout=10)
    assert answer.status_code == 503
    if service == "s3":
        assert ET.fromstring(answer.content).findtext("Code") == "ServiceUnavailable"
    else:
        expected = {
            "kinesis": {
                "__type": "ServiceUnavailable",
                "message": "The request failed due to a temporary failure of the server.",
            },
            "api": {"message": "Service Unavailable"},
            "rest-proxy": {"error_code": 50302, "message": "Broker not available."},
            "databricks": {
                "error_code": "TEMPORARILY_UNAVAILABLE",
                "message": "The service at this path is temporarily under maintenance.",
            },
        }
        assert answer.json() == expected[service]


def control(gate: Gate, method: str, body: object = None) -> requests.Response:
    url = f"http://127.0.0.1:{gate.ports['fault_gate']}/faults"
    return requests.request(method, url, json=body, timeout=10)


def test_faults_are_begun_listed_and_cleared_over_the_control_port(gate: Gate) -> None:
    begun = control(
        gate, "POST", {"service": "s3", "client": "airflow", "status": 503, "seconds": 60, "share": "1/2"}
    )
    assert begun.status_code == 201
    assert [get(gate, "s3").status_code for _ in range(4)] == [200, 503, 200, 503]
    gate.clock.now += 15
    (listed,) = control(gate, "GET").json()
    assert (listed["seen"], listed["struck"], listed["left"]) == (4, 2, 45.0)
    assert listed["fault"] == {
        "service": "s3",
        "client": "airflow",
        "status": 503,
        "error": None,
        "refuse_records": False,
        "seconds": 60,
        "share": "1/2",
    }
    assert [row["number"] for row in control(gate, "DELETE").json()] == [listed["number"]]
    assert control(gate, "GET").json() == []
    assert get(gate, "s3").status_code == 200


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"service": "s4", "status": 503}, "there are: s3, kinesis, api, rest-proxy, databricks"),
        ({"service": "s3", "status": 200}, "200 is not an HTTP status of an error"),
        ({"service": "s3", "colour": "red"}, "this is no fault"),
    ],
)
def test_what_is_no_fault_is_refused_with_the_reason(
    gate: Gate, body: dict[str, object], message: str
) -> None:
    answer = control(gate, "POST", body)
    assert answer.status_code == 400
    assert message in json.loads(answer.text)["message"]
    assert control(gate, "GET").json() == []
