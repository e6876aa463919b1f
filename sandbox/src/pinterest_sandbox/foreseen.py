"""The errors that end a command with their message instead of a trace."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError
from requests import RequestException

from pinterest_sandbox.airflow.client import RunFailed
from pinterest_sandbox.config import NotUp
from pinterest_sandbox.prerequisites import Missing
from pinterest_sandbox.source.load import LoadError
from pinterest_sandbox.steps import StepFailed

FORESEEN = (
    BotoCoreError,
    ClientError,
    LoadError,
    Missing,
    NotUp,
    RequestException,
    RunFailed,
    RuntimeError,
    StepFailed,
    TimeoutError,
    ValueError,
)
