"""``sandbox fault``: begin a fault, list those that are active, end all."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from pinterest_sandbox import lifecycle
from pinterest_sandbox.config import Config, NotUp
from pinterest_sandbox.faults import control
from pinterest_sandbox.faults.fault import Fault
from pinterest_sandbox.faults.services import CLIENTS, SERVICES

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


class Duration(click.ParamType[float]):
    """``500ms``, ``20s``, ``2m``, ``1h``; seconds without a unit."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h)?", str(value))
        if found is None:
            self.fail(f"{value!r} is no time: 500ms, 20s, 2m or 1h", param, ctx)
        return float(found[1]) * _UNITS[found[2] or "s"]


class Share(click.ParamType[Fraction]):
    """A number above 0 and at most 1, kept exactly."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """The exact number."""
        try:
            share = Fraction(str(value))
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r} is no number", param, ctx)
        if not 0 < share <= 1:
            self.fail(f"a share is above 0 and at most 1, not {value}", param, ctx)
        return share


@click.command("fault")
@click.argument("service", required=False)
@click.option("--client", type=click.Choice(CLIENTS), help="Hit this client alone instead of all.")
@click.option("--status", type=int, metavar="STATUS", help="Answer with this HTTP status.")
@click.option("--error", metavar="CODE", help="Answer with this error of the service, e.g. SlowDown of s3.")
@click.option(
    "--refuse-records", is_flag=True, help="Refuse single records inside a 200 (rest-proxy, api, kinesis)."
)
@click.option("--for", "seconds", type=Duration(), default="20s", show_default=True, help="How long.")
@click.option(
    "--share", type=Share(), default="1", show_default=True, help="Of the requests, or of the records."
)
@click.option("--list", "listed", is_flag=True, help="Show the active faults and what they have struck.")
@click.option("--clear", is_flag=True, help="End all faults now.")
def fault(
    service: str | None,
    client: str | None,
    status: int | None,
    error: str | None,
    refuse_records: bool,
    seconds: float,
    share: Fraction,
    listed: bool,
    clear: bool,
) -> None:
    """Let SERVICE (s3, kinesis, api, rest-proxy, databricks) fail on purpose. Faults end by themselves.

    \b
    sandbox fault s3 --client spark --error SlowDown --for 20s --share 0.3
    sandbox fault rest-proxy --status 503 --for 10s
    sandbox fault kinesis --client api --error ProvisionedThroughputExceededException --share 0.2
    sandbox fault api --refuse-records --share 0.05 --for 2m
    """
    if listed or clear:
        if service is not None:
            raise click.UsageError("--list and --clear are for all services")
        if clear:
            _show(control.clear(_running()), "Ended.")
        else:
            _show(control.list_active(_running()), "")
        return
    if service is None:
        raise click.UsageError(f"name a service: {', '.join(SERVICES)}")
    wanted = Fault(
        service=service,
        client=client,
        status=status,
        error=error,
        refuse_records=refuse_records,
        seconds=seconds,
        share=share,
    )
    begun = control.begin(_running(), wanted)
    what = "records" if refuse_records else "requests"
    click.echo(
        f"Fault {begun['number']}: {float(share):.3g} of the {what} to {service} by "
        f"{client or 'all clients'} get {effect(begun['fault'])} for {seconds:g} s."
    )


def effect(fault: dict[str, Any]) -> str:
    """What a struck request gets, for a person."""
    if fault["refuse_records"]:
        return "refused inside a 200"
    refusal = Fault.from_json(fault).refusal()
    return f"{refusal.status} {refusal.code}"


def _running() -> Config:
    config = lifecycle.running_config()
    if config is None:
        raise NotUp("the sandbox is not up: start it with `make up`")
    return config


def _show(faults: list[dict[str, Any]], remark: str) -> None:
    if not faults:
        click.echo("No fault is active.")
        return
    table = Table("fault", "service", "client", "answer", "share", "seen", "struck", "left")
    for row in faults:
        told = row["fault"]
        table.add_row(
            str(row["number"]),
            told["service"],
            told["client"] or "all",
            effect(told),
            told["share"],
            str(row["seen"]),
            str(row["struck"]),
            f"{row['left']:g} s",
        )
    Console().print(table)
    if remark:
        click.echo(remark)
