"""Airflow's commands in the layout of MWAA. Runs there, in one process: importing Airflow takes seconds.

Program: reads the command lines as a JSON list, writes what became of them as a JSON object.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pkgutil
import sys
import traceback
from pathlib import Path
from typing import Any

PLUGINS = Path(os.environ["AIRFLOW_HOME"]) / "plugins"
#: Parameters that name what a call is made on; none of them is a secret.
IDENTIFYING = {
    *("Bucket", "Key", "CopySource", "StreamName", "SecretId", "Name", "RoleName"),
    *("DocumentName", "InstanceIds"),
    *("AlarmName", "AlarmNames", "ResourceARN"),
    *("ClusterArn", "customPluginArn", "workerConfigurationArn", "connectorArn", "name", "connectorName"),
}


def run(arguments: list[str]) -> dict[str, Any]:
    """Run one command as ``airflow`` does.

    :param arguments: what follows ``airflow`` on the command line.
    :returns: ``code``, ``output``, and ``error`` if it raised one.
    """
    from airflow.cli.cli_parser import get_parser

    output, error = io.StringIO(), ""
    with contextlib.redirect_stdout(output):
        try:
            parsed = get_parser().parse_args(arguments)
            parsed.func(parsed)
            code: Any = 0
        except SystemExit as ended:
            code = ended.code
        except Exception:
            code, error = 1, traceback.format_exc()
    return {"code": code, "output": output.getvalue(), "error": error}


def bare_modules() -> list[str]:
    """Modules that were loaded from the plugins folder under another name than their path has."""
    found = []
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and Path(file).is_relative_to(PLUGINS):
            path = Path(file).relative_to(PLUGINS).with_suffix("")
            parts = path.parts[:-1] if path.name == "__init__" else path.parts
            if name != ".".join(parts):
                found.append(name)
    return found


def import_all(packages: list[str]) -> dict[str, str]:
    """Import every module of our packages.

    :returns: module to its error.
    """
    errors = {}
    for package in packages:
        root = importlib.import_module(package)
        for module in pkgutil.walk_packages(root.__path__, f"{package}."):
            try:
                importlib.import_module(module.name)
            except Exception as error:
                errors[module.name] = repr(error)
    return errors


def triggers() -> dict[str, bool]:
    """Our triggers, and whether the path that the triggerer imports gives the class."""
    from airflow._shared.module_loading import import_string
    from airflow.triggers.base import BaseTrigger

    def below(kind: Any) -> list[Any]:
        return [each for child in kind.__subclasses__() for each in (child, *below(child))]

    ours = [kind for kind in below(BaseTrigger) if kind.__module__.startswith("cloud_operators.")]
    paths = {f"{kind.__module__}.{kind.__qualname__}": kind for kind in ours}
    return {path: import_string(path) is kind for path, kind in paths.items()}


def wrong_setting(name: str, value: str) -> dict[str, Any]:
    """What ``airflow dags list-import-errors`` shows of a wrong setting.

    :param name: the variable.
    :param value: its value.
    """
    os.environ[name] = value
    for module in [module for module in sys.modules if module.startswith("pinterest_")]:
        del sys.modules[module]
    return run(["dags", "list-import-errors", "--local", "--output", "json"])


def share_service_models() -> None:
    """Parse botocore's large model files once: on MWAA each task is a process, here they share one."""
    import botocore.session
    from botocore.loaders import create_loader

    loader = create_loader()
    botocore.session.create_loader = lambda *_: loader


class Watched:
    """The calls of AWS, by what is run while they are made."""

    def __init__(self) -> None:
        self.running = ""
        self.calls: set[tuple[str, str, str, str]] = set()
        self.requests: set[tuple[str, ...]] = set()

    def run(self, name: str, arguments: list[str]) -> dict[str, Any]:
        """Run a command under its name in the list; see :func:`run`."""
        self.running = name
        return run(arguments)

    def note_call(self, model: Any, **_: Any) -> None:
        """Note service, operation, HTTP method and path."""
        http = model.http
        self.calls.add((model.service_model.service_name, model.name, http["method"], http["requestUri"]))

    def note_request(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        """Note what is running, the call, and as JSON the parameters that say what it is made on."""
        on = {name: params[name] for name in sorted(IDENTIFYING & params.keys())}
        http = model.http
        call = (model.service_model.service_name, model.name, http["method"], http["requestUri"])
        self.requests.add((self.running, *call, json.dumps(on)))


def watch_aws() -> Watched:
    """Note each call of AWS from now on."""
    import botocore.handlers

    watched = Watched()
    botocore.handlers.BUILTIN_HANDLERS += [
        ("before-call", watched.note_call),
        ("before-parameter-build", watched.note_request),
    ]
    return watched


def main() -> None:
    """Run the commands, then look at what was loaded."""
    share_service_models()
    watched = watch_aws()
    importlib.import_module("airflow")  # puts the plugins folder on the path
    importlib.import_module("landed_kafka").install()
    request = json.load(sys.stdin)
    report: dict[str, Any] = {
        "commands": {name: watched.run(name, line) for name, line in request["commands"].items()}
    }
    report["aws_calls"] = sorted(watched.calls)
    report["aws_requests"] = sorted(watched.requests)
    import calendar

    report["bare_modules"] = bare_modules()
    report["calendar"] = calendar.__file__
    report["import_errors"] = import_all(request["packages"])
    report["triggers"] = triggers()
    report["path"] = sys.path
    report["wrong_setting"] = wrong_setting(*request["wrong_setting"])
    Path(sys.argv[1]).write_text(json.dumps(report))


if __name__ == "__main__":
    main()
