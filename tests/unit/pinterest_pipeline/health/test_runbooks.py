"""The runbooks say what is there: pages, sentences of the checks, DAGs, tasks, params, settings, commands."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jmespath
import pytest
from airflow.dag_processing.dagbag import DagBag
from botocore import xform_name
from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from pinterest_pipeline import connections
from pinterest_pipeline.entities import contracts
from pinterest_pipeline.health.components import COMPONENTS
from pinterest_pipeline.settings import variable_names
from tests.unit.pinterest_pipeline.airflow_home import CHECKOUT

FOLDER = CHECKOUT / "docs" / "runbooks"
INDEX = FOLDER / "README.md"
PAGES = sorted(file.stem for file in FOLDER.glob("*.md") if file != INDEX)
EACH = pytest.mark.parametrize("page", PAGES)
ALL = pytest.mark.parametrize("page", [*PAGES, "README"])

HEADINGS = ["What you see", "What it means", "What the pipeline does by itself", "What you do"]
STATES = {"healthy", "degraded", "down", "unknown"}
#: Commands that the AWS command line has of its own, or that botocore does not know yet, with their options.
#: https://docs.aws.amazon.com/cli/latest/reference/kafkaconnect/restart-connector.html
OTHER_COMMANDS = {
    ("s3", "ls"): {"recursive", "human-readable"},
    ("s3", "cp"): {"recursive"},
    ("s3", "presign"): {"expires-in"},
    ("logs", "tail"): {"since", "filter-pattern", "follow"},
    ("kafkaconnect", "restart-connector"): {"connector-arn", "only-failed-tasks"},
}
#: Name on the command line to botocore's, where they differ.
CLI_NAMES = {"s3api": "s3"}
#: Options that every command has.
COMMON_OPTIONS = {"query", "output", "region"}


def text_of(page: str) -> str:
    return (FOLDER / f"{page}.md").read_text(encoding="utf-8")


def section(page: str, title: str) -> str:
    (found,) = re.findall(rf"^## {title}\n(.*?)(?=^## |\Z)", text_of(page), re.DOTALL | re.MULTILINE)
    return str(found)


def code_of(text: str) -> Iterator[str]:
    """Blocks and quoted words."""
    for block, quoted in re.findall(r"```\w*\n(.*?)```|(?<!`)`([^`\n]+)`(?!`)", text, re.DOTALL):
        yield block or quoted


@pytest.fixture(scope="module")
def bag() -> DagBag:
    found = DagBag(dag_folder=str(CHECKOUT / "dags"))
    assert found.import_errors == {}
    return found


@pytest.fixture(scope="module")
def said() -> str:
    """Every text in the code of the plugins and DAGs, a line each, with an ellipsis for what is filled in."""
    lines = []
    for folder in ("plugins", "dags"):
        for file in sorted((CHECKOUT / folder).rglob("*.py")):
            lines.extend(texts(ast.parse(file.read_text(encoding="utf-8"))))
    return "\n".join(lines)


def texts(tree: ast.Module) -> Iterator[str]:
    known = {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else _filled_in(part, known)
                for part in node.values
            )
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield " ".join(node.value.split())


def _filled_in(part: ast.expr, known: Mapping[str, object]) -> str:
    """A constant of the module, or an ellipsis for what is known when it runs."""
    inner = part.value if isinstance(part, ast.FormattedValue) else part
    return str(known[inner.id]) if isinstance(inner, ast.Name) and inner.id in known else "…"


def test_every_component_has_its_page_and_no_page_is_left_over() -> None:
    wanted = {Path(each.runbook).stem for each in COMPONENTS.values()} | {"health"}
    assert set(PAGES) == wanted
    assert all((CHECKOUT / "docs" / each.runbook).is_file() for each in COMPONENTS.values())


@EACH
def test_the_index_leads_to_the_page(page: str) -> None:
    assert f"({page}.md)" in text_of("README")
    assert "docs/runbooks/README.md" in (CHECKOUT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_page_has_the_label_of_its_component_as_its_title(name: str) -> None:
    component = COMPONENTS[name]
    text = (CHECKOUT / "docs" / component.runbook).read_text(encoding="utf-8")
    assert text.startswith(f"# {component.label}\n")


@EACH
def test_a_page_has_the_four_headings(page: str) -> None:
    assert re.findall(r"^##+ (.*)$", text_of(page), re.MULTILINE) == HEADINGS
    assert all(section(page, heading).strip() for heading in HEADINGS)


@EACH
def test_what_to_do_is_numbered_from_one(page: str) -> None:
    numbers = [int(each) for each in re.findall(r"^(\d+)\. ", section(page, "What you do"), re.MULTILINE)]
    assert len(numbers) >= 2
    assert numbers == list(range(1, len(numbers) + 1))


@EACH
def test_sentences_are_those_of_the_checks(page: str, said: str) -> None:
    rows = re.findall(r"^\| (.*) \| (.*) \|$", section(page, "What you see"), re.MULTILINE)[1:]
    assert rows, "there is a table of sentences"
    for sentence, state in rows:
        assert set(re.findall(r"\w+", state)) <= STATES, state
        assert quoted_parts(sentence, said) == [], sentence


@EACH
def test_reasons_are_those_of_the_code(page: str, said: str) -> None:
    rows = re.findall(r"^ +\| (`.*) \| .* \|$", section(page, "What you do"), re.MULTILINE)
    assert [row for row in rows if quoted_parts(row, said)] == []


def quoted_parts(cell: str, said: str) -> list[str]:
    """Parts of quoted sentences that nobody says."""
    quoted = re.findall(r"`([^`]+)`", cell)
    assert quoted, cell
    parts = [part.strip() for each in quoted for part in each.split("…")]
    assert any(len(part) > 4 for part in parts), cell
    return [part for part in parts if part not in said]


@ALL
def test_dags_connections_and_settings_exist(page: str, bag: DagBag) -> None:
    known = set(bag.dag_ids) | {contract.source_table for contract in contracts().values()}
    known |= {value for name, value in vars(connections).items() if name.isupper()}
    named = set(re.findall(r"\bpinterest_\w+", text_of(page)))
    assert named - known == set()
    assert set(re.findall(r"\bPINTEREST_\w+", text_of(page))) - set(variable_names()) == set()


@ALL
def test_tasks_exist(page: str, bag: DagBag) -> None:
    for task_id, dag_id in re.findall(r"`([\w.]+)` of\s+`(pinterest_\w+)`", text_of(page)):
        assert task_id in bag.dags[dag_id].task_ids, (dag_id, task_id)


@ALL
def test_params_are_taken_by_their_dag(page: str, bag: DagBag) -> None:
    for dag_id, written in re.findall(r"`(pinterest_\w+)`\s+with\s+`(\{[^`]*\})`", text_of(page)):
        for name, value in json.loads(written).items():
            assert name in bag.dags[dag_id].params, (dag_id, name)
            bag.dags[dag_id].params.get_param(name).resolve(value)


@ALL
def test_words_of_code_are_in_the_code(page: str) -> None:
    """Tasks, columns, params and figures: a name with an underscore is somewhere in the product."""
    there = "\n".join(
        file.read_text(encoding="utf-8")
        for folder in ("plugins", "dags", "include")
        for file in (CHECKOUT / folder).rglob("*")
        if file.suffix in {".py", ".sql", ".json", ".sh", ".properties"}
    )
    quoted = [each for each in code_of(text_of(page)) if re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", each)]
    assert [each for each in quoted if not re.search(rf"(?<!\w){each}(?!\w)", there)] == []


@ALL
def test_links_within_the_repository_lead_somewhere(page: str) -> None:
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text_of(page)):
        file = FOLDER / target if target else FOLDER / f"{page}.md"
        assert file.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {_anchor(heading) for heading in headings}, (target, anchor)


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@ALL
def test_commands_of_aws_exist_with_their_options(page: str) -> None:
    for service, command, options in aws_commands(text_of(page)):
        if (service, command) in OTHER_COMMANDS:
            assert options <= OTHER_COMMANDS[service, command] | COMMON_OPTIONS, (service, command)
            continue
        known, needed = arguments_of(service, command)
        assert options <= known | COMMON_OPTIONS, (service, command)
        assert needed <= options, (service, command)


def aws_commands(text: str) -> Iterator[tuple[str, str, set[str]]]:
    """Service, command and options of all calls of the AWS command line."""
    for code in code_of(text):
        # What is in quotes, or made by another command, is no option and ends no command.
        plain = re.sub(r"""'[^']*'|"[^"]*"|\$\((?!aws )[^()]*\)""", "…", code.replace("\\\n", " "))
        for service, command, rest in re.findall(r"\baws ([a-z0-9]+) ([a-z0-9-]+)([^\n|)]*)", plain):
            yield service, command, set(re.findall(r"(?<!\S)--([a-z0-9-]+)", rest))


