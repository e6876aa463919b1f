"""The operators and sensors that the package offers."""

from __future__ import annotations

import inspect
import pkgutil
from importlib import import_module
from pathlib import Path

from airflow.sdk import BaseOperator

import cloud_operators

ROOT = Path(cloud_operators.__path__[0])


def public_operators() -> list[type[BaseOperator]]:
    """Find every operator and sensor: classes of the package that are neither abstract nor private."""
    found = {
        value
        for module in pkgutil.walk_packages([str(ROOT)], "cloud_operators.")
        for value in vars(import_module(module.name)).values()
        if inspect.isclass(value)
        and issubclass(value, BaseOperator)
        and value.__module__.startswith("cloud_operators.")
        and not value.__name__.startswith("_")
        and not inspect.isabstract(value)
    }
    return sorted(found, key=lambda each: each.__name__)


def arguments(operator: type[BaseOperator]) -> dict[str, inspect.Parameter]:
    """Give the arguments that an operator has beside those of Airflow's own base classes."""
    return {
        name: parameter
        # The default of the most derived class is the one that counts.
        for each in reversed(operator.__mro__)
        if each.__module__.startswith("cloud_operators.") and "__init__" in vars(each)
        for name, parameter in inspect.signature(each.__init__).parameters.items()
        if name != "self" and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
