"""The ``sandbox`` command."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import psutil
from rich.console import Console
from rich.table import Table

from pinterest_sandbox import environment as environments
from pinterest_sandbox import lifecycle
from pinterest_sandbox.airflow.settings import airflow_program
from pinterest_sandbox.airflow.trace import trace
from pinterest_sandbox.aws.api_key import read_api_key
from pinterest_sandbox.aws.health_page import health_page
from pinterest_sandbox.config import Config, NotUp
from pinterest_sandbox.faults.command import fault
from pinterest_sandbox.parts import load_account
from pinterest_sandbox.prerequisites import Missing
from pinterest_sandbox.source.load import LoadError
from pinterest_sandbox.source.service import load_rows
from pinterest_sandbox.steps import StepFailed
from pinterest_sandbox.supervision import Supervisor

#: Service name to the port it listens on, where the names differ or there is one at all.
ADDRESSES = {
    "source": "source",
    "kafka": "kafka",
    "connect": "connect",
    "rest-proxy": "rest_proxy",
    "moto": "moto",
    "msk": "msk",
    "msk-connect": "msk_connect",
    "ssm": "ssm",
    "api": "api",
    "metastore": "metastore",
    "databricks": "databricks",
    "airflow-api-server": "airflow",
    "fault-gate": "fault_gate",
}


class _Commands(click.Group):
    """Ends every foreseen error with its message instead of a trace."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (Missing, NotUp, StepFailed, LoadError, ValueError, TimeoutError) as error:
            raise click.ClickException(str(error)) from error


class Setting(click.ParamType[tuple[str, str]]):
    """``PINTEREST_NAME=value``, ``AIRFLOW__SECTION__OPTION=value``, or ``PYTHONPATH=folder``."""

    name = "setting"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Name and value."""
        name, separator, text = str(value).partition("=")
        if not separator or not re.fullmatch(r"(PINTEREST_|AIRFLOW__)[A-Z0-9_]+|PYTHONPATH", name):
            self.fail(f"{value!r} is no setting: PINTEREST_AUTO_HEAL=true", param, ctx)
        return name, text


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The surroundings of the Pinterest data pipeline on this machine, all on 127.0.0.1."""


@main.command()
@click.option(
    "--without", multiple=True, metavar="NAME", help="Leave a service out (airflow: its four processes)."
)
@click.option(
    "--setting",
    "settings",
    multiple=True,
    type=Setting(),
    metavar="NAME=VALUE",
    help="Start Airflow with this variable, e.g. PINTEREST_AUTO_HEAL=true, or PYTHONPATH=FOLDER with an "
    "airflow_local_settings.py; repeatable.",
)
def up(without: tuple[str, ...], settings: tuple[tuple[str, str], ...]) -> None:
    """Start everything; harmless when it is up."""
    began = time.monotonic()
    config = lifecycle.up(without=frozenset(without), settings=dict(settings))
    click.echo(f"The sandbox is up after {time.monotonic() - began:.1f} s.")
    if "airflow" not in without:
        click.echo(f"Airflow: {config.url('airflow')}")
    click.echo(f"Databricks runs: {config.url('databricks')}   its state is thrown away by `make down`")


@main.command()
def build() -> None:
    """Fetch jars, build the S3 sink, record class archives; `up` does it too."""
    lifecycle.build()


@main.command()
def down() -> None:
    """Stop everything and throw the state away (jars and downloads are kept)."""
    stopped = lifecycle.down(lambda name: click.echo(f"  ended  {name}"))
    click.echo("The sandbox is down; its state is gone." if stopped else "No sandbox was up.")


@main.command()
def status() -> None:
    """Show every process: state, address, memory, time since its start."""
    config = _running()
    table = Table("service", "state", "address", "pid", "memory", "up since")
    for process in Supervisor(config).processes():
        port = ADDRESSES.get(process.name)
        table.add_row(
            process.name,
            process.state,
            config.address(port) if port else "",
            str(process.pid or ""),
            _memory(process.pid),
            time.strftime("%H:%M:%S", time.localtime(process.started)) if process.pid else "",
        )
    Console().print(table)


@main.command()
def ui() -> None:
    """Print the addresses of the pages."""
    config = _running()
    click.echo(f"Airflow          {config.url('airflow')}")
    click.echo(f"Databricks runs  {config.url('databricks')}")
    click.echo(f"Health           {health_page(config)}")
    click.echo("                 (there once pinterest_health has run: unpause it in Airflow)")


@main.command()
@click.argument("names", nargs=-1)
@click.option("-f", "--follow", is_flag=True, help="Go on as lines are written.")
@click.option("-n", "--lines", default=20, show_default=True, help="Lines of each file to begin with.")
def logs(names: tuple[str, ...], follow: bool, lines: int) -> None:
    """Show the log files of the services NAMES (all by default)."""
    config = _running()
    known = sorted(path.stem for path in config.logs.glob("*.log"))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.ClickException(f"no log of {', '.join(unknown)}; there are: {', '.join(known)}")
    files = [str(config.logs / f"{name}.log") for name in names or known]
    os.execvp("tail", ["tail", "-n", str(lines), *(["-F"] if follow else []), *files])


@main.command()
def env() -> None:
    """Print export lines for a shell: endpoints, keys, Airflow's and the pipeline's settings."""
    config = _running()
    click.echo(environments.export_lines(environments.client_environment(config, load_account(config))))


@main.command("api-key")
def api_key() -> None:
    """Print the key that requests to the API need in `x-api-key`, once the API is provisioned."""
    click.echo(read_api_key(_running()))


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
def shell(command: tuple[str, ...]) -> None:
    """Run COMMAND (a shell by default) in the sandbox's environment, with Airflow on the path."""
    config = _running()
    variables = {**os.environ, **environments.client_environment(config, load_account(config))}
    tools = airflow_program().parent
    variables["PATH"] = f"{tools}:{Path(sys.executable).parent}:{variables.get('PATH', '')}"
    wanted = list(command) or [os.environ.get("SHELL", "/bin/bash")]
    sys.exit(subprocess.run(wanted, env=variables, check=False).returncode)


@main.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def load(folder: Path) -> None:
    """Put the rows of pin.jsonl, geo.jsonl and user.jsonl in FOLDER in place of the generated ones."""
    for table, count in load_rows(_running(), folder).items():
        click.echo(f"{table}: {count:,} rows loaded")


@main.command()
@click.argument("name")
def kill(name: str) -> None:
    """Kill the service NAME as a crash would; the supervisor starts it again."""
    click.echo(f"killed process {Supervisor(_running()).kill(name)} of {name}")


main.add_command(fault)
main.add_command(trace)


def _running() -> Config:
    config = lifecycle.running_config()
    if config is None:
        raise NotUp("the sandbox is not up: start it with `make up`")
    return config


def _memory(pid: int) -> str:
    if not pid:
        return ""
    try:
        process = psutil.Process(pid)
        size = sum(p.memory_info().rss for p in [process, *process.children(recursive=True)])
    except psutil.NoSuchProcess:
        return ""
    return f"{size / 1e6:,.0f} MB"


if __name__ == "__main__":
    main()
