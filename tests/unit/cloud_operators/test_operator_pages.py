"""The pages under docs/operators say what the code says: examples, parameters, permissions, errors."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import BaseOperator
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

from cloud_operators import exceptions
from tests.integrity.mwaa.actions import actions_of
from tests.unit.cloud_operators.public import ROOT, arguments, public_operators
from tools import operator_docs

PAGES = operator_docs.PAGES
EXAMPLES = PAGES / "examples"
#: Page to the files that are about its service, as parts of their paths.
SERVICES = {
    "msk_connect": ("aws", ("msk_connect", "hooks/msk.py")),
    "kinesis": ("aws", ("kinesis",)),
    "apigateway": ("aws", ("apigateway",)),
    "kafka": ("kafka", ("",)),
    "databricks": ("databricks", ("",)),
}
#: Page to the services of AWS that its classes call.
CALLED = {"msk_connect": ("kafkaconnect", "kafka"), "kinesis": ("kinesis",), "apigateway": ("apigateway",)}
#: Requests that boto3 does not know yet, so that the package signs them itself: operation to method.
UNKNOWN_TO_BOTO3 = {"kafkaconnect": {"RestartConnector": "PUT"}}
EACH = pytest.mark.parametrize("page", SERVICES)


def text_of(page: str) -> str:
    return (PAGES / f"{page}.md").read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", text_of(page), re.DOTALL | re.MULTILINE)
    return str(found)


def rows(text: str) -> list[list[str]]:
    """Cells of the rows of all tables, without their heads."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    heads = {number - 1 for number, line in enumerate(lines) if line.startswith("|---")}
    bodies = [
        line for number, line in enumerate(lines) if number not in heads and not line.startswith("|---")
    ]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in bodies]


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def files_of(page: str) -> list[Path]:
    part, names = SERVICES[page]
    files = sorted((ROOT / part).rglob("*.py"))
    return [file for file in files if any(name in str(file.relative_to(ROOT / part)) for name in names)]


def operators_of(page: str) -> list[type[BaseOperator]]:
    files = {str(file) for file in files_of(page)}
    return [each for each in public_operators() if inspect.getfile(each) in files]


def test_every_operator_belongs_to_one_page() -> None:
    found = [each for page in SERVICES for each in operators_of(page)]
    assert sorted(found, key=lambda each: each.__name__) == public_operators()
    assert {file.stem for file in PAGES.glob("*.md")} == {*SERVICES, "README"}
    assert all(f"({page}.md)" in (PAGES / "README.md").read_text(encoding="utf-8") for page in SERVICES)


@EACH
def test_a_page_is_as_it_is_filled_in(page: str) -> None:
    text = text_of(page)
    assert operator_docs.filled_page(text) == text, "run tools/operator_docs.py"


@pytest.mark.parametrize("part", ["aws", "databricks", "kafka"])
def test_examples_of_the_readmes_are_the_tested_files(part: str) -> None:
    text = (ROOT / part / "README.md").read_text(encoding="utf-8")
    assert operator_docs.filled_readme(text) == text, (
        "change docs/operators/examples, run tools/operator_docs.py"
    )


