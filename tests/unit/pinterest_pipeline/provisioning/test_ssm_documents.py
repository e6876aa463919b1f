"""The SSM documents as Systems Manager takes them.

The rules are those of
https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-syntax-data-elements-parameters.html,
of CreateDocument in botocore's service model, and of SSM Agent.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from pinterest_pipeline.provisioning.ssm_documents import LONGEST, SsmDocument, ssm_content, ssm_document
from tests.unit.pinterest_pipeline.provisioning.kafka_client_machine import CHECKOUT, read_checkout

EVERY = pytest.mark.parametrize("document", list(SsmDocument))
#: SSM Agent takes no other (agent/framework/docparser/parameters).
PARAMETER_NAME = re.compile(r"[a-zA-Z0-9]+")
STEP_NAME = re.compile(r"[a-zA-Z0-9_-]{3,128}")


def test_every_file_is_a_document_or_part_of_one() -> None:
    folder = CHECKOUT / "include" / "ssm"
    assert {file.stem for file in folder.glob("*.json")} == {str(document) for document in SsmDocument}
    used = {
        script
        for document in SsmDocument
        for step in json.loads(read_checkout(f"ssm/{document}.json"))["mainSteps"]
        for script in step["inputs"]["runCommand"]
    }
    assert {file.name for file in folder.glob("*.sh")} == used


@EVERY
def test_the_top_level(document: SsmDocument) -> None:
    made = ssm_document(document, read_checkout)
    assert made["schemaVersion"] == "2.2"
    assert made["description"]
    assert set(made) <= {"schemaVersion", "description", "parameters", "mainSteps", "files", "variables"}


@EVERY
def test_create_document_takes_it(document: SsmDocument) -> None:
    model = botocore.session.get_session().get_service_model("ssm").operation_model("CreateDocument")
    request = {
        "Name": str(document),
        "Content": ssm_content(document, read_checkout),
        "DocumentType": "Command",
        "DocumentFormat": "JSON",
        "TargetType": "/AWS::EC2::Instance",
    }
    shape = model.input_shape
    assert ParamValidator().validate(request, shape).generate_report() == ""
    # botocore does not look at patterns.
    for member in ("Name", "TargetType"):
        assert re.fullmatch(shape.members[member].metadata["pattern"], request[member])
    for member in ("DocumentType", "DocumentFormat"):
        assert request[member] in shape.members[member].enum


def parameters() -> list[Any]:
    return [
        pytest.param(what, id=f"{document}-{name}")
        for document in SsmDocument
        for name, what in ssm_document(document, read_checkout).get("parameters", {}).items()
    ]


@pytest.mark.parametrize("what", parameters())
def test_a_parameter(what: dict[str, str]) -> None:
    assert set(what) <= {"type", "description", "default", "allowedPattern", "interpolationType"}
    # Only a string has allowedPattern and goes into the environment.
    assert what["type"] == "String"
    assert what["interpolationType"] == "ENV_VAR"
    assert what["description"].endswith(".")
    pattern = what["allowedPattern"]
    # Java looks for a match anywhere.
    assert pattern.startswith("^")
    assert pattern.endswith("$")
    assert "|" not in re.sub(r"\([^()]*(\([^()]*\)[^()]*)*\)", "", pattern)
    assert not any(re.search(pattern, f"x{special}y") for special in "$`\"'\\;&|<>()*?#~!\n\t ")
    if "default" in what:
        assert re.fullmatch(pattern, what["default"])


@EVERY
def test_the_names_of_parameters(document: SsmDocument) -> None:
    made = ssm_document(document, read_checkout)
    assert all(PARAMETER_NAME.fullmatch(name) for name in made.get("parameters", {}))
    # Systems Manager takes no more.
    assert len(made.get("parameters", {})) <= 200


@EVERY
def test_the_steps(document: SsmDocument) -> None:
    steps = ssm_document(document, read_checkout)["mainSteps"]
    names = [step["name"] for step in steps]
    assert all(STEP_NAME.fullmatch(name) for name in names)
    assert len(set(names)) == len(names) > 0
    for step in steps:
        assert set(step) == {"action", "name", "precondition", "inputs"}
        assert step["action"] == "aws:runShellScript"
        assert step["precondition"] == {"StringEquals": ["platformType", "Linux"]}
        assert set(step["inputs"]) == {"timeoutSeconds", "runCommand"}
        # SSM Agent takes other values for an hour (agent/plugins/pluginutil).
        assert 5 <= int(step["inputs"]["timeoutSeconds"]) <= 172800
        assert all(isinstance(line, str) for line in step["inputs"]["runCommand"])


@EVERY
def test_the_step_may_take_as_long_as_the_wait_for_an_answer(document: SsmDocument) -> None:
    made = ssm_document(document, read_checkout)
    if "AnswerSeconds" in made.get("parameters", {}):
        assert int(made["mainSteps"][0]["inputs"]["timeoutSeconds"]) > 999 + 90


@EVERY
def test_what_runs_is_the_text_of_the_files(document: SsmDocument) -> None:
    (written,) = json.loads(read_checkout(f"ssm/{document}.json"))["mainSteps"]
    (made,) = ssm_document(document, read_checkout)["mainSteps"]
    files = [read_checkout(f"ssm/{file}") for file in written["inputs"]["runCommand"]]
    assert "\n".join(made["inputs"]["runCommand"]) + "\n" == "".join(files)
    # SSM Agent starts the script through sh; this line makes it bash.
    assert made["inputs"]["runCommand"][0] == "#!/bin/bash"


@EVERY
def test_script_and_document_agree_on_the_parameters(document: SsmDocument) -> None:
    """The script looks at its parameters once more, with the same pattern."""
    made = ssm_document(document, read_checkout)
    script = "\n".join(made["mainSteps"][0]["inputs"]["runCommand"])
    checked = dict(re.findall(r"=\$\(parameter (\w+) '([^']+)'\)", script))
    assert checked == {name: what["allowedPattern"] for name, what in made.get("parameters", {}).items()}


@EVERY
def test_no_value_becomes_text_of_a_script(document: SsmDocument) -> None:
    content = ssm_content(document, read_checkout)
    assert "{{" not in content
    assert content == ssm_content(document, read_checkout)
    assert json.loads(content) == ssm_document(document, read_checkout)


def test_a_checksum_has_no_default() -> None:
    declared = ssm_document(SsmDocument.INSTALL, read_checkout)["parameters"]
    assert {name for name, what in declared.items() if "default" not in what} == {
        "KafkaSha256",
        "IamAuthSha256",
        "RestProxySha256",
        "BootstrapServers",
    }


def with_script(text: str) -> Any:
    def read(relative: str) -> str:
        return text if Path(relative).name == "common.sh" else read_checkout(relative)

    return read


def test_braces_that_the_agent_would_replace() -> None:
    with pytest.raises(ValueError, match=r"ssm/common\.sh, line 2: .* what follows \{\{ for a param"):
        ssm_document(SsmDocument.RESTART, with_script("#!/bin/bash\necho {{ Port }}\n"))


def test_a_document_that_is_too_long() -> None:
    with pytest.raises(ValueError, match=rf"SSM document restart-rest-proxy has \d+ bytes, {LONGEST} are"):
        ssm_content(SsmDocument.RESTART, with_script("#\n" * LONGEST))
