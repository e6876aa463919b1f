"""What a wrong setting does to the DAGs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integrity.dag_files import FILES
from tests.integrity.fresh import run_python

CASES: dict[str, tuple[dict[str, str], str]] = {
    "unset": (
        {},
        "SettingsError: PINTEREST_USER_ID is not set: 1 to 40 lower-case letters and digits expected",
    ),
    "user-id": (
        {"USER_ID": "My-Id"},
        "SettingsError: PINTEREST_USER_ID='My-Id' is wrong: 1 to 40 lower-case",
    ),
    "compute": (
        {"USER_ID": "sandbox", "DATABRICKS_COMPUTE": "cluster"},
        "SettingsError: PINTEREST_DATABRICKS_COMPUTE='cluster' is wrong: not JSON",
    ),
    "notifier": (
        {"USER_ID": "sandbox", "NOTIFIERS": '[{"class": "no.such.Notifier"}]'},
        "SettingsError: PINTEREST_NOTIFIERS: no.such.Notifier can't be used",
    ),
    "good": ({"USER_ID": "12b287eedf6d"}, ""),
}

# Our modules are loaded anew for each case: they keep the settings they were loaded with.
LOAD = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
cases, found = json.loads(sys.argv[1]), {}
for case, settings in cases.items():
    for name in [name for name in os.environ if name.startswith("PINTEREST_")]:
        del os.environ[name]
    os.environ.update({f"PINTEREST_{name}": value for name, value in settings.items()})
    for name in [name for name in sys.modules if name.startswith("pinterest_")]:
        del sys.modules[name]
    bag = DagBag()
    found[case] = {"dags": sorted(bag.dags), "errors": list(bag.import_errors.values())}
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    cases = json.dumps({case: settings for case, (settings, _) in CASES.items()})
    done = run_python(LOAD, tmp_path_factory.mktemp("home"), cases)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("case", [case for case in CASES if case != "good"])
def test_every_dag_fails_with_one_line_that_names_the_variable(outcomes: Any, case: str) -> None:
    assert outcomes[case]["dags"] == []
    assert len(outcomes[case]["errors"]) == len(FILES)
    for error in outcomes[case]["errors"]:
        assert CASES[case][1] in error.strip().splitlines()[-1]


def test_the_resource_id_is_all_that_loading_needs(outcomes: Any) -> None:
    assert outcomes["good"]["errors"] == []
    assert len(outcomes["good"]["dags"]) == len(FILES)