@EACH
def test_a_page_shows_every_operator_in_an_example(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = re.findall(r"<!-- example: (\S+) -->", text_of(page))
    shown: set[str] = set()
    for name in names:
        assert f"```python\n{(EXAMPLES / name).read_text(encoding='utf-8')}```" in text_of(page)
        bag = DagBag(dag_folder=str(EXAMPLES / name))
        assert bag.import_errors == {}
        (dag,) = bag.dags.values()
        shown |= {type(task).__name__ for task in dag.tasks}
    assert {each.__name__ for each in operators_of(page)} - shown == set()


def test_no_example_is_left_over() -> None:
    named = {name for page in SERVICES for name in re.findall(r"<!-- example: (\S+) -->", text_of(page))}
    assert named == {file.name for file in EXAMPLES.glob("*.py")}


@EACH
def test_parameters_are_those_of_the_constructors(page: str) -> None:
    for operator in operators_of(page):
        name = operator.__name__
        assert any(name in quoted(row[0]) for row in rows(text_of(page).partition("## Example")[0])), name
        table = text_of(page).partition(f"<!-- parameters: {name} -->")[2].partition("<!-- end -->")[0]
        assert table, name
        listed = {quoted(row[0])[0]: row for row in rows(table)}
        provided = set(operator_docs.PROVIDED) if page in CALLED else set()
        assert set(listed) == set(arguments(operator)) | provided, name
        for parameter, (_, default, templated, meaning) in listed.items():
            assert (templated == "yes") == (parameter in operator.template_fields), (name, parameter)
            assert meaning, (name, parameter)
            given = arguments(operator).get(parameter)
            if given is not None and given.default is inspect.Parameter.empty:
                assert default == "required", (name, parameter)
            elif given is not None and parameter != "deferrable":
                assert default == f"`{given.default!r}`", (name, parameter)


def operations(page: str) -> dict[tuple[str, str], str]:
    """Service and operation of all calls in the page's files, to the HTTP method."""
    code = "\n".join(file.read_text(encoding="utf-8") for file in files_of(page))
    # Called on the client, or named to a paginator.
    used = set(re.findall(r"\.(\w+)\(", code)) | set(re.findall(r'"(\w+)"', code))
    found = {}
    for service in CALLED[page]:
        model = ServiceModel(Loader().load_service_model(service, "service-2"), service)
        methods = {name: model.operation_model(name).http["method"] for name in model.operation_names}
        methods |= UNKNOWN_TO_BOTO3.get(service, {})
        found |= {(service, name): method for name, method in methods.items() if xform_name(name) in used}
    return found


@pytest.mark.parametrize("page", CALLED)
def test_iam_actions_are_those_of_the_calls(page: str) -> None:
    calls = operations(page)
    assert len(calls) > 7
    needed = {
        (action, operation)
        for (service, operation), method in calls.items()
        for action in actions_of(service, operation, method) | tagging(service, operation)
    }
    listed = {
        (action, operation)
        for actions, _, asked_by in rows(section(page, "IAM actions"))
        for action in quoted(actions)
        for operation in quoted(asked_by)
        if operation in {name for _, name in calls} or re.fullmatch(r"([A-Z][a-z]+){2,}", operation)
    }
    assert listed == needed


def tagging(service: str, operation: str) -> set[str]:
    """What the creation of a worker configuration with tags takes, as of any other resource."""
    return (
        {"kafkaconnect:TagResource"}
        if operation.startswith("Create") and service == "kafkaconnect"
        else set()
    )


@EACH
def test_errors_are_those_of_the_code(page: str) -> None:
    listed = {name for row in rows(section(page, "Errors")) for name in quoted(row[0])}
    code = "\n".join(file.read_text(encoding="utf-8") for file in files_of(page))
    ours = {name for name, value in vars(exceptions).items() if _is_error(value)}
    raised = {name for name in ours if re.search(rf"\b{name}\(", code)}
    documented = {
        name.rpartition(".")[2]
        for operator in operators_of(page)
        for name in re.findall(r":raises ([\w.]+):", inspect.getdoc(operator.execute) or "")
    }
    assert (raised | documented) - listed == set()
    # What is no error of ours is Airflow's, Python's or botocore's.
    known = {"ValueError", "ClientError", "BadRequestException", "TooManyRequestsException"}
    assert {name for name in listed if not name.startswith("Airflow")} - known <= ours
    assert all(meaning and remedy for _, meaning, remedy in rows(section(page, "Errors")))


def _is_error(value: Any) -> bool:
    return inspect.isclass(value) and issubclass(value, exceptions.CloudOperatorError)


@EACH
def test_limits_name_the_documents_that_have_them(page: str) -> None:
    points = section(page, "Limits").strip().split("\n- ")
    linked = [point for point in points if re.search(r"\]\(https://\S+\)", point)]
    assert len(linked) >= 3


@EACH
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text_of(page)):
        assert (PAGES / target).exists(), target


@pytest.mark.parametrize("old", ["", "| `name` | required | - | another meaning |"])
def test_an_old_page_is_filled_in_anew(old: str) -> None:
    text = f"before\n<!-- parameters: KafkaDeleteTopicsOperator -->\n{old}\n<!-- end -->\nbehind\n"
    filled = operator_docs.filled_page(text)
    assert filled.startswith("before\n")
    assert filled.endswith("<!-- end -->\nbehind\n")
    assert "another meaning" not in filled
    assert "| `topics` | required | yes |" in filled


@pytest.mark.parametrize("marker", ["parameters: NoSuchOperator", "example: no_such_file.py"])
def test_what_a_page_can_not_have_is_an_error(marker: str) -> None:
    with pytest.raises((KeyError, FileNotFoundError)):
        operator_docs.filled_page(f"<!-- {marker} -->\n<!-- end -->\n")
