"""Fill in what the pages under ``docs/operators`` take from code: examples and tables of parameters.

Between ``<!-- example: x.py -->`` and ``<!-- end -->`` stands the file ``docs/operators/examples/x.py``, and
between ``<!-- parameters: SomeOperator -->`` and ``<!-- end -->`` a table that is made of the operator's
signature and docstrings. Examples in the READMEs of ``cloud_operators`` are the same files, known by the id
of their DAG. Needs Airflow's environment; with ``--check`` nothing is written.
"""

from __future__ import annotations

import argparse
import inspect
import re
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
PAGES = CHECKOUT / "docs" / "operators"
READMES = CHECKOUT / "plugins" / "cloud_operators"
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "plugins")]

from cloud_operators.aws.base import AwsBaseOperator, AwsBaseSensor  # noqa: E402
from tests.unit.cloud_operators.public import arguments, public_operators  # noqa: E402

#: What operators of AWS have from Amazon's provider, where our docstrings do not say it themselves.
PROVIDED = {
    "aws_conn_id": "the Airflow connection for AWS credentials; ``None`` for boto3's own search",
    "region_name": "AWS region; the connection's when not given",
    "verify": "whether, or with which CA bundle, TLS certificates are verified",
    "botocore_config": "configuration of the botocore client, by key",
}
_BLOCK = re.compile(r"(<!-- (example|parameters): (\S+) -->\n).*?(<!-- end -->)", re.DOTALL)
_README_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
_DAG_ID = re.compile(r'DAG\(\s*"(\w+)"')


def filled_page(text: str) -> str:
    """A page with its examples and tables as they are now.

    :param text: of the page.
    :raises KeyError: when there is no operator of a name.
    :raises FileNotFoundError: when there is no example of a name.
    """
    operators = {each.__name__: each for each in public_operators()}

    def content(kind: str, name: str) -> str:
        return _example(PAGES / "examples" / name) if kind == "example" else parameter_table(operators[name])

    return _BLOCK.sub(lambda found: f"{found[1]}{content(found[2], found[3])}\n{found[4]}", text)


def filled_readme(text: str) -> str:
    """A README whose examples are those of the files with the same DAGs.

    :param text: of the README.
    :raises KeyError: when no file has the DAG of an example.
    """
    examples = {
        _DAG_ID.findall(example)[0]: example
        for example in (
            file.read_text(encoding="utf-8") for file in sorted((PAGES / "examples").glob("*.py"))
        )
    }

    def replaced(found: re.Match[str]) -> str:
        (dag_id,) = _DAG_ID.findall(found[1])
        return f"```python\n{examples[dag_id]}```"

    return _README_BLOCK.sub(replaced, text)


def parameter_table(operator: type[Any]) -> str:
    """Markdown of all arguments that an operator has beside Airflow's own.

    :param operator: an operator or sensor.
    """
    lines = ["| parameter | default | templated | meaning |", "|---|---|---|---|"]
    described = descriptions(operator)
    for name, default in defaults(operator).items():
        templated = "yes" if name in operator.template_fields else "-"
        lines.append(f"| `{name}` | {default} | {templated} | {_markdown(described[name])} |")
    return "\n".join(lines)


def defaults(operator: type[Any]) -> dict[str, str]:
    """Argument to its default, required ones first.

    :param operator: an operator or sensor.
    """
    parameters = dict(arguments(operator))
    if issubclass(operator, AwsBaseOperator | AwsBaseSensor):
        for each in reversed(operator.__mro__):
            signature = inspect.signature(each.__init__).parameters if "__init__" in vars(each) else {}
            parameters |= {name: signature[name] for name in PROVIDED if name in signature}
    shown = {name: _default(parameter) for name, parameter in parameters.items()}
    return dict(sorted(shown.items(), key=lambda item: (item[1] != "required", item[0] in PROVIDED)))


def descriptions(operator: type[Any]) -> dict[str, str]:
    """Argument to what the docstrings of its classes say; the most derived class counts.

    :param operator: an operator or sensor.
    """
    found = dict(PROVIDED)
    for each in reversed(operator.__mro__):
        if each.__module__.startswith("cloud_operators."):
            text = inspect.cleandoc(each.__doc__ or "")
            fields = re.findall(r"^:param (\w+): (.*?)(?=^\S|\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
            found |= {name: " ".join(meaning.split()) for name, meaning in fields}
    return found


def _default(parameter: inspect.Parameter) -> str:
    if parameter.default is inspect.Parameter.empty:
        return "required"
    if parameter.name == "deferrable":
        # What the signature holds is the configuration of this machine.
        return "Airflow's `default_deferrable`"
    if isinstance(parameter.default, str | int | float | bool | list | dict | tuple | None):
        return f"`{parameter.default!r}`"
    return "not given"


def _markdown(text: str) -> str:
    text = re.sub(r"``(.*?)``", r"`\1`", text)
    text = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", text)
    return text.replace(" (templated)", "").replace("|", "\\|")


def _example(file: Path) -> str:
    return f"```python\n{file.read_text(encoding='utf-8')}```"


def main() -> None:
    """Fill in all pages and READMEs, or name those that are not as they should be."""
    parser = argparse.ArgumentParser(description="Fill in the pages of the operators")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a page is old")
    check = parser.parse_args().check
    old = []
    files = [(page, filled_page) for page in sorted(PAGES.glob("*.md"))]
    files += [(readme, filled_readme) for readme in sorted(READMES.glob("*/README.md"))]
    for file, fill in files:
        text = file.read_text(encoding="utf-8")
        if (filled := fill(text)) != text:
            old.append(str(file.relative_to(CHECKOUT)))
            if not check:
                file.write_text(filled, encoding="utf-8")
    if old:
        print(f"{'old' if check else 'written'}: {', '.join(old)}")
    sys.exit(bool(check and old))


if __name__ == "__main__":
    main()