def arguments_of(service: str, command: str) -> tuple[set[str], set[str]]:
    """Options that a command knows, and those that it needs.

    :raises AssertionError: when there is no such command.
    """
    operation = operation_of(service, command)
    options = {"max-items"} if operation.name in paginated(service) else set()
    shape = operation.input_shape
    if shape is None:
        return options, set()
    options |= {xform_name(each, "-") for each in shape.members}
    return options, {xform_name(each, "-") for each in shape.required_members}


def operation_of(service: str, command: str) -> OperationModel:
    name = CLI_NAMES.get(service, service)
    try:
        model = ServiceModel(Loader().load_service_model(name, "service-2"), name)
    except UnknownServiceError:
        raise AssertionError(f"aws {service}") from None
    names = {xform_name(each, "-"): each for each in model.operation_names}
    assert command in names, (service, command)
    return model.operation_model(names[command])


def paginated(service: str) -> set[str]:
    found = Loader().load_service_model(CLI_NAMES.get(service, service), "paginators-1")
    return set(found["pagination"])


@ALL
def test_queries_ask_for_what_is_in_the_answer(page: str) -> None:
    for service, command, query in re.findall(
        r"""\baws (\S+) (\S+)(?:(?!\baws )[^|\n])*?--query ('[^']*'|"[^"]*"|[^\s'")]+)""",
        text_of(page).replace("\\\n", " "),
    ):
        asked = set(fields_of(jmespath.compile(query.strip("'\"")).parsed))
        answer = operation_of(service, command).output_shape
        assert asked
        assert answer is not None
        assert asked - set(members_of(answer, set())) == set(), (service, command)


