"""All services of the sandbox and the work between them, as steps that depend on each other."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace

from pinterest_sandbox.airflow.service import prepare_home
from pinterest_sandbox.airflow.service import services as airflow_services
from pinterest_sandbox.airflow.settings import airflow_settings
from pinterest_sandbox.apigateway.service import service as api_service
from pinterest_sandbox.aws.account import Account, prepare_account
from pinterest_sandbox.aws.service import services as aws_services
from pinterest_sandbox.config import Config
from pinterest_sandbox.databricks.recording import record_once
from pinterest_sandbox.databricks.service import service as databricks_service
from pinterest_sandbox.environment import airflow_environment, aws_environment, connections
from pinterest_sandbox.faults.service import service as fault_gate_service
from pinterest_sandbox.jars import jar_folder
from pinterest_sandbox.kafka.service import services as kafka_services
from pinterest_sandbox.kafka.sink_build import build_sink
from pinterest_sandbox.kafka.training import make_class_archives
from pinterest_sandbox.metastore.service import service as metastore_service
from pinterest_sandbox.rest_proxy.service import service as rest_proxy_service
from pinterest_sandbox.service import Service
from pinterest_sandbox.source.service import fill
from pinterest_sandbox.source.service import service as source_service
from pinterest_sandbox.steps import Step, run_steps
from pinterest_sandbox.supervision import Supervisor
from pinterest_sandbox.waiting import wait_until

#: What must be built before a service can be described or started.
BUILDS = {
    "kafka": ("jars-kafka",),
    "connect": ("jars-kafka", "sink"),
    "metastore": ("jars-metastore",),
    "databricks": ("jars-spark",),
}
#: Work inside a service, which goes with it when it is left out.
INSIDE = {"account": "moto", "source-rows": "source"}


def account_file(config: Config) -> str:
    """Where the stand-in account's identifiers are kept."""
    return str(config.home / "account.json")


def load_account(config: Config) -> Account:
    """The identifiers of the resources that the account had before the pipeline was provisioned."""
    with open(account_file(config), encoding="utf-8") as stored:
        return Account(**json.load(stored))


def builds() -> list[Step]:
    """Jars, the sink, class archives that halve the JVMs' start: made once, kept over ``down``."""
    return [
        Step("jars-kafka", "Jars of Kafka and Connect", lambda: jar_folder("kafka")),
        Step("jars-spark", "Jars of Delta and S3A", lambda: jar_folder("spark")),
        Step("jars-metastore", "Jars of the metastore", lambda: jar_folder("metastore")),
        Step("archives-spark", "Class archive of Spark", record_once, after=("jars-spark", "jars-metastore")),
        Step("archives-kafka", "Class archives of Kafka", make_class_archives, after=("jars-kafka",)),
        Step("sink", "S3 sink connector", build_sink, after=("jars-kafka",)),
    ]


def services_without_airflow(config: Config) -> list[Service]:
    """Everything that Airflow talks to."""
    return [
        fault_gate_service(config),
        source_service(config),
        *kafka_services(config),
        rest_proxy_service(config),
        *aws_services(config, sink_endpoint=config.url(config.gated("s3", "connector"))),
        api_service(config),
        metastore_service(config),
        replace(databricks_service(config), environment=aws_environment(config, client="spark")),
    ]


def start_steps(
    config: Config,
    supervisor: Supervisor,
    *,
    without: frozenset[str],
    settings: Mapping[str, str] | None = None,
) -> list[Step]:
    """The steps that bring the sandbox up.

    :param without: names of services, or ``airflow`` for its four, that are left out.
    :param settings: variables that Airflow has beside, or instead of, those of the sandbox.
    """
    steps = [_start(service, supervisor) for service in services_without_airflow(config)]
    steps += [
        Step(
            "account",
            "AWS account: bucket, roles, cluster, secrets",
            _account(config),
            after=("moto", "sink"),
        ),
        Step("source-rows", "Source rows", lambda: fill(config), after=("source",)),
    ]
    if "airflow" not in without:
        steps.append(
            Step(
                "airflow-database",
                "Airflow's database",
                lambda: prepare_home(config, airflow_settings(config)),
            )
        )
        for service in airflow_services(config, {}):
            steps.append(_start_airflow(service, config, supervisor, settings or {}))
    kept = [step for step in steps if not without & {step.name, INSIDE.get(step.name)}]
    # What has been built by now, or was left out, is not waited for.
    names = {step.name for step in kept}
    return [replace(step, after=tuple(name for name in step.after if name in names)) for step in kept]


def _start(service: Service, supervisor: Supervisor) -> Step:
    return Step(
        service.name,
        service.title,
        lambda: _run(service, supervisor),
        after=(*service.after, *BUILDS.get(service.name, ())),
    )


def restart_airflow(config: Config, settings: Mapping[str, str]) -> None:
    """Start Airflow's processes anew, its runs and history kept.

    :param settings: variables that they have beside, or instead of, those of the sandbox, e.g.
        ``PINTEREST_AUTO_HEAL``.
    :raises StepFailed: naming the process that did not come up.
    """
    supervisor = Supervisor(config)
    services = airflow_services(config, {})
    with ThreadPoolExecutor(max_workers=len(services)) as pool:
        list(pool.map(supervisor.stop, [service.name for service in services]))
    names = {service.name for service in services}
    steps = [_start_airflow(service, config, supervisor, settings) for service in services]
    run_steps([replace(step, after=tuple(names.intersection(step.after))) for step in steps])


def _start_airflow(
    service: Service, config: Config, supervisor: Supervisor, settings: Mapping[str, str]
) -> Step:
    def run() -> None:
        environment = {**airflow_environment(config, load_account(config)), **settings}
        described = next(s for s in airflow_services(config, environment) if s.name == service.name)
        _run(described, supervisor)

    return Step(service.name, service.title, run, after=(*service.after, "account"))


def _run(service: Service, supervisor: Supervisor) -> None:
    if service.prepare is not None:
        service.prepare()
    supervisor.start(service)
    wait_until(service.check, what=service.title, timeout=service.timeout)


def _account(config: Config) -> Callable[[], None]:
    def run() -> None:
        account = prepare_account(config, sink_zip=build_sink(), connections=connections(config))
        with open(account_file(config), "w", encoding="utf-8") as target:
            json.dump(asdict(account), target, indent=2)

    return run