def fields_of(node: dict[str, Any]) -> Iterator[str]:
    """Names of fields in a parsed expression of JMESPath."""
    if node["type"] == "field":
        yield node["value"]
    for child in node.get("children", []):
        yield from fields_of(child)


def members_of(shape: Shape, seen: set[str]) -> Iterator[str]:
    """Names of all members within a shape."""
    if shape.name in seen:
        return
    seen.add(shape.name)
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield name
            yield from members_of(member, seen)
    elif isinstance(shape, ListShape):
        yield from members_of(shape.member, seen)


@ALL
def test_blocks_for_the_shell_can_be_parsed(page: str) -> None:
    for block in re.findall(r"```bash\n(.*?)```", text_of(page), re.DOTALL):
        filled = re.sub(r"<(?!<)[\w ]+>", "x", block)
        done = subprocess.run(["bash", "-n"], input=filled, text=True, capture_output=True, check=False)
        assert done.returncode == 0, (block, done.stderr)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("`aws s3 ls s3://b/`", [("s3", "ls", set())]),
        (
            "```bash\nARN=$(aws kafka list-nodes --cluster-arn \"$X --no\" --query 'a --b') # --c\n```",
            [("kafka", "list-nodes", {"cluster-arn", "query"})],
        ),
        (
            "```\naws kinesis list-shards \\\n    --stream-name x | jq --raw\n```",
            [("kinesis", "list-shards", {"stream-name"})],
        ),
        (
            "```\naws s3 cp --recursive s3://a/$(date -u +%F)/ s3://b/ | head --bytes 3\n```",
            [("s3", "cp", {"recursive"})],
        ),
        ("aws in a sentence", []),
    ],
    ids=["quoted", "assigned", "two-lines", "other-command-within", "no-code"],
)
def test_commands_are_found(text: str, found: list[tuple[str, str, set[str]]]) -> None:
    assert list(aws_commands(text)) == found


@pytest.mark.parametrize("command", [("kafkaconnect", "restart"), ("nosuchservice", "list")])
def test_an_invented_command_is_an_error(command: tuple[str, str]) -> None:
    with pytest.raises(AssertionError):
        arguments_of(*command)
